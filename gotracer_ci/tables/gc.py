"""The tables of the garbage collector: cycles, stops, heap samples, and mutator utilisation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from gotracer_ci.analysis.gc import Collections, Cycle, HeapSample, Stop
from gotracer_ci.analysis.mmu import PERCENTILES, Point, Worst
from gotracer_ci.analysis.utilisation import CAUSES
from gotracer_ci.tables.moments import TRACE, place
from gotracer_ci.tables.schema import schema
from gotracer_ci.tables.table import Column, Row, Table

_CYCLE: Final = (
    Column("cycle", "id", "The number of the cycle, counted from 1."),
    Column("start_ns", "ns", "When its mark phase began, from the trace's start."),
    Column("mark_ns", "ns", "How long its mark phase was."),
    Column(
        "stop_begin_ns", "ns", "The stop-the-world that begins it; null if not in the trace.", "STW 1", optional=True
    ),
    Column("stop_end_ns", "ns", "The stop-the-world that ends it; null if not in the trace.", "STW 2", optional=True),
    Column("assist_ns", "ns", "How long goroutines ran in mark assists, in the mark phase."),
    Column("assist_total_ns", "ns", "The length of these mark assists, with the time they waited.", shown=False),
    Column("dedicated_ns", "ns", "How long dedicated mark workers ran."),
    Column("fractional_ns", "ns", "How long fractional mark workers ran."),
    Column("idle_ns", "ns", "How long mark workers ran on Ps that had nothing else to do."),
    Column("unlabelled_ns", "ns", "How long mark workers ran without a mode.", shown=False),
    Column("live_bytes", "bytes", "What it left, without what was allocated meanwhile.", optional=True),
    Column("goal_bytes", "bytes", "The heap's size at which the next cycle is to end; null if unknown.", optional=True),
    Column("swept_bytes", "bytes", "What was swept after it, until the next cycle."),
    Column("reclaimed_bytes", "bytes", "What of that was free.", shown=False),
    Column("place", "text", "The own code that began it; null if unknown.", "BEGUN BY", optional=True),
    Column("open", "flag", "It was under way when the trace ended.", shown=False),
    Column("before", "flag", "It was under way when the trace began.", shown=False),
)
_STOP: Final = (
    Column("start_ns", "ns", "When it began, from the trace's start."),
    Column("length_ns", "ns", "How long the world was stopped."),
    Column("kind", "text", "What for, in Go's words."),
    Column("goroutine", "id", "The goroutine that asked for it; null if unknown.", optional=True),
    Column(
        "place", "text", "Where it did so; null if unknown, as in the traces of Go 1.21 and earlier.", optional=True
    ),
    Column("open", "flag", "It had not ended when the trace did.", shown=False),
)
_HEAP: Final = (
    Column("start_ns", "ns", "When the heap changed, from the trace's start."),
    Column("heap_bytes", "bytes", "Allocated and not swept; null if not known yet.", optional=True),
    Column("goal_bytes", "bytes", "The size at which the current or next cycle is to end.", optional=True),
)
_LOWEST: Final = {99.9: "p99_9", 99.0: "p99", 95.0: "p95"}
_POINT: Final = (
    Column("window_ns", "ns", "The length of the windows."),
    Column("mmu", "share", "The lowest utilisation of a window of this length.", "MMU"),
    *(
        Column(_LOWEST[percent], "share", f"{percent:g} % of the windows have at least this.", f"P{percent:g}")
        for percent in PERCENTILES
    ),
)
_WORST: Final = (
    Column("start_ns", "ns", "When the window begins, from the trace's start."),
    Column("window_ns", "ns", "Its length."),
    Column("p", "id", "Whose; null for all Ps together.", optional=True),
    Column("utilisation", "share", "The mean share of the Ps that was left to the program."),
    Column("stw", "share", "The share that stopped worlds took."),
    Column("background", "share", "The share that mark workers took."),
    Column("assist", "share", "The share that mark assists took."),
    Column("sweep", "share", "The share that sweeps took."),
)


SCHEMA: Final = "gotracer-ci/gc/1"
COUNTED: Final = {
    "type": ["array", "null"],
    "items": {"enum": list(CAUSES)},
    "description": "The work that counts for the utilisation; null for other rows.",
}


def cycles_table(read: Iterable[tuple[str, Collections]], *, traces: bool) -> Table:
    """Return the table with one row for each GC cycle."""
    rows = [(name, cycle) for name, found in read for cycle in found.cycles]
    return Table("cycle", _columns(_CYCLE, traces), rows, _cycle_row)


def stops_table(read: Iterable[tuple[str, Collections]], *, traces: bool) -> Table:
    """Return the table with one row for each stop-the-world."""
    rows = [(name, stop) for name, found in read for stop in found.stops]
    return Table("stop", _columns(_STOP, traces), rows, _stop_row)


def heap_table(read: Iterable[tuple[str, Collections]], *, traces: bool) -> Table:
    """Return the table with one row for each change of the heap's size or goal."""
    rows = [(name, sample) for name, found in read for sample in found.heap]
    return Table("sample", _columns(_HEAP, traces), rows, _heap_row)


