"""What a timeline shows of a trace, for writers of different formats."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from heapq import heappop, heappush
from typing import Any, Final, NamedTuple, Protocol

from gotracer_ci.analysis.reading import WHOLE, Window, require_events
from gotracer_ci.analysis.tasks import BACKGROUND
from gotracer_ci.report.safe import clean
from gotracer_ci.source.place import outermost
from gotracer_ci.trace.observers.state_counts import StateCounts
from gotracer_ci.trace.observers.track_events import TrackEvents
from gotracer_ci.trace.reader import Chunk, Trace
from gotracer_ci.trace.spec import NEVER, Ev, GoState

MAX_OPEN: Final = 100_000
"""Tasks that are open at the same time; further ones are left out."""
MAX_WAITING: Final = 200_000
"""Numbers of goroutines that wait for what is still unknown."""
GOMAXPROCS, HEAP, GOAL = "GOMAXPROCS", "heap allocated", "heap goal"
STATES: Final[Mapping[int, str]] = {
    GoState.RUNNING: "goroutines running",
    GoState.RUNNABLE: "goroutines runnable",
    GoState.WAITING: "goroutines waiting",
    GoState.SYSCALL: "goroutines in system calls",
}
BYTES: Final = frozenset({HEAP, GOAL})
"""The counters that are sizes."""
MARKING: Final = "GC concurrent mark phase"
_RARE: Final = (
    Ev.PROCS_CHANGE,
    Ev.GC_BEGIN,
    Ev.GC_ACTIVE,
    Ev.GC_END,
    Ev.HEAP_ALLOC,
    Ev.HEAP_GOAL,
    Ev.USER_TASK_BEGIN,
    Ev.USER_TASK_END,
    Ev.USER_LOG,
    Ev.CPU_SAMPLE,
)


class Task(NamedTuple):
    """A task, or the part of it that is wanted. Times: ns on the trace's clock.

    lane: tasks of one type that overlap have different ones, from 0 on. type, stack: indices of the tables. begun and
    ended: whether that is in the trace.
    """

    id: int
    parent: int
    type: int
    lane: int
    start: int
    end: int
    stack: int
    begun: bool
    ended: bool


class Instant(NamedTuple):
    """A log or a CPU sample. life: of its goroutine, −1 for none; then there may be a P or a thread, −1 for none.

    name, text, stack: indices of the tables, a sample's name and text are 0.
    """

    time: int
    life: int
    proc: int
    thread: int
    stack: int
    is_sample: bool
    name: int = 0
    text: int = 0
    task: int = 0


class Writer(Protocol):
    """Writes a timeline in one format. All times: ns on the trace's clock."""

    def begin(self, trace: Trace) -> None:
        """The trace begins; its start is known from now on."""

    def add(self, records: Any, n: int) -> None:
        """Write `n` track events (see `trace.observers.records`)."""

    def cycle(self, start: int, end: int, number: int) -> None:
        """Write a mark phase of the garbage collector, from its begin to its end."""

    def counter(self, name: str, time: int, value: int) -> None:
        """Write the value that a counter has from a moment on."""

    def task(self, task: Task) -> None:
        """Write a task."""

    def instant(self, instant: Instant) -> None:
        """Write a log or a CPU sample."""

    def end(self) -> None:
        """Everything has been written."""


def write(
    trace: Trace, writer: Writer, window: Window = WHOLE, goroutines: Collection[int] | None = None
) -> tuple[str, ...]:
    """Read the trace and write what is inside a window; return what a reader must know besides.

    Args:
        goroutines: Go's IDs of those to write, and of what belongs to them; None for all. What the garbage collector
            does and the counters are of the whole program in any case.

    Raises:
        TraceError: the trace has no events, or no wall-clock times for a window that needs them.
    """
    rare = _Rare(writer, goroutines)
    levels = _Levels(writer)
    observers = (TrackEvents(writer.add, lambda stack: bool(name_of(trace, stack, 0)[1]), goroutines), levels.counts)
    is_begun = False
    for chunk in trace.chunks({Ev.SYNC, *_RARE}, observers):
        if chunk.n and not is_begun:
            # the first event is a Sync, and nothing has been reported before it
            is_begun = True
            start, end = window.on(trace)
            for limited in observers:
                limited.limit(start, end)
            writer.begin(trace)
            rare.begin(trace, start, end)
        rare.feed(chunk)
        levels.feed(chunk)
    require_events(trace)
    rare.finish(trace)
    levels.flush()
    writer.end()
    return rare.notes()


def name_of(trace: Trace, stack: int, id: int) -> tuple[str, str]:
    """Return a goroutine's name, such as "G7 main.worker", and the function that it began in, "" if unknown."""
    functions = [function for function, _, _ in trace.tables.stack(stack)]
    first = clean(outermost(functions) or (functions[-1] if functions else ""))
    return f"G{id} {first}" if first else f"G{id}", first


