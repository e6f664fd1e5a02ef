"""What the facts of a trace promise, whatever the trace. The fuzzer and the metamorphic tests check it."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from gotracer_ci.analysis.gc import Collections, CollectorAnalysis
from gotracer_ci.analysis.lives import GoroutineLives, LivesAnalysis
from gotracer_ci.analysis.logs import LogsAnalysis
from gotracer_ci.analysis.over_time import OverTime, OverTimeAnalysis
from gotracer_ci.analysis.profile import GoProfileAnalysis, ProfileAnalysis, StackProfile
from gotracer_ci.analysis.ran_tests import RanTests, RanTestsAnalysis
from gotracer_ci.analysis.reading import WHOLE, Analysis, Window, read_for
from gotracer_ci.analysis.region_times import RegionsAnalysis, RegionTimes
from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.analysis.tasks import TasksAnalysis, TraceTasks
from gotracer_ci.analysis.times import Times
from gotracer_ci.analysis.wakes import WakeFacts, WakesAnalysis
from gotracer_ci.export.folded import folded
from gotracer_ci.export.pprof import pprof
from gotracer_ci.export.speedscope import speedscope
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.tables import regions as region_tables
from gotracer_ci.tables import render
from gotracer_ci.tables import tasks as task_tables
from gotracer_ci.tables.gc import cycles_table, heap_table, stops_table
from gotracer_ci.tables.goroutines import groups_table, lives_table
from gotracer_ci.tables.histogram import histogram_table
from gotracer_ci.tables.logs import logs_table
from gotracer_ci.tables.moments import place
from gotracer_ci.tables.over_time import over_time_table
from gotracer_ci.tables.profile import functions_table, tree
from gotracer_ci.tables.table import Table
from gotracer_ci.tables.tests import tests_table
from gotracer_ci.tables.wakes import wakes_table
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import LARGEST

Sums = Counter[tuple[object, ...]]


class Facts(NamedTuple):
    """One kind of facts.

    analysis: finds them. check: asserts what they promise. times, counts: what adds up over adjoining windows, by names
    that do not depend on goroutines' IDs; times in ns. tables: every table that shows them.
    """

    analysis: Callable[[Trace], Analysis[Any]]
    check: Callable[[Any], None]
    times: Callable[[Any], Sums]
    counts: Callable[[Any], Sums]
    tables: Callable[[Any], Iterable[Table]]


def _check_lives(found: GoroutineLives) -> None:
    """The parts of a life sum to its length, and a group is the sum of its lives; sums saturate."""
    every: list[Any] = [*found.lives, *found.groups]
    for each in every:
        assert sum(_parts(each.times)) == each.total_ns or each.total_ns == LARGEST
        assert sum(each.waits.values()) == each.times.waiting or each.times.waiting == LARGEST
        assert each.times.unknown == 0
        assert min(each.total_ns, *_parts(each.times), *each.ranges) >= 0
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


def _parts(times: Times) -> Sequence[int]:
    """Return the parts that sum to a life's length: `runnable` by its own parts."""
    return [ns for name, ns in times._asdict().items() if name != "runnable"]


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


STATES = ("running", "runnable", "waiting", "syscall", "syscall_blocked")


def _check_bins(found: OverTime) -> None:
    """Cycles follow one another. Two goroutines stop the world at once only in a trace that no program wrote."""
    for part in found.bins:
        assert min(*part[:5], part.stw) >= 0
        assert 0 <= part.gc <= found.width_ns


def _times_of_bins(found: OverTime) -> Sums:
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


def _check_regions(found: RegionTimes) -> None:
    """The parts of a region, and of a group, sum to its length."""
    for region in found.regions:
        assert sum(_parts(region.times)) == region.duration_ns > 0
        assert min(_parts(region.times)) >= 0
        assert sum(region.waits.values()) == region.times.waiting
    for group in found.groups:
        assert min(sum(_parts(group.times)), LARGEST) == group.total_ns
        assert len(group.lengths) + sum(group.buckets.values()) <= group.number
    assert found.counted == len(found.regions)


