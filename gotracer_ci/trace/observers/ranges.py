# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Ranges: how long goroutines stopped the world, assisted the collector and swept, for each group of lives."""

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

RANGES = (STW, ASSIST, ASSIST_RUNNING, SWEEP)
"""The order of the sums."""

_N = cython.declare(cython.int, len(RANGES))
_IS_SWEEP = cython.declare(cython.int, spec.IntervalKind.SWEEP)
_SWEEP = cython.declare(cython.int, SWEEP)


@cython.final
@cython.cclass
class Ranges(Collector):
    """Sums of ranges by the groups of `observers.lives.Lives`.

    A sweep is its P's; it counts for a goroutine that both began and ended it.

    Args:
        lives: reported to before this observer.
        each: keep the sums of each life, too.
    """

    _lives: object
    _each: cython.bint
    _sums: dict  # slot → sums, of lives that have any
    _sweepers: dict  # P → the life that began its sweep
    _groups: dict
    _records: dict

    def __init__(self, lives: Any, each: bool) -> None:
        Collector.__init__(self, lambda _: False)
        self._lives = lives
        self._each = each
        self._sums = {}
        self._sweepers = {}
        self._groups = {}
        self._records = {}

    def groups(self) -> dict[tuple[int, int], list[int]]:
        """Return the sums by `RANGES` of each group that has any, by its entry stack and creation stack, ns."""
        return self._groups

    def records(self) -> dict[int, list[int]]:
        """Return the sums of the lives that have any, by number, for as many as `Lives` has records at most."""
        return self._records

    @cython.cfunc
    @cython.exceptval(-1)
    def began(self, kind: cython.int, g: cython.int, now: cython.longlong) -> cython.int:
        if kind == _IS_SWEEP:
            self._sweepers[self.goroutines.proc] = self.goroutines.lives[g] if g >= 0 else -1
            return 0
        return Collector.began(self, kind, g, now)

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
        return self._fold(g) if self._sums and g in self._sums else 0

    @cython.cfunc
    @cython.exceptval(-1)
    def end(self, now: cython.longlong) -> cython.int:
        g: cython.int
        for g in sorted(self._sums):
            self._fold(g)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _fold(self, g: cython.int) -> cython.int:
        """Add a life that ends to its group."""
        sums: list = self._sums.pop(g)
        group: object = self._lives.group_of(g)
        total: list = self._groups.setdefault(group, [0] * _N)
        for i in range(_N):
            total[i] = min(total[i] + sums[i], spec.LARGEST)
        if self._each and len(self._records) < KEPT:
            self._records[self.goroutines.lives[g]] = sums
        return 0
