"""Ps that sit idle while goroutines are ready to run.

Detects
-------
A goroutine in the run queue and, at the same time, a P with nothing to do.

Why it matters
--------------
The program has both work and processors, and they do not come together: the operating system does not run the
woken thread, or the scheduler cannot hand the work over.

How it is measured
------------------
For every time that a goroutine is Runnable, the part of it during which at least one P was idle. Time in which the
world was stopped does not count: Ps are idle then on purpose. A service with nothing to do has idle Ps, but no
goroutine that waits for one, and so measures nothing.

Thresholds
----------
`warn` and `error`: the longest such part of one wait.

What to do
----------
Look at the machine first: fewer CPUs than GOMAXPROCS says (container quotas), or other programs on them. In the
program: goroutines locked to a thread (`runtime.LockOSThread`), and threads stuck in C code.

Limits
------
Waking a thread always takes some microseconds; these count in the total, and never alone reach a threshold.
"""

from __future__ import annotations

from collections.abc import Iterator

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.intervals import IntervalGroup, Kind, PlaceGroup, by_place
from gotracer_ci.findings import Severity
from gotracer_ci.rules import base
from gotracer_ci.text import duration

NAME = "ProcessorStarvation"
SUGGESTION = (
    "Check that the machine has the CPUs that GOMAXPROCS counts on (container quotas, other programs); "
    "then look for runtime.LockOSThread and long C calls."
)


def measure(facts: Facts, limits: base.Limits) -> Iterator[base.Measured]:
    groups = by_place(facts.intervals, _idle, place=lambda group: "")
    detail = "Time in which a goroutine was runnable and a P idle; the stack is the waiting goroutine's own."
    return base.longest(NAME, groups, limits, facts, _message, detail, SUGGESTION)


def _idle(group: IntervalGroup) -> str | None:
    return "idle P" if group.kind is Kind.IDLE_P and group.stack.known and not group.stack.system else None


def _message(group: PlaceGroup) -> str:
    waiting = group.worst[0].stack.place.lstrip("~")
    return (
        f"a P was idle for up to {duration(group.max_ns)} while a goroutine in {waiting} was ready to run; "
        f"{base.times(group)}"
    )


RULE = base.Rule(
    base.info(NAME, __doc__, Severity.ERROR, warn=(10e6, "ns"), error=(100e6, "ns")),
    measure,
)
