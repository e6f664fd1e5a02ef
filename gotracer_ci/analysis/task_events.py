"""What happened in one task and in the tasks that it is the ancestor of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from gotracer_ci.analysis.stacks import Stack, Stacks
from gotracer_ci.analysis.tasks import ANNOTATIONS
from gotracer_ci.trace.reader import Chunk, Trace
from gotracer_ci.trace.spec import NEVER, Ev

KEPT = 100_000
"""Events, tasks of the tree, and open regions that are kept."""
What = Literal["task begin", "task end", "region begin", "region end", "log"]
_WHATS: dict[int, What] = {
    Ev.USER_TASK_BEGIN: "task begin",
    Ev.USER_TASK_END: "task end",
    Ev.USER_REGION_BEGIN: "region begin",
    Ev.USER_REGION_END: "region end",
    Ev.USER_LOG: "log",
}


class TaskEvent(NamedTuple):
    """One event. depth: 0 for the task itself, 1 for its children, and so on.

    name: the type of the task or region, or the category of the log. message: the log's. begin_ns: of the region that
    ends, None for other events and if it is unknown. Times are from the trace's start.
    """

    time_ns: int
    goroutine: int
    task: int
    depth: int
    what: What
    name: str
    message: str
    begin_ns: int | None
    stack: Stack


class TaskEvents(NamedTuple):
    """The events of a task and its descendants, in order. is_known: whether the trace has the task at all.

    left_out: how many further ones there were.
    """

    events: tuple[TaskEvent, ...]
    is_known: bool
    left_out: int


class TaskEventsAnalysis:
    """Finds the events of a task (see `reading.Analysis`). task: its ID, 0 for what belongs to no task."""

    observers = ()
    wanted = ANNOTATIONS

    def __init__(self, task: int) -> None:
        self._depths = {task: 0}
        self._open: dict[tuple[int, int, int], list[int]] = {}  # (goroutine, task, type) → when regions began
        self._rows: list[tuple[int, int, int, int, int, int, int, int | None, int]] = []
        self._is_known = False
        self._left_out = 0
        self._from, self._to = -NEVER, NEVER

    @property
    def consumers(self) -> Sequence[TaskEventsAnalysis]:
        return (self,)

    def limit(self, start: int, end: int) -> None:
        """Count only what is between these two times, ns on the trace's clock; called before the first event."""
        self._from, self._to = start, end

    def feed(self, chunk: Chunk) -> None:
        columns = (chunk.times, chunk.types, chunk.goroutines, chunk.a, chunk.b, chunk.c, chunk.stacks)
        for now, kind, g, task, b, c, stack in chunk.of(self.wanted, *columns):
            if kind == Ev.USER_TASK_BEGIN and b in self._depths and b > 0 and len(self._depths) < KEPT:
                # a task that is already in the tree is not its own descendant
                self._depths.setdefault(task, self._depths[b] + 1)
            depth = self._depths.get(task)
            if depth is None:
                continue
            self._is_known = True
            begin = self._region(now, kind, (g, task, b))
            if not self._from <= now < self._to:
                continue
            if len(self._rows) >= KEPT:
                self._left_out += 1
                continue
            is_task = kind in (Ev.USER_TASK_BEGIN, Ev.USER_TASK_END)
            self._rows.append((now, kind, g, task, depth, c if is_task else b, 0 if is_task else c, begin, stack))

    def _region(self, now: int, kind: int, key: tuple[int, int, int]) -> int | None:
        """Return when the region that ends began."""
        if kind == Ev.USER_REGION_BEGIN and len(self._open) < KEPT:
            self._open.setdefault(key, []).append(now)
        if kind != Ev.USER_REGION_END or key not in self._open:
            return None
        began = self._open[key].pop()
        if not self._open[key]:
            del self._open[key]
        return began

    def result(self, trace: Trace, stacks: Stacks) -> TaskEvents:
        text = trace.tables.string
        events = [
            TaskEvent(
                now - trace.start_ns,
                g,
                task,
                depth,
                _WHATS[kind],
                text(name),
                text(message) if kind == Ev.USER_LOG else "",
                None if begin is None else begin - trace.start_ns,
                stacks[stack],
            )
            for now, kind, g, task, depth, name, message, begin, stack in self._rows
        ]
        return TaskEvents(tuple(events), self._is_known, self._left_out)
