"""The heap: what each GC cycle found alive.

Live is what a cycle's mark phase left (HeapAlloc at the cycle's end), not what is allocated at some moment.
"""

from __future__ import annotations

from typing import NamedTuple

from gotracer_ci.trace.model import Chunk
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


class LiveHeap:
    """Consumer: the number of GC cycles that ended, and the largest growth between two of them."""

    wanted = (Ev.GC_END,)

    def __init__(self) -> None:
        self._cycles = 0
        self._growth: Growth | None = None
        self._lowest: tuple[int, int] | None = None

    def feed(self, chunk: Chunk) -> None:
        for time, kind, _, _, _, _, live, goal, _ in chunk.rows():
            if kind != Ev.GC_END:
                continue
            self._cycles += 1
            if live < 0:
                continue
            if self._lowest is None or live < self._lowest[0]:
                self._lowest = (live, time)
            lowest, since = self._lowest
            if since < time and (self._growth is None or live - lowest > self._growth.bytes):
                self._growth = Growth(since, time, lowest, live, goal)

    def result(self) -> tuple[int, Growth | None]:
        """Return (cycles, growth); growth is None before two cycles."""
        return self._cycles, self._growth
