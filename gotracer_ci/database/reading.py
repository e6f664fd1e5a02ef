"""Read a trace into tables, in one pass and with little memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from gotracer_ci.analysis.gc import CollectorAnalysis
from gotracer_ci.analysis.reading import read_for
from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.database import summaries
from gotracer_ci.database.events import EventRows
from gotracer_ci.database.intervals import IntervalRows
from gotracer_ci.database.schema import (
    FINDING,
    FRAME,
    GC_CYCLE,
    GOROUTINE,
    INTERVAL,
    LOG,
    REGION,
    STACK,
    STACK_FRAME,
    STW,
    TASK,
    TRACE,
    WAKE,
    Definition,
)
from gotracer_ci.database.sink import Ids, Sink
from gotracer_ci.database.stacks import write_stacks
from gotracer_ci.database.tasks import TaskRows
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.observers.interval_columns import COLUMNS, IntervalColumns
from gotracer_ci.trace.reader import Chunk, Trace
from gotracer_ci.trace.spec import IntervalKind

MANY: Final = 5_000_000
"""Intervals of a trace that an export contains unless it is asked for more."""
_SMALLEST: Final = 3
"""Bytes of an interval in a trace, at least: its event has a type, a time and an argument."""


def read_tables(
    trace: Trace, source: SourceMap, sink: Sink, ids: Ids, wanted: Collection[Definition]
) -> tuple[str, ...]:
    """Read a trace and write its rows. Return what a reader must know, one line each.

    Args:
        ids: of the traces before this one; afterwards they are those before the next one.
        wanted: the tables to write.

    Raises:
        TraceError: the trace has no events.
    """
    ids.trace += 1
    rows = _Rows(trace, sink, ids, wanted)
    if FINDING in wanted:
        from gotracer_ci.database.found import read_with_findings

        found = read_with_findings(trace, source, rows)
        summaries.write_findings(found, sink, ids)
    else:
        read_for(trace, (rows,))
    stacks = Stacks(trace.tables, source, trace.version)
    notes = rows.result(trace, stacks)
    if TRACE in wanted:
        summaries.write_trace(trace, stacks, source, sink, ids)
    return notes


def has_many_intervals(trace: Trace) -> bool:
    """Return whether a trace, not read yet, has more intervals than `MANY`; a small one is not read for that."""
    if trace.size < MANY * _SMALLEST:
        return False
    trace.is_read_again = True
    again = trace.again()
    again.is_read_again = True
    observer = IntervalColumns(sum(1 << kind for kind in IntervalKind if kind > IntervalKind.WAITING))
    count = 0
    for _ in again.chunks((), (observer,)):
        count += len(observer.take()) // len(COLUMNS)
        observer.take_lives()
        if count > MANY:
            return True
    return count + len(observer.take()) // len(COLUMNS) > MANY


class _Rows:
    """Writes the rows of a trace while it is read (see `reading.Analysis`)."""

    def __init__(self, trace: Trace, sink: Sink, ids: Ids, wanted: Collection[Definition]) -> None:
        self._sink = sink
        self._ids = ids
        self._wanted = wanted
        has_tasks = not {TASK, LOG, REGION}.isdisjoint(wanted)
        self._tasks = TaskRows(trace, sink, ids, is_written=TASK in wanted) if has_tasks else None
        task: Callable[[int], int | None] = self._tasks.row if self._tasks else lambda _: None
        has_intervals = not {INTERVAL, REGION, STW, GOROUTINE}.isdisjoint(wanted)
        self._intervals = IntervalRows(trace, sink, ids, wanted, task) if has_intervals else None
        self._events = EventRows(trace, sink, ids, wanted, task)
        self._wakes = summaries.wakes_of(trace) if WAKE in wanted else None
        self._collector = CollectorAnalysis(trace) if GC_CYCLE in wanted else None
        self.wanted = (*self._events.wanted, *(self._tasks.wanted if self._tasks else ()))

    @property
    def observers(self) -> Sequence[Any]:
        own = (self._intervals.observer if self._intervals else None, self._wakes)
        return (*(one for one in own if one), *(self._collector.observers if self._collector else ()))

    @property
    def consumers(self) -> Sequence[Any]:
        return (self, *(self._collector.consumers if self._collector else ()))

    def limit(self, start: int, end: int) -> None:
        """Do nothing: tables have whole traces."""

    def feed(self, chunk: Chunk) -> None:
        if self._tasks:
            self._tasks.feed(chunk)
        if self._events.wanted:
            self._events.feed(chunk)
        if self._intervals:
            self._intervals.write()

    def result(self, trace: Trace, stacks: Stacks) -> tuple[str, ...]:
        """Write the rows that are known at the end. Return what a reader must know, one line each."""
        sink, ids = self._sink, self._ids
        if self._intervals:
            self._intervals.write()
        if self._wakes:
            summaries.write_wakes(self._wakes, stacks, sink, ids)
        if self._collector:
            summaries.write_cycles(self._collector.result(trace, stacks), sink, ids)
        if self._tasks:
            self._tasks.end()
        if self._intervals:
            self._intervals.end()
        if not {STACK, STACK_FRAME, FRAME}.isdisjoint(self._wanted):
            write_stacks(trace.tables, stacks, sink, ids, self._wanted)
        return tuple(self._notes())

    def _notes(self) -> list[str]:
        notes = []
        if self._tasks and self._tasks.left_out:
            notes.append("too many tasks are under way at once: some are left out")
        if self._wakes and self._wakes.is_merged():
            notes.append("there are too many different waits, so some in table wake have no stacks")
        return notes
