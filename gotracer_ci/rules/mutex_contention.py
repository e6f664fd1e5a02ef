"""Long waits for a lock: sync.Mutex, sync.RWMutex, sync.Once and what is built on them.

Detects
-------
A goroutine that waits for a lock that another one holds.

Why it matters
--------------
Work behind one lock is done one after another, however many CPUs there are.

How it is measured
------------------
From the moment the goroutine blocked to the moment it was made runnable, across the trace's generations. Go gives the
reason "sync" to many waits; the stack tells which primitive it was, and each is a group of its own. A goroutine
still waiting when the trace ends counts with its length so far: that is how a deadlock looks.

Thresholds
----------
`warn` and `error`: the longest wait.

What to do
----------
Hold the lock for less: no I/O, no allocation of large objects, no calls of unknown length under it. Split it by key,
use RWMutex where reads prevail, or hand the data over a channel.

Limits
------
Waits on a WaitGroup or Cond are not contention (see LongWait), and the runtime's own semaphores are not the program's.
Locks without contention leave no trace at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.intervals import IntervalGroup, Kind, PlaceGroup, by_place
from gotracer_ci.findings import Severity
from gotracer_ci.rules import base
from gotracer_ci.rules.sync_waits import COND, WAIT_GROUP, primitive
from gotracer_ci.text import duration

NAME = "MutexContention"
SUGGESTION = (
    "Hold the lock for less: no I/O and no calls of unknown length under it; split it by key, or use sync.RWMutex "
    "where reads prevail."
)


def measure(facts: Facts, limits: base.Limits) -> Iterator[base.Measured]:
    groups = by_place(facts.intervals, _lock)
    detail = "Time blocked in {} until another goroutine released it."
    return base.longest(NAME, groups, limits, facts, _message, detail, SUGGESTION)


def _lock(group: IntervalGroup) -> str | None:
    if group.kind is not Kind.WAITING or group.reason != "sync" or group.stack.system:
        return None
    called = primitive(group.stack.functions)
    return None if called in (WAIT_GROUP, COND) else called


def _message(group: PlaceGroup) -> str:
    return (
        f"{base.where(group)} waited up to {duration(group.max_ns)} in {group.name}"
        f"{base.still(group)}; {base.times(group)}"
    )


RULE = base.Rule(
    base.info(NAME, __doc__, Severity.ERROR, warn=(1e6, "ns"), error=(10e6, "ns")),
    measure,
)
