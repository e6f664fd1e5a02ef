"""What the summary of a trace says about the garbage collector: its cycles, and every stop of the world."""

from __future__ import annotations

from typing import Final

from gotracer_ci.analysis.gc import Collections
from gotracer_ci.analysis.mmu_line import MmuLine
from gotracer_ci.pictures.columns import Strings, block, known, longest
from gotracer_ci.report.picture import DELTA, ZIGZAG, Block

MAX_CYCLES: Final = 2_000
MAX_STOPS: Final = 4_000
"""Of more, those that took longest."""
_CYCLES: Final = (
    ("number", DELTA),
    ("start", DELTA),
    ("length", 0),
    ("stop1", ZIGZAG),
    ("stop2", ZIGZAG),
    ("assist", 0),
    ("dedicated", 0),
    ("fractional", 0),
    ("idle", 0),
    ("live", ZIGZAG | DELTA),
    ("goal", ZIGZAG | DELTA),
    ("open", 0),
)
_STOPS: Final = (("kind", 0), ("start", DELTA), ("length", 0), ("goroutine", ZIGZAG), ("open", 0))
_MMU: Final = (("window", DELTA), ("minimum", 0), ("p999", 0), ("p99", 0), ("p95", 0))
_WINDOWS: Final = (
    ("window", 0),
    ("start", 0),
    ("utilisation", 0),
    ("stw", 0),
    ("background", 0),
    ("assist", 0),
    ("sweep", 0),
)


def collector(found: Collections, strings: Strings) -> tuple[Block, Block]:
    """Return the blocks of the cycles and of the stops of the world."""
    cycles = [
        (
            cycle.number,
            cycle.start_ns,
            cycle.mark_ns,
            known(cycle.stops[0]),
            known(cycle.stops[1]),
            cycle.assist,
            cycle.dedicated,
            cycle.fractional,
            cycle.idle,
            known(cycle.live),
            known(cycle.goal),
            int(cycle.is_open),
        )
        for cycle in longest(found.cycles, MAX_CYCLES, lambda cycle: cycle.mark_ns)
    ]
    stops = [
        (strings.number(stop.kind), stop.start_ns, stop.length_ns, stop.goroutine, int(stop.is_open))
        for stop in longest(found.stops, MAX_STOPS, lambda stop: stop.length_ns)
    ]
    return block("gc", _CYCLES, cycles), block("stw", _STOPS, stops)


def utilisation(found: MmuLine) -> tuple[Block, Block]:
    """Return the blocks of the curve and of the worst windows; shares are in millionths."""
    points = [
        (point.window_ns, _millionths(point.minimum), *map(_millionths, point.percentiles)) for point in found.points
    ]
    windows = [
        (worst.window_ns, worst.start_ns, _millionths(worst.utilisation), *map(_millionths, worst.taken))
        for worst in found.worst
    ]
    return block("mmu", _MMU, points), block("windows", _WINDOWS, windows)


def _millionths(share: float) -> int:
    return max(round(share * 1_000_000), 0)
