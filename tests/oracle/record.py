"""Build the programs with each Go version, record them one by one, and compare each trace immediately."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from cases import OLDER
from make import PROGRAMS, ROOT, environment, older_programs, toolchain
from measure import orders

from tests.oracle.coarse import coarse
from tests.oracle.compare import Comparison, compare
from tests.oracle.runs import Run

KEPT = ROOT / "build" / "oracle"
"""The directory for traces under comparison. A trace that differs is kept."""
ATTEMPTS = 20
"""How often to record in the older format until Go's reader always returns the same order: ties have no order."""


NEEDS_C = "cgocallback"
"""This program has threads created by C. It is skipped without a C compiler."""


def build_programs(cache: Path, version: str, programs: Iterable[str]) -> Path:
    """Build programs with this Go, and return their directory."""
    goroot = toolchain(cache, version)
    out = cache / "bin" / f"oracle-go{version}"
    out.mkdir(parents=True, exist_ok=True)
    sources = older_programs(cache, version) if version in OLDER else PROGRAMS
    modules: dict[Path, list[str]] = defaultdict(list)
    for program in programs:
        if program == NEEDS_C or (sources / program / "go.mod").exists():
            modules[sources / program].append(".")
        else:
            module = sources if (sources / program).exists() else Path(__file__).resolve().parent / "programs"
            modules[module].append(f"./{program}")
    go = [str(goroot / "bin" / "go"), "build", "-trimpath", "-buildvcs=false", "-o", f"{out}{os.sep}"]
    for module, names in modules.items():
        subprocess.run(
            [*go, *names], cwd=module, env=environment(goroot, cache, cgo=module.name == NEEDS_C), check=True
        )
    return out


def fresh(run: Run, programs: Path, oracle: Path) -> Comparison:
    """Record one trace and compare it. Keep it only if it differs."""
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
    """Record a trace. Return the program's output if it fails."""
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
    """Compare a committed trace, rewritten with a coarser clock."""
    trace = KEPT / f"{committed.stem}-{ticks}.trace"
    coarse(committed, trace, ticks)
    return _compare_and_keep(trace, oracle)


def _compare_and_keep(trace: Path, oracle: Path) -> Comparison:
    found = compare(oracle, trace)
    if not found.difference:
        trace.unlink()
    return found
