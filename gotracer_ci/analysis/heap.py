"""The heap: what each GC cycle found alive.

Live is what a cycle's mark phase left (HeapAlloc at the cycle's end), not what is allocated at some moment.
"""

from __future__ import annotations

from typing import NamedTuple

from gotracer_ci.trace.reader import Chunk
from gotracer_ci.trace.spec import Ev


class Growth(NamedTuple):
    """The largest rise of the live heap from one GC cycle to a later one. Times on the trace's clock, ns; bytes."""

    start_ns: int
    end_ns: int
    before: int
    after: int
    goal: int

    @property
    def bytes(self) -> int:
        return self.after - self.before


class Heap(NamedTuple):
    """The heap over the whole trace.

    cycles: GC cycles that ended. growth: None before two cycles. allocated: bytes, the sum of all rises of the heap,
    in the steps that the runtime reports. peak: the largest value, live or not, in bytes. Both are 0 if the trace has
    no heap samples.
    """

    cycles: int
    growth: Growth | None
    allocated: int
    peak: int


class HeapSamples:
    """Consumer: GC cycles, the growth between them, and what was allocated."""

    wanted = (Ev.HEAP_ALLOC, Ev.HEAP_GOAL, Ev.GC_END)

    def __init__(self) -> None:
        self._cycles = self._allocated = self._peak = 0
        self._growth: Growth | None = None
        self._now = self._goal = -1
        self._lowest: tuple[int, int] | None = None

    def feed(self, chunk: Chunk) -> None:
        for kind, time, value in chunk.columns(chunk.types, chunk.times, chunk.a):
            if kind == Ev.HEAP_ALLOC:
                if 0 <= self._now < value:
                    self._allocated += value - self._now
                self._now = value
                self._peak = max(self._peak, value)
            elif kind == Ev.HEAP_GOAL:
                self._goal = value
            elif kind == Ev.GC_END:
                self._cycles += 1
                if self._now >= 0:
                    self._end_cycle(time)

    def _end_cycle(self, time: int) -> None:
        """What is allocated when a cycle ends is what it found alive."""
        live = self._now
        if self._lowest is None or live < self._lowest[0]:
            self._lowest = (live, time)
        lowest, since = self._lowest
        if since < time and (self._growth is None or live - lowest > self._growth.bytes):
            self._growth = Growth(since, time, lowest, live, self._goal)

    def result(self) -> Heap:
        return Heap(self._cycles, self._growth, self._allocated, self._peak)
