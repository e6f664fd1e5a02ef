"""The rows of single events: logs, heap samples and CPU samples."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

from gotracer_ci.database.schema import CPU_SAMPLE, GOROUTINE, HEAP, LOG, STACK, Definition
from gotracer_ci.database.sink import Ids, Sink
from gotracer_ci.trace.reader import Chunk, Trace
from gotracer_ci.trace.spec import Ev

_TYPES: Final = {LOG: (Ev.USER_LOG,), HEAP: (Ev.HEAP_ALLOC, Ev.HEAP_GOAL), CPU_SAMPLE: (Ev.CPU_SAMPLE,)}


class EventRows:
    """Turns events into rows.

    Args:
        wanted: the tables that are written.
        task: returns the id of a task's row by Go's ID, None without one.
    """

    def __init__(
        self, trace: Trace, sink: Sink, ids: Ids, wanted: Collection[Definition], task: Callable[[int], int | None]
    ) -> None:
        self.wanted = tuple(kind for table, kinds in _TYPES.items() if table in wanted for kind in kinds)
        self._trace = trace
        self._sink = sink
        self._ids = ids
        self._task = task
        self._allocated: int | None = None
        self._goal: int | None = None

    def feed(self, chunk: Chunk) -> None:
        types = bytes(memoryview(chunk.types)[: chunk.n])
        if Ev.USER_LOG in self.wanted and Ev.USER_LOG in types:
            self._feed_logs(chunk)
        if Ev.HEAP_ALLOC in self.wanted and (Ev.HEAP_ALLOC in types or Ev.HEAP_GOAL in types):
            self._feed_heap(chunk)
        if Ev.CPU_SAMPLE in self.wanted and Ev.CPU_SAMPLE in types:
            self._feed_samples(chunk)

    def _feed_logs(self, chunk: Chunk) -> None:
        text = self._trace.tables.string
        columns = (chunk.times, chunk.lives, chunk.a, chunk.b, chunk.c, chunk.stacks)
        self._add(
            LOG,
            [
                (self._time(now), self._goroutine(life), self._task(task), text(category), text(message), self._at(at))
                for now, life, task, category, message, at in chunk.of((Ev.USER_LOG,), *columns)
            ],
        )

    def _feed_heap(self, chunk: Chunk) -> None:
        rows = []
        for kind, now, size in chunk.of((Ev.HEAP_ALLOC, Ev.HEAP_GOAL), chunk.types, chunk.times, chunk.a):
            if kind == Ev.HEAP_ALLOC:
                self._allocated = size
            else:
                self._goal = size
            rows.append((self._time(now), self._allocated, self._goal))
        self._add(HEAP, rows)

    def _feed_samples(self, chunk: Chunk) -> None:
        columns = (chunk.times, chunk.lives, chunk.procs, chunk.threads, chunk.stacks)
        self._add(
            CPU_SAMPLE,
            [
                (
                    self._time(now),
                    self._goroutine(life),
                    proc if proc >= 0 else None,
                    thread if thread >= 0 else None,
                    self._at(at),
                )
                for now, life, proc, thread, at in chunk.of((Ev.CPU_SAMPLE,), *columns)
            ],
        )

    def _add(self, table: Definition, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            head = (self._ids.take(table, len(rows)), [self._ids.trace] * len(rows))
            self._sink.add(table, (*head, *zip(*rows, strict=True)))

    def _time(self, now: int) -> int:
        return now - self._trace.start_ns

    def _goroutine(self, life: int) -> int | None:
        return life + self._ids.before(GOROUTINE) + 1 if life >= 0 else None

    def _at(self, stack: int) -> int | None:
        return stack + self._ids.before(STACK) if stack else None
