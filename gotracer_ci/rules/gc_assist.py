"""Goroutines that are made to do the garbage collector's marking before they may go on.

Detects
-------
Mark assists: a goroutine that allocates faster than the collector marks has to mark itself, or to wait for marking.

Why it matters
--------------
It is latency of the code that allocates, and grows with the rate of allocation.

How it is measured
------------------
From the beginning to the end of each mark assist, grouped by the place that allocated. The time in which the
goroutine was not running inside the assist counts too: the program was held up all the same.

Thresholds
----------
`warn` and `error`: the longest assist.

What to do
----------
Allocate less there: reuse buffers, preallocate slices, avoid conversions. A higher GOGC or GOMEMLIMIT gives the
collector more room.

Limits
------
An assist under way when the trace began has no stack and is not reported. Those of the runtime's own goroutines, the
tracer's above all, are left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.intervals import IntervalGroup, Kind, PlaceGroup, by_place
from gotracer_ci.findings import Severity
from gotracer_ci.rules import base
from gotracer_ci.text import duration

NAME = "GCAssist"
SUGGESTION = "Allocate less there: reuse buffers, preallocate; or give the collector room (GOGC, GOMEMLIMIT)."


def measure(facts: Facts, limits: base.Limits) -> Iterator[base.Measured]:
    groups = by_place(facts.intervals, _assist)
    detail = "Time from the beginning of the mark assist to its end."
    return base.longest(NAME, groups, limits, facts, _message, detail, SUGGESTION)


def _assist(group: IntervalGroup) -> str | None:
    return "GC mark assist" if group.kind is Kind.MARK_ASSIST and group.stack.known and not group.stack.system else None


def _message(group: PlaceGroup) -> str:
    return f"{base.where(group)} assisted the GC for up to {duration(group.max_ns)}; {base.times(group)}"


RULE = base.Rule(
    base.info(NAME, __doc__, Severity.ERROR, warn=(1e6, "ns"), error=(10e6, "ns")),
    measure,
)
