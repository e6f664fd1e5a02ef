"""Stop-the-world pauses of the garbage collector that are longer than expected.

Detects
-------
A stop-the-world range whose reason is the garbage collector's ("GC sweep termination", "GC mark termination", …).

Why it matters
--------------
While the world is stopped no goroutine runs: every request in flight is late by the length of the pause.

How it is measured
------------------
From the beginning to the end of each stop-the-world range, one group for each of Go's reasons. Other reasons for
stopping the world, such as `runtime.ReadMemStats` or a change of GOMAXPROCS, are not the collector's and not counted.
Against a baseline the numbers of stop-the-world ranges (of every reason) and of GC cycles are compared too.

Thresholds
----------
`warn` and `error`: the longest pause.

What to do
----------
A long pause mostly means that a goroutine could not be stopped: look for tight loops over large slices and large copies
at that moment. Fewer cycles (less allocation, a higher GOGC, GOMEMLIMIT) mean fewer pauses.

Limits
------
On a machine that is short of processors the pause includes the time the operating system took to run the thread.
"""

from __future__ import annotations

from collections.abc import Iterator

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.intervals import IntervalGroup, Kind, PlaceGroup, by_place
from gotracer_ci.findings import Key, Severity
from gotracer_ci.rules import base
from gotracer_ci.text import duration

NAME = "GCPauseSpike"
SUGGESTION = (
    "Look at what ran when the pause began: tight loops and large copies are slow to stop. "
    "Fewer GC cycles (less allocation, a higher GOGC, GOMEMLIMIT) mean fewer pauses."
)


def measure(facts: Facts, limits: base.Limits) -> Iterator[base.Measured]:
    groups = by_place(facts.intervals, _reason, place=lambda group: "")
    for group in groups:
        if group.name.startswith("GC "):
            yield base.wait(
                NAME,
                group,
                base.severity(group.max_ns, limits),
                facts,
                _message,
                f"Every stop-the-world with the reason {group.name!r} counts.",
                SUGGESTION,
            )
    stops, cycles = sum(group.count for group in groups), facts.heap.cycles
    for kind, value, what in (
        ("stop-the-world count", stops, f"the world was stopped {stops:,} times"),
        ("GC cycles", cycles, f"{cycles:,} GC cycles ran"),
    ):
        yield base.counter(Key(NAME, kind, ""), "count", value, facts, what, SUGGESTION)


def _reason(group: IntervalGroup) -> str | None:
    return group.reason if group.kind is Kind.STW else None


def _message(group: PlaceGroup) -> str:
    return f"stop-the-world ({group.name}) took up to {duration(group.max_ns)}; {base.times(group)}"


RULE = base.Rule(
    base.info(NAME, __doc__, Severity.ERROR, warn=(5e6, "ns"), error=(20e6, "ns")),
    measure,
)
