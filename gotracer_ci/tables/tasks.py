"""The tables of tasks: types, single tasks, and the events of one task."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from gotracer_ci.analysis.task_events import TaskEvent, TaskEvents
from gotracer_ci.analysis.tasks import Task, TraceTasks
from gotracer_ci.tables import critical_path
from gotracer_ci.tables.histogram import HISTOGRAM
from gotracer_ci.tables.logs import LOG
from gotracer_ci.tables.moments import TRACE, place
from gotracer_ci.tables.schema import DEFINITIONS, schema
from gotracer_ci.tables.table import Column, Row, Table
from gotracer_ci.tables.times import percentile
from gotracer_ci.text import duration

SCHEMA: Final = "gotracer-ci/tasks/1"
_DEEPEST = 20
_TYPE: Final = Column(
    "type", "text", "The task's type, as the program names it; null if it began before the trace.", optional=True
)
_KIND: Final = (
    _TYPE,
    Column("count", "count", "How many there were."),
    Column("incomplete", "count", "How many of them the trace lacks the begin or the end of."),
    Column("p50_ns", "ns", "The median of the complete ones' durations; null if there is none.", optional=True),
    Column("p90_ns", "ns", "Their 90th percentile.", optional=True),
    Column("p99_ns", "ns", "Their 99th percentile.", optional=True),
    Column("max_ns", "ns", "The longest complete one.", optional=True),
    Column("total_ns", "ns", "The durations of all, of incomplete ones to the bounds of the trace."),
    Column("self_ns", "ns", "The part of it during which no child of the task was under way."),
)
_TASK: Final = (
    Column("task", "id", "The task's ID."),
    _TYPE,
    Column("parent", "id", "The ID of its parent; null without one, or if it is unknown.", optional=True),
    Column("begin_ns", "ns", "When it began, from the trace's start; null: before.", optional=True),
    Column("end_ns", "ns", "When it ended; null: after the trace.", shown=False, optional=True),
    Column("duration_ns", "ns", "Its duration; of an incomplete one, to the bounds of the trace."),
    Column("self_ns", "ns", "The part of it during which no child of it was under way."),
    Column("complete", "flag", "Whether the trace has its begin and its end."),
    Column("goroutine", "id", "The goroutine that began it; null if unknown.", shown=False, optional=True),
    Column("end_goroutine", "id", "The goroutine that ended it; null if unknown.", shown=False, optional=True),
    Column("goroutines", "count", "How many goroutines have an event of it."),
    Column("regions", "count", "How many regions it has."),
    Column("logs", "count", "How many logs it has."),
    Column("children", "count", "How many tasks it is the parent of."),
    Column("place", "text", "The own code that began it; null if unknown.", optional=True),
)
_EVENT: Final = (
    Column("time_ns", "ns", "When it happened, from the trace's start.", "WHEN"),
    Column("elapsed_ns", "ns", "How long after the event before it."),
    Column("goroutine", "id", "The goroutine.", optional=True),
    Column("task", "id", "The task's ID; 0: no task."),
    Column("depth", "count", "0 for the task itself, 1 for its children, and so on.", shown=False),
    Column("what", "text", "The event in words, indented by depth."),
    Column("event", "text", "task begin, task end, region begin, region end, or log.", shown=False),
    Column("name", "text", "The type of the task or region, or the log's category.", shown=False),
    Column("message", "text", "The log's message; null for other events.", shown=False, optional=True),
    Column("duration_ns", "ns", "How long the region that ends was; null if unknown.", shown=False, optional=True),
    Column("place", "text", "The own code where it happened; null if unknown.", optional=True),
)


def tasks_table(read: Iterable[tuple[str, TraceTasks]], *, traces: bool) -> Table:
    """Return the table with one row for each task. traces: with their names."""
    tasks = [(name, task) for name, found in read for task in found.tasks]
    return Table("task", _columns(_TASK, traces), tasks, _task_row)


def types_table(tasks: Table, *, merge: bool, traces: bool) -> Table:
    """Return the table with one row for each type of the tasks in a table.

    Args:
        merge: types of all traces together.
    """
    same: dict[tuple[str, str], list[Task]] = {}
    for name, task in tasks.items:
        same.setdefault(("" if merge else name, task.type), []).append(task)
    return Table("type", _columns(_KIND, traces), [_kind_row(*key, of) for key, of in same.items()], dict)


def select(table: Table, shortest: int, longest: int | None, complete: bool | None) -> Table:
    """Return the tasks of these durations, and only complete or only incomplete ones."""
    return table.keep(
        lambda row: row["duration_ns"] >= shortest,
        lambda row: longest is None or row["duration_ns"] <= longest,
        lambda row: complete in (None, row["complete"]),
    )


def events_table(read: Iterable[tuple[str, TaskEvents]], *, traces: bool) -> Table:
    """Return the table with one row for each event of a task and its descendants."""
    events = []
    for name, found in read:
        before = found.events[0].time_ns if found.events else 0
        for event in found.events:
            events.append((name, event, event.time_ns - before))
            before = event.time_ns
    return Table("event", _columns(_EVENT, traces), events, _event_row)


def json_schema() -> dict[str, Any]:
    """Return the published JSON Schema of the document."""
    rows = {
        "type": (TRACE, *_KIND),
        "task": (TRACE, *_TASK),
        "event": (TRACE, *_EVENT),
        "log": (TRACE, *LOG),
        "bucket": (TRACE, *HISTOGRAM),
        **critical_path.ROWS,
    }
    about = (
        "The output of gotracer-ci tasks -f json: types, with --each tasks, with --task the events of one task, "
        "with --logs logs, with --histogram buckets of durations, with --critical-path the parts or stretches of paths."
    )
    return schema(SCHEMA, about, {"definitions": DEFINITIONS}, rows, {TRACE.name})


def _columns(own: tuple[Column, ...], traces: bool) -> tuple[Column, ...]:
    return (*((TRACE,) if traces else ()), *own)


def _kind_row(trace: str, kind: str, tasks: Sequence[Task]) -> Row:
    lengths = sorted(task.duration_ns for task in tasks if task.complete)
    return {
        "trace": trace,
        "type": kind or None,
        "count": len(tasks),
        "incomplete": len(tasks) - len(lengths),
        **{f"p{p}_ns": percentile(lengths, {}, p, lengths[-1]) if lengths else None for p in (50, 90, 99)},
        "max_ns": lengths[-1] if lengths else None,
        "total_ns": sum(task.duration_ns for task in tasks),
        "self_ns": sum(task.self_ns for task in tasks),
    }


def _task_row(of: tuple[str, Task]) -> Row:
    trace, task = of
    return {
        "trace": trace,
        "task": task.id,
        "type": task.type or None,
        "parent": task.parent,
        "begin_ns": task.begin_ns,
        "end_ns": task.end_ns,
        "duration_ns": task.duration_ns,
        "self_ns": task.self_ns,
        "complete": task.complete,
        "goroutine": None if task.begin_goroutine < 0 else task.begin_goroutine,
        "end_goroutine": None if task.end_goroutine < 0 else task.end_goroutine,
        "goroutines": len(task.goroutines),
        "regions": task.regions,
        "logs": task.logs,
        "children": len(task.children),
        "place": place(task.stack),
    }


def _event_row(of: tuple[str, TaskEvent, int]) -> Row:
    trace, event, elapsed = of
    lasted = None if event.begin_ns is None else event.time_ns - event.begin_ns
    return {
        "trace": trace,
        "time_ns": event.time_ns,
        "elapsed_ns": elapsed,
        "goroutine": None if event.goroutine < 0 else event.goroutine,
        "task": event.task,
        "depth": event.depth,
        "what": "  " * min(event.depth, _DEEPEST) + _words(event, lasted),
        "event": event.what,
        "name": event.name,
        "message": event.message if event.what == "log" else None,
        "duration_ns": lasted,
        "place": place(event.stack),
    }


def _words(event: TaskEvent, lasted: int | None) -> str:
    if event.what == "log":
        return f"{event.name}: {event.message}" if event.name else event.message
    noun, verb = event.what.split()
    text = f"{noun} {event.name or '(unknown)'} {verb}s"
    return text if lasted is None else f"{text} after {duration(lasted)}"
