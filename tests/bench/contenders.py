"""The contenders and how to start them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench import processes
from tests.bench.golang import HERE, PROGRAMS, Toolchain
from tests.bench.installed import Installed, without_libraries
from tests.bench.processes import Usage

DECODE = "decode"
EVENTS = "decode, every event"
ANALYZE = "analyze"
VIEWS = {
    **{name: (name,) for name in ("goroutines", "tasks", "regions", "tests", "gc", "wakes")},
    "gc --mmu": ("gc", "--mmu"),
    "profile": ("profile", "--type", "wall", "-o", "-"),
    "profile --go-compat": ("profile", "--type", "sched", "--go-compat", "-o", "-"),
}
"""The commands that show tables and profiles, with their arguments."""
READER = "Go's reader"
TOOL = "go tool trace"
UNCOMPILED = "decode, uncompiled"

INSIDE = ("-P", str(HERE / "inside.py"))


@dataclass(frozen=True, slots=True)
class Contender:
    """A measured program. command: the trace's path is appended. accept: the exit codes of a successful run.

    package: a directory to import from first.
    """

    name: str
    command: tuple[str, ...]
    accept: tuple[int, ...] = (0,)
    package: Path | None = None

    def run(self, trace: Path, *, watch: bool = False) -> Usage:
        # in the programs' directory, so that analyze uses it as the repository
        command = (*self.command, str(trace))
        return processes.run(command, PROGRAMS, _environment(self.package), accept=self.accept, watch=watch)


def ours(installed: Installed) -> tuple[Contender, ...]:
    inside = (str(installed.python), *INSIDE)
    command = str(installed.command)
    return (
        Contender(DECODE, (*inside, "totals")),
        Contender(EVENTS, (*inside, "events")),
        Contender(ANALYZE, (command, "analyze", "--format", "json"), accept=(0, 1)),
        *(Contender(name, (command, *arguments)) for name, arguments in VIEWS.items()),
    )


def theirs(go: Toolchain) -> tuple[Contender, ...]:
    return (
        Contender(READER, (str(go.reader()), "-loop")),
        Contender(TOOL, (str(go.tool()), "-pprof=sched")),
    )


def uncompiled(installed: Installed) -> Contender:
    """The package as plain Python, in a Python without Cython."""
    package = without_libraries(installed)
    return Contender(UNCOMPILED, (sys.executable, "-S", *INSIDE, "totals"), package=package)


@dataclass(frozen=True, slots=True)
class About:
    """The decoder's output about a trace and about itself."""

    events: int
    compiled: bool


def about(installed: Installed, trace: Path) -> About:
    command = [str(installed.python), *INSIDE, "about", str(trace)]
    done = subprocess.run(command, env=_environment(), stdout=subprocess.PIPE, check=True)
    return About(**json.loads(done.stdout))


def _environment(package: Path | None = None) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GO", "PYTHON"))}
    return {**kept, "PYTHONPATH": str(package)} if package else kept
