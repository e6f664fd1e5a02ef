"""The table of how the time in each state is distributed over a group's goroutines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from gotracer_ci.analysis.lives import GoroutineLives, Life
from gotracer_ci.analysis.stacks import is_system
from gotracer_ci.source.names import normalise
from gotracer_ci.tables.moments import TRACE, place
from gotracer_ci.tables.table import Column, Row, Table
from gotracer_ci.tables.times import by_column, percentile

By = Literal["start", "creation"]
UNNAMED: Final = "(unknown)"
PERCENTILES: Final = (
    Column("group", "text", "The function in which the goroutines began, or the place that created them."),
    Column("state", "text", "A state, a part of runnable, or total for the whole life."),
    Column("lives", "count", "How many goroutines there were, also those with no time in this state."),
    Column("p50_ns", "ns", "The median of their times in this state."),
    Column("p90_ns", "ns", "The 90th percentile."),
    Column("p99_ns", "ns", "The 99th percentile."),
    Column("max_ns", "ns", "The longest time."),
)


def percentiles_table(
    read: Sequence[tuple[str, GoroutineLives]], *, by: By, merge: bool, traces: bool, system: bool
) -> Table:
    """Return the table with one row for each group and each state in which one of its lives was.

    Args:
        read: with all lives. A trace that had more than were kept is left out: those are no sample.
        merge, traces, system: see `goroutines.groups_table`.
    """
    same: dict[tuple[str, str], list[Life]] = {}
    for name, found in read:
        for life in found.lives if found.counted == len(found.lives) else ():
            if system or not is_system(life.name):
                called = life.name if by == "start" else place(life.creation) or ""
                same.setdefault(("" if merge else name, normalise(called)), []).append(life)
    rows: list[Row] = []
    for (trace, key), lives in same.items():
        names = {life.name if by == "start" else place(life.creation) or "" for life in lives}
        group = (min(names) if len(names) == 1 else key) or UNNAMED
        rows += [{"trace": trace, "group": group, **row} for row in _rows(lives)]
    return Table("row", (*((TRACE,) if traces else ()), *PERCENTILES), rows, dict)


def _rows(lives: Sequence[Life]) -> list[Row]:
    columns: dict[str, list[int]] = {}
    for life in lives:
        for name, ns in (*by_column(life.times).items(), ("total_ns", life.total_ns)):
            columns.setdefault(name.removesuffix("_ns"), []).append(ns or 0)
    found = []
    for state, every in columns.items():
        every.sort()
        if every[-1]:
            values = {f"p{p}_ns": percentile(every, {}, p, every[-1]) for p in (50, 90, 99)} | {"max_ns": every[-1]}
            found.append({"state": state, "lives": len(lives), **values})
    return found
