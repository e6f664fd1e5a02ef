"""CPU samples one by one: when, where, and of which goroutine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from gotracer_ci.analysis.stacks import Stack, Stacks
from gotracer_ci.trace.reader import Chunk, Trace
from gotracer_ci.trace.spec import NEVER, Ev

KEPT: Final = 50_000
"""CPU samples that are kept, the first ones."""


class CpuMoment(NamedTuple):
    """One CPU sample. at: ns from the trace's start. goroutine: −1 for the runtime's own work."""

    at: int
    stack: Stack
    goroutine: int


class CpuMoments(NamedTuple):
    """The CPU samples of one trace, in order. left_out: how many further ones there were."""

    samples: Sequence[CpuMoment]
    left_out: int


class CpuMomentsAnalysis:
    """Finds a trace's CPU samples (see `reading.Analysis`)."""

    observers = ()
    wanted = (Ev.CPU_SAMPLE,)

    def __init__(self) -> None:
        self._from, self._to = -NEVER, NEVER
        self._rows: list[tuple[int, int, int]] = []
        self._left_out = 0

    @property
    def consumers(self) -> Sequence[CpuMomentsAnalysis]:
        return (self,)

    def limit(self, start: int, end: int) -> None:
        """Keep only what is between these two times (see `reading.Limited`)."""
        self._from, self._to = start, end

    def feed(self, chunk: Chunk) -> None:
        for now, stack, goroutine in chunk.of(self.wanted, chunk.times, chunk.stacks, chunk.goroutines):
            if not self._from <= now < self._to:
                continue
            if len(self._rows) < KEPT:
                self._rows.append((now, stack, goroutine))
            else:
                self._left_out += 1

    def result(self, trace: Trace, stacks: Stacks) -> CpuMoments:
        samples = [CpuMoment(now - trace.start_ns, stacks[stack], g) for now, stack, g in self._rows]
        return CpuMoments(samples, self._left_out)