def _times_of_regions(found: RegionTimes) -> Sums:
    sums: Sums = Counter()
    for group in found.groups:
        key = (group.type, group.stack)
        sums[(*key, "total")] += group.total_ns
        sums.update({(*key, name): ns for name, ns in group.times._asdict().items()})
        sums.update({(*key, "waiting", reason): ns for reason, ns in group.waits.items()})
    return sums


def _regions_tables(found: RegionTimes) -> Iterator[Table]:
    read = [("a.trace", found), ("b.trace", found)]
    for where in (place, region_tables.outermost):
        yield region_tables.regions_table(read, where=where, traces=True, reasons=True)
        yield region_tables.groups_table(read, where=where, merge=False, traces=True, reasons=True)


def _check_tasks(found: TraceTasks) -> None:
    for task in found.tasks:
        assert 0 <= task.self_ns <= task.duration_ns
        assert not task.complete or task.duration_ns == (task.end_ns or 0) - (task.begin_ns or 0)


def _times_of_tasks(found: TraceTasks) -> Sums:
    sums: Sums = Counter()
    for task in found.tasks:
        sums[task.type, "total"] += task.duration_ns
        sums[task.type, "self"] += task.self_ns
    return sums


def _begun_tasks(found: TraceTasks) -> Sums:
    return Counter((task.type,) for task in found.tasks if task.begin_ns is not None)


def _tasks_tables(found: TraceTasks) -> Iterable[Table]:
    every = task_tables.tasks_table([("a.trace", found), ("b.trace", found)], traces=True)
    return [every, *(make(every, merge=False, traces=True) for make in (task_tables.types_table, histogram_table))]


def _check_collections(found: Collections) -> None:
    """Work within a mark phase is not negative, and what runs of an assist is a part of it."""
    assert found.left_out == (0, 0, 0)
    for cycle in found.cycles:
        assert 0 <= cycle.assist <= cycle.assist_total
        assert min(cycle.mark_ns, cycle.dedicated, cycle.fractional, cycle.idle, cycle.unlabelled, cycle.swept) >= 0
    assert all(stop.length_ns >= 0 for stop in found.stops)
    assert sum(cycle.swept for cycle in found.cycles) <= found.sweeps[0]


def _times_of_collections(found: Collections) -> Sums:
    names = ("mark_ns", "assist", "assist_total", "dedicated", "fractional", "idle", "unlabelled")
    sums: Sums = Counter({(name,): sum(getattr(cycle, name) for cycle in found.cycles) for name in names})
    for stop in found.stops:
        sums[stop.kind, stop.stack] += stop.length_ns
    return sums


def _collections_tables(found: Collections) -> Iterator[Table]:
    for make in (cycles_table, stops_table, heap_table):
        yield make([("a.trace", found), ("b.trace", found)], traces=True)


def _check_profile(found: StackProfile) -> None:
    """No time is negative, every open interval is counted, and each format can be written."""
    for sample in found.samples:
        assert min(sample.number, sample.ns) >= 0
    assert found.open_count >= 0 <= found.open_ns
    for base in (None, found):
        assert pprof(found, base, ["about"])
        assert speedscope(found, base)
        assert len("".join(folded(found, base)).splitlines()) <= len(found.samples)
        assert all(tree(found, base, 100))


def _times_of_profile(found: StackProfile) -> Sums:
    """Return the times without what a cut changes: whether an interval is open, and how running time is shared out."""
    sums: Sums = Counter()
    for sample in found.samples:
        where = () if sample.state == "running" else sample.stack
        sums[sample.group, sample.state, sample.reason, sample.waker, where] += sample.ns
    return sums


def _profile_tables(found: StackProfile) -> Iterator[Table]:
    yield functions_table(found, None)
    yield functions_table(found, found)


def _profile(kind: str) -> Facts:
    return Facts(
        lambda trace: ProfileAnalysis(trace, kind, places=True),
        _check_profile,
        _times_of_profile,
        lambda _: Counter(),
        _profile_tables,
    )


def _go_profile(kind: str) -> Facts:
    """Facts of whole traces only."""
    return Facts(
        lambda trace: GoProfileAnalysis(trace, kind, places=True),
        _check_profile,
        lambda _: Counter(),
        lambda _: Counter(),
        _profile_tables,
    )


