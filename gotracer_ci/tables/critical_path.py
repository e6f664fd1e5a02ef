"""The tables of critical paths: what their time was spent on, and the stretches they consist of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gotracer_ci.tables.moments import TRACE
from gotracer_ci.tables.table import Column, Row, Table

if TYPE_CHECKING:
    from gotracer_ci.analysis.critical_path import CriticalPath, Part, Stretch


class NamedPath(NamedTuple):
    """A path with what it is of. name: the type of a task or region, or a test; task: the task's ID."""

    name: str
    task: int | None
    path: CriticalPath


_OF: Final = (
    Column("name", "text", "The type of the task or region, the test, or the goroutine's first function.", "OF"),
    Column("task", "id", "The task's ID; null if it is no task's path.", optional=True),
    Column("path_goroutine", "id", "The goroutine that the path goes back from.", shown=False),
    Column("begin_ns", "ns", "When it began, from the trace's start.", shown=False),
    Column("duration_ns", "ns", "How long it took; the rows of a path sum to it."),
)
_GROUP: Final = Column(
    "group", "text", "The function in which the goroutines on the path began; null if unknown.", optional=True
)
_DOING: Final = Column("doing", "text", "running, runnable, syscall, why it waited in Go's words, deep or unknown.")
_PLACE: Final = Column("place", "text", "The own code where it was; null if unknown.", optional=True)
_PART: Final = (
    *_OF,
    _GROUP,
    _DOING,
    _PLACE,
    Column("time_ns", "ns", "How long they did this in all."),
    Column("share", "share", "The part of the duration."),
    Column("stretches", "count", "How many stretches of the path it is.", shown=False),
    Column("longest_ns", "ns", "The longest of them."),
    Column("longest_start_ns", "ns", "When that began, from the trace's start.", "AT"),
    Column("goroutine", "id", "The goroutine that it was."),
)
_STRETCH: Final = (
    *_OF,
    Column("start_ns", "ns", "When the stretch began, from the trace's start."),
    Column("length_ns", "ns", "How long it was."),
    Column("goroutine", "id", "The goroutine."),
    _GROUP,
    _DOING,
    _PLACE,
    Column("depth", "count", "How many waits lead to it, each the wait of one goroutine for the next one."),
    Column("waiting", "text", "Why the path's own goroutine waited meanwhile; null: it did not.", optional=True),
    Column("waiting_place", "text", "Where it waited; null if unknown.", optional=True),
)
ROWS: Final = {"path part": (TRACE, *_PART), "path stretch": (TRACE, *_STRETCH)}
"""The columns of the rows, by what they are called in the schemas of the commands that have `--critical-path`."""


def parts_table(read: Iterable[tuple[str, Iterable[NamedPath]]], *, traces: bool) -> Table:
    """Return the table with one row for each part of a path, the longest path and the longest parts first."""
    parts = [(name, named, part) for name, paths in read for named in paths for part in named.path.parts]
    return Table("part", _columns(_PART, parts, traces=traces), parts, _part_row)


def stretches_table(read: Iterable[tuple[str, Iterable[NamedPath]]], *, traces: bool) -> Table:
    """Return the table with one row for each stretch of a path."""
    stretches = [(name, named, one) for name, paths in read for named in paths for one in named.path.stretches]
    return Table("stretch", _columns(_STRETCH, stretches, traces=traces), stretches, _stretch_row, plural="stretches")


def _columns(own: Sequence[Column], rows: Iterable[tuple[str, NamedPath, Any]], *, traces: bool) -> tuple[Column, ...]:
    """Return the columns; people see tasks only if there is one."""
    has_task = any(named.task is not None for _, named, _ in rows)
    shown = (column._replace(shown=column.shown and (has_task or column.name != "task")) for column in own)
    return (*((TRACE,) if traces else ()), *shown)


def _of(trace: str, named: NamedPath) -> Row:
    path = named.path
    return {
        "trace": trace,
        "name": named.name,
        "task": named.task,
        "path_goroutine": path.goroutine,
        "begin_ns": path.start_ns,
        "duration_ns": path.duration_ns,
    }


def _part_row(of: tuple[str, NamedPath, Part]) -> Row:
    trace, named, part = of
    return {
        **_of(trace, named),
        "group": part.group or None,
        "doing": part.doing,
        "place": part.place,
        "time_ns": part.ns,
        "share": part.ns / named.path.duration_ns,
        "stretches": part.stretches,
        "longest_ns": part.longest.length_ns,
        "longest_start_ns": part.longest.start_ns,
        "goroutine": part.longest.goroutine,
    }


def _stretch_row(of: tuple[str, NamedPath, Stretch]) -> Row:
    trace, named, one = of
    return {
        **_of(trace, named),
        "start_ns": one.start_ns,
        "length_ns": one.length_ns,
        "goroutine": one.goroutine,
        "group": one.group or None,
        "doing": one.doing,
        "place": one.stack.label,
        "depth": one.depth,
        "waiting": one.behind.reason if one.behind else None,
        "waiting_place": one.behind.stack.label if one.behind else None,
    }
