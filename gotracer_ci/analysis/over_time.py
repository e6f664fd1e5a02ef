"""Counts over time: how many goroutines ran, were runnable, waited and were in system calls, and what the GC did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.trace.observers.bins import BINS, SUMS, Bins
from gotracer_ci.trace.reader import Chunk, Trace
from gotracer_ci.trace.spec import NEVER, Ev

_ALLOC, _GOAL = int(Ev.HEAP_ALLOC), int(Ev.HEAP_GOAL)  # numbers are compared five times as fast
_MAX_CHANGES = 4096
"""Changes of GOMAXPROCS that are kept."""


class Bin(NamedTuple):
    """A short part of the trace.

    running … syscall_blocked: the sums over all goroutines of the times in these states, ns (see `lives.Times`).
    stw: while the world was stopped; gc: while a GC cycle marked, ns. procs: GOMAXPROCS times the length, ns; None if
    unknown. heap: the largest heap, goal: the last heap goal, bytes; those from before if there is none in the bin,
    None if there is none before either.
    """

    running: int
    runnable: int
    waiting: int
    syscall: int
    syscall_blocked: int
    stw: int
    gc: int
    procs: int | None
    heap: int | None
    goal: int | None


class OverTime(NamedTuple):
    """A trace, or a part of it, in bins of equal width; the last one ends with it.

    start_ns: where the first one begins, from the trace's start. width_ns: a power of two. procs: GOMAXPROCS from
    moments on, ns from the trace's start; 0 if unknown.
    """

    start_ns: int
    length_ns: int
    width_ns: int
    bins: tuple[Bin, ...]
    procs: tuple[tuple[int, int], ...] = ()


class OverTimeAnalysis:
    """Sums what happened in each bin (see `reading.Analysis`).

    Args:
        heap: find the heap, too; without, it is None in all bins.
    """

    def __init__(self, *, heap: bool = True) -> None:
        self._bins = Bins()
        self._rare = _Rare(self._bins, heap)

    @property
    def observers(self) -> Sequence[Bins]:
        return (self._bins,)

    @property
    def consumers(self) -> Sequence[_Rare]:
        return (self._rare,)

    def result(self, trace: Trace, stacks: Stacks) -> OverTime:
        start, end = self._rare.finish(trace.start_ns + trace.duration_ns)
        shift, sums = self._bins.result(end)
        named = dict(zip(SUMS, sums, strict=True))
        length = end - start
        used = (length + (1 << shift) - 1) >> shift
        procs = self._rare.procs(trace.gomaxprocs_at_start, shift, start, end)
        levels = (self._rare.heap.at(shift, used), self._rare.goal.at(shift, used))
        columns = zip(*(named[name][:used] for name in Bin._fields if name in named), procs, *levels, strict=True)
        changes = self._rare.changes(trace.gomaxprocs_at_start, trace.start_ns, end)
        bins = tuple(Bin(*values) for values in columns)
        return OverTime(start - trace.start_ns, length, 1 << shift, bins, changes)


class _Level:
    """A value that changes at some times, by bin. last: whether a bin has the last of its values or the largest."""

    def __init__(self, *, last: bool) -> None:
        self._last = last
        self._shift = 10
        self._before: int | None = None
        self._is_empty = True
        self._bins: list[tuple[int, int] | None] = [None] * BINS  # what a bin shows, and its last value

    def set(self, offset: int, value: int) -> None:
        """The value is this one from here on. offset: ns from the first bin's start, negative if before it."""
        if offset < 0:
            self._before = value
            return
        self._is_empty = False
        while offset >> self._shift >= BINS:
            self._widen()
        known = self._bins[offset >> self._shift]
        if known is None or self._last or known[0] < value:
            self._bins[offset >> self._shift] = (value, value)
        elif known[1] != value:
            self._bins[offset >> self._shift] = (known[0], value)

    def _widen(self) -> None:
        pairs = [self._merged(*self._bins[i : i + 2]) for i in range(0, BINS, 2)]
        self._bins = [*pairs, *[None] * (BINS - len(pairs))]
        self._shift += 1

    def _merged(self, first: tuple[int, int] | None, second: tuple[int, int] | None) -> tuple[int, int] | None:
        if first is None or second is None:
            return first or second
        return (second[0] if self._last else max(first[0], second[0]), second[1])

    def at(self, shift: int, n: int) -> Iterator[int | None]:
        """Yield what the first `n` bins of this width show."""
        while self._shift < shift and not self._is_empty:
            self._widen()
        now = self._before
        for known in self._bins[:n]:
            if known is None:
                yield now
            else:
                now = known[1]
                yield known[0]


