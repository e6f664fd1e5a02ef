"""The measured traces. Most are recorded once with our programs and kept in build/bench."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.bench.golang import BUILD, ROOT, Toolchain, old_toolchain

MB = 1_000_000
PROCS = "4"  # GOMAXPROCS: gives more threads to order than the default on a small machine


@dataclass(frozen=True, slots=True)
class Workload:
    """A trace to measure.

    program: records it, "" for a committed one. size: the approximate size in bytes. old: in the format of Go 1.21.
    beats_reader: the target for the speed of decoding, relative to Go's reader.
    """

    name: str
    program: str
    size: int
    what: str
    old: bool = False
    beats_reader: float = 0.0

    @property
    def path(self) -> Path:
        if not self.program:
            return ROOT / "testdata" / "traces" / f"{self.name}.trace"
        return BUILD / "traces" / f"{self.name}.trace"


LARGE = (
    Workload("mix", "mix", 32 * MB, "channels, locks, system calls, timers, tasks, garbage", beats_reader=4),
    Workload("chan", "chan", 64 * MB, "pipelines of goroutines over channels", beats_reader=4),
    Workload("web", "web", 32 * MB, "an HTTP service and 16 clients over loopback, JSON", beats_reader=3),
    Workload("crowd", "crowd", 32 * MB, "52,000 goroutines alive, channels between them", beats_reader=3),
)
SMALL = Workload("small", "web", 1_200_000, "the HTTP service again, as long as a test runs")
TINY = Workload("lockcontention-go1.27", "", 6_840, "a committed trace of a small test")
OLD = Workload("old", "web", 1_100_000, "the HTTP service again, in the format of Go 1.21", old=True)
BIG = Workload("big", "web", 1000 * MB, "the HTTP service again, a long run")


def make(go: Toolchain, workload: Workload) -> Path:
    """Return the trace's file; a complete one that exists is used again."""
    path = workload.path
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        program = (old_toolchain() if workload.old else go).program(workload.program)
        command = [str(program), "-bytes", str(workload.size), str(unfinished)]
        try:
            subprocess.run(command, env={**os.environ, "GOMAXPROCS": PROCS}, check=True)
            unfinished.rename(path)
        finally:
            unfinished.unlink(missing_ok=True)
    return path
