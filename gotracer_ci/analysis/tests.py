"""Tests and benchmarks: which of them ran, and which of them a stack belongs to.

The trace does not name them. A test is a goroutine whose entry is `testing.tRunner`; its function is known from the
first event in it that has a stack. A quick test may have none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from gotracer_ci.analysis.intervals import IntervalGroup, IntervalKind
from gotracer_ci.analysis.stacks import Stack

TEST: Final = "testing.tRunner"
BENCHMARK: Final = "testing.(*B).launch"
_ROUND: Final = ("runtime.GC", "testing.(*B).runN", BENCHMARK)
_LOOP: Final = "testing.(*B).loopSlowPath"
_MOST: Final = 10_000


class Tests(NamedTuple):
    """What a test binary ran.

    ran: how many tests and subtests. names: the test functions that the trace shows, sorted, without their package.
    timed: benchmarks ran for a time, not for a number of iterations. work: how often which unit of work was done (see
    `analysis.work`).
    """

    ran: int = 0
    names: tuple[str, ...] = ()
    timed: bool = False
    work: Mapping[str, int] = {}


def tests(groups: Sequence[IntervalGroup], work: Mapping[str, int]) -> Tests:
    """Return what ran, from the intervals of a trace and from the work that was done."""
    ran = sum(_created(groups, TEST))
    launched = sum(_created(groups, BENCHMARK))
    names: set[str] = set()
    if ran:
        names = {name for group in groups for name in tests_of(_stacks(group))}.union(work)
    return Tests(ran, tuple(sorted(names)[:_MOST]), launched > 0 and _is_timed(groups, launched), work)


def tests_of(stacks: Iterable[Stack]) -> set[str]:
    """Return the test functions that led to these stacks, as far as the stacks show it, without their package."""
    return {name for stack in stacks if (name := stack.test)}


def test_of(lineage: Sequence[Stack]) -> str:
    """Return the outermost test function that led to a goroutine, without its package; "" if none is known.

    lineage: the goroutine's stack, and those that created it, its creator, and so on.
    """
    return next((name for stack in reversed(lineage) if (name := stack.test)), "")


def _stacks(group: IntervalGroup) -> Iterator[Stack]:
    yield group.stack
    for interval in group.worst:
        yield interval.creation


def _created(groups: Iterable[IntervalGroup], entry: str) -> Iterator[int]:
    """Yield how many goroutines with this entry were created: each is runnable before it runs."""
    for group in groups:
        if group.kind is IntervalKind.RUNNABLE and group.reason == "created" and group.stack.functions == [entry]:
            yield group.count


def _is_timed(groups: Iterable[IntervalGroup], launched: int) -> bool:
    """Report whether benchmarks ran for a time.

    To find how many iterations fill the time, a benchmark runs several rounds, and each begins with a garbage
    collection. A benchmark with a number of iterations (-benchtime 100x) has one round. One that uses B.Loop finds the
    number without rounds, so it counts as timed.
    """
    stopped = waited = 0
    for group in groups:
        functions = group.stack.functions
        if _LOOP in functions:
            return True
        if tuple(functions[-3:]) == _ROUND:
            if group.kind is IntervalKind.STW and group.reason == "GC sweep termination":
                stopped += group.count
            elif group.kind is IntervalKind.WAITING and "runtime.gcWaitOnMark" in functions:
                waited += group.count
    return (stopped or waited) > launched  # up to Go 1.21, stopping the world has no stack
