"""The heap: what each GC cycle found alive, and what was allocated between them.

Live is what a cycle's mark phase left (HeapAlloc at the cycle's end), not what is allocated at some moment.
"""

from __future__ import annotations

from dataclasses import dataclass

from gotracer_ci.trace.model import Chunk
from gotracer_ci.trace.spec import Ev


@dataclass(frozen=True, slots=True)
class Growth:
    """The largest rise of the live heap from one GC cycle to a later one. Times on the trace's clock, ns; bytes."""

    start_ns: int
    end_ns: int
    before: int
    after: int
    goal: int

    @property
    def bytes(self) -> int:
        return self.after - self.before


class LiveHeap:
    """Follows the live heap over a trace's GC cycles, without keeping them.

    cycles: GC cycles that ended. growth: the largest rise, None before two cycles.
    """

    wanted = (Ev.GC_END,)

    def __init__(self) -> None:
        self.cycles = 0
        self.growth: Growth | None = None
        self._lowest: tuple[int, int] | None = None

    def feed(self, chunk: Chunk) -> None:
        for time, kind, _, _, _, _, live, goal, _ in chunk.rows():
            if kind != Ev.GC_END:
                continue
            self.cycles += 1
            if live < 0:
                continue
            if self._lowest is None or live < self._lowest[0]:
                self._lowest = (live, time)
            lowest, since = self._lowest
            if since < time and (self.growth is None or live - lowest > self.growth.bytes):
                self.growth = Growth(since, time, lowest, live, goal)


@dataclass(frozen=True, slots=True)
class Heap:
    """Of the whole trace, bytes. allocated: the sum of all rises of the heap, in the steps that the runtime reports.

    peak: the largest value seen, live or not. Both 0 where the trace has no heap samples.
    """

    cycles: int
    growth: Growth | None
    allocated: int
    peak: int
