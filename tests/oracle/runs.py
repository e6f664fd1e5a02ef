"""The runs of the oracle suite: every program with every Go version, and every kind of unusual trace.

The full product would take an hour. Instead GOMAXPROCS varies by program and version, so that every program runs with
every value, and each unusual kind uses the programs on which it has the most effect.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle

PROCS = (1, 2, 4, 16)

SHORT = (
    "annotations",
    "cgocallback",
    "cpusamples",
    "heapblip",
    "lockcontention",
    "memstats",
    "schedlatency",
    "smallgrowth",
    "vendored",
    "waitgroup",
)
MEDIUM = ("chanwait", "deadlock", "gcpause", "heapgrowth", "idle", "leak", "markassist", "service", "signals", "tour")
LONG = ("blockedread", "generations", "lockwait", "starvation")
"""Programs of three seconds and more: once with the oldest Go and once with the newest."""

ALLOCATIONS_SINCE = "1.23"
FLIGHT_RECORDER_SINCE = "1.25"
COARSE = (1_000, 100_000)
"""The granularity in ticks of usually 64 ns: some events have equal times, or nearly all."""
FREQUENT = "traceadvanceperiod=20000000"  # ns between generations; default is a second


@dataclass(frozen=True)
class Run:
    """A program with a Go version, and a word for what is unusual about it.

    loaded: other processes use the CPU meanwhile. ticks: the clock that the trace is rewritten to (see `coarse`).
    """

    version: str
    program: str
    procs: int
    way: str = "plain"
    arguments: tuple[str, ...] = ()
    debug: str = ""
    loaded: bool = False
    ticks: int = 0

    @property
    def name(self) -> str:
        """The name for files and messages."""
        arguments = [argument.strip("-") for argument in self.arguments]
        return "-".join((self.program, *arguments, f"go{self.version}p{self.procs}", self.way.replace(" ", "-")))


def runs(versions: Sequence[str], older: Sequence[str], *, quick: bool) -> list[Run]:
    """Return all runs, longest first so that they finish early. quick: only the most useful ones for their time.

    older: versions that write the format before Go 1.22.
    """
    found = list(_quick(versions) if quick else _all(versions))
    for i, version in enumerate(older):
        found += [Run(version, program, PROCS[(i + j) % len(PROCS)]) for j, program in enumerate(of_one_order(version))]
    assert len({run.name for run in found}) == len(found)
    return sorted(found, key=lambda run: (run.way != "big", run.program not in LONG, run.program not in MEDIUM))


def of_one_order(version: str) -> list[str]:
    """Return the programs that this Go before 1.22 can build and that usually have only one order.

    In that format, events at the same time and goroutines runnable at the start have no order.
    """
    programs = ["annotations", "chanwait", "deadlock", "heapblip", "heapgrowth", "lockcontention"]
    programs += ["memstats", "schedlatency", "waitgroup"]
    return [*programs, "gcpause", "markassist"] if _at_least(version, "1.21") else programs


def _all(versions: Sequence[str]) -> Iterator[Run]:
    for i, version in enumerate(versions):
        for j, program in enumerate(SHORT + MEDIUM):
            yield Run(version, program, PROCS[(i + j) % len(PROCS)])
        for procs in PROCS:
            yield Run(version, "storm", procs)
        yield from _unusual(version, cycle(PROCS[i % 2 :: 2]))
    for version in {versions[0], versions[-1]}:
        for program in LONG:
            yield Run(version, program, 2)
        yield Run(version, "storm", 4, "big", ("-length=400ms",))


def _unusual(version: str, procs: Iterator[int]) -> Iterator[Run]:
    for program in ("cgocallback", "cpusamples", "lockcontention", "service", "storm"):
        yield Run(version, program, next(procs), "under load", loaded=True)
    for program in ("annotations", "cgocallback", "cpusamples", "deadlock", "gcpause", "markassist", "storm", "tour"):
        yield Run(version, program, next(procs), "frequent generations", debug=FREQUENT)
    for program in ("cpusamples", "service", "storm"):
        for ticks in COARSE:
            yield Run(version, program, next(procs), f"clock of {ticks:,}", ticks=ticks)
    if _at_least(version, ALLOCATIONS_SINCE):
        for program in ("cpusamples", "heapblip", "markassist", "storm"):
            yield Run(version, program, next(procs), "allocations", debug="traceallocfree=1")
    if _at_least(version, FLIGHT_RECORDER_SINCE):
        yield Run(version, "flight", 2, "flight recorder")
        yield Run(version, "flight", 4, "flight recorder", ("-both",))
        yield Run(version, "flight", 16, "flight recorder", ("-age=20ms",), debug=FREQUENT)


def _quick(versions: Sequence[str]) -> Iterator[Run]:
    for i, version in enumerate(versions):
        for j, program in enumerate((*SHORT, "tour", "storm")):
            yield Run(version, program, PROCS[(i + j) % len(PROCS)])
        yield Run(version, "storm", 16, "under load", loaded=True)
        yield Run(version, "storm", 4, "clock of 1,000", ticks=COARSE[0])
        yield Run(version, "storm", 4, "frequent generations", debug=FREQUENT)
        yield Run(version, "deadlock", 2, "frequent generations", debug=FREQUENT)
        if _at_least(version, ALLOCATIONS_SINCE):
            yield Run(version, "heapblip", 2, "allocations", debug="traceallocfree=1")
        if _at_least(version, FLIGHT_RECORDER_SINCE):
            yield Run(version, "flight", 4, "flight recorder")


def _at_least(version: str, least: str) -> bool:
    return [int(part) for part in version.split(".")] >= [int(part) for part in least.split(".")]
