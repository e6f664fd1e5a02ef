"""Who is measured: how each one is started."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench import processes
from tests.bench.golang import BUILD, HERE, PROGRAMS, ROOT, Toolchain
from tests.bench.processes import Usage

DECODE = "decode"
EVENTS = "decode, every event"
ANALYZE = "analyze"
READER = "Go's reader"
TOOL = "go tool trace"
UNCOMPILED = "decode, uncompiled"

INSIDE = (sys.executable, "-P", str(HERE / "inside.py"))
ANALYSE = (sys.executable, "-m", "gotracer_ci", "analyze", "--format", "json")


@dataclass(frozen=True, slots=True)
class Contender:
    """command: the trace's path is its last argument. accept: the exit codes of a run that went well."""

    name: str
    command: tuple[str, ...]
    package: Path = ROOT
    accept: tuple[int, ...] = (0,)

    def run(self, trace: Path, *, watch: bool = False) -> Usage:
        # in the programs' folder: analyze takes it for the repository that the frames belong to
        command = (*self.command, str(trace))
        return processes.run(command, PROGRAMS, _environment(self.package), accept=self.accept, watch=watch)


def ours() -> tuple[Contender, ...]:
    return (
        Contender(DECODE, (*INSIDE, "totals")),
        Contender(EVENTS, (*INSIDE, "events")),
        Contender(ANALYZE, ANALYSE, accept=(0, 1)),
    )


def theirs(go: Toolchain) -> tuple[Contender, ...]:
    return (
        Contender(READER, (str(go.reader()), "-loop")),
        Contender(TOOL, (str(go.tool()), "-pprof=sched")),
    )


def uncompiled() -> Contender:
    """A copy of the package without the compiled kernel, in a Python without Cython."""
    folder = BUILD / "uncompiled"
    shutil.rmtree(folder, ignore_errors=True)
    ignored = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__")
    shutil.copytree(ROOT / "gotracer_ci", folder / "gotracer_ci", ignore=ignored)
    return Contender(UNCOMPILED, (INSIDE[0], "-S", *INSIDE[1:], "totals"), folder)


@dataclass(frozen=True, slots=True)
class Kernel:
    """What the kernel alone takes. ns: for each event."""

    events: int
    ns: float
    compiled: bool


def kernel_alone(trace: Path) -> Kernel:
    command = [*INSIDE, "kernel", str(trace)]
    done = subprocess.run(command, env=_environment(ROOT), stdout=subprocess.PIPE, check=True)
    return Kernel(**json.loads(done.stdout))


def _environment(package: Path) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GO", "PYTHON"))}
    return {**kept, "PYTHONPATH": str(package)}
