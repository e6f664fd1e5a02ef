"""How long tasks and tests took, by name, for rules that ask for it: exact lengths and the longest ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gotracer_ci.analysis.intervals import Interval
from gotracer_ci.analysis.ran_tests import RanTests
from gotracer_ci.analysis.reading import Analysis
from gotracer_ci.analysis.stacks import Stack, Stacks
from gotracer_ci.analysis.tasks import TasksAnalysis, TraceTasks
from gotracer_ci.source.names import unqualified
from gotracer_ci.trace.observers.groups import EXAMPLES
from gotracer_ci.trace.reader import Trace

TASK: Final = "task"
TEST: Final = "test"
_NOTHING: Final = Stack()


@dataclass(frozen=True, slots=True)
class Durations:
    """How long all tasks of one type took, or all runs of one test. There is at least one.

    One that the trace has only a part of counts with the length of that part.

    lengths: ns, sorted. worst: the longest five, longest first.
    """

    name: str
    lengths: Sequence[int]
    worst: tuple[Interval, ...]

    @property
    def count(self) -> int:
        return len(self.lengths)

    @property
    def total_ns(self) -> int:
        return sum(self.lengths)

    @property
    def trimmed_ns(self) -> int:
        """The total without the largest 1 % of the lengths, but at least without one."""
        return sum(self.lengths[: -max(1, len(self.lengths) // 100)])

    @property
    def max_ns(self) -> int:
        return self.lengths[-1]

    def quantile_ns(self, q: float) -> int:
        """Return the length that the share `q`, whole percents, does not exceed."""
        return self.lengths[max(0, (round(100 * q) * len(self.lengths) + 99) // 100 - 1)]


class TimedTasks:
    """Times tasks while the trace is read."""

    def __init__(self, trace: Trace) -> None:
        self._tasks = TasksAnalysis(trace)

    @property
    def analyses(self) -> Sequence[Analysis[Any]]:
        """What to feed."""
        return [self._tasks]

    def result(self, trace: Trace, stacks: Stacks) -> Mapping[str, Sequence[Durations]]:
        """Return the durations of tasks by kind."""
        return {TASK: of_tasks(self._tasks.result(trace, stacks), trace.start_ns)}


def of_tasks(found: TraceTasks, start_ns: int) -> tuple[Durations, ...]:
    """Return the durations of tasks by type, without those of an unknown one, from their begin to their end.

    Args:
        start_ns: the start of the trace on its clock.
    """
    return _by_name(
        (
            task.type,
            _interval(
                task.duration_ns,
                start_ns + (task.begin_ns or 0),
                task.begin_goroutine,
                task.stack,
                still_open=task.end_ns is None,
                before_start=task.begin_ns is None,
            ),
        )
        for task in found.tasks
        if task.type
    )


def of_tests(found: RanTests, stacks: Stacks, start_ns: int) -> tuple[Durations, ...]:
    """Return the durations of tests and subtests by name, as go test prints them: without pauses, with subtests.

    Benchmarks are left out, because they run for as long as they are told to.
    """
    return _by_name(
        (
            test.name,
            _interval(
                max(0, test.wall_ns - test.paused_ns),
                start_ns + test.begin_ns,
                test.goroutine,
                _function(test.name, stacks[test.stack]),
                still_open=test.end_ns is None,
            ),
        )
        for test in found.tests
        if not test.is_benchmark
    )


def _function(name: str, stack: Stack) -> Stack:
    """Return the part of a test's stack from its own function on, which is where the test is."""
    at = next((i for i, function in enumerate(stack.functions) if unqualified(function) == name), None)
    return _NOTHING if at is None else Stack(stack.frames[at:])


def _interval(
    length: int, start: int, goroutine: int, stack: Stack, *, still_open: bool, before_start: bool = False
) -> Interval:
    return Interval(length, start, goroutine, still_open, before_start, -1, _NOTHING, stack, _NOTHING)


def _by_name(each: Iterable[tuple[str, Interval]]) -> tuple[Durations, ...]:
    found: dict[str, list[Interval]] = {}
    for name, interval in each:
        found.setdefault(name, []).append(interval)
    return tuple(_made(found))


def _made(found: dict[str, list[Interval]]) -> Iterator[Durations]:
    for name, same in sorted(found.items()):
        same.sort(key=lambda one: (-one.length_ns, one.start_ns, one.goroutine))
        yield Durations(name, [one.length_ns for one in reversed(same)], tuple(same[:EXAMPLES]))
