"""Tasks of runtime/trace: when each one began and ended, what it is a part of, and what happened in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from gotracer_ci.analysis.go_tasks import GoTask
from gotracer_ci.analysis.stacks import Stack, Stacks
from gotracer_ci.trace.reader import Chunk, Trace
from gotracer_ci.trace.spec import NEVER, Ev
from gotracer_ci.trace.tables import Tables

KEPT = 100_000
"""Tasks that are kept, those that appear first."""
MAX_GOROUTINES = 300_000
"""Pairs of a task and a goroutine that are kept."""
MAX_OPEN = 100_000
"""Open regions, and tasks outside the window, that are remembered."""
BACKGROUND = (0, -1)
"""The IDs that stand for no task: context.Background has none."""
ANNOTATIONS = (Ev.USER_TASK_BEGIN, Ev.USER_TASK_END, Ev.USER_REGION_BEGIN, Ev.USER_REGION_END, Ev.USER_LOG)
_NO_STACK = Stack()


class Task(NamedTuple):
    """One task. type: "" if unknown. parent: a task's ID, None if it has none or it is unknown.

    begin_ns, end_ns: from the trace's start; None if the trace, or the part of it that was read, does not have it.
    duration_ns: without them, to the bounds of the trace. self_ns: the part of it during which no child was under way.
    begin_goroutine, end_goroutine: −1 if unknown. stack: where it began. regions, logs: how many. goroutines: the IDs
    of all that have an event of the task, sorted. children: the IDs of the tasks that it is the parent of.
    """

    id: int
    type: str
    parent: int | None
    begin_ns: int | None
    end_ns: int | None
    duration_ns: int
    self_ns: int
    begin_goroutine: int
    end_goroutine: int
    stack: Stack
    regions: int
    logs: int
    goroutines: tuple[int, ...]
    children: tuple[int, ...]

    @property
    def complete(self) -> bool:
        return self.begin_ns is not None and self.end_ns is not None


class TraceTasks(NamedTuple):
    """The tasks of one trace, or of a part of it, in the order in which they appear.

    left_out: how many further ones there were. all_goroutines: whether all goroutines of the tasks are known.
    """

    tasks: tuple[Task, ...]
    left_out: int
    all_goroutines: bool


class _Task:
    """A task while the trace is read. Times are on the trace's clock, name and stack indices of the tables."""

    __slots__ = (
        "begin", "begin_g", "end", "end_g", "goroutines", "id", "logs", "name", "parent", "regions", "stack", "up",
    )  # fmt: skip

    def __init__(self, id: int) -> None:
        self.id = id
        self.name = self.stack = self.regions = self.logs = 0
        self.parent: int | None = None
        self.up: _Task | None = None  # the parent itself, because an ID can come again
        self.begin: int | None = None
        self.end: int | None = None
        self.begin_g = self.end_g = -1
        # most tasks have one goroutine, and a set for each would take much memory
        self.goroutines: int | set[int] | None = None