class _Rare:
    """Consumer: GC cycles, the heap and GOMAXPROCS."""

    wanted = (Ev.SYNC, Ev.PROCS_CHANGE, Ev.GC_BEGIN, Ev.GC_ACTIVE, Ev.GC_END, Ev.HEAP_ALLOC, Ev.HEAP_GOAL)

    def __init__(self, bins: Bins, has_heap: bool) -> None:
        self._has_heap = has_heap
        self.heap = _Level(last=False)
        self.goal = _Level(last=True)
        self._bins = bins
        self._from, self._to = -NEVER, NEVER
        self._start: int | None = None
        self._marking: int | None = None
        self._cycles = 0
        self._procs: list[tuple[int, int]] = []

    def limit(self, start: int, end: int) -> None:
        self._from, self._to = start, end

    def feed(self, chunk: Chunk) -> None:
        for kind, time, value in chunk.of(self.wanted, chunk.types, chunk.times, chunk.a):
            if kind == _ALLOC:
                if self._has_heap and time < self._to:
                    self.heap.set(time - (self._start or 0), value)
            elif kind == _GOAL:
                if self._has_heap and time < self._to:
                    self.goal.set(time - (self._start or 0), value)
            elif self._start is None:
                # the first event is a Sync, and nothing has been reported before it
                self._bins.begin(time)
                self._first, self._start = time, max(time, self._from)
            elif kind == Ev.PROCS_CHANGE:
                if len(self._procs) < _MAX_CHANGES and (not self._procs or self._procs[-1][1] != value):
                    self._procs.append((time, value))
            else:
                self._mark(kind, time)

    def _mark(self, kind: int, time: int) -> None:
        """A cycle that is first seen at its end, or as active, has been under way since before the trace."""
        if kind == Ev.GC_BEGIN:
            self._marking = time
            self._cycles += 1
        elif kind == Ev.GC_ACTIVE and not self._cycles:
            self._marking = self._first
            self._cycles = 1
        elif kind == Ev.GC_END and (self._marking is not None or not self._cycles):
            self._bins.add("gc", self._first if self._marking is None else self._marking, time)
            self._marking = None
            self._cycles += 1

    def finish(self, end: int) -> tuple[int, int]:
        """Close what is open at the trace's end; return where the first bin begins and the last one ends."""
        if self._marking is not None:
            self._bins.add("gc", self._marking, end)
        start = end if self._start is None else self._start
        return start, max(min(end, self._to), start)

    def changes(self, first: int, origin: int, end: int) -> tuple[tuple[int, int], ...]:
        """Return GOMAXPROCS from the trace's start and from each change of it on, until `end`."""
        since = [(0, first), *((time - origin, n) for time, n in self._procs if time < end)]
        return tuple(pair for before, pair in zip([(0, None), *since], since, strict=False) if before[1] != pair[1])

    def procs(self, first: int, shift: int, start: int, end: int) -> Iterator[int | None]:
        """Yield the integral of GOMAXPROCS over each bin, None if it is unknown. first: at the start, 0 if unknown."""
        now = first
        changes = iter([*self._procs, (NEVER, 0)])
        at, later = next(changes)
        while start < end:
            edge = min(start + (1 << shift), end)
            total, is_known = 0, now > 0
            while at < edge:
                total += now * (max(at, start) - start)
                start = max(at, start)
                now = later
                at, later = next(changes)
            total += now * (edge - start)
            start = edge
            yield total if is_known else None
