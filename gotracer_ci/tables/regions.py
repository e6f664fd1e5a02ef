"""The tables of regions: groups of one type and place, and single regions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath
from typing import Any, Final

from gotracer_ci.analysis import histogram
from gotracer_ci.analysis.made import Records
from gotracer_ci.analysis.region_times import Region, RegionGroup, RegionTimes
from gotracer_ci.analysis.stacks import Stack
from gotracer_ci.tables import critical_path
from gotracer_ci.tables.moments import TRACE
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

SCHEMA: Final = "gotracer-ci/regions/1"
_TYPE: Final = Column("type", "text", "The region's type, as the program names it.")
_PLACE: Final = Column(
    "place", "text", "The own code that began it; in Go's definitions the outermost frame. null if unknown.",
    optional=True,
)  # fmt: skip
INHERITED: Final = Column("inherited", "flag", "Goroutines that were created inside such a region, each as one.")
_GROUP: Final = (
    _TYPE,
    _PLACE,
    Column("count", "count", "How many there were."),
    Column("open", "count", "How many of them had not ended when the trace did, or when their goroutine did."),
    Column("before", "count", "How many were under way when the trace began.", shown=False),
    Column("p50_ns", "ns", "The median of the complete ones' lengths; null if there is none.", optional=True),
    Column("p90_ns", "ns", "Their 90th percentile.", shown=False, optional=True),
    Column("p99_ns", "ns", "Their 99th percentile.", optional=True),
    Column("max_ns", "ns", "The longest complete one.", optional=True),
    Column(
        "total_ns", "ns", "The lengths of all, of open ones up to the end. Without unknown_ns, the parts sum to it."
    ),
    *TIMES,
)
_REGION: Final = (
    _TYPE,
    _PLACE,
    Column("goroutine", "id", "The goroutine's ID."),
    Column("task", "id", "Its task's ID; null for the background.", optional=True),
    Column("begin_ns", "ns", "When it began, from the trace's start; null: before.", optional=True),
    Column("end_ns", "ns", "When it ended; null: it was open at the end of the trace or goroutine.", optional=True),
    Column("duration_ns", "ns", "Its length. Without unknown_ns, the parts sum to it."),
    *TIMES,
)
Where = Callable[[Stack], str | None]
Of = tuple[str, Sequence[Region], int]
"""A region: the name of its trace, all regions of that, and its index among them."""


def outermost(stack: Stack) -> str | None:
    """Return the outermost frame, by which Go's tool groups regions, as `main.main (main.go:12)`."""
    if not stack.frames:
        return None
    frame = stack.frames[-1]
    return f"{frame.function} ({PurePath(frame.file).name}:{frame.line})"


def regions_table(
    read: Iterable[tuple[str, RegionTimes]],
    *,
    where: Where,
    traces: bool,
    reasons: bool,
    ranges: bool = False,
    inherited: bool = False,
) -> Table:
    """Return the table with one row for each region. where: says what is its place."""
    items = [(name, found.regions, i) for name, found in read for i in range(len(found.regions))]

    def view(of: Of) -> Row:
        name, regions, i = of
        return _region_row(name, regions[i], where)

    def value(of: Of, column: str) -> Any:
        _, regions, i = of
        if column == "duration_ns" and isinstance(regions, Records):
            return regions.field(i, "length")
        return view(of)[column]

    return Table("region", _columns(_REGION, traces, reasons, ranges, inherited), items, view, value=value)


def groups_table(
    read: Sequence[tuple[str, RegionTimes]],
    *,
    where: Where,
    merge: bool,
    traces: bool,
    reasons: bool,
    ranges: bool = False,
    inherited: bool = False,
) -> Table:
    """Return the table with one row for each group.

    Args:
        where: says what is a region's place.
        merge: groups of all traces together.
    """
    merged: dict[tuple[str, str, str | None, bool], list[RegionGroup]] = {}
    for name, found in read:
        for group in found.groups:
            merged.setdefault(("" if merge else name, group.type, where(group.stack), group.inherited), []).append(
                group
            )
    rows = [_group_row(*key, same) for key, same in merged.items()]
    return Table("group", _columns(_GROUP, traces, reasons, ranges, inherited), rows, dict)


def json_schema() -> dict[str, Any]:
    """Return the published JSON Schema of the document."""
    rows = {kind: _columns(own, True, True, True, True) for kind, own in (("group", _GROUP), ("region", _REGION))}
    about = (
        "The output of gotracer-ci regions -f json: groups, with --each regions, with --critical-path the parts or "
        "stretches of paths."
    )
    sometimes = {column.name for column in (TRACE, INHERITED, *RANGES, REASONS)}
    return schema(SCHEMA, about, {"definitions": DEFINITIONS}, {**rows, **critical_path.ROWS}, sometimes)


def _columns(own: tuple[Column, ...], traces: bool, reasons: bool, ranges: bool, inherited: bool) -> tuple[Column, ...]:
    first, rest = own[:2], own[2:]
    return (
        *((TRACE,) if traces else ()),
        *first,
        *((INHERITED,) if inherited else ()),
        *rest,
        *(RANGES if ranges else ()),
        *((REASONS,) if reasons else ()),
    )


def _group_row(trace: str, kind: str, where: str | None, inherited: bool, groups: Sequence[RegionGroup]) -> Row:
    lengths = sorted_of([group.lengths for group in groups])
    buckets: histogram.Histogram = {}
    waits: dict[str, int] = {}
    for group in groups:
        histogram.merge(buckets, group.buckets)
        for reason, ns in group.waits.items():
            waits[reason] = waits.get(reason, 0) + ns
    longest = max(group.longest_ns for group in groups)
    has_complete = bool(lengths or buckets)
    every = all_buckets(lengths, buckets)
    return {
        "trace": trace,
        "type": kind,
        "place": where,
        INHERITED.name: inherited,
        "count": sum(group.number for group in groups),
        "open": sum(group.no_end for group in groups),
        "before": sum(group.no_begin for group in groups),
        **{f"p{p}_ns": percentile(lengths, every, p, longest) if has_complete else None for p in (50, 90, 99)},
        "max_ns": longest if has_complete else None,
        "total_ns": sum(group.total_ns for group in groups),
        **by_column(sum_of(group.times for group in groups)),
        **ranges_of(group.ranges for group in groups),
        REASONS.name: ranked(waits),
    }


def _region_row(trace: str, region: Region, where: Where) -> Row:
    return {
        "trace": trace,
        "type": region.type,
        "place": where(region.stack),
        INHERITED.name: region.inherited,
        "goroutine": region.goroutine,
        "task": None if region.task in (0, -1) else region.task,
        "begin_ns": region.begin_ns,
        "end_ns": region.end_ns,
        "duration_ns": region.duration_ns,
        **by_column(region.times),
        **ranges_of((region.ranges,)),
        REASONS.name: ranked(region.waits),
    }
