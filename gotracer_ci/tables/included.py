"""The tables that a report can include: each command's default rows, from the same reading as the findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from gotracer_ci.analysis.gc import CollectorAnalysis
from gotracer_ci.analysis.lives import GoroutineLives, LivesAnalysis
from gotracer_ci.analysis.over_time import OverTime, OverTimeAnalysis
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
    """A table.

    analysis: begins what it is made of, None if the facts have it. table: makes it of what was found in each trace, by
    its name. order: what it is sorted by (see `Table.sort`), "" for the order of the traces.
    """

    analysis: Callable[[Trace], Analysis[Any]] | None
    table: Callable[[Named], Table]
    order: str = ""


def _groups(named: Sequence[tuple[str, GoroutineLives]]) -> Table:
    return groups_table(named, by="start", merge=False, traces=True, reasons=False, system=False)


def _parts(named: Sequence[tuple[str, OverTime]]) -> Table:
    return over_time_table(named, ROWS, traces=True)


def _tasks(named: Sequence[tuple[str, TraceTasks]]) -> Table:
    return tasks.types_table(tasks.tasks_table(named, traces=True), merge=False, traces=True)


def _regions(named: Sequence[tuple[str, RegionTimes]]) -> Table:
    return regions.groups_table(named, where=moments.place, merge=False, traces=True, reasons=False)


def _wakes(named: Sequence[tuple[str, WakeFacts]]) -> Table:
    return wakes_table(named, merge=False, traces=True, still_open=False, system=False)


_TABLES: Final[Mapping[str, _Included]] = {
    "goroutines": _Included(LivesAnalysis, _groups, "running_ns"),
    "over_time": _Included(lambda _: OverTimeAnalysis(), _parts),
    "tasks": _Included(TasksAnalysis, _tasks, "total_ns"),
    "regions": _Included(RegionsAnalysis, _regions, "total_ns"),
    "gc": _Included(CollectorAnalysis, lambda named: cycles_table(named, traces=True), "+start_ns"),
    "tests": _Included(None, lambda named: tests_table(named, traces=True)),
    "wakes": _Included(WakesAnalysis, _wakes, "total_ns"),
}


def analyses(trace: Trace) -> dict[str, Analysis[Any]]:
    """Begin what the tables are made of, by their names."""
    return {name: table.analysis(trace) for name, table in _TABLES.items() if table.analysis}


def rows(trace: str, found: Mapping[str, Any]) -> dict[str, list[Row]]:
    """Return the rows that each table has of a trace, not sorted.

    Args:
        trace: its name.
        found: what its analyses found, and its tests as "tests".
    """
    return {name: _rows(table.table([(trace, found[name])])) for name, table in _TABLES.items()}


def sorted_rows(name: str, rows: Sequence[Row]) -> list[Row]:
    """Return the rows of a table in its order. They may be of several reports, so a value can have any type."""
    order = _TABLES[name].order
    if not order:
        return list(rows)
    column, is_ascending = order.removeprefix("+"), order.startswith("+")
    known = [row for row in rows if type(row.get(column)) in (int, float)]
    others = [row for row in rows if type(row.get(column)) not in (int, float)]
    return [*sorted(known, key=lambda row: row[column], reverse=not is_ascending), *others]


def _rows(table: Table) -> list[Row]:
    names = [column.name for column in table.columns]
    return [{name: row[name] for name in names} for row in table.rows]
