"""Long waits on channels, select, WaitGroup and Cond in the program's own code.

Detects
-------
A goroutine of the program's own code that waits long for another one.

Why it matters
--------------
Mostly it does not: waiting for work is what workers do. But a wait that nobody expected is the first trace of a
producer that is too slow, a lost message or a deadlock.

How it is measured
------------------
From the moment the goroutine blocked to the moment it was made runnable, grouped by Go's reason and by place. One
still waiting when the trace ends counts with its length so far.

Thresholds
----------
`info`: the longest wait. It never fails a run unless asked to (`--fail-on info`), and is not compared with a baseline:
an idle worker waits longer when the program gets faster.

What to do
----------
Ask who should have sent, closed or signalled: "The longest one was ended by" says who did at last.

Limits
------
A goroutine that stood in the same wait from the trace's beginning to its end is parked: it is not reported. Waits for
the network and for timers are not reported either.
"""

from __future__ import annotations

from collections.abc import Iterator

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.intervals import IntervalGroup, Kind, PlaceGroup, by_place
from gotracer_ci.findings import Severity
from gotracer_ci.rules import base
from gotracer_ci.rules.sync_waits import COND, WAIT_GROUP, primitive
from gotracer_ci.text import duration

NAME = "LongWait"
SUGGESTION = "Nothing, if it waits for work. Else ask who should have sent, closed or signalled."
REASONS = ("chan receive", "chan send", "select", COND)


def measure(facts: Facts, limits: base.Limits) -> Iterator[base.Measured]:
    for group in by_place(facts.intervals, _wait):
        yield base.wait(
            NAME,
            group,
            Severity.INFO if group.max_ns >= limits["info"] else Severity.NONE,
            facts,
            _message,
            f"Time blocked in {group.name}.",
            SUGGESTION,
        )


def _wait(group: IntervalGroup) -> str | None:
    if group.kind is not Kind.WAITING or group.parked:
        return None
    reason: str | None = group.reason
    if reason == "sync":
        reason = primitive(group.stack.functions)
        if reason not in (WAIT_GROUP, COND):
            return None
    elif reason not in REASONS:
        return None
    return reason if group.stack.own else None


def _message(group: PlaceGroup) -> str:
    return (
        f"{group.place} waited up to {duration(group.max_ns)} in {group.name}{base.still(group)}; {base.times(group)}"
    )


RULE = base.Rule(base.info(NAME, __doc__, Severity.INFO, info=(500e6, "ns")), measure)