FACTS = {
    "lives": Facts(
        lambda trace: LivesAnalysis(trace, each=True, places=True, ranges=True),
        _check_lives,
        _times_of_lives,
        _lives_created,
        _lives_tables,
    ),
    "collector": Facts(
        lambda trace: CollectorAnalysis(trace, heap=True),
        _check_collections,
        _times_of_collections,
        lambda found: Counter(dict(zip([("swept",), ("reclaimed",)], found.sweeps, strict=True))),
        _collections_tables,
    ),
    "over time": Facts(lambda _: OverTimeAnalysis(), _check_bins, _times_of_bins, lambda _: Counter(), _bins_tables),
    "wakes": Facts(WakesAnalysis, _check_wakes, _times_of_wakes, _waits, _wakes_tables),
    "tests": Facts(
        RanTestsAnalysis,
        _check_tests,
        _times_of_tests,
        _started,
        lambda found: [tests_table([("a.trace", found), ("b.trace", found)], traces=True)],
    ),
    "regions": Facts(
        lambda trace: RegionsAnalysis(trace, each=True),
        _check_regions,
        _times_of_regions,
        lambda _: Counter(),
        _regions_tables,
    ),
    "tasks": Facts(TasksAnalysis, _check_tasks, _times_of_tasks, _begun_tasks, _tasks_tables),
    "logs": Facts(
        LogsAnalysis,
        lambda _: None,
        lambda _: Counter(),
        lambda found: Counter((log.category, log.message) for log in found.logs),
        lambda found: [logs_table([("a.trace", found), ("b.trace", found)], traces=True)],
    ),
    "wall": _profile("wall"),
    "sched": _profile("sched"),
    "cpu": _profile("cpu")._replace(times=lambda _: Counter()),
    "Go's sync": _go_profile("sync"),
    "Go's sched": _go_profile("sched"),
}


def facts_of(trace: Trace, window: Window = WHOLE) -> dict[str, Any]:
    """Return all facts of a trace, from one reading.

    Raises:
        TraceError: the trace has no events.
    """
    analyses = {name: facts.analysis(trace) for name, facts in FACTS.items()}
    read_for(trace, list(analyses.values()), window)
    stacks = Stacks(trace.tables, SourceMap(None), trace.version)
    return {name: analysis.result(trace, stacks) for name, analysis in analyses.items()}


def times_of(found: dict[str, Any]) -> Sums:
    """Return all times in ns that add up over adjoining windows; none is 0."""
    return +Counter({(name, *key): ns for name in found for key, ns in FACTS[name].times(found[name]).items()})


def counts_of(found: dict[str, Any]) -> Sums:
    """Return all counts that add up over adjoining windows; none is 0."""
    return +Counter({(name, *key): n for name in found for key, n in FACTS[name].counts(found[name]).items()})


def _check_sums(found: dict[str, Any]) -> None:
    """All facts of a trace count the same time."""
    stopped = sum(group.ranges.stw for group in found["lives"].groups)
    assert stopped == sum(stop.length_ns for stop in found["collector"].stops)
    lives: dict[str, int] = {
        state: min(sum(getattr(group.times, state) for group in found["lives"].groups), LARGEST) for state in STATES
    }
    bins = _times_of_bins(found["over time"])
    assert {state: min(bins[state,], LARGEST) for state in STATES} == lives
    assert bins["stw",] == stopped
    wall: Counter[str] = Counter()
    for sample in found["wall"].samples:
        wall[sample.state] += sample.ns
    assert {state: min(wall[state], LARGEST) for state in STATES} == lives
    assert min(sum(sample.ns for sample in found["sched"].samples), LARGEST) == lives["runnable"]


def check(found: dict[str, Any]) -> None:
    """Check what the facts promise, and that each table can be written in each format."""
    _check_sums(found)
    for name, facts in found.items():
        FACTS[name].check(facts)
        for table in FACTS[name].tables(facts):
            for form in render.NAMES:
                render.write(table, form, {}, io.StringIO())
