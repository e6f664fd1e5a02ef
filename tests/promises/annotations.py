"""What the facts about regions, tasks and logs promise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from gotracer_ci.analysis.logs import LogsAnalysis
from gotracer_ci.analysis.region_times import Region, RegionGroup, RegionsAnalysis, RegionTimes
from gotracer_ci.analysis.tasks import TasksAnalysis, TraceTasks
from gotracer_ci.tables import regions as region_tables
from gotracer_ci.tables import tasks as task_tables
from gotracer_ci.tables.histogram import histogram_table
from gotracer_ci.tables.logs import logs_table
from gotracer_ci.tables.moments import place
from gotracer_ci.tables.table import Table
from gotracer_ci.trace.spec import LARGEST
from tests.promises.base import Facts, Sums, parts


def _check_regions(found: RegionTimes) -> None:
    """The parts of a region, and of a group, sum to its length; ranges are within it."""
    for region in found.regions:
        assert sum(parts(region.times)) == region.duration_ns > 0
        assert min(parts(region.times)) >= 0
        assert sum(region.waits.values()) == region.times.waiting
        assert all(ns is not None and 0 <= ns <= region.duration_ns for ns in region.ranges)
        assert (region.ranges.assist_running or 0) <= min(region.ranges.assist, region.times.running)
    for group in found.groups:
        assert min(sum(parts(group.times)), LARGEST) == group.total_ns
        assert len(group.lengths) + sum(group.buckets.values()) <= group.number
    assert found.counted == len(found.regions)
    for of_regions, of_groups in zip(_ranges(found.regions), _ranges(found.groups), strict=True):
        assert of_regions == of_groups


def _ranges(every: Iterable[Region | RegionGroup]) -> Sequence[int]:
    return [sum(ns or 0 for ns in column) for column in zip(*(each.ranges for each in every), strict=True)]


def _times_of_regions(found: RegionTimes) -> Sums:
    sums: Sums = Counter()
    for group in found.groups:
        key = (group.type, group.stack)
        sums[(*key, "total")] += group.total_ns
        sums.update({(*key, name): ns for name, ns in group.times._asdict().items()})
        sums.update({(*key, "waiting", reason): ns for reason, ns in group.waits.items()})
        sums.update({(*key, "range", name): ns for name, ns in group.ranges._asdict().items()})
    return sums


def _regions_tables(found: RegionTimes) -> Iterator[Table]:
    read = [("a.trace", found), ("b.trace", found)]
    for where in (place, region_tables.outermost):
        yield region_tables.regions_table(read, where=where, traces=True, reasons=True, ranges=True)
        yield region_tables.groups_table(read, where=where, merge=False, traces=True, reasons=True, ranges=True)


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


ANNOTATIONS = {
    "regions": Facts(
        lambda trace: RegionsAnalysis(trace, each=True, ranges=True),
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
}
