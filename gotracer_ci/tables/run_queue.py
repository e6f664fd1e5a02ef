"""The table of the longest waits in the run queue, and what was on the Ps meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from gotracer_ci.tables.moments import TRACE
from gotracer_ci.tables.table import Column, Row, Table

if TYPE_CHECKING:
    from gotracer_ci.analysis.run_queue import Meanwhile, QueueWait

QUEUE: Final = (
    Column("goroutine", "id", "The goroutine that waited."),
    Column("group", "text", "The function in which it began; null if unknown.", shown=False, optional=True),
    Column("reason", "text", "What made it runnable, in Go's words; null if unknown.", optional=True),
    Column("place", "text", "The own code where it was; null if unknown.", "WAITED AT", optional=True),
    Column("start_ns", "ns", "When it became runnable, from the trace's start."),
    Column("length_ns", "ns", "How long it waited."),
    Column("idle_ns", "ns", "How long at least one P was idle meanwhile.", "IDLE P"),
    Column("procs_ns", "ns", "The time of all Ps meanwhile; the rows of a wait sum to it.", shown=False),
    Column("meanwhile", "text", "What Ps did: running, syscall, which keeps the P, or no goroutine."),
    Column("by", "text", "The function in which these goroutines began; null if unknown.", shown=False, optional=True),
    Column("by_place", "text", "The own code that they ran; null if unknown, or without one.", "AT", optional=True),
    Column("procs", "text", "The Ps that did it, such as 0 3; null if it is not known which.", "PS", optional=True),
    Column("goroutines", "count", "How many goroutines did it.", shown=False),
    Column("time_ns", "ns", "How long they did it in all."),
    Column("share", "share", "The part of the time of all Ps."),
)


def queue_table(read: Iterable[tuple[str, Sequence[QueueWait]]], *, traces: bool) -> Table:
    """Return the table with one row for each thing that Ps did during a wait; the longest waits come first."""
    rows = [(name, wait, each) for name, waits in read for wait in waits for each in wait.meanwhile]
    return Table("row", (*((TRACE,) if traces else ()), *QUEUE), rows, _row)


def _row(of: tuple[str, QueueWait, Meanwhile]) -> Row:
    trace, wait, each = of
    return {
        "trace": trace,
        "goroutine": wait.goroutine,
        "group": wait.group or None,
        "reason": wait.reason or None,
        "place": wait.stack.label,
        "start_ns": wait.start_ns,
        "length_ns": wait.length_ns,
        "idle_ns": wait.idle_ns,
        "procs_ns": wait.procs_ns,
        "meanwhile": each.doing,
        "by": each.group or None,
        "by_place": each.place,
        "procs": " ".join(map(str, each.procs)) or None,
        "goroutines": each.goroutines,
        "time_ns": each.ns,
        "share": each.ns / wait.procs_ns,
    }
