"""The rows of tasks, and which row another row's task has."""

from __future__ import annotations

from typing import Final

from gotracer_ci.analysis.tasks import ANNOTATIONS, BACKGROUND
from gotracer_ci.database.schema import GOROUTINE, STACK, TASK
from gotracer_ci.database.sink import Ids, Sink
from gotracer_ci.trace.reader import Chunk, Trace
from gotracer_ci.trace.spec import Ev

MOST: Final = 100_000
"""Tasks under way that are kept, and tasks that have ended whose rows are remembered."""


class _Task:
    """A task that is under way. Times are on the trace's clock, name and stack indices of the tables."""

    __slots__ = ("begin", "id", "life", "name", "parent", "row", "stack")

    def __init__(self, id: int, row: int) -> None:
        self.id, self.row = id, row
        self.name = self.stack = 0
        self.begin = self.life = -1
        self.parent: int | None = None


class TaskRows:
    """Turns the events of tasks into rows (see `rows.Events`)."""

    wanted = ANNOTATIONS

    def __init__(self, trace: Trace, sink: Sink, ids: Ids, *, is_written: bool) -> None:
        self._trace = trace
        self._sink = sink
        self._ids = ids
        self._is_written = is_written
        self._rows = 0
        self._open: dict[int, _Task] = {}
        self._left: list[_Task] = []  # under way when their IDs came again
        self._ended: dict[int, int] = {}  # ID → row, the latest ones
        self.left_out = 0

    def feed(self, chunk: Chunk) -> None:
        done: list[tuple[_Task, int, int]] = []
        columns = (chunk.times, chunk.types, chunk.lives, chunk.a, chunk.b, chunk.c, chunk.stacks)
        for now, kind, life, id, parent, name, stack in chunk.columns(*columns):
            if kind == Ev.USER_TASK_BEGIN:
                self._begin(now, life, id, parent, name, stack)
            elif kind == Ev.USER_TASK_END and id not in BACKGROUND and id not in self._ended:
                task = self._named(id)
                if task is not None:
                    task.name = task.name or name
                    done.append((task, now, life))
                    del self._open[id]
                    self._remember(id, task.row)
        self._write(done, is_open=False)

    def row(self, id: int) -> int | None:
        """Return the row of a task, None if it is no task or unknown."""
        if id in BACKGROUND:
            return None
        row = self._ended.get(id)
        if row is not None:
            return row
        task = self._named(id)
        return None if task is None else task.row

    def end(self) -> None:
        """Write the rows of the tasks that have not ended."""
        last = self._trace.start_ns + self._trace.duration_ns
        self._write([(task, last, -1) for task in (*self._left, *self._open.values())], is_open=True)
        self._ids.take(TASK, self._rows)

    def _begin(self, now: int, life: int, id: int, parent: int, name: int, stack: int) -> None:
        # an ID should not come again
        self._ended.pop(id, None)
        known = self._open.get(id)
        if known is not None and known.begin != -1:
            self._left.append(self._open.pop(id))
        up = self.row(parent)
        task = self._named(id)
        if task is not None:
            task.begin, task.life, task.name, task.stack = now, life, name, stack
            task.parent = None if up == task.row else up

    def _named(self, id: int) -> _Task | None:
        """Return the task under way with this ID, a new one if need be; None if there are too many."""
        task = self._open.get(id)
        if task is None:
            if len(self._open) + len(self._left) >= MOST:
                self.left_out += 1
                return None
            self._rows += 1
            task = self._open[id] = _Task(id, self._ids.before(TASK) + self._rows)
        return task

    def _remember(self, id: int, row: int) -> None:
        if len(self._ended) >= MOST:
            del self._ended[next(iter(self._ended))]
        self._ended[id] = row

    def _write(self, done: list[tuple[_Task, int, int]], *, is_open: bool) -> None:
        if not done or not self._is_written:
            return
        origin, life, stack = self._trace.start_ns, self._ids.before(GOROUTINE) + 1, self._ids.before(STACK)
        tasks = [task for task, _, _ in done]
        starts = [origin if task.begin == -1 else task.begin for task in tasks]
        self._sink.add(
            TASK,
            (
                [task.row for task in tasks],
                [self._ids.trace] * len(done),
                [task.id for task in tasks],
                [self._trace.tables.string(task.name) if task.name else None for task in tasks],
                [task.parent for task in tasks],
                [start - origin for start in starts],
                [end - start for (_, end, _), start in zip(done, starts, strict=True)],
                [task.life + life if task.life >= 0 else None for task in tasks],
                [by + life if by >= 0 else None for _, _, by in done],
                [task.stack + stack if task.stack else None for task in tasks],
                [int(is_open)] * len(done),
                [int(task.begin == -1) for task in tasks],
            ),
        )
