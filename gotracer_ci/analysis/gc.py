"""The garbage collector: its cycles, the stopped worlds, and the heap, with all work that a cycle needed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gotracer_ci.analysis.stacks import Stack, Stacks
from gotracer_ci.analysis.utilisation import Busy
from gotracer_ci.trace.observers.collector import ASSIST, ASSIST_RUNNING, STW, WORKER, Collector
from gotracer_ci.trace.reader import Chunk, Trace
from gotracer_ci.trace.spec import LARGEST, NEVER, OPEN, Ev
from gotracer_ci.trace.tables import Tables

KEPT = 100_000
"""Cycles, stops and heap samples that are kept, of each."""
SWEEP_TERMINATION, MARK_TERMINATION = "GC sweep termination", "GC mark termination"
_ALLOC, _SWEEP_END = int(Ev.HEAP_ALLOC), int(Ev.GC_SWEEP_END)  # numbers are compared five times as fast
_WORKERS = frozenset({"runtime.gcBgMarkWorker", "runtime.gcBgMarkStartWorkers.gowrap1"})
_MODES = {"GC (dedicated)": "dedicated", "GC (fractional)": "fractional", "GC (idle)": "idle"}


class Stop(NamedTuple):
    """One time during which the world was stopped.

    kind: in Go's words. goroutine: the one that stopped it, −1 if unknown; stack: where, unknown in the old format.
    start_ns: from the trace's start.
    """

    kind: str
    start_ns: int
    length_ns: int
    goroutine: int
    stack: Stack
    is_open: bool


class Cycle(NamedTuple):
    """One GC cycle: its mark phase, and the sweep that follows.

    number: from 1. start_ns: from the trace's start. stops: the lengths of the stops that begin and end it, ns, None if
    they are not in the trace. assist_total: mark assists; assist: the part of them that ran. dedicated, fractional,
    idle: how long mark workers ran in these modes, unlabelled: in none. All of it, in ns, within the mark phase.
    live: what the mark phase left, without what was allocated during it, and goal: the heap's next size, bytes, None
    if unknown. swept, reclaimed: bytes, from its end until the next cycle. stack: what began it.
    """

    number: int
    start_ns: int
    mark_ns: int
    stops: tuple[int | None, int | None]
    assist: int
    assist_total: int
    dedicated: int
    fractional: int
    idle: int
    unlabelled: int
    live: int | None
    goal: int | None
    swept: int
    reclaimed: int
    stack: Stack
    is_open: bool
    is_old: bool


class HeapSample(NamedTuple):
    """The heap from a moment on, bytes; None: not known yet. start_ns: from the trace's start."""

    start_ns: int
    allocated: int | None
    goal: int | None


class Collections(NamedTuple):
    """What the garbage collector did in one trace, or in a part of it.

    heap: only if it was wanted. left_out: further cycles, stops and heap samples than `KEPT`. sweeps: bytes swept and
    reclaimed in all, those for cycles from before the trace included.
    """

    cycles: tuple[Cycle, ...]
    stops: tuple[Stop, ...]
    heap: tuple[HeapSample, ...]
    sweeps: tuple[int, int]
    left_out: tuple[int, int, int]


def collector_of(tables: Tables) -> Collector:
    """Return an observer of the collector for the trace with these tables."""
    return Collector(lambda stack: any(function in _WORKERS for function, _, _ in tables.stack(stack)))


class _Mark:
    """A cycle while the trace is read. Times on the trace's clock; end is NEVER while it marks."""

    __slots__ = ("end", "goal", "is_old", "live", "number", "reclaimed", "stack", "start", "sums", "swept")

    def __init__(self, number: int, start: int, stack: int, *, is_old: bool) -> None:
        self.number, self.start, self.stack, self.is_old = number, start, stack, is_old
        self.end = NEVER
        self.live: int | None = None
        self.goal: int | None = None
        self.swept = self.reclaimed = 0
        self.sums: dict[str, int] = {}


