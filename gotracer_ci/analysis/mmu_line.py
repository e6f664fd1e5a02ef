"""Minimum mutator utilisation for a picture: a curve of few points, and the worst windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from gotracer_ci.analysis.mmu import ALWAYS_NS, Point, Worst, curve, default_windows, worst
from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.analysis.utilisation import Busy
from gotracer_ci.trace.reader import Trace

POINTS: Final = 61
"""With those of `ALWAYS_NS` 64."""
_STEPS: Final = 10_000
"""With more steps, the curve has fewer points: each costs time for each step."""
_FEWEST: Final = 13


class MmuLine(NamedTuple):
    """The utilisation of the whole trace; without points if it does not tell GOMAXPROCS.

    lengths: of the worst windows, ns: those of `mmu.ALWAYS_NS` that are not longer than the trace.
    """

    points: Sequence[Point]
    lengths: Sequence[int]
    worst: Sequence[Worst]


class MmuLineAnalysis:
    """Computes the utilisation from what a `CollectorAnalysis` gathers (see `reading.Analysis`).

    Args:
        busy: that of the other analysis, which must be asked for its result first.
    """

    observers = ()
    consumers = ()

    def __init__(self, busy: Busy) -> None:
        self._busy = busy

    def result(self, trace: Trace, stacks: Stacks) -> MmuLine:
        start, duration = trace.start_ns, trace.duration_ns
        series = self._busy.series(start, start, start + duration, trace.gomaxprocs_at_start)
        if not series:
            return MmuLine((), (), ())
        steps = sum(len(one.values) for one in series)
        points = max(_FEWEST, min(POINTS, POINTS * _STEPS // steps))
        windows = default_windows(duration, None, points)
        lengths = [length for length in ALWAYS_NS if length <= duration]
        return MmuLine(
            curve(series, windows),
            lengths,
            [found for length in lengths for found in worst(series, length)],
        )
