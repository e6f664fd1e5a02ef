"""The tables that a report can include: each command's default rows, from the same reading as the findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from gotracer_ci.analysis.gc import CollectorAnalysis
from gotracer_ci.analysis.lives import GoroutineLives, LivesAnalysis
from gotracer_ci.analysis.over_time import OverTime, OverTimeAnalysis
from gotracer_ci.analysis.ran_tests import RanTestsAnalysis
from gotracer_ci.analysis.reading import Analysis
from gotracer_ci.analysis.region_times import RegionsAnalysis, RegionTimes
from gotracer_ci.analysis.tasks import TasksAnalysis, TraceTasks
from gotracer_ci.analysis.wakes import WakeFacts, WakesAnalysis
from gotracer_ci.tables import moments, regions, tasks
from gotracer_ci.tables.gc import cycles_table
from gotracer_ci.tables.goroutines import groups_table
from gotracer_ci.tables.over_time import ROWS, over_time_table
from gotracer_ci.tables.table import Row, Table
from gotracer_ci.tables.tests import tests_table
from gotracer_ci.tables.wakes import wakes_table
from gotracer_ci.trace.reader import Trace

Named = Sequence[tuple[str, Any]]


class _Included(NamedTuple):
    """A table. analysis: begins what it is made of; table: makes it of what was found in each trace, by its name."""

    analysis: Callable[[Trace], Analysis[Any]]
    table: Callable[[Named], Table]


def _groups(named: Sequence[tuple[str, GoroutineLives]]) -> Table:
    made = groups_table(named, by="start", merge=False, traces=True, reasons=False, system=False)
    return made.sort("running_ns")


def _parts(named: Sequence[tuple[str, OverTime]]) -> Table:
    return over_time_table(named, ROWS, traces=True)


def _tasks(named: Sequence[tuple[str, TraceTasks]]) -> Table:
    return tasks.types_table(tasks.tasks_table(named, traces=True), merge=False, traces=True).sort("total_ns")


def _regions(named: Sequence[tuple[str, RegionTimes]]) -> Table:
    made = regions.groups_table(named, where=moments.place, merge=False, traces=True, reasons=False)
    return made.sort("total_ns")


def _wakes(named: Sequence[tuple[str, WakeFacts]]) -> Table:
    return wakes_table(named, merge=False, traces=True, still_open=False, system=False).sort("total_ns")


_TABLES: Final[Mapping[str, _Included]] = {
    "goroutines": _Included(LivesAnalysis, _groups),
    "over_time": _Included(lambda _: OverTimeAnalysis(), _parts),
    "tasks": _Included(TasksAnalysis, _tasks),
    "regions": _Included(RegionsAnalysis, _regions),
    "gc": _Included(CollectorAnalysis, lambda named: cycles_table(named, traces=True).sort("+start_ns")),
    "tests": _Included(RanTestsAnalysis, lambda named: tests_table(named, traces=True)),
    "wakes": _Included(WakesAnalysis, _wakes),
}


def analyses(trace: Trace) -> dict[str, Analysis[Any]]:
    """Begin what the tables are made of, by their names."""
    return {name: table.analysis(trace) for name, table in _TABLES.items()}


def rows(found: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[str, Iterator[Row]]:
    """Return the rows of each table.

    Args:
        found: the name of each trace, and what its analyses found.
    """
    return {name: _rows(table.table([(trace, made[name]) for trace, made in found])) for name, table in _TABLES.items()}


def _rows(table: Table) -> Iterator[Row]:
    names = [column.name for column in table.columns]
    return ({name: row[name] for name in names} for row in table.rows)
