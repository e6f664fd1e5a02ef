"""The table of logs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from gotracer_ci.analysis.logs import Log, TraceLogs
from gotracer_ci.tables.moments import TRACE, place
from gotracer_ci.tables.table import Column, Row, Table

LOG: Final = (
    Column("time_ns", "ns", "When it was written, from the trace's start.", "WHEN"),
    Column("task", "id", "The ID of its task; 0: no task."),
    Column("goroutine", "id", "The goroutine that wrote it; null if unknown.", optional=True),
    Column("category", "text", "The log's category; null without one.", optional=True),
    Column("message", "text", "The log's message."),
    Column("place", "text", "The own code that wrote it; null if unknown.", optional=True),
)


def logs_table(read: Iterable[tuple[str, TraceLogs]], *, traces: bool) -> Table:
    """Return the table with one row for each log. traces: with their names."""
    logs = [(name, log) for name, found in read for log in found.logs]
    return Table("log", (*((TRACE,) if traces else ()), *LOG), logs, _row)


def _row(of: tuple[str, Log]) -> Row:
    trace, log = of
    return {
        "trace": trace,
        "time_ns": log.time_ns,
        "task": log.task,
        "goroutine": None if log.goroutine < 0 else log.goroutine,
        "category": log.category or None,
        "message": log.message,
        "place": place(log.stack),
    }
