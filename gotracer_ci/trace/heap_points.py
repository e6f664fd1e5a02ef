# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Heap points: the first, last, smallest and largest heap of each part of a trace."""

from __future__ import annotations

from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec
from gotracer_ci.trace.columns import column

BUCKETS = 2048
"""Parts of the trace; when it outgrows them, two neighbours become one."""

_BUCKETS = cython.declare(cython.longlong, BUCKETS)
_SHIFT = cython.declare(cython.int, 10)  # the first width, as a power of two of ns
_ALLOC = cython.declare(cython.int, spec.Ev.HEAP_ALLOC)
_GOAL = cython.declare(cython.int, spec.Ev.HEAP_GOAL)
# a point has four numbers: its own, 1 or more, in the order of all points; ns from the start; allocated; goal
_POINT = cython.declare(cython.longlong, 4)
# a bucket has four points
_LOW = cython.declare(cython.longlong, 4)
_HIGH = cython.declare(cython.longlong, 8)
_LATEST = cython.declare(cython.longlong, 12)
_WIDTH = cython.declare(cython.longlong, 16)


@cython.final
@cython.cclass
class HeapPoints:
    """The heap over time in at most four points of each bucket.

    Args:
        start: of the trace. first, end: only what is between these two times; all are ns on the trace's clock.
    """

    _start: cython.longlong
    _first: cython.longlong
    _end: cython.longlong
    _shift: cython.int
    _allocated: cython.longlong
    _goal: cython.longlong
    _n: cython.longlong
    _points: cython.longlong[::1]

    def __init__(self, start: int, first: int, end: int) -> None:
        self._start = start
        self._first = first
        self._end = end
        self._shift = _SHIFT
        self._allocated = self._goal = -1
        self._n = 0
        self._points = column("q", bytes(8 * 16 * BUCKETS))

    def add(self, types: Any, times: Any, values: Any, n: cython.longlong) -> None:
        """Take in the next `n` events, of any types: columns of uint8 and int64."""
        kinds: cython.const[cython.uchar][::1] = types
        at: cython.const[cython.longlong][::1] = times
        of: cython.const[cython.longlong][::1] = values
        i: cython.longlong
        for i in range(n):
            if kinds[i] == _ALLOC:
                self._allocated = of[i]
            elif kinds[i] == _GOAL:
                self._goal = of[i]
            else:
                continue
            if self._first <= at[i] < self._end:
                self._keep(at[i] - self._start)

    @cython.cfunc
    @cython.exceptval(-1)
    def _keep(self, at: cython.longlong) -> cython.int:
        """The heap is this one from here on, ns from the trace's start."""
        while at >> self._shift >= _BUCKETS:
            self._widen()
        self._n += 1
        k: cython.longlong = _WIDTH * (at >> self._shift)
        if self._points[k] == 0:
            self._set(k, at)
            self._set(k + _LOW, at)
            self._set(k + _HIGH, at)
        elif self._allocated < self._points[k + _LOW + 2]:
            self._set(k + _LOW, at)
        elif self._allocated > self._points[k + _HIGH + 2]:
            self._set(k + _HIGH, at)
        return self._set(k + _LATEST, at)

    @cython.cfunc
    @cython.exceptval(-1)
    def _set(self, k: cython.longlong, at: cython.longlong) -> cython.int:
        self._points[k] = self._n
        self._points[k + 1] = at
        self._points[k + 2] = self._allocated
        self._points[k + 3] = self._goal
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _widen(self) -> cython.int:
        i: cython.longlong
        self._shift += 1
        for i in range(0, _BUCKETS, 2):
            self._join(_WIDTH * i, _WIDTH * (i + 1), _WIDTH * (i // 2))
        for i in range(_WIDTH * (_BUCKETS // 2), _WIDTH * _BUCKETS):
            self._points[i] = 0
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _join(self, a: cython.longlong, b: cython.longlong, to: cython.longlong) -> cython.int:
        """Make one bucket of two."""
        if self._points[a] == 0:
            return self._copy(b, to, _WIDTH)
        if to != a:
            self._copy(a, to, _WIDTH)
        if self._points[b] == 0:
            return 0
        if self._points[b + _LOW + 2] < self._points[to + _LOW + 2]:
            self._copy(b + _LOW, to + _LOW, _POINT)
        if self._points[b + _HIGH + 2] > self._points[to + _HIGH + 2]:
            self._copy(b + _HIGH, to + _HIGH, _POINT)
        return self._copy(b + _LATEST, to + _LATEST, _POINT)

    @cython.cfunc
    @cython.exceptval(-1)
    def _copy(self, a: cython.longlong, to: cython.longlong, n: cython.longlong) -> cython.int:
        i: cython.longlong
        for i in range(n):
            self._points[to + i] = self._points[a + i]
        return 0

    def points(self) -> list[tuple[int, int, int]]:
        """Return (ns from the trace's start, allocated, goal) of each point, in order; bytes, −1 if not known yet."""
        found: list = []
        last: cython.longlong = 0
        i: cython.longlong
        k: cython.longlong
        for i in range(0, _WIDTH * _BUCKETS, _WIDTH):
            # the four of a bucket in the order of their numbers, each once
            for _ in range(4):
                following: cython.longlong = -1
                for k in range(i, i + _WIDTH, _POINT):
                    if self._points[k] > last and (following < 0 or self._points[k] < self._points[following]):
                        following = k
                if following < 0:
                    break
                last = self._points[following]
                found.append(tuple([self._points[k] for k in range(following + 1, following + _POINT)]))
        return found
