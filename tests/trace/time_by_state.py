# cython: language_level=3
"""A small observer: how long each goroutine was in each state. It is compiled like the decoder."""

from __future__ import annotations

from typing import Any

try:
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace.columns import column, grown

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.observe import Observer
else:
    from gotracer_ci.trace.observe import Observer

_STATES = cython.declare(cython.int, 4)  # Runnable, Running, Syscall and Waiting have the numbers 1 to 4


@cython.cclass
class TimeByState(Observer):
    """One row for each life: the time in each state, and the whole lifetime, ns."""

    _n: cython.longlong
    _times: cython.longlong[::1]
    _births: cython.longlong[::1]
    _lifetimes: cython.longlong[::1]  # −1 until the end is known

    def __init__(self) -> None:
        self._n = 0
        self._times = column("q", bytes(8 * 4 * 64))
        self._births = column("q", bytes(8 * 64))
        self._lifetimes = column("q", bytes(8 * 64))

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        life: cython.longlong = self.goroutines.lives[g]
        if life >= len(self._lifetimes):
            self._times = grown(self._times, 2 * 4 * life)
            self._births = grown(self._births, 2 * life)
            self._lifetimes = grown(self._lifetimes, 2 * life)
        self._n = life + 1
        self._births[life] = now
        self._lifetimes[life] = -1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def died(self, g: cython.int, now: cython.longlong) -> cython.int:
        life: cython.longlong = self.goroutines.lives[g]
        self._lifetimes[life] = now - self._births[life]
        return 0

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
        if kind <= _STATES:
            self._times[4 * self.goroutines.lives[g] + kind - 1] += length
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def end(self, now: cython.longlong) -> cython.int:
        life: cython.longlong
        for life in range(self._n):
            if self._lifetimes[life] < 0:
                self._lifetimes[life] = now - self._births[life]
        return 0

    def rows(self) -> list[tuple[Any, ...]]:
        """Return (runnable, running, syscall, waiting, lifetime) for each life."""
        times = self._times
        return [
            (times[4 * k], times[4 * k + 1], times[4 * k + 2], times[4 * k + 3], self._lifetimes[k])
            for k in range(self._n)
        ]
