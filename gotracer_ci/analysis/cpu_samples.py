"""CPU samples: how often each life was found at each stack."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from gotracer_ci.trace.reader import Chunk
from gotracer_ci.trace.spec import NEVER, Ev

KEPT = 100_000
"""Different pairs of a life and a stack; further samples have no life."""
NO_LIFE = -1

Windows = Mapping[int, Sequence[tuple[int, int]]]
"""By life: (start, end) on the trace's clock, disjoint and in order."""


class CpuSamples:
    """Counts CPU samples by life and stack (see `consumer`)."""

    wanted = (Ev.CPU_SAMPLE,)

    def __init__(self) -> None:
        self._from, self._to = -NEVER, NEVER
        self._windows: Windows | None = None
        self._counts: dict[tuple[int, int], int] = {}

    def limit(self, start: int, end: int) -> None:
        self._from, self._to = start, end

    def restrict(self, windows: Windows) -> None:
        """Count only samples in these windows of each life. Call it before the first event."""
        self._windows = windows

    def feed(self, chunk: Chunk) -> None:
        for now, stack, life in chunk.of(self.wanted, chunk.times, chunk.stacks, chunk.lives):
            if self._from <= now < self._to and self._is_inside(life, now):
                key = (life, stack)
                if key not in self._counts and len(self._counts) >= KEPT:
                    key = (NO_LIFE, stack)
                self._counts[key] = self._counts.get(key, 0) + 1

    def _is_inside(self, life: int, now: int) -> bool:
        if self._windows is None:
            return True
        windows = self._windows.get(life, ())
        i = bisect_right(windows, (now, NEVER)) - 1
        return i >= 0 and now < windows[i][1]

    def result(self) -> dict[tuple[int, int], int]:
        """Return counts by life (`NO_LIFE`: the runtime's own work) and stack, an index of the tables."""
        return self._counts
