# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Ranges of regions: how long their goroutines stopped the world, assisted the collector and swept meanwhile."""

from __future__ import annotations

from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec
from gotracer_ci.trace.observers.collector import ASSIST, ASSIST_RUNNING, STW, SWEEP
from gotracer_ci.trace.observers.lengths import KEPT

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.observers.collector import Collector
else:
    from gotracer_ci.trace.observers.collector import Collector

_WHAT = {spec.IntervalKind.STW: STW, spec.IntervalKind.MARK_ASSIST: ASSIST, spec.IntervalKind.SWEEP: SWEEP}
_N = cython.declare(cython.int, 4)
_IS_RUNNING = cython.declare(cython.int, spec.IntervalKind.RUNNING)
_IS_REGION = cython.declare(cython.int, spec.IntervalKind.REGION)
_IS_SWEEP = cython.declare(cython.int, spec.IntervalKind.SWEEP)
_IS_STW = cython.declare(cython.int, min(_WHAT))
_SWEEP = cython.declare(cython.int, SWEEP)
_OPEN = cython.declare(cython.int, spec.OPEN)
_BEFORE = cython.declare(cython.int, spec.BEFORE)


@cython.final
@cython.cclass
class RegionRanges(Collector):
    """Sums of ranges by the groups of `observers.regions.Regions`, in the order of `observers.ranges.RANGES`.

    A region's sums are its goroutine's at its end without those at its beginning. A sweep is its P's; it counts for a
    goroutine that both began and ended it.

    Args:
        regions: reported to before this observer.
        each: keep the sums of each region, too.
    """

    _regions: object
    _each: cython.bint
    _sums: dict  # slot → sums of the ranges that have ended
    _under_way: dict  # slot → {range: when it began}
    _sweepers: dict  # P → the life that began its sweep
    _saved: dict  # when a region began, which no other did → its goroutine's sums
    _groups: dict
    _records: dict
    _n: cython.longlong

    def __init__(self, regions: Any, each: bool) -> None:
        Collector.__init__(self, lambda _: False)
        self._regions = regions
        self._each = each
        self._sums = {}
        self._under_way = {}
        self._sweepers = {}
        self._saved = {}
        self._groups = {}
        self._records = {}
        self._n = 0

    def groups(self) -> dict[int, list[int]]:
        """Return the sums of the groups that have any, by their index among `Regions.groups`, ns."""
        return self._groups

    def records(self) -> dict[int, list[int]]:
        """Return the sums of the regions that have any, by their index among `Regions.records`."""
        return self._records

    def ignored(self) -> int:
        return Collector.ignored(self) & ~(1 << _IS_REGION)

    @cython.cfunc
    @cython.exceptval(-1)
    def began(self, kind: cython.int, g: cython.int, now: cython.longlong) -> cython.int:
        if kind == _IS_REGION:
            sums: list = self._so_far(g, now, 0)
            if any(sums):
                self._saved[now] = sums
            return 0
        if kind == _IS_SWEEP:
            self._sweepers[self.goroutines.proc] = self.goroutines.lives[g] if g >= 0 else -1
        if g >= 0:
            self._under_way.setdefault(g, {})[_WHAT[kind]] = now
        return Collector.began(self, kind, g, now)

    @cython.cfunc
    @cython.exceptval(-1)
    def interval(
        self,
        kind: cython.int,
        reason: cython.int,
        stack: cython.int,
        start: cython.longlong,
        length: cython.longlong,
        g: cython.int,
        cause: cython.longlong,
        cause_stack: cython.int,
        flags: cython.int,
    ) -> cython.int:
        if kind != _IS_REGION:
            if kind >= _IS_STW and g >= 0:
                # the goroutine may be that of another one's sweep
                self._under_way.get(g, {}).pop(_WHAT.get(kind), None)
            return Collector.interval(self, kind, reason, stack, start, length, g, cause, cause_stack, flags)
        before: object = None if flags & _BEFORE else self._saved.pop(start, None)
        group: object = self._regions.latest()
        if group < 0:
            return 0
        sums: list = self._so_far(g, start + length, flags)
        if before is not None:
            sums = [ns - less for ns, less in zip(sums, before, strict=True)]
        if any(sums):
            self._add(group, sums)
        self._n += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def keep(
        self,
        what: cython.int,
        start: cython.longlong,
        end: cython.longlong,
        p: cython.int,
        g: cython.int,
        stack: cython.int,
        label: cython.int,
        flags: cython.int,
    ) -> cython.int:
        if g < 0 or what >= _N:
            return 0
        if what == _SWEEP and self._sweepers.get(p, -1) != self.goroutines.lives[g]:
            return 0
        if g not in self._sums:
            self._sums[g] = [0] * _N
        self._sums[g][what] += end - start
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def died(self, g: cython.int, now: cython.longlong) -> cython.int:
        self._sums.pop(g, None)
        self._under_way.pop(g, None)
        return 0

    @cython.cfunc
    def _so_far(self, g: cython.int, now: cython.longlong, flags: cython.int) -> list:
        """Return a goroutine's sums with what is under way."""
        sums: list = list(self._sums.get(g, (0, 0, 0, 0)))
        under_way: dict = self._under_way.get(g, {})
        for what, since in under_way.items():
            sums[what] += max(0, min(now, self._to) - max(since, self._from))
        if ASSIST in under_way and not flags & _OPEN and self.goroutines.states[g] == _IS_RUNNING:
            since = max(under_way[ASSIST], self.goroutines.since[g], self._from)
            sums[ASSIST_RUNNING] += max(0, min(now, self._to) - since)
        return sums

    @cython.cfunc
    @cython.exceptval(-1)
    def _add(self, group: object, sums: list) -> cython.int:
        total: list = self._groups.setdefault(group, [0] * _N)
        for i in range(_N):
            total[i] = min(total[i] + sums[i], spec.LARGEST)
        if self._each and self._n < KEPT:
            self._records[self._n] = sums
        return 0
