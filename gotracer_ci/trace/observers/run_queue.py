# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Run queue: the longest times that goroutines were runnable."""

from __future__ import annotations

from collections.abc import Callable

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

_RUNNABLE = cython.declare(cython.int, spec.IntervalKind.RUNNABLE)
_NEVER = cython.declare(cython.longlong, spec.NEVER)


@cython.final
@cython.cclass
class RunQueue(Observer):
    """The longest intervals in state Runnable.

    Args:
        number: how many are kept.
        wanted: returns whether an interval counts, for the indices of its reason, its stack and the stack of the
            goroutine's first function (0 none). Only asked about those that are long enough.
    """

    _wanted: object
    _number: cython.int
    _from: cython.longlong
    _to: cython.longlong
    _n: cython.int
    _lengths: cython.longlong[::1]
    _rows: list
    _shortest: cython.int  # of those that are kept

    def __init__(self, number: int, wanted: Callable[[int, int, int], bool]) -> None:
        self._wanted = wanted
        self._number = number
        self._from = -_NEVER
        self._to = _NEVER
        self._n = self._shortest = 0
        self._lengths = column("q", bytes(8 * number))
        self._rows = [None] * number

    def limit(self, start: int, end: int) -> None:
        """Count only what is between these two times, ns on the trace's clock. Call it before the first event."""
        self._from = start
        self._to = end

    def ignored(self) -> int:
        return ~(1 << _RUNNABLE)

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
        i: cython.int
        if kind != _RUNNABLE:
            return 0
        end: cython.longlong = min(start + length, self._to)
        start = max(start, self._from)
        # of equal ones the first
        if end <= start or (self._n == self._number and end - start <= self._lengths[self._shortest]):
            return 0
        if not self._wanted(reason, stack, self.goroutines.entries[g]):
            return 0
        i = self._shortest
        if self._n < self._number:
            i = self._n
            self._n += 1
        self._lengths[i] = end - start
        self._rows[i] = (reason, stack, start, end - start, self.goroutines.ids[g], cause, cause_stack, flags)
        if self._n == self._number:
            self._shortest = 0
            for i in range(1, self._number):
                if self._lengths[i] <= self._lengths[self._shortest]:
                    self._shortest = i
        return 0

    def rows(self) -> list[tuple[int, ...]]:
        """Return (reason, stack, start, length, goroutine, cause, cause stack, flags) of each, the longest first.

        See `Observer.interval`; start and length are inside the limits.
        """
        return sorted(self._rows[: self._n], key=lambda row: (-row[3], row[2], row[4]))
