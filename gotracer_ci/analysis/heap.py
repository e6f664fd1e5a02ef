"""The heap: what each GC cycle found alive.

What is allocated while a cycle marks counts as alive until the next cycle, whether the program keeps it or not. In a
program that allocates fast, this can be hundreds of MB of garbage, and more the busier the machine is. So the live heap
of a cycle is what its mark phase left, without what was allocated during it.
"""

from __future__ import annotations

from itertools import accumulate
from typing import NamedTuple

from gotracer_ci.trace.reader import Chunk
from gotracer_ci.trace.spec import LARGEST, Ev

LATER = 2
"""How many cycles must find the growth: what only the last one finds may be gone after the next."""
_ALLOC, _GOAL = int(Ev.HEAP_ALLOC), int(Ev.HEAP_GOAL)  # numbers are compared five times as fast
_KEPT = 4096
"""Cycles that are kept one by one; of more, neighbours are kept as one, with the lower value."""


class Growth(NamedTuple):
    """The largest growth of the live heap that stayed: from its lowest value to the lowest of all later cycles.

    start_ns, end_ns: when the lowest cycle before and the first one after ended, on the trace's clock. before, after,
    goal: bytes; goal is the next one after the last cycle, −1 if unknown.
    """

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

    cycles: GC cycles that ended. growth: None with too few cycles. allocated: bytes, the sum of all rises of the heap,
    in the steps that the runtime reports; None if the trace has no heap samples. peak: the largest live heap of a
    cycle, in bytes; None without cycles.
    """

    cycles: int
    growth: Growth | None
    allocated: int | None
    peak: int | None


class HeapSamples:
    """Consumer: GC cycles, the growth between them, and what was allocated."""

    wanted = (Ev.HEAP_ALLOC, Ev.HEAP_GOAL, Ev.GC_BEGIN, Ev.GC_END)

    def __init__(self) -> None:
        self._cycles = self._allocated = self._before_marking = 0
        self._peak: int | None = None
        self._now = self._goal = -1
        self._live: list[tuple[int, int]] = []  # (bytes, time) of each cycle

    def feed(self, chunk: Chunk) -> None:
        for kind, time, value in chunk.of(self.wanted, chunk.types, chunk.times, chunk.a):
            if kind == _ALLOC:
                if 0 <= self._now < value:
                    self._allocated = min(self._allocated + value - self._now, LARGEST)
                self._now = value
            elif kind == _GOAL:
                self._goal = value
            elif kind == Ev.GC_BEGIN:
                self._before_marking = self._allocated
            elif kind == Ev.GC_END:
                self._cycles += 1
                if self._now >= 0:
                    self._end_cycle(time)

    def _end_cycle(self, time: int) -> None:
        live = max(0, self._now - (self._allocated - self._before_marking))
        # a cycle that began before the trace has no beginning here: all that was allocated since then may be its
        self._before_marking = self._allocated
        self._peak = max(self._peak or 0, live)
        self._live.append((live, time))
        if len(self._live) == 2 * _KEPT:
            self._live = [min(pair) for pair in zip(self._live[::2], self._live[1::2], strict=True)]

    def result(self) -> Heap:
        allocated = self._allocated if self._now >= 0 else None
        return Heap(self._cycles, self._growth(), allocated, self._peak)

    def _growth(self) -> Growth | None:
        before = list(accumulate(self._live, min))
        later = list(accumulate(reversed(self._live), min))[::-1]
        steps = range(1, len(self._live) - LATER + 1)
        at = max(steps, key=lambda i: (later[i][0] - before[i - 1][0], -i), default=None)
        if at is None:
            return None
        lowest, since = before[at - 1]
        return Growth(since, self._live[at][1], lowest, later[at][0], self._goal)
