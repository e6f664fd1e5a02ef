"""What the facts of a whole trace promise: intervals by test, holds, stretches, creations, and mutator utilisation."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from gotracer_ci.analysis import histogram, mmu
from gotracer_ci.analysis.facts import Facts, analyse
from gotracer_ci.analysis.gc import CollectorAnalysis
from gotracer_ci.analysis.holds import HoldGroup
from gotracer_ci.analysis.intervals import IntervalGroup, IntervalKind
from gotracer_ci.analysis.lives import GoroutineLives, LivesAnalysis
from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.analysis.stretches import StretchGroup
from gotracer_ci.analysis.utilisation import Busy, Series
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import LARGEST
from tests.promises.base import Sums

_SHARES = (3, 50)
"""Windows of the mutator utilisation: these parts of the trace."""


class Whole(NamedTuple):
    """The facts of a whole trace. utilisation: of the system, and of each P; none without GOMAXPROCS."""

    facts: Facts
    lives: GoroutineLives
    utilisation: tuple[Sequence[Series], ...]


def whole_of(trace: Trace) -> Whole:
    """Return the facts of a trace, from one reading.

    Raises:
        TraceError: the trace has no events.
    """
    lives, busy = LivesAnalysis(trace), (Busy(), Busy(per_p=True))
    facts = analyse(trace, SourceMap(None), analyses=(lives, *(CollectorAnalysis(trace, busy=one) for one in busy)))
    start, end = trace.start_ns, trace.start_ns + trace.duration_ns
    series = tuple(one.series(start, start, end, trace.gomaxprocs_at_start) for one in busy)
    return Whole(facts, lives.result(trace, Stacks(trace.tables, SourceMap(None), trace.version)), series)


def check_whole(found: Whole) -> None:
    """Check what the facts promise."""
    facts = found.facts
    _check_states(facts.intervals, found.lives)
    for group in facts.intervals:
        _check_lengths(group)
        assert sum(part.events for part in group.by_test.values()) <= group.count
        assert min(sum(part.total_ns for part in group.by_test.values()), LARGEST) <= group.total_ns
        for interval in group.worst:
            if holding := interval.holding:
                assert 0 <= holding.explained_ns <= holding.wait_ns == interval.length_ns
                assert all(0 <= activity.ns <= holding.wait_ns for activity in holding.activities)
    for hold in facts.holds:
        _check_lengths(hold)
    for stretch in facts.stretches:
        _check_lengths(stretch)
    ran = sum(group.times.running for group in found.lives.groups)
    assert sum(stretch.total_ns for stretch in facts.stretches) <= ran
    for place in facts.creations:
        assert 0 < place.number.peak <= place.number.created
        assert sum(part.created for part in place.by_test.values()) <= place.number.created
        assert all(part.peak <= place.number.peak for part in place.by_test.values())
    created = sum(group.created for group in found.lives.groups)
    assert sum(place.number.created for place in facts.creations) <= created
    for every in found.utilisation:
        for series in every:
            _check_utilisation(series)


def whole_times_of(found: Whole) -> Sums:
    """Return the times in ns, by names that do not depend on goroutines' IDs; none is 0. Stretches below 1 ms lack."""
    sums: Sums = Counter()
    for group in found.facts.intervals:
        for test, part in group.by_test.items():
            sums["part", group.kind, group.reason, group.stack, test] += part.total_ns
    for hold in found.facts.holds:
        sums["hold", hold.stack] += hold.total_ns
    return +sums


def whole_counts_of(found: Whole) -> Sums:
    """Return the counts by such names; none is 0."""
    sums: Sums = Counter()
    for group in found.facts.intervals:
        for test, part in group.by_test.items():
            sums["part", group.kind, group.reason, group.stack, test] += part.events
    for hold in found.facts.holds:
        sums["hold", hold.stack] += hold.count
    for place in found.facts.creations:
        sums["created", place.place] += place.number.created
        sums["at once", place.place] += place.number.peak
        sums.update({("created", place.place, test): number.created for test, number in place.by_test.items()})
    return +sums


def _check_states(groups: Sequence[IntervalGroup], lives: GoroutineLives) -> None:
    """Intervals and lives count the same time."""
    by_kind: Counter[IntervalKind] = Counter()
    for group in groups:
        by_kind[group.kind] += group.total_ns
    times = [group.times for group in lives.groups]
    for kind, expected in (
        (IntervalKind.RUNNABLE, sum(one.runnable for one in times)),
        (IntervalKind.WAITING, sum(one.waiting for one in times)),
        (IntervalKind.SYSCALL, sum(one.syscall + one.syscall_blocked for one in times)),
    ):
        assert min(by_kind[kind], LARGEST) == min(expected, LARGEST)


def _check_lengths(group: IntervalGroup | HoldGroup | StretchGroup) -> None:
    """A group has as many lengths as events, and its total is between the longest one and as many of it."""
    assert group.count == sum(group.counts.values()) > 0
    assert max(group.counts) == histogram.bucket(group.longest_ns)
    assert 0 <= group.longest_ns <= group.total_ns <= min(group.longest_ns * group.count, LARGEST)


def _check_utilisation(series: Series) -> None:
    """The minimum is that of brute force, and the percentiles are in order."""
    assert all(0 <= value <= series.whole for value in series.values)
    assert all(first < second for first, second in pairwise(series.times))
    for share in _SHARES:
        window = max(1, series.length // share)
        if window == series.length:
            continue
        point = mmu.point([series], window)
        assert point.minimum == _lowest(series, window) / (window * series.whole)
        assert sorted((point.minimum, *point.percentiles)) == [point.minimum, *point.percentiles]
        assert point.percentiles[-1] <= 1


def sum_of(series: Series) -> Callable[[int], int]:
    """Return the function's integral up to a time."""
    steps = zip(series.values, series.times, series.times[1:], strict=False)
    sums = [0, *accumulate(value * (end - start) for value, start, end in steps)]

    def up_to(time: int) -> int:
        i = min(bisect_right(series.times, time), len(series.values)) - 1
        return sums[i] + series.values[i] * (time - series.times[i])

    return up_to


def _lowest(series: Series, window: int) -> int:
    """Return the lowest sum of a window: one that begins or ends where a step does."""
    up_to = sum_of(series)
    first, last = series.times[0], series.times[-1] - window
    starts = {time - back for time in series.times for back in (0, window) if first <= time - back <= last}
    return min(up_to(start + window) - up_to(start) for start in starts)
