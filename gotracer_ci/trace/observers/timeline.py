# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Timeline: every interval of one goroutine."""

from __future__ import annotations

from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.observe import Observer
else:
    from gotracer_ci.trace.observe import Observer

KEPT = 100_000
"""Intervals that are kept."""

_KEPT = cython.declare(cython.longlong, KEPT)
_IS_WAITING = cython.declare(cython.int, spec.IntervalKind.WAITING)
_NEVER = cython.declare(cython.longlong, spec.NEVER)


@cython.final
@cython.cclass
class Timeline(Observer):
    """The states of one goroutine, in order. With cgo an ID can come again, so there can be several lives.

    Args:
        goroutine: its ID.
    """

    _id: cython.longlong
    _from: cython.longlong
    _to: cython.longlong
    _lives: cython.longlong
    _rows: list
    _left_out: cython.longlong

    def __init__(self, goroutine: int) -> None:
        self._id = goroutine
        self._from = -_NEVER
        self._to = _NEVER
        self._lives = self._left_out = 0
        self._rows = []

    def limit(self, start: int, end: int) -> None:
        """Keep only what is between these two times, ns on the trace's clock. Call it before the first event."""
        self._from = start
        self._to = end

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        if self.goroutines.ids[g] == self._id:
            self._lives += 1
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
        if kind > _IS_WAITING or self.goroutines.ids[g] != self._id:
            return 0
        end: cython.longlong = min(start + length, self._to)
        start = max(start, self._from)
        if end < start or (end == start and length > 0):
            return 0
        if len(self._rows) >= _KEPT:
            self._left_out += 1
            return 0
        lost: cython.longlong = min(max(self.goroutines.lost[g], start), end)
        life: cython.longlong = self.goroutines.lives[g]
        self._rows.append((life, kind, reason, stack, start, end, lost, cause, cause_stack, flags))
        return 0

    def lives(self) -> int:
        """Return how many goroutines had this ID."""
        return self._lives

    def left_out(self) -> int:
        """Return how many intervals there are beyond those that are kept."""
        return self._left_out

    def rows(self) -> list[tuple[Any, ...]]:
        """Return (life, kind, reason, stack, start, end, lost, cause, cause stack, flags) for each interval.

        lost: when a system call lost its P, `end` if it did not; meaningless for other states. For the others see
        `Observer.interval`.
        """
        return list(self._rows)
