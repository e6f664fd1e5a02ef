"""Single waits that take longer than before: system calls, sleeps, and waits for the network.

Detects
-------
A wait for something outside of the program that takes longer each time than in the baseline.

Why it matters
--------------
Slower input and output delays everything behind it. The total of all waits at a place depends on their number and on
the machine. What a usual one takes depends on the code.

How it is measured
------------------
System calls and C calls from their start to their end; sleeps and waits for the network until the goroutine is
runnable. They are grouped by the innermost function of the program's own code and the next one that called it, such as
`main.read in main.load`, because a helper does something else for each caller.

With base traces, the medians are compared: 1.5 × theirs is worse. This is only suspected, because timers are late on a
busy machine. With a baseline, the 10th percentile of system calls and C calls is compared, too, as by
LockHoldTimeGrowth, with 1.5 × that of every job; five jobs can confirm it. The difference must add up to 5 ms, or 0.5 %
of the run if that is more.

Thresholds
----------
None: it only speaks if there is a baseline or base traces.

What to do
----------
Look at what the wait is for: a larger file, a slower service, a longer time-out, a missing index.

Limits
------
Waits that happen fewer than 20 times in a trace are not compared, sleeps and waits for the network only with base
traces. If only a few waits get longer, neither the 10th
percentile nor the median moves; see BlockedOnSyscall for the total time in system calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.intervals import IntervalGroup, IntervalKind
from gotracer_ci.analysis.yields import in_test_runner
from gotracer_ci.findings import Finding
from gotracer_ci.limits import CALLS, EVERY_KIND, SLEEPS, Limit
from gotracer_ci.rules import wording
from gotracer_ci.rules.event_times import finding, merged
from gotracer_ci.rules.per_trace import PerTrace
from gotracer_ci.rules.rule import Measured, Rule, documented
from gotracer_ci.rules.system_calls import C_CALL, SYSCALL, kind
from gotracer_ci.source.place import called_place

_DID = {
    "sleep": "slept for",
    "network": "waited for the network for",
    SYSCALL: "was in a system call for",
    C_CALL: "was in a C call for",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class WaitTimeGrowth(Rule):
    def measure(self, facts: Facts) -> Iterator[Measured]:
        limits = self.limits()
        for group in merged(facts.intervals, _named):
            yield group.measured(self.name, limits.get(group.kind, SLEEPS).quantile)

    def explain(self, facts: Facts, measured: Measured) -> Finding:
        largest = _largest(facts)[measured.key.kind, measured.key.place]
        return finding(
            measured,
            largest.stack,
            message=f"{wording.where(largest.stack)} {_DID[measured.key.kind]} {{times}}",
            detail=f"Times of single waits of {measured.key.place}.",
            suggestion=self.suggestion,
        )

    def limits(self) -> dict[str, Limit]:
        return {EVERY_KIND: SLEEPS, SYSCALL: CALLS, C_CALL: CALLS}


def _named(group: IntervalGroup) -> tuple[str, str] | None:
    if group.parked or group.stack.system or group.stack.own is None:
        return None
    if group.kind is IntervalKind.SYSCALL:
        waits = group.reason or kind(group.stack.frames)
        return (waits, called_place(group.stack.frames)) if waits in (SYSCALL, C_CALL) else None
    is_wait = group.kind is IntervalKind.WAITING and group.reason in ("sleep", "network")
    if not is_wait or in_test_runner(group.stack.functions):
        return None
    return group.reason, called_place(group.stack.frames)


@PerTrace
def _largest(facts: Facts) -> dict[tuple[str, str], IntervalGroup]:
    """Return the group with the longest time in all of each name."""
    found: dict[tuple[str, str], IntervalGroup] = {}
    for group in facts.intervals:
        name = _named(group)
        if name and (name not in found or _extent(group) > _extent(found[name])):
            found[name] = group
    return found


def _extent(group: IntervalGroup) -> tuple[int, int]:
    return group.total_ns, group.worst[0].start_ns


RULE = WaitTimeGrowth(
    info=documented("WaitTimeGrowth", __doc__),
    suggestion="Look at what the wait is for: a larger file, a slower service, a longer time-out, a missing index.",
)
