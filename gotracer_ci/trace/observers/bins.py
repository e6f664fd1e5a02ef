# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Bins: how many goroutines were in each state over time, as exact integrals over short equal parts of the trace."""

from __future__ import annotations

from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec
from gotracer_ci.trace.columns import column

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.observe import Observer
else:
    from gotracer_ci.trace.observe import Observer

BINS = 2048
"""How many there are at most; when the trace outgrows them, two neighbours become one."""
SUMS = ("runnable", "running", "syscall", "waiting", "syscall_blocked", "stw", "gc")
"""What each bin sums, ns: the times of all goroutines in a state, with the world stopped, and of GC cycles.

The first ones are in the order of `spec.IntervalKind`.
"""

_N = cython.declare(cython.longlong, BINS)
_SUMS = cython.declare(cython.longlong, len(SUMS))
_SHIFT = cython.declare(cython.int, 10)  # the first width, as a power of two of ns
_STW = cython.declare(cython.int, 5)
_BLOCKED = cython.declare(cython.int, 4)
_IS_RUNNABLE = cython.declare(cython.int, spec.IntervalKind.RUNNABLE)
_IS_RUNNING = cython.declare(cython.int, spec.IntervalKind.RUNNING)
_IS_SYSCALL = cython.declare(cython.int, spec.IntervalKind.SYSCALL)
_IS_WAITING = cython.declare(cython.int, spec.IntervalKind.WAITING)
_IS_STW = cython.declare(cython.int, spec.IntervalKind.STW)
_NEVER = cython.declare(cython.longlong, spec.NEVER)


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _plus(total: cython.longlong, length: cython.longlong) -> cython.longlong:
    """Return the sum, which saturates; no sum of a real trace comes near."""
    return total + length if length <= _NEVER - total else _NEVER


@cython.final
@cython.cclass
class Bins(Observer):
    """Bins of a power-of-two width, from the trace's or the window's start on.

    An interval costs the same however many bins it covers: those at its ends get their part of it, and those between
    are counted as a difference, which `_settle` turns into sums.
    """

    _from: cython.longlong
    _to: cython.longlong
    _shift: cython.int
    _reach: cython.longlong  # to where the bins reach, ns from the first one's start
    _partial: cython.longlong[::1]  # by sum and bin, ns
    _change: cython.longlong[
        ::1
    ]  # by sum and bin: how many more intervals cover all of this bin than of the one before

    def __init__(self) -> None:
        self._from = -1  # no time is earlier
        self._to = _NEVER
        self._shift = _SHIFT
        self._reach = _N << _SHIFT
        self._partial = column("q", bytes(8 * len(SUMS) * BINS))
        self._change = column("q", bytes(8 * len(SUMS) * BINS))

    def limit(self, start: int, end: int) -> None:
        """Count only what is between these two times, ns on the trace's clock. Call it before the first event."""
        self._from = start
        self._to = end

    def begin(self, start: int) -> None:
        """Begin with the trace, at this time on its clock. Call it before the first event."""
        self._from = max(self._from, start)

    def ignored(self) -> int:
        return ~(1 << _IS_RUNNABLE | 1 << _IS_RUNNING | 1 << _IS_SYSCALL | 1 << _IS_WAITING | 1 << _IS_STW)

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
        end: cython.longlong = start + length
        if kind == _IS_SYSCALL:
            lost: cython.longlong = min(max(self.goroutines.lost[g], start), end)
            self._add(_BLOCKED, lost, end)
            end = lost
        if kind <= _IS_WAITING:
            return self._add(kind - 1, start, end)
        return self._add(_STW, start, end) if kind == _IS_STW else 0

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _add(self, what: cython.longlong, start: cython.longlong, end: cython.longlong) -> cython.int:
        """Add the time between these two times to the bins that it covers."""
        if start < self._from:
            start = self._from
        if end > self._to:
            end = self._to
        if end <= start:
            return 0
        # an interval ends in the bin of its last nanosecond
        start -= self._from
        end -= self._from
        if end > self._reach:
            self._widen(end - 1)
        first: cython.longlong = start >> self._shift
        last: cython.longlong = (end - 1) >> self._shift
        i: cython.longlong = what * _N + first
        if first == last:
            self._partial[i] = _plus(self._partial[i], end - start)
            return 0
        self._partial[i] = _plus(self._partial[i], ((first + 1) << self._shift) - start)
        if last > first + 1:
            self._change[i + 1] += 1
            self._change[what * _N + last] -= 1
        i = what * _N + last
        self._partial[i] = _plus(self._partial[i], end - (last << self._shift))
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _widen(self, offset: cython.longlong) -> cython.int:
        """Make the bins so wide that the last one reaches this far from the start."""
        what: cython.longlong
        i: cython.longlong
        more: cython.int = 0
        while offset >> (self._shift + more) >= _N:
            more += 1
        self._settle()
        for what in range(0, _SUMS * _N, _N):
            for i in range(1, _N):
                length: cython.longlong = self._partial[what + i]
                self._partial[what + i] = 0
                self._partial[what + (i >> more)] = _plus(self._partial[what + (i >> more)], length)
        self._shift += more
        self._reach = _N << self._shift
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _settle(self) -> cython.int:
        """Turn the counts of intervals that cover whole bins into sums."""
        what: cython.longlong
        i: cython.longlong
        covering: cython.longlong
        for what in range(0, _SUMS * _N, _N):
            covering = 0
            for i in range(what, what + _N):
                covering += self._change[i]
                self._change[i] = 0
                if covering > 0:
                    full: cython.longlong = _NEVER
                    if covering <= _NEVER >> self._shift:
                        full = covering << self._shift
                    self._partial[i] = _plus(self._partial[i], full)
        return 0

    def add(self, name: str, start: int, end: int) -> None:
        """Add the time between these two times, ns on the trace's clock, to one of `SUMS`."""
        self._add(SUMS.index(name), start, end)

    def result(self, end: int) -> tuple[int, list[list[int]]]:
        """Return a bin's width as a power of two of ns, and for each of `SUMS` those of all bins.

        Args:
            end: the bins reach at least to this time, ns on the trace's clock.
        """
        what: cython.longlong
        if end > self._from and (end - 1 - self._from) >> self._shift >= _N:
            self._widen(end - 1 - self._from)
        self._settle()
        sums: list[Any] = []
        for what in range(0, _SUMS * _N, _N):
            sums.append([self._partial[i] for i in range(what, what + _N)])
        return self._shift, sums
