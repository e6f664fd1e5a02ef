"""Goroutines that wait too long in the run queue.

Detects
-------
A goroutine that was ready to run but waited for a P.

Why it matters
--------------
The work was ready and nothing ran it: latency with no cause in the code that waited.

How it is measured
------------------
From the moment the goroutine became Runnable to the moment it ran, grouped by why it became Runnable (unblocked,
created, preempted, syscall exit) and by the place where the goroutine last was. The detail names the goroutine that
made it runnable. The runtime's own goroutines are left out.

A goroutine that calls `runtime.Gosched` asks to wait until others have run, so such waits do not count. `runtime.GC`,
which the testing package calls before each benchmark, yields thousands of times until a whole collection is done: no
wait inside it counts. The test runner makes all parallel tests runnable at once: waits inside it do not count either.

Each machine has other work to do, so a wait is a warning only where it is no exception: if at least `count` of them at
a place are that long, and all of them add up to at least `share` of the run. A goroutine that is preempted has just run
for 10 ms: it computes and shares the Ps with others that do, which is not latency. These waits are informational.

Thresholds
----------
`warn` and `error`: how long at least `count` waits at a place are. `share`: waits that add up to a smaller part of the
run are an exception. An exception is no finding; if it is above `error`, it is informational. Where a P was idle for
most of the time that the waits took, the operating system had not run its thread: that is a warning at most. So is each
wait of a run in which a P was idle for a millisecond while a goroutine was ready to run, five times and twice a second:
such a machine makes all waits longer.

What to do
----------
Look for what kept the Ps busy: long computations, too few CPUs (GOMAXPROCS and the container's quota), a burst of
goroutines created at once. A bounded pool of workers helps against bursts. `gotracer-ci goroutines --run-queue` shows
what the Ps did during the longest waits.

Limits
------
On a shared machine, waits of a few milliseconds come and go: compare with a baseline before you act on them. Before
Go 1.23, a goroutine that has not run since the trace began has no stack; its wait is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.intervals import IntervalGroup, IntervalKind
from gotracer_ci.analysis.yields import is_intended
from gotracer_ci.findings import More, Severity
from gotracer_ci.limits import SCHEDULER
from gotracer_ci.rules.interval_rule import IntervalRule
from gotracer_ci.rules.rule import Measured, documented


class HighSchedulingLatency(IntervalRule):
    """Compares the waits of each place with the thresholds, and tells those that are the machine's."""

    def measure(self, facts: Facts) -> Iterator[Measured]:
        idle: Counter[tuple[str, str]] = Counter()
        for group in facts.intervals:
            if group.kind is IntervalKind.IDLE_P:
                idle[group.reason or "unknown", group.stack.place] += group.total_ns
        for measured in super().measure(facts):
            _, kind, place, _ = measured.key
            is_machine = 2 * idle[kind, place] > measured.statistics.total
            yield measured._replace(severity=min(measured.severity, Severity.WARN)) if is_machine else measured


def _why(group: IntervalGroup) -> str | None:
    if group.kind is not IntervalKind.RUNNABLE or group.stack.system or not group.stack.known:
        return None
    return None if is_intended(group.reason, group.stack.functions) else group.reason or "unknown"


RULE = HighSchedulingLatency(
    info=documented(
        "HighSchedulingLatency",
        __doc__,
        warn=(1e6, "ns"),
        error=(10e6, "ns"),
        count=(5, "count"),
        share=(0.05, "ratio"),
    ),
    select=_why,
    message="{where} waited up to {longest} in the run queue ({kind}){still}; {times}",
    change="waits {now} in the run queue",
    detail="Time from becoming runnable ({kind}) to running; the stack is the waiting goroutine's own.",
    suggestion=(
        "Find what kept the Ps busy: long computations, too few CPUs for GOMAXPROCS, a burst of new goroutines; "
        "limit the concurrency or split up long computations."
    ),
    more=More.QUEUE,
    limit=SCHEDULER._replace(is_effect=True),
    informational=frozenset({"preempted"}),
    of_machine=True,
)
