"""What the facts about goroutines promise: lives, states over time, wakes and tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from gotracer_ci.analysis.lives import GoroutineLives, LivesAnalysis
from gotracer_ci.analysis.over_time import OverTime, OverTimeAnalysis
from gotracer_ci.analysis.ran_tests import RanTests, RanTestsAnalysis
from gotracer_ci.analysis.wakes import WakeFacts, WakesAnalysis
from gotracer_ci.tables.goroutines import groups_table, lives_table
from gotracer_ci.tables.over_time import over_time_table
from gotracer_ci.tables.table import Table
from gotracer_ci.tables.tests import tests_table
from gotracer_ci.tables.wakes import wakes_table
from gotracer_ci.trace.spec import LARGEST
from tests.promises.base import STATES, Facts, Sums, parts


def _check_lives(found: GoroutineLives) -> None:
    """The parts of a life sum to its length, and a group is the sum of its lives; sums saturate."""
    every: list[Any] = [*found.lives, *found.groups]
    for each in every:
        assert sum(parts(each.times)) == each.total_ns or each.total_ns == LARGEST
        assert sum(each.waits.values()) == each.times.waiting or each.times.waiting == LARGEST
        assert each.times.unknown == 0
        assert min(each.total_ns, *parts(each.times), *each.ranges) >= 0
        assert each.ranges.assist_running <= each.ranges.assist
    for group in found.groups:
        assert group.is_measured
        assert group.alive <= group.lives >= group.created
    assert found.counted == len(found.lives)
    assert _totals(found.lives) == _totals(found.groups)


def _totals(every: Iterable[Any]) -> Sums:
    """Return the lengths of lives or groups by name and creation; a trace can have equal stacks at several indices."""
    sums: Sums = Counter()
    for each in every:
        key = (each.name, each.creation)
        sums[key] = min(sums[key] + each.total_ns, LARGEST)
    return sums


def _times_of_lives(found: GoroutineLives) -> Sums:
    sums: Sums = Counter()
    for group in found.groups:
        key = (group.name, group.creation)
        sums[(*key, "total")] += group.total_ns
        sums.update({(*key, name): ns for name, ns in group.times._asdict().items()})
        sums.update({(*key, "waiting", reason): ns for reason, ns in group.waits.items()})
        sums.update({(*key, "range", name): ns for name, ns in group.ranges._asdict().items()})
    return sums


def _lives_created(found: GoroutineLives) -> Sums:
    sums: Sums = Counter()
    for group in found.groups:
        sums[group.name, group.creation] += group.created
    return sums


def _lives_tables(found: GoroutineLives) -> Iterator[Table]:
    read = [("a.trace", found), ("b.trace", found)]
    for system in (False, True):
        yield groups_table(read, by="start", merge=system, traces=True, reasons=system, system=system)
        yield groups_table(read, by="creation", merge=False, traces=True, reasons=True, system=system)
        yield lives_table(read, traces=True, reasons=True, system=system)


def _check_bins(found: OverTime) -> None:
    """Cycles follow one another. Two goroutines stop the world at once only in a trace that no program wrote."""
    for part in found.bins:
        assert min(*part[:5], part.stw) >= 0
        assert 0 <= part.gc <= found.width_ns


def times_of_bins(found: OverTime) -> Sums:
    return Counter({(name,): sum(getattr(part, name) for part in found.bins) for name in (*STATES, "stw", "gc")})


def _bins_tables(found: OverTime) -> Iterator[Table]:
    yield over_time_table([("a.trace", found)], 20, traces=True)


def _check_wakes(found: WakeFacts) -> None:
    """A wait has one end, and sums are those of their waits."""
    for wake in found.wakes:
        assert wake.waits > 0
        assert 0 <= wake.longest_ns <= wake.total_ns <= min(wake.longest_ns * wake.waits, LARGEST)
        assert not (wake.source or wake.is_open) or not wake.waker.frames
        assert not (wake.source and wake.is_open)


def _times_of_wakes(found: WakeFacts) -> Sums:
    """Return the times by where and why; what ends a wait can be in the next window."""
    sums: Sums = Counter()
    for wake in found.wakes:
        sums[wake.waiter, wake.is_elsewhere, wake.reason] += wake.total_ns
    return sums


def _waits(found: WakeFacts) -> Sums:
    """Return how many waits ended."""
    sums: Sums = Counter()
    for wake in found.wakes:
        if not wake.is_open:
            sums[wake.waiter, wake.is_elsewhere, wake.reason, wake.source, wake.waker] += wake.waits
    return sums


def _wakes_tables(found: WakeFacts) -> Iterator[Table]:
    read = [("a.trace", found), ("b.trace", found)]
    for system in (False, True):
        yield wakes_table(read, merge=system, traces=not system, still_open=system, system=system)


def _check_tests(found: RanTests) -> None:
    """A test begins after its parent, and its parts are not longer than itself."""
    assert found.ran == len(found.tests)
    for i, test in enumerate(found.tests):
        assert test.parent < i
        assert min(test.active_ns, test.running_ns, test.waiting_ns, test.alive, test.alive_after or 0) >= 0
        if not test.is_benchmark:
            assert test.active_ns + test.paused_ns + test.subtests_ns == test.wall_ns
        assert test.is_inside or test.wall_ns == 0


def _times_of_tests(found: RanTests) -> Sums:
    names = ("wall_ns", "paused_ns", "subtests_ns", "running_ns", "waiting_ns")
    return Counter({(i, test.name, of): getattr(test, of) for i, test in enumerate(found.tests) for of in names})


def _started(found: RanTests) -> Sums:
    return Counter({(i, test.name): test.goroutines for i, test in enumerate(found.tests)})


GOROUTINES = {
    "lives": Facts(
        lambda trace: LivesAnalysis(trace, each=True, places=True, ranges=True),
        _check_lives,
        _times_of_lives,
        _lives_created,
        _lives_tables,
    ),
    "over time": Facts(lambda _: OverTimeAnalysis(), _check_bins, times_of_bins, lambda _: Counter(), _bins_tables),
    "wakes": Facts(WakesAnalysis, _check_wakes, _times_of_wakes, _waits, _wakes_tables),
    "tests": Facts(
        RanTestsAnalysis,
        _check_tests,
        _times_of_tests,
        _started,
        lambda found: [tests_table([("a.trace", found), ("b.trace", found)], traces=True)],
    ),
}