class CollectorAnalysis:
    """Finds what the garbage collector did (see `reading.Analysis`), as its own consumer of rare events.

    Args:
        heap: keep the heap samples.
        busy: gets each piece of the collector's work, too.
    """

    wanted = (Ev.PROCS_CHANGE, Ev.GC_BEGIN, Ev.GC_ACTIVE, Ev.GC_END, Ev.GC_SWEEP_END, Ev.HEAP_ALLOC, Ev.HEAP_GOAL)

    def __init__(self, trace: Trace, *, heap: bool = False, busy: Busy | None = None) -> None:
        self._trace = trace
        self._observer = collector_of(trace.tables)
        self._busy = busy
        self._heap: list[tuple[int, int, int]] | None = [] if heap else None
        self._from, self._to = -NEVER, NEVER
        self._cycles: list[_Mark] = []
        self._extra: _Mark | None = None  # takes what belongs to cycles beyond those that are kept
        self._counted = 0
        self._stops: list[tuple[int, int, int, int, int, int]] = []
        self._left_out = [0, 0]
        self._now = self._goal = -1
        self._allocated = self._before_marking = 0
        self._is_marking = False
        self._sweeps = [0, 0]
        self._modes: dict[int, str] = {}

    @property
    def observers(self) -> Sequence[Collector]:
        return (self._observer,)

    @property
    def consumers(self) -> Sequence[CollectorAnalysis]:
        return (self,)

    def limit(self, start: int, end: int) -> None:
        """Count only what is between these two times (see `reading.Limited`)."""
        self._from, self._to = start, end

    def feed(self, chunk: Chunk) -> None:
        columns = (chunk.types, chunk.times, chunk.a, chunk.b, chunk.stacks)
        for kind, time, a, b, stack in chunk.of(self.wanted, *columns):
            if kind == _ALLOC:
                if 0 <= self._now < a:
                    self._allocated += a - self._now
                self._now = a
                if self._heap is not None:
                    self._sample(time)
            elif kind == _SWEEP_END:
                self._sweep(time, a, b)
            elif kind == Ev.HEAP_GOAL:
                self._goal = a
                if self._cycles and self._cycles[-1].goal is None and not self._is_marking:
                    self._cycles[-1].goal = a
                if self._heap is not None:
                    self._sample(time)
            elif kind == Ev.PROCS_CHANGE:
                if self._busy is not None:
                    self._busy.procs(time, a)
            elif kind == Ev.GC_END:
                self._end(time)
            elif kind == Ev.GC_BEGIN or (kind == Ev.GC_ACTIVE and not self._counted):
                self._begin(time, stack, is_old=kind == Ev.GC_ACTIVE)
        self._fold()

    def _begin(self, time: int, stack: int, *, is_old: bool) -> None:
        self._counted += 1
        self._is_marking = True
        self._before_marking = self._allocated
        mark = _Mark(self._counted, self._trace.start_ns if is_old else time, stack, is_old=is_old)
        if len(self._cycles) < KEPT:
            self._cycles.append(mark)
        else:
            self._extra = mark

    def _end(self, time: int) -> None:
        if not self._counted:
            # the old format does not say that a cycle was under way
            self._begin(time, 0, is_old=True)
            self._before_marking = 0
        last = self._extra or self._cycles[-1]
        last.end = time
        self._is_marking = False
        if self._now >= 0:
            last.live = max(0, self._now - (self._allocated - self._before_marking))

    def _sweep(self, time: int, swept: int, reclaimed: int) -> None:
        if not self._from < time <= self._to:
            return
        self._sweeps[0] += swept
        self._sweeps[1] += reclaimed
        last = self._extra or (self._cycles[-1] if self._cycles else None)
        if last is not None and last.end != NEVER:
            last.swept += swept
            last.reclaimed += reclaimed

    def _sample(self, time: int) -> None:
        if self._heap is None or not self._from <= time < self._to:
            return
        if len(self._heap) < KEPT:
            self._heap.append((time, self._now, self._goal))
        else:
            self._left_out[1] += 1

    # ---- pieces of work ---------------------------------------------------------------------------------------

    def _fold(self) -> None:
        """Add the pieces that have ended to the cycles, all of which have begun before that."""
        for what, start, end, p, goroutine, stack, label, flags in self._observer.take():
            if what == STW:
                if len(self._stops) < KEPT:
                    self._stops.append((start, end, goroutine, stack, label, flags))
                else:
                    self._left_out[0] += 1
            elif what == ASSIST_RUNNING:
                self._add("assist", start, end)
            elif what == ASSIST:
                self._add("assist_total", start, end)
            elif what == WORKER:
                self._add(self._mode(label), start, end)
            if self._busy is not None:
                self._busy.add(what, start, end, p, self._name(label) if label else "")

    def _add(self, name: str, start: int, end: int) -> None:
        for mark in reversed(self._cycles):
            if mark.end <= start:
                return
            # comparisons are much faster than min and max
            length = (end if end < mark.end else mark.end) - (start if start > mark.start else mark.start)
            if length > 0:
                total = mark.sums.get(name, 0) + length
                mark.sums[name] = total if total < LARGEST else LARGEST

    def _mode(self, label: int) -> str:
        if label not in self._modes:
            self._modes[label] = _MODES.get(self._name(label), "unlabelled")
        return self._modes[label]

    def _name(self, label: int) -> str:
        return self._trace.tables.string(label) if label else ""

    # ---- the result -------------------------------------------------------------------------------------------

    def result(self, trace: Trace, stacks: Stacks) -> Collections:
        self._fold()
        first, last = trace.start_ns, min(trace.start_ns + trace.duration_ns, self._to)
        strings = trace.tables
        self._stops.sort()
        stops = tuple(
            Stop(strings.string(kind), start - first, end - start, goroutine, stacks[stack], bool(flags & OPEN))
            for start, end, goroutine, stack, kind, flags in self._stops
        )
        begins = _Nearest(stop for stop in stops if stop.kind == SWEEP_TERMINATION)
        ends = _Nearest(stop for stop in stops if stop.kind == MARK_TERMINATION)
        cycles = []
        for before, mark, after in zip([None, *self._cycles], self._cycles, [*self._cycles[1:], None], strict=False):
            start, end = max(mark.start, self._from), min(mark.end, last)
            if end <= start:
                continue
            begin = (
                None if mark.is_old else begins.to(mark.start - first, before.end - first if before else 0, mark.end)
            )
            until = after.start - first if after else last
            final = None if mark.end == NEVER else ends.to(mark.end - first, mark.start - first, until)
            cycles.append(
                Cycle(
                    mark.number,
                    start - first,
                    end - start,
                    (begin, final),
                    mark.sums.get("assist", 0),
                    mark.sums.get("assist_total", 0),
                    mark.sums.get("dedicated", 0),
                    mark.sums.get("fractional", 0),
                    mark.sums.get("idle", 0),
                    mark.sums.get("unlabelled", 0),
                    mark.live,
                    None if mark.goal is None or mark.goal < 0 else mark.goal,
                    min(mark.swept, LARGEST),
                    min(mark.reclaimed, LARGEST),
                    stacks[mark.stack],
                    mark.end == NEVER,
                    mark.is_old,
                )
            )
        heap = tuple(
            HeapSample(time - first, None if now < 0 else now, None if goal < 0 else goal)
            for time, now, goal in self._heap or ()
        )
        swept, reclaimed = self._sweeps
        left_out = (self._counted - len(self._cycles), self._left_out[0], self._left_out[1])
        return Collections(tuple(cycles), stops, heap, (min(swept, LARGEST), min(reclaimed, LARGEST)), left_out)


class _Nearest:
    """Stops of one kind, to find the one nearest to a moment."""

    def __init__(self, stops: Iterable[Stop]) -> None:
        self._stops = list(stops)
        self._starts = [stop.start_ns for stop in self._stops]

    def to(self, moment: int, since: int, until: int) -> int | None:
        """Return the length of the stop nearest to `moment` of those that overlap [since, until], None without one."""
        i = bisect_left(self._starts, moment)
        near = [
            (max(stop.start_ns - moment, moment - stop.start_ns - stop.length_ns, 0), stop.start_ns, stop.length_ns)
            for stop in self._stops[max(0, i - 1) : i + 1]
            if stop.start_ns <= until and stop.start_ns + stop.length_ns >= since
        ]
        return min(near)[2] if near else None
