"""The table of how the time in each state, or for each reason, is distributed over a group's goroutines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from gotracer_ci.analysis.lives import GoroutineLives, Life
from gotracer_ci.analysis.stacks import is_system
from gotracer_ci.source.names import normalise
from gotracer_ci.tables.moments import TRACE, place
from gotracer_ci.tables.table import Column, Row, Table
from gotracer_ci.tables.times import by_column, percentile

By = Literal["start", "creation"]
UNNAMED: Final = "(unknown)"
REASON: Final = Column("reason", "text", "Why they waited; null: the whole state.", optional=True)
_KEY: Final = (
    Column("group", "text", "The function in which the goroutines began, or the place that created them."),
    Column("state", "text", "A state, a part of runnable, or total for the whole life."),
)
_VALUES: Final = (
    Column("lives", "count", "How many goroutines there were, also those with no time in this state."),
    Column("p50_ns", "ns", "The median of their times in this state."),
    Column("p90_ns", "ns", "The 90th percentile."),
    Column("p99_ns", "ns", "The 99th percentile."),
    Column("max_ns", "ns", "The longest time."),
)
PERCENTILES: Final = (*_KEY, REASON, *_VALUES)


def percentiles_table(
    read: Sequence[tuple[str, GoroutineLives]], *, by: By, merge: bool, traces: bool, system: bool, reasons: bool
) -> Table:
    """Return the table with one row for each group and each state in which one of its lives was.

    With reasons, each reason for waiting has a row, too, after that of all waits.

    Args:
        read: with all lives. A trace that had more than were kept is left out: those are no sample.
        merge, traces, system, reasons: see `goroutines.groups_table`.
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
        rows += [{"trace": trace, "group": group, **row} for row in _rows(lives, reasons=reasons)]
    columns = (*((TRACE,) if traces else ()), *_KEY, *((REASON,) if reasons else ()), *_VALUES)
    return Table("row", columns, rows, dict)


def _rows(lives: Sequence[Life], *, reasons: bool) -> list[Row]:
    times: dict[str, list[int]] = {}
    waits: dict[str, list[int]] = {}
    for life in lives:
        for name, ns in (*by_column(life.times).items(), ("total_ns", life.total_ns)):
            times.setdefault(name.removesuffix("_ns"), []).append(ns or 0)
        for reason, ns in life.waits.items():
            waits.setdefault(reason, []).append(ns)
    found: list[Row] = []
    for state, every in times.items():
        found += _row(state, None, every)
        if reasons and state == "waiting":
            # a life that never waited for a reason counts with 0, as in every other row
            padded = {reason: [*some, *(0,) * (len(lives) - len(some))] for reason, some in waits.items()}
            for reason in sorted(padded, key=lambda reason: (-sum(padded[reason]), reason)):
                found += _row(state, reason, padded[reason])
    return found


def _row(state: str, reason: str | None, every: list[int]) -> Iterator[Row]:
    """Yield the row of a state, or of a reason for waiting, unless no goroutine was in it. every: ns by life."""
    every.sort()
    if every[-1]:
        values = {f"p{p}_ns": percentile(every, {}, p, every[-1]) for p in (50, 90, 99)}
        yield {"state": state, REASON.name: reason, "lives": len(every), **values, "max_ns": every[-1]}
