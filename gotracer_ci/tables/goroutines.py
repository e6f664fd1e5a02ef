"""The tables of goroutines: groups of lives, and single lives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final

from gotracer_ci.analysis import histogram
from gotracer_ci.analysis.lives import GoroutineLives, Life, LifeGroup
from gotracer_ci.analysis.made import TIMES as KEPT_TIMES
from gotracer_ci.analysis.made import Records
from gotracer_ci.analysis.stacks import is_system
from gotracer_ci.source.names import normalise
from gotracer_ci.tables import critical_path
from gotracer_ci.tables.moments import MOMENT, TRACE, place
from gotracer_ci.tables.over_time import PART
from gotracer_ci.tables.percentiles import PERCENTILES, REASON, UNNAMED, By
from gotracer_ci.tables.run_queue import QUEUE
from gotracer_ci.tables.schema import DEFINITIONS, schema
from gotracer_ci.tables.table import Column, Row, Table
from gotracer_ci.tables.times import (
    RANGES,
    REASONS,
    TIMES,
    all_buckets,
    by_column,
    percentile,
    ranges_of,
    ranked,
    sorted_of,
    sum_of,
)

STATES: Final = ("running", "runnable", "waiting", "syscall", "syscall_blocked")
_TOTAL: Final = Column(
    "total_ns", "ns", "The length of the life; of a group, the sum. Without unknown_ns, the parts sum to it."
)
_TIMES: Final = (*TIMES, _TOTAL)
_GROUP: Final = (
    Column("group", "text", "The function in which the goroutines began, or the place that created them."),
    Column("lives", "count", "How many there were."),
    Column("created", "count", "How many were created during the trace."),
    Column("alive", "count", "How many were there at the end."),
    *_TIMES,
    Column("total_p50_ns", "ns", "The median of their lengths; null if there were too many.", "P50", optional=True),
    Column("total_p90_ns", "ns", "Their 90th percentile.", "P90", shown=False, optional=True),
    Column("total_p99_ns", "ns", "Their 99th percentile.", "P99", optional=True),
    Column("total_max_ns", "ns", "The longest life.", "MAX"),
    Column("running_share", "share", "Of the running time of all goroutines, the runtime's own included.", "SHARE"),
)
_LIFE: Final = (
    Column("goroutine", "id", "Go's ID. With cgo an ID can come again."),
    Column("life", "id", "The number of the life, counted from 0.", shown=False),
    Column("group", "text", "The function in which it began."),
    Column("created_ns", "ns", "When it was created, from the trace's start; null: before.", "CREATED", optional=True),
    Column("started_ns", "ns", "When it first ran; null: never.", "started", shown=False, optional=True),
    Column("ended_ns", "ns", "When it ended; null: it was there at the end.", "ENDED", optional=True),
    Column("creator", "id", "The goroutine that created it, null if unknown.", shown=False, optional=True),
    Column("place", "text", "The own code that created it, null if unknown.", "CREATED BY", optional=True),
    *_TIMES,
)


SCHEMA: Final = "gotracer-ci/goroutines/1"
_Of = tuple[str, Sequence[Life], int]
"""A life: the name of its trace, all lives of that, and its index among them."""


def lives_table(
    read: Iterable[tuple[str, GoroutineLives]], *, traces: bool, reasons: bool, system: bool, ranges: bool = False
) -> Table:
    """Return the table with one row for each life.

    Args:
        traces, reasons, ranges: with these columns.
        system: the runtime's own, too.
    """
    items = []
    for name, found in read:
        names = _names(found.lives)
        runtime = set() if system else {name for name in set(names) if is_system(name)}
        items += [(name, found.lives, i) for i, called in enumerate(names) if called not in runtime]
    columns = _columns(_LIFE, traces, reasons, ranges)
    return Table("life", columns, items, partial(_life_row, ranges=ranges), plural="lives", value=_life_value)


def groups_table(
    read: Sequence[tuple[str, GoroutineLives]],
    *,
    by: By,
    merge: bool,
    traces: bool,
    reasons: bool,
    system: bool,
    ranges: bool = False,
) -> Table:
    """Return the table with one row for each group. The other arguments are those of `lives_table`.

    Args:
        merge: groups of all traces together.
    """
    rows = []
    parts = [(name, found.groups) for name, found in read]
    if merge:
        parts = [("", tuple(group for _, groups in parts for group in groups))]
    for name, groups in parts:
        running = sum(group.times.running for group in groups)
        merged: dict[str, list[LifeGroup]] = {}
        for group in groups:
            if system or not is_system(group.name):
                merged.setdefault(normalise(_called(group, by)), []).append(group)
        rows += [_group_row(name, key, same, by, running) for key, same in merged.items()]
    return Table("group", _columns(_GROUP, traces, reasons, ranges), rows, dict)


def select(table: Table, state: str | None, min_total: int, *, alive: bool) -> Table:
    """Return the rows with time in a state, at least this total, and alive at the end."""
    if state is None and min_total <= 0 and not alive:
        return table
    return table.keep(
        lambda row: state is None or row[f"{state}_ns"] > 0,
        lambda row: row["total_ns"] >= min_total,
        lambda row: not alive or (row["alive"] > 0 if "alive" in row else row["ended_ns"] is None),
    )


def json_schema() -> dict[str, Any]:
    """Return the published JSON Schema of the document."""
    rows = {
        "group": (TRACE, *_GROUP, *RANGES, REASONS),
        "life": (TRACE, *_LIFE, *RANGES, REASONS),
        "interval": (TRACE, *MOMENT),
        "part": (TRACE, *PART),
        "percentiles": (TRACE, *PERCENTILES),
        **critical_path.ROWS,
        "queue": (TRACE, *QUEUE),
    }
    about = (
        "The output of gotracer-ci goroutines -f json: groups, with --each lives, with --goroutine intervals, "
        "with --over-time parts of the trace, with --percentiles groups by state, with --critical-path the parts or "
        "stretches of a path, with --run-queue what the Ps did during waits for one."
    )
    sometimes = {column.name for column in (TRACE, *RANGES, REASONS, REASON)}
    return schema(SCHEMA, about, {"definitions": DEFINITIONS}, rows, sometimes)


def _columns(own: tuple[Column, ...], traces: bool, reasons: bool, ranges: bool) -> tuple[Column, ...]:
    return (*((TRACE,) if traces else ()), *own, *(RANGES if ranges else ()), *((REASONS,) if reasons else ()))


def _called(group: LifeGroup, by: By) -> str:
    return group.name if by == "start" else place(group.creation) or ""


def _group_row(trace: str, key: str, groups: Sequence[LifeGroup], by: By, running: int) -> dict[str, Any]:
    names = {_called(group, by) for group in groups}
    lengths = sorted_of([group.lengths for group in groups])
    buckets: histogram.Histogram = {}
    waits: dict[str, int] = {}
    for group in groups:
        histogram.merge(buckets, group.buckets)
        for reason, ns in group.waits.items():
            waits[reason] = waits.get(reason, 0) + ns
    longest = max(group.longest_ns for group in groups)
    is_measured = all(group.is_measured for group in groups)
    times = sum_of(group.times for group in groups)
    every = all_buckets(lengths, buckets)
    return {
        "trace": trace,
        "group": (min(names) if len(names) == 1 else key) or UNNAMED,
        "lives": sum(group.lives for group in groups),
        "created": sum(group.created for group in groups),
        "alive": sum(group.alive for group in groups),
        **by_column(times),
        "total_ns": sum(group.total_ns for group in groups),
        **{f"total_p{p}_ns": percentile(lengths, every, p, longest) if is_measured else None for p in (50, 90, 99)},
        "total_max_ns": longest,
        "running_share": times.running / running if running else 0.0,
        **ranges_of(group.ranges for group in groups),
        "waiting_by_reason_ns": ranked(waits),
    }


def _names(lives: Sequence[Life]) -> list[str]:
    """Return the functions in which the lives began."""
    if not isinstance(lives, Records):
        return [life.name for life in lives]
    entries = lives.all("entry")
    names = {entry: lives[i].name for entry, i in {entry: i for i, entry in enumerate(entries)}.items()}
    return [names[entry] for entry in entries]


def _life_value(of: _Of, column: str) -> Any:
    """Return one value of a life's row. Sorting a hundred thousand lives by a time needs no more of them."""
    _, lives, i = of
    field = column.removesuffix("_ns")
    return lives.field(i, field) if isinstance(lives, Records) and field in KEPT_TIMES else _life_row(of)[column]


def _life_row(of: _Of, *, ranges: bool = True) -> Row:
    trace, lives, i = of
    life = lives[i]
    return {
        "trace": trace,
        "goroutine": life.id,
        "life": life.number,
        "group": life.name or UNNAMED,
        "created_ns": life.created_ns,
        "started_ns": life.started_ns,
        "ended_ns": life.ended_ns,
        "creator": None if life.creator < 0 else life.creator,
        "place": place(life.creation),
        **by_column(life.times),
        "total_ns": life.total_ns,
        **(ranges_of((life.ranges,)) if ranges else {}),
        "waiting_by_reason_ns": ranked(life.waits),
    }
