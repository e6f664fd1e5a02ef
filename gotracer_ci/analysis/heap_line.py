"""The heap over time, in few points: those that a line needs to look right at any width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.trace.reader import Chunk, Trace
from gotracer_ci.trace.spec import NEVER, Ev

BUCKETS = 2048
"""Parts of the trace; when it outgrows them, two neighbours become one."""
_ALLOC, _GOAL = int(Ev.HEAP_ALLOC), int(Ev.HEAP_GOAL)  # numbers are compared five times as fast
_FIRST_SHIFT = 10  # the first width, as a power of two of ns


class HeapPoint(NamedTuple):
    """The heap from a moment on, ns from the trace's start. allocated, goal: bytes, −1 if not known yet."""

    at: int
    allocated: int
    goal: int


_Numbered = tuple[int, int, int, int]
"""A point after its number in the order of all points."""


class HeapLineAnalysis:
    """Keeps the first, last, smallest and largest heap of each part of a trace (see `reading.Analysis`)."""

    observers = ()
    wanted = (Ev.SYNC, Ev.HEAP_ALLOC, Ev.HEAP_GOAL)

    def __init__(self) -> None:
        self._from, self._to = -NEVER, NEVER
        self._start: int | None = None
        self._shift = _FIRST_SHIFT
        self._allocated = self._goal = -1
        self._buckets: dict[int, list[HeapPoint]] = {}
        self._n = 0
        # of the bucket that is being filled, each with its number in the order of all points
        self._until = 0
        self._first = self._low = self._high = self._last = (0, 0, -1, -1)

    @property
    def consumers(self) -> Sequence[HeapLineAnalysis]:
        return (self,)

    def limit(self, start: int, end: int) -> None:
        """Keep only what is between these two times (see `reading.Limited`)."""
        self._from, self._to = start, end

    def feed(self, chunk: Chunk) -> None:
        first, end, start, until = self._from, self._to, self._start or 0, self._until
        allocated, goal, lowest, highest = self._allocated, self._goal, self._low[2], self._high[2]
        for kind, time, value in chunk.columns(chunk.types, chunk.times, chunk.a):
            if kind == _ALLOC:
                allocated = value
            elif kind == _GOAL:
                goal = value
            else:
                if self._start is None:
                    self._start = start = time  # the first event is a Sync
                continue
            if first <= time < end:
                self._n += 1
                now = (self._n, time - start, allocated, goal)
                if time - start >= until:
                    self._close()
                    self._open(now)
                    until, lowest, highest = self._until, allocated, allocated
                elif allocated < lowest:
                    self._low, lowest = now, allocated
                elif allocated > highest:
                    self._high, highest = now, allocated
                self._last = now
        self._allocated, self._goal = allocated, goal

    def _open(self, now: _Numbered) -> None:
        """Begin with the bucket of this point."""
        at = now[1]
        while at >> self._shift >= BUCKETS:
            self._widen()
        self._until = ((at >> self._shift) + 1) << self._shift
        self._first = self._low = self._high = now

    def _close(self) -> None:
        """Keep what a line needs of the bucket that has been filled."""
        if not self._until:
            return
        number = (self._until - 1) >> self._shift
        kept = [HeapPoint(*rest) for _, *rest in sorted({self._first, self._low, self._high, self._last})]
        # what was in two buckets can be in this one since they became wider
        before = self._buckets.get(number)
        self._buckets[number] = _needed([*before, *kept]) if before else kept

    def _widen(self) -> None:
        self._shift += 1
        wider: dict[int, list[HeapPoint]] = {}
        for number, points in self._buckets.items():
            wider.setdefault(number >> 1, []).extend(points)
        self._buckets = {number: _needed(points) for number, points in wider.items()}

    def result(self, trace: Trace, stacks: Stacks) -> tuple[HeapPoint, ...]:
        self._close()
        return tuple([point for number in sorted(self._buckets) for point in self._buckets[number]])


def _needed(points: Sequence[HeapPoint]) -> list[HeapPoint]:
    """Return the first, last, smallest and largest of some points, in their order."""
    order = range(len(points))
    smallest = min(order, key=lambda i: points[i].allocated)
    largest = max(order, key=lambda i: points[i].allocated)
    return [points[i] for i in sorted({0, smallest, largest, len(points) - 1})]
