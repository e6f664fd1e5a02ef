"""The heap over time, in few points: those that a line needs to look right at any width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.trace.heap_points import HeapPoints
from gotracer_ci.trace.reader import Chunk, Trace
from gotracer_ci.trace.spec import NEVER, Ev


class HeapPoint(NamedTuple):
    """The heap from a moment on, ns from the trace's start. allocated, goal: bytes, −1 if not known yet."""

    at: int
    allocated: int
    goal: int


class HeapLineAnalysis:
    """Keeps the first, last, smallest and largest heap of each part of a trace (see `reading.Analysis`)."""

    observers = ()
    wanted = (Ev.SYNC, Ev.HEAP_ALLOC, Ev.HEAP_GOAL)

    def __init__(self) -> None:
        self._from, self._to = -NEVER, NEVER
        self._points: HeapPoints | None = None

    @property
    def consumers(self) -> Sequence[HeapLineAnalysis]:
        return (self,)

    def limit(self, start: int, end: int) -> None:
        """Keep only what is between these two times (see `reading.Limited`)."""
        self._from, self._to = start, end

    def feed(self, chunk: Chunk) -> None:
        if not chunk.n:
            return
        if self._points is None:
            # the first event is a Sync
            self._points = HeapPoints(chunk.times[0], self._from, self._to)
        self._points.add(chunk.types, chunk.times, chunk.a, chunk.n)

    def result(self, trace: Trace, stacks: Stacks) -> tuple[HeapPoint, ...]:
        return tuple(map(HeapPoint._make, self._points.points())) if self._points else ()
