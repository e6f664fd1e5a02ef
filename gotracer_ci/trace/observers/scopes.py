# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Scopes: where each life was in a region, and which life created which."""

from __future__ import annotations

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec
from gotracer_ci.trace.columns import column, grown

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.columns import IdMap
    from cython.cimports.gotracer_ci.trace.observe import Observer
else:
    from gotracer_ci.trace.columns import IdMap
    from gotracer_ci.trace.observe import Observer

MAX_REGIONS = 1 << 18
"""Regions that are kept, without those inside another one of their type."""
MAX_LIVES = 1 << 20
"""Lives whose creator is kept."""

_IS_REGION = cython.declare(cython.int, spec.IntervalKind.REGION)
_MAX_LIVES = cython.declare(cython.longlong, MAX_LIVES)
_MAX_REGIONS = cython.declare(cython.longlong, MAX_REGIONS)


@cython.final
@cython.cclass
class RegionWindows(Observer):
    """The outermost regions of each type and life."""

    _kept: dict  # (type, life) → [(start, end)]
    _n: cython.longlong
    _left_out: cython.longlong

    def __init__(self) -> None:
        self._kept = {}
        self._n = self._left_out = 0

    def limit(self, start: int, end: int) -> None:
        """Do nothing: what counts is limited when it is counted."""

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
        if kind != _IS_REGION or g < 0:
            return 0
        windows: list = self._kept.setdefault((reason, self.goroutines.lives[g]), [])
        # a region ends after those inside it
        while windows and windows[len(windows) - 1][0] >= start:
            windows.pop()
            self._n -= 1
        if self._n >= _MAX_REGIONS:
            self._left_out += 1
            return 0
        windows.append((start, start + length))
        self._n += 1
        return 0

    def left_out(self) -> int:
        """Return how many regions are not kept."""
        return self._left_out

    def windows(self) -> dict[tuple[int, int], list[tuple[int, int]]]:
        """Return (start, end) by type, an index of the tables' strings, and life, in the order of their ends."""
        return self._kept


@cython.final
@cython.cclass
class Families(Observer):
    """When each life began and ended, and which one created it."""

    _slots: IdMap  # goroutine → slot
    _n: cython.longlong
    _ids: cython.longlong[::1]
    _parents: cython.longlong[::1]
    _births: cython.longlong[::1]
    _deaths: cython.longlong[::1]

    def __init__(self) -> None:
        self._slots = IdMap(column("q", bytes(8)))
        self._n = 0
        self._ids = column("q", bytes(8 * 64))
        self._parents = column("q", bytes(8 * 64))
        self._births = column("q", bytes(8 * 64))
        self._deaths = column("q", bytes(8 * 64))

    def limit(self, start: int, end: int) -> None:
        """Do nothing: what counts is limited when it is counted."""

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        self._slots.keys = self.goroutines.ids
        creator: cython.int = self._slots.find(self.goroutines.creators[g])
        self._slots.put(self.goroutines.ids[g], g)
        life: cython.longlong = self.goroutines.lives[g]
        if life >= _MAX_LIVES:
            return 0
        if life >= len(self._births):
            self._ids = grown(self._ids, 2 * life)
            self._parents = grown(self._parents, 2 * life)
            self._births = grown(self._births, 2 * life)
            self._deaths = grown(self._deaths, 2 * life)
        self._n = life + 1
        self._ids[life] = self.goroutines.ids[g]
        self._parents[life] = self.goroutines.lives[creator] if creator >= 0 else -1
        self._births[life] = now
        self._deaths[life] = spec.NEVER
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def died(self, g: cython.int, now: cython.longlong) -> cython.int:
        self._slots.remove(self.goroutines.ids[g])
        if self.goroutines.lives[g] < _MAX_LIVES:
            self._deaths[self.goroutines.lives[g]] = now
        return 0

    def rows(self) -> list[tuple[int, int, int, int]]:
        """Return (goroutine, creator's life, birth, death) by life: −1 unknown, and `spec.NEVER` without a death."""
        return [(self._ids[i], self._parents[i], self._births[i], self._deaths[i]) for i in range(self._n)]