def curve_table(read: Iterable[tuple[str, Iterable[Point]]], *, traces: bool) -> Table:
    """Return the table with one row for each length of windows."""
    rows = [(name, point) for name, points in read for point in points]
    return Table("window", _columns(_POINT, traces), rows, _point_row)


def worst_table(read: Iterable[tuple[str, Iterable[Worst]]], *, traces: bool) -> Table:
    """Return the table with one row for each of the worst windows."""
    rows = [(name, window) for name, windows in read for window in windows]
    return Table("window", _columns(_WORST, traces), rows, _worst_row)


def json_schema() -> dict[str, Any]:
    """Return the published JSON Schema of the document."""
    kinds = {"cycle": _CYCLE, "stop": _STOP, "sample": _HEAP, "point": _POINT, "window": _WORST}
    about = (
        "The output of gotracer-ci gc -f json: cycles, with --stw stops, with --heap samples of the heap, with --mmu "
        "points of the curve, with --windows the worst windows."
    )
    rows = {kind: (TRACE, *columns) for kind, columns in kinds.items()}
    return schema(SCHEMA, about, {"counted": COUNTED}, rows, {TRACE.name})


def _columns(own: tuple[Column, ...], traces: bool) -> tuple[Column, ...]:
    return (TRACE, *own) if traces else own


def _cycle_row(of: tuple[str, Cycle]) -> Row:
    trace, cycle = of
    return {
        "trace": trace,
        "cycle": cycle.number,
        "start_ns": cycle.start_ns,
        "mark_ns": cycle.mark_ns,
        "stop_begin_ns": cycle.stops[0],
        "stop_end_ns": cycle.stops[1],
        "assist_ns": cycle.assist,
        "assist_total_ns": cycle.assist_total,
        "dedicated_ns": cycle.dedicated,
        "fractional_ns": cycle.fractional,
        "idle_ns": cycle.idle,
        "unlabelled_ns": cycle.unlabelled,
        "live_bytes": cycle.live,
        "goal_bytes": cycle.goal,
        "swept_bytes": cycle.swept,
        "reclaimed_bytes": cycle.reclaimed,
        "place": place(cycle.stack),
        "open": cycle.is_open,
        "before": cycle.is_old,
    }


def _stop_row(of: tuple[str, Stop]) -> Row:
    trace, stop = of
    return {
        "trace": trace,
        "start_ns": stop.start_ns,
        "length_ns": stop.length_ns,
        "kind": stop.kind,
        "goroutine": None if stop.goroutine < 0 else stop.goroutine,
        "place": place(stop.stack),
        "open": stop.is_open,
    }


def _heap_row(of: tuple[str, HeapSample]) -> Row:
    trace, sample = of
    return {
        "trace": trace,
        "start_ns": sample.start_ns,
        "heap_bytes": sample.allocated,
        "goal_bytes": sample.goal,
    }


def _point_row(of: tuple[str, Point]) -> Row:
    trace, point = of
    lowest = {_LOWEST[percent]: value for percent, value in zip(PERCENTILES, point.percentiles, strict=True)}
    return {"trace": trace, "window_ns": point.window_ns, "mmu": point.minimum, **lowest}


def _worst_row(of: tuple[str, Worst]) -> Row:
    trace, window = of
    return {
        "trace": trace,
        "start_ns": window.start_ns,
        "window_ns": window.window_ns,
        "p": None if window.p < 0 else window.p,
        "utilisation": window.utilisation,
        **dict(zip(CAUSES, window.taken, strict=True)),
    }
