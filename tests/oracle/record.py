"""Builds the programs under each Go, records them one by one, and has each trace compared at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from cases import OLDER
from make import PROGRAMS, ROOT, environment, older_programs, toolchain
from measure import orders

from tests.oracle.coarse import coarse
from tests.oracle.compare import Comparison, compare
from tests.oracle.runs import Run, of_one_order

KEPT = ROOT / "build" / "oracle"
"""Where a trace is while it is compared, and stays if it differs."""
ATTEMPTS = 20
"""Recordings in the older format, until Go's reader gives one in the same order every time: its ties have no order."""


NEEDS_C = "cgocallback"
"""Has threads that C made: without a C compiler it is left out."""


def build_programs(cache: Path, version: str) -> Path:
    """Builds all programs that this Go can build; the folder that they are in."""
    goroot = toolchain(cache, version)
    out = cache / "bin" / f"oracle-go{version}"
    out.mkdir(parents=True, exist_ok=True)
    modules = [
        (PROGRAMS, False, ["./..."]),
        *([(PROGRAMS / NEEDS_C, True, ["."])] if shutil.which("gcc") else []),
        (PROGRAMS / "vendored", False, ["."]),
        (Path(__file__).resolve().parent / "programs", False, ["./..."]),
    ]
    if version in OLDER:
        modules = [(older_programs(cache, version), False, [f"./{program}" for program in of_one_order(version)])]
    go = [str(goroot / "bin" / "go"), "build", "-trimpath", "-buildvcs=false", "-o", f"{out}{os.sep}"]
    for module, cgo, names in modules:
        subprocess.run([*go, *names], cwd=module, env=environment(goroot, cache, cgo=cgo), check=True)
    return out


def fresh(run: Run, programs: Path, oracle: Path) -> Comparison:
    """Records one trace and compares it; keeps it only if it differs."""
    trace = KEPT / f"{run.name}.trace"
    for _ in range(ATTEMPTS):
        failure = _record(run, programs, trace)
        if failure:
            return Comparison(difference=[f"the program failed: {failure}"])
        if run.version not in OLDER or orders(oracle, trace) == 1:
            break
    else:
        return Comparison(difference=[f"{ATTEMPTS} recordings, and Go's reader has several orders for each"])
    if run.ticks:
        coarse(trace, trace, run.ticks)
    return _compare_and_keep(trace, oracle)


def _record(run: Run, programs: Path, trace: Path) -> str:
    """What the program says if it fails."""
    with ExitStack() as beside:
        if run.loaded:
            for _ in range(2 * (os.cpu_count() or 1)):
                hog = subprocess.Popen([sys.executable, "-c", "while True: pass"])
                beside.callback(hog.wait)
                beside.callback(hog.kill)
        command = [str(programs / run.program), *run.arguments, str(trace)]
        variables = {"GOMAXPROCS": str(run.procs), "GODEBUG": run.debug}
        done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=300, check=False)
    return done.stderr.strip() if done.returncode else ""


def rewritten(committed: Path, ticks: int, oracle: Path) -> Comparison:
    """Compares what a committed trace would be by a coarser clock."""
    trace = KEPT / f"{committed.stem}-{ticks}.trace"
    coarse(committed, trace, ticks)
    return _compare_and_keep(trace, oracle)


def _compare_and_keep(trace: Path, oracle: Path) -> Comparison:
    found = compare(oracle, trace)
    if not found.difference:
        trace.unlink()
    return found
