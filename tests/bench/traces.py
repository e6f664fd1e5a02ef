"""The traces that are measured: each made by one of our programs, once, and kept in build/bench."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.bench.golang import BUILD, Toolchain

MB = 1_000_000
PROCS = "4"  # GOMAXPROCS: more threads to put in order than a small machine would give


@dataclass(frozen=True, slots=True)
class Workload:
    """A trace to make. crowd: has so many goroutines that their states do not fit the processor's caches."""

    name: str
    program: str
    size: int
    what: str
    crowd: bool = False

    @property
    def path(self) -> Path:
        return BUILD / "traces" / f"{self.name}.trace"


LARGE = (
    Workload("mix", "mix", 32 * MB, "channels, locks, system calls, timers, tasks, garbage"),
    Workload("web", "web", 32 * MB, "an HTTP service and 16 clients over loopback, JSON"),
    Workload("crowd", "crowd", 32 * MB, "52,000 goroutines alive, channels between them", crowd=True),
)
SMALL = Workload("small", "web", 1_580_000, "the HTTP service again, as long as a test runs")
BIG = Workload("big", "web", 1000 * MB, "the HTTP service again, a long run")


def make(go: Toolchain, workload: Workload) -> Path:
    """The trace's file; a whole one that is there already is taken as it is."""
    path = workload.path
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        command = [str(go.program(workload.program)), "-bytes", str(workload.size), str(unfinished)]
        try:
            subprocess.run(command, env={**os.environ, "GOMAXPROCS": PROCS}, check=True)
            unfinished.rename(path)
        finally:
            unfinished.unlink(missing_ok=True)
    return path
