"""The table of counts over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from gotracer_ci.tables.moments import TRACE
from gotracer_ci.tables.table import Column, Table

if TYPE_CHECKING:
    from gotracer_ci.analysis.over_time import Bin, OverTime

ROWS: Final = 20
"""Rows of a trace, if nothing else is asked for."""
_MEANS: Final = ("runnable", "waiting", "syscall", "syscall_blocked")
PART: Final = (
    Column("start_ns", "ns", "Where the part begins, from the trace's start."),
    Column("length_ns", "ns", "How long it is."),
    Column("parallelism", "number", "How many goroutines ran at once, on average: running_ns / length_ns."),
    Column(
        "utilisation", "share", "The part of GOMAXPROCS that ran goroutines; null if GOMAXPROCS is unknown.",
        optional=True,
    ),
    *(
        Column(
            f"{name}_mean",
            "number",
            f"How many goroutines were in this state at once, on average: {name}_ns / length_ns.",
            name.upper().replace("_", " "),
        )
        for name in _MEANS
    ),
    Column("stw_ns", "ns", "How long the world was stopped.", "STW"),
    Column("gc_ns", "ns", "How long GC cycles marked.", "GC"),
    Column("heap_bytes", "bytes", "The largest heap; null if the trace has not told it yet.", "HEAP", optional=True),
    Column("goal_bytes", "bytes", "The last heap goal; null if the trace has not told it yet.", "GOAL", optional=True),
    *(
        Column(f"{name}_ns", "ns", "The time in this state, summed over all goroutines.", shown=False)
        for name in ("running", *_MEANS)
    ),
)  # fmt: skip


def over_time_table(read: Iterable[tuple[str, OverTime]], rows: int, *, traces: bool) -> Table:
    """Return the table with about `rows` rows for each trace, its bins merged. traces: with their names."""
    items = [row for name, found in read for row in _rows(name, found, rows)]
    return Table("part", (*((TRACE,) if traces else ()), *PART), items, dict)


def _rows(name: str, found: OverTime, rows: int) -> Iterator[dict[str, Any]]:
    many = max(1, -(-len(found.bins) // rows))
    for first in range(0, len(found.bins), many):
        start = first * found.width_ns
        length = min(found.length_ns - start, many * found.width_ns)
        yield {"trace": name, **_row(found.start_ns + start, length, found.bins[first : first + many])}


def _row(start: int, length: int, bins: tuple[Bin, ...]) -> dict[str, Any]:
    running, *others, stw, gc = (sum(column) for column in list(zip(*bins, strict=True))[:7])
    procs = [each.procs for each in bins]
    known = sum(each for each in procs if each is not None)
    heaps = [each.heap for each in bins if each.heap is not None]
    return {
        "start_ns": start,
        "length_ns": length,
        "parallelism": running / length,
        "utilisation": None if None in procs else min(running / known, 1.0),
        **{f"{name}_mean": ns / length for name, ns in zip(_MEANS, others, strict=True)},
        "stw_ns": stw,
        "gc_ns": gc,
        "heap_bytes": max(heaps, default=None),
        "goal_bytes": bins[-1].goal,
        "running_ns": running,
        **{f"{name}_ns": ns for name, ns in zip(_MEANS, others, strict=True)},
    }