class TasksAnalysis:
    """Finds a trace's tasks (see `reading.Analysis`).

    Args:
        text: only tasks with this text in their type, in the type of one of their regions or in one of their logs.
    """

    observers = ()
    wanted = ANNOTATIONS

    def __init__(self, trace: Trace, *, text: str = "") -> None:
        self._matches = Matches(trace.tables, text)
        self._tasks: dict[_Task, bool] = {}  # and whether the text was found
        self._by_id: dict[int, _Task] = {}
        self._gone: set[int] = set()
        self._open: Counter[tuple[int, int, int]] = Counter()  # (goroutine, task, type) → open regions
        self._goroutines = self._left_out = 0
        self._from, self._to = -NEVER, NEVER

    @property
    def consumers(self) -> Sequence[TasksAnalysis]:
        return (self,)

    def limit(self, start: int, end: int) -> None:
        """Count only what is between these two times, ns on the trace's clock; called before the first event."""
        self._from, self._to = start, end

    def feed(self, chunk: Chunk) -> None:
        columns = (chunk.times, chunk.types, chunk.goroutines, chunk.a, chunk.b, chunk.c, chunk.stacks)
        for now, kind, g, a, b, c, stack in chunk.of(self.wanted, *columns):
            if kind == Ev.USER_TASK_BEGIN and now >= self._to:
                self._is_over(a)
            elif kind == Ev.USER_TASK_BEGIN:
                self._begins(now, g, a, b, c, stack)
            elif a not in BACKGROUND:
                self._happens(now, kind, g, a, b, c)

    def _begins(self, now: int, g: int, id: int, parent: int, name: int, stack: int) -> None:
        known = self._by_id.get(id)
        if known is not None and known.begin is not None:
            # an ID should not come again
            del self._by_id[id]
        self._gone.discard(id)
        up = None if parent in BACKGROUND else self._named(parent)
        task = self._named(id)
        if task is None:
            return
        task.up = None if up is task else up
        task.begin, task.begin_g, task.name, task.stack = now, g, name, stack
        task.parent = None if parent in BACKGROUND else parent
        if now >= self._from:
            self._take_part(task, g)
        self._tasks[task] = self._tasks[task] or self._matches[name]

    def _happens(self, now: int, kind: int, g: int, id: int, b: int, c: int) -> None:
        if kind == Ev.USER_REGION_BEGIN:
            is_new = True
            if len(self._open) < MAX_OPEN:
                self._open[g, id, b] += 1
        elif kind == Ev.USER_REGION_END:
            key = (g, id, b)
            is_new = key not in self._open
            if not is_new:
                self._open[key] -= 1
                if not self._open[key]:
                    del self._open[key]
        task = self._named(id)
        if task is None:
            return
        if kind == Ev.USER_TASK_END:
            if task.end is None:
                task.end, task.end_g = now, g
                task.name = task.name or c
            if now <= self._from:
                del self._tasks[task], self._by_id[id]
                self._is_over(id)
                return
        if not self._from <= now < self._to:
            return
        self._take_part(task, g)
        if kind == Ev.USER_LOG:
            task.logs += 1
            is_found = self._matches[b] or self._matches[c]
        elif kind == Ev.USER_TASK_END:
            is_found = self._matches[task.name]
        else:
            task.regions += is_new
            is_found = self._matches[b]
        self._tasks[task] = self._tasks[task] or is_found

    def _named(self, id: int) -> _Task | None:
        """Return the task with this ID; None if it is over or there are too many."""
        task = self._by_id.get(id)
        if task is None and id not in self._gone:
            if len(self._tasks) >= KEPT:
                self._left_out += 1
                return None
            task = self._by_id[id] = _Task(id)
            self._tasks[task] = self._matches[0]
        return task

    def _is_over(self, id: int) -> None:
        """A task is not in the window: what follows of it does not matter."""
        if len(self._gone) < MAX_OPEN:
            self._gone.add(id)

    def _take_part(self, task: _Task, g: int) -> None:
        known = task.goroutines
        if known == g or (isinstance(known, set) and g in known):
            return
        self._goroutines += 1
        if self._goroutines > MAX_GOROUTINES:
            return
        if known is None:
            task.goroutines = g
        elif isinstance(known, set):
            known.add(g)
        else:
            task.goroutines = {known, g}

    def result(self, trace: Trace, stacks: Stacks) -> TraceTasks:
        first, last = max(trace.start_ns, self._from), min(trace.start_ns + trace.duration_ns, self._to)
        children: dict[_Task, list[_Task]] = {}
        for task in self._tasks:
            begin, end = _inside(task.begin, task.end, first, last)
            if task.up is not None and begin < end:
                children.setdefault(task.up, []).append(task)
        text = trace.tables.string
        tasks = []
        for task, is_found in self._tasks.items():
            begin, end = _inside(task.begin, task.end, first, last)
            if not is_found or end <= begin:
                continue
            parts = [_inside(child.begin, child.end, first, last) for child in children.get(task, ())]
            tasks.append(
                Task(
                    task.id,
                    text(task.name),
                    task.parent,
                    None if task.begin is None or task.begin < first else task.begin - trace.start_ns,
                    None if task.end is None or task.end > last else task.end - trace.start_ns,
                    end - begin,
                    end - begin - covered(begin, end, parts),
                    task.begin_g,
                    task.end_g,
                    stacks[task.stack],
                    task.regions,
                    task.logs,
                    _sorted(task.goroutines),
                    tuple([child.id for child in children.get(task, ())]),
                )
            )
        return TraceTasks(tuple(tasks), self._left_out, self._goroutines <= MAX_GOROUTINES)


class Matches:
    """Whether strings, by their index, hold a text."""

    def __init__(self, tables: Tables, text: str) -> None:
        self._tables = tables
        self._text = text
        self._known: dict[int, bool] = {0: not text}

    def __getitem__(self, index: int) -> bool:
        if not self._text:
            return True
        if index not in self._known:
            if len(self._known) > KEPT:
                self._known = {0: False}
            self._known[index] = self._text in self._tables.string(index)
        return self._known[index]


def _inside(begin: int | None, end: int | None, first: int, last: int) -> tuple[int, int]:
    return max(first, first if begin is None else begin), min(last, last if end is None else end)


def _sorted(goroutines: int | set[int] | None) -> tuple[int, ...]:
    if isinstance(goroutines, set):
        return tuple(sorted(goroutines))
    return () if goroutines is None else (goroutines,)


def covered(begin: int, end: int, parts: Sequence[tuple[int, int]]) -> int:
    """Return how much of the time from begin to end is in at least one of the parts."""
    inside = sorted((max(first, begin), min(last, end)) for first, last in parts)
    reached = accumulate((last for _, last in inside), max, initial=begin)
    return sum(max(0, last - max(first, before)) for (first, last), before in zip(inside, reached, strict=False))


def go_tasks(trace: Trace) -> TraceTasks:
    """Read the trace for what Go's own summary says about each task, the background included.

    Raises:
        TraceError: the trace has no events.
    """
    from gotracer_ci.analysis.go_summary import summarize

    _, found = summarize(trace)
    first, last = trace.start_ns, trace.start_ns + trace.duration_ns
    bounds = {id: _inside(task.begin, task.end, first, last) for id, task in found.items()}
    tasks = [_go_task(id, task, bounds, trace) for id, task in sorted(found.items())]
    return TraceTasks(tuple(tasks), 0, True)


def _go_task(id: int, task: GoTask, bounds: dict[int, tuple[int, int]], trace: Trace) -> Task:
    begin, end = bounds[id]
    return Task(
        id,
        trace.tables.string(task.name),
        task.parent,
        None if task.begin is None else task.begin - trace.start_ns,
        None if task.end is None else task.end - trace.start_ns,
        end - begin,
        end - begin - covered(begin, end, [bounds[child] for child in task.children]),
        -1,
        -1,
        _NO_STACK,
        len(task.regions),
        len(task.logs),
        tuple(sorted(task.goroutines)),
        tuple(task.children),
    )
