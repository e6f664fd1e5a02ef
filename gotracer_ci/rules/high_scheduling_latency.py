"""Goroutines that wait too long in the run queue.

Detects
-------
A goroutine that could run but waited for a P.

Why it matters
--------------
The work was ready and nobody did it: latency without any cause in the code that waited.

How it is measured
------------------
From the moment the goroutine became Runnable to the moment it ran, grouped by why it became Runnable (unblocked,
created, preempted, `runtime.Gosched`, the exit of a syscall) and by the place where the goroutine itself was last.
Who made it runnable is named apart. The runtime's own goroutines are left out.

Thresholds
----------
`warn` and `error`: the longest wait.

What to do
----------
Look for what kept the Ps busy: goroutines that compute for long without a pause, too few CPUs (GOMAXPROCS and the
container's quota), a burst of goroutines created at once. A bounded pool of workers helps against bursts.

Limits
------
On a machine shared with others, waits of a few milliseconds come and go: compare with a baseline before believing them.
Before Go 1.23 a goroutine that has not run since the trace began has no stack; its wait is left out.
"""

from __future__ import annotations

from collections.abc import Iterator

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.intervals import IntervalGroup, Kind, PlaceGroup, by_place
from gotracer_ci.findings import Severity
from gotracer_ci.rules import base
from gotracer_ci.text import duration

NAME = "HighSchedulingLatency"
SUGGESTION = (
    "Find what kept the Ps busy meanwhile: long computations, too few CPUs for GOMAXPROCS, a burst of new goroutines; "
    "bound the concurrency or split the long work."
)


def measure(facts: Facts, limits: base.Limits) -> Iterator[base.Measured]:
    groups = by_place(facts.intervals, _why)
    detail = "Time from being runnable ({}) to running; the stack is the waiting goroutine's own."
    return base.longest(NAME, groups, limits, facts, _message, detail, SUGGESTION)


def _why(group: IntervalGroup) -> str | None:
    if group.kind is not Kind.RUNNABLE or group.stack.system or not group.stack.known:
        return None
    return group.reason or "unknown"


def _message(group: PlaceGroup) -> str:
    return (
        f"{base.where(group)} waited up to {duration(group.max_ns)} in the run queue "
        f"({group.name}){base.still(group)}; {base.times(group)}"
    )


RULE = base.Rule(
    base.info(NAME, __doc__, Severity.ERROR, warn=(1e6, "ns"), error=(10e6, "ns")),
    measure,
)