class _Levels:
    """Writes how many goroutines are in each state.

    Until the second generation begins, goroutines from before the trace can turn up, so the numbers have to wait.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._waiting: list[tuple[int, int, int]] | None = []
        self._syncs = 0
        self.counts = StateCounts(self._add)

    def feed(self, chunk: Chunk) -> None:
        self._syncs += sum(kind == Ev.SYNC for kind in memoryview(chunk.types)[: chunk.n])
        if self._waiting is not None and (self._syncs > 1 or len(self._waiting) > MAX_WAITING):
            self.flush()

    def flush(self) -> None:
        """Write what has been waiting; nothing waits any more."""
        for time, state, value in self._waiting or ():
            self._writer.counter(STATES[state], time, value + self.counts.seen(state))
        self._waiting = None

    def _add(self, time: int, state: int, value: int, seen: int) -> None:
        if self._waiting is None:
            self._writer.counter(STATES[state], time, value)
        else:
            self._waiting.append((time, state, value - seen))


class _Rare:
    """Writes what rare events tell."""

    def __init__(self, writer: Writer, goroutines: Collection[int] | None) -> None:
        self._writer = writer
        self._goroutines = goroutines
        self._from, self._to, self._first = -NEVER, NEVER, 0
        self._cycles = 0
        self._marking: int | None = None
        self._tasks: dict[int, tuple[int, int, int, int, int, bool]] = {}
        self._lanes: dict[int, tuple[list[int], int]] = {}
        self._left_out = 0
        self._levels: dict[str, int] = {}
        self._is_first = True  # whether GOMAXPROCS has not changed before the window

    def begin(self, trace: Trace, start: int, end: int) -> None:
        self._first = trace.start_ns
        self._from, self._to = max(start, self._first), end

    def feed(self, chunk: Chunk) -> None:
        columns = (
            chunk.times,
            chunk.types,
            chunk.threads,
            chunk.procs,
            chunk.goroutines,
            chunk.lives,
            chunk.a,
            chunk.b,
            chunk.c,
            chunk.stacks,
        )
        for time, kind, thread, proc, g, life, a, b, c, stack in chunk.columns(*columns):
            if kind == Ev.HEAP_ALLOC:
                self._level(HEAP, time, a)
            elif kind == Ev.HEAP_GOAL:
                self._level(GOAL, time, a)
            elif kind == Ev.PROCS_CHANGE:
                self._is_first &= time > self._from
                self._level(GOMAXPROCS, time, a)
            elif kind == Ev.CPU_SAMPLE:
                self._instant(g, Instant(time, life, proc, thread, stack, is_sample=True))
            elif kind == Ev.USER_LOG:
                task = 0 if a in BACKGROUND else a
                self._instant(g, Instant(time, life, proc, thread, stack, False, b, c, task))
            elif kind == Ev.USER_TASK_BEGIN:
                self._begin_task(time, a, b, c, stack, g)
            elif kind == Ev.USER_TASK_END:
                self._end_task(time, a, b, c, g)
            elif kind == Ev.GC_END:
                self._mark(self._first if self._marking is None else self._marking, time)
            elif kind == Ev.GC_BEGIN or (kind == Ev.GC_ACTIVE and not self._cycles):
                self._marking = time if kind == Ev.GC_BEGIN else self._first
                self._cycles += 1

    def finish(self, trace: Trace) -> None:
        """Close what is open at the trace's end."""
        end = trace.start_ns + trace.duration_ns
        if trace.gomaxprocs_at_start and self._is_first:
            # the old format has it somewhere later
            self._writer.counter(GOMAXPROCS, self._from, trace.gomaxprocs_at_start)
        if self._marking is not None:
            self._mark(self._marking, end)
        for id, (start, parent, type_, lane, stack, is_wanted) in self._tasks.items():
            if is_wanted:
                self._task(Task(id, parent, type_, lane, start, end, stack, begun=True, ended=False))
        for name, value in self._levels.items():
            # a window in which a counter does not change begins with its value
            if self._to != NEVER or self._from > self._first:
                self._writer.counter(name, self._from, value)

    def notes(self) -> tuple[str, ...]:
        return (f"{self._left_out:,} tasks are left out, because too many are open",) if self._left_out else ()

    def _level(self, name: str, time: int, value: int) -> None:
        """A counter changes. Before the window, only the latest value counts, and is written as the window begins."""
        if time <= self._from and time != self._first:
            self._levels[name] = value
        elif time <= self._to:
            before = self._levels.pop(name, None)
            if before is not None and time > self._from:
                self._writer.counter(name, self._from, before)
            self._writer.counter(name, time, value)

    def _mark(self, start: int, end: int) -> None:
        self._cycles += self._marking is None
        self._marking = None
        start, end = max(start, self._from), min(end, self._to)
        if start < end:
            self._writer.cycle(start, end, self._cycles)

    def _instant(self, g: int, instant: Instant) -> None:
        if self._from <= instant.time <= self._to and (self._goroutines is None or g in self._goroutines):
            self._writer.instant(instant)

    def _begin_task(self, time: int, id: int, parent: int, type_: int, stack: int, g: int) -> None:
        if id in BACKGROUND or id in self._tasks:
            return
        if len(self._tasks) >= MAX_OPEN:
            self._left_out += 1
            return
        free, n = self._lanes.get(type_, ([], 0))
        lane = heappop(free) if free else n
        self._lanes[type_] = free, max(n, lane + 1)
        parent = 0 if parent in BACKGROUND else parent
        self._tasks[id] = time, parent, type_, lane, stack, self._is_wanted(g)

    def _end_task(self, time: int, id: int, parent: int, type_: int, g: int) -> None:
        if id in BACKGROUND:
            return
        found = self._tasks.pop(id, None)
        if found is None:
            # it began before the trace, so it needs a lane that nothing has been on
            free, n = self._lanes.get(type_, ([], 0))
            if n >= MAX_OPEN:
                self._left_out += 1
                return
            self._lanes[type_] = free, n + 1
            found = self._first, 0 if parent in BACKGROUND else parent, type_, n, 0, False
        start, parent, type_, lane, stack, is_wanted = found
        heappush(self._lanes[type_][0], lane)
        if is_wanted or self._is_wanted(g):
            self._task(Task(id, parent, type_, lane, start, time, stack, begun=stack != 0, ended=True))

    def _is_wanted(self, g: int) -> bool:
        return self._goroutines is None or g in self._goroutines

    def _task(self, task: Task) -> None:
        start, end = max(task.start, self._from), min(task.end, self._to)
        if start < end:
            self._writer.task(task._replace(start=start, end=end))
