"""How much of a test's time may only be there because the machine was busy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final, NamedTuple

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.intervals import IntervalGroup, IntervalKind
from gotracer_ci.analysis.work import outermost
from gotracer_ci.limits import MS

_TIMED: Final = ("sleep", "network")
_FOR_ANOTHER: Final = frozenset(
    {"chan receive", "chan send", "select", "sync", "sync.(*Cond).Wait", "forever", "coroutine"}
)
"""Go's reasons for waiting for another goroutine. What that one does meanwhile counts where it does it."""
_LATE_NS: Final = 20 * MS
"""How late a timer or an answer may be. Beside eight busy processes on two cores, 4 ms are usual."""


class MachineTime(NamedTuple):
    """Sums over all goroutines of a test, in ns, so they can be more than the test took.

    cpu: they ran, could have run, waited for the garbage collector, or were in system calls that no own code made, as
    when a temporary directory is removed. late: as much of their sleeps and waits for the network as may be a delay.
    """

    cpu: int
    late: int


def of_tests(facts: Facts) -> Mapping[str, MachineTime]:
    """Return by test function what a busy machine makes longer, without the system calls that a baseline has."""
    cpu: Counter[str] = Counter()
    late: Counter[str] = Counter()
    for test, ran in zip(outermost(facts.ran), facts.ran.tests, strict=True):
        cpu[test] += ran.running_ns
    for group in facts.intervals:
        for test, part in group.by_test.items():
            if group.kind is IntervalKind.WAITING and group.reason in _TIMED:
                late[test] += min(part.total_ns, part.events * _LATE_NS)
            elif _is_machine(group):
                cpu[test] += part.total_ns
    return {test: MachineTime(ns, late[test]) for test, ns in cpu.items()}


def _is_machine(group: IntervalGroup) -> bool:
    if group.kind is IntervalKind.WAITING:
        return group.reason not in _FOR_ANOTHER
    return group.kind is IntervalKind.RUNNABLE or (group.kind is IntervalKind.SYSCALL and group.stack.own is None)
