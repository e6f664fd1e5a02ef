"""Ranges of goroutines as Go's summary adds them up: stop-the-world, mark assist and sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gotracer_ci.trace.spec import Ev

if TYPE_CHECKING:
    from gotracer_ci.analysis.go_summary import GoRecord

STW, ASSIST, SWEEP = "stop-the-world", "GC mark assist", "GC incremental sweep"
"""Names of ranges, as Go has them; that of a stop-the-world is followed by its kind, which is not kept here."""
RANGES = frozenset(
    {
        Ev.STW_BEGIN,
        Ev.STW_END,
        Ev.GC_MARK_ASSIST_ACTIVE,
        Ev.GC_MARK_ASSIST_BEGIN,
        Ev.GC_MARK_ASSIST_END,
        Ev.GC_SWEEP_ACTIVE,
        Ev.GC_SWEEP_BEGIN,
        Ev.GC_SWEEP_END,
    }
)
_ACTIVE = frozenset({Ev.GC_MARK_ASSIST_ACTIVE, Ev.GC_SWEEP_ACTIVE})
_ASSISTS = frozenset({Ev.GC_MARK_ASSIST_ACTIVE, Ev.GC_MARK_ASSIST_BEGIN, Ev.GC_MARK_ASSIST_END})
_ENDS = frozenset({Ev.STW_END, Ev.GC_MARK_ASSIST_END, Ev.GC_SWEEP_END})
_STOPS = frozenset({Ev.STW_BEGIN, Ev.STW_END})


class GoRanges:
    """Adds each range to its goroutine. A sweep belongs to a P, and to a goroutine if that begins and ends it."""

    def __init__(self, records: dict[int, GoRecord]) -> None:
        self._records = records
        self._sweepers: dict[int, int] = {}  # P → the goroutine that began its sweep

    def feed(self, kind: Ev, now: int, p: int, g: int, a: int, sync: int) -> None:
        """Take in one event of `RANGES`. g: the context's goroutine. sync: the last Sync's time."""
        if kind in _STOPS:
            name = STW
        elif kind in _ASSISTS:
            name = ASSIST
            g = g if kind == Ev.GC_MARK_ASSIST_END else a
        else:
            name = SWEEP
            g = self._sweeper(kind, p if kind == Ev.GC_SWEEP_END else a, g)
        record = self._records.get(g)
        if record is None:
            return
        # as in Go, one that began at time 0 counts only if it is open at the end
        began = record.ranges.get(name, 0)
        if kind in _ENDS:
            if began:
                record.stats.ranges[name] += now - began
                del record.ranges[name]
            return
        if kind in _ACTIVE and began:
            record.stats.ranges[name] += sync - began
        record.ranges[name] = sync if kind in _ACTIVE else now

    def _sweeper(self, kind: Ev, p: int, g: int) -> int:
        """Return the goroutine to which a sweep belongs, −1 if none."""
        if kind != Ev.GC_SWEEP_END:
            if g in self._records:
                self._sweepers[p] = g
            return g
        return g if self._sweepers.pop(p, -1) == g else -1
