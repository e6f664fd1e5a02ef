# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Records of track events, which are passed on some thousands at a time, so that they do not grow with the trace."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec

FIELDS = ("what", "track", "start", "end", "kind", "text", "stack", "who", "cause", "flow")
"""What a record says, in this order (see `Records`)."""
STATE, ON_PROC, ON_THREAD, REGION, ASSIST, SWEEP, STW, WAKE, LIFE, GONE = range(10)
"""What a record is."""

_WIDTH = cython.declare(cython.longlong, len(FIELDS))
_FULL = cython.declare(cython.longlong, len(FIELDS) * 4096)
_NEVER = cython.declare(cython.longlong, spec.NEVER)


@cython.final
@cython.cclass
class Records:
    """Track events, one after the other.

    A slice is passed on once it has ended, so tracks are out of step with each other. The slices of a track are in
    order and do not overlap, except that a region can lie inside a later one. Each record has the numbers that `FIELDS`
    names:

    - STATE: track: the goroutine's life. kind: `spec.IntervalKind`. text: the reason, or a running one's label. stack:
      where it is. cause: the goroutine (Go's ID) that made it runnable, −1 unknown; of a system call how long it had no
      P, ns. flow: the number of the flow that ends here, or in a system call begins here; 0 for none.
    - ON_PROC: track: the P. ON_THREAD: track: the thread's row, cause: its ID. kind: running or in a system call.
    - REGION: track: the life. text: its type. cause: its task. flow: 0, or the number of a track of its own, for a
      region that another one overlaps, or whose begin is cut off as that of a region inside it is.
    - ASSIST: track: the life. SWEEP: track: the P. STW: text: its kind.
    - WAKE: no slice, but the moment at which a goroutine makes another one runnable. track: its own life. kind: 1 if it
      has created that one, otherwise 0. cause: the other one's ID. flow: the number of the flow that begins here.
    - LIFE: track: the life, which has records from now on. start: Go's ID. stack: one that tells where it began, 0 if
      there is none yet; then there is another such record once there is one. GONE: the life has no more records. kind:
      1 if there was a stack that told where it began.

    Of all slices who: the goroutine's life, −1 for none. start, end: ns on the trace's clock.

    Args:
        sink: gets the records in an array of int64 that is used again, and how many there are.
    """

    _sink: Any
    _from: cython.longlong
    _to: cython.longlong
    _numbers: cython.longlong[::1]
    _array: Any
    _at: cython.longlong

    def __init__(self, sink: Callable[[Any, int], object]) -> None:
        self._sink = sink
        self._from = -_NEVER
        self._to = _NEVER
        self._numbers = self._array = array("q", bytes(8 * _FULL))
        self._at = 0

    def limit(self, start: int, end: int) -> None:
        """Keep only what is between these two times, ns on the trace's clock."""
        self._from = start
        self._to = end

    @cython.cfunc
    @cython.exceptval(-1)
    def slice(
        self,
        what: cython.longlong,
        track: cython.longlong,
        start: cython.longlong,
        end: cython.longlong,
        kind: cython.longlong,
        text: cython.longlong,
        stack: cython.longlong,
        who: cython.longlong,
        cause: cython.longlong,
        flow: cython.longlong,
    ) -> cython.int:
        """Add what is inside the limits of a slice; one that has no length there, only if it never had one."""
        first: cython.longlong = max(start, self._from)
        last: cython.longlong = min(end, self._to)
        if last < first or (last == first and end > start):
            return 0
        return self.add(what, track, first, last, kind, text, stack, who, cause, flow)

    @cython.cfunc
    @cython.exceptval(-1)
    def add(
        self,
        what: cython.longlong,
        track: cython.longlong,
        start: cython.longlong,
        end: cython.longlong,
        kind: cython.longlong,
        text: cython.longlong,
        stack: cython.longlong,
        who: cython.longlong,
        cause: cython.longlong,
        flow: cython.longlong,
    ) -> cython.int:
        at: cython.longlong = self._at
        self._numbers[at] = what
        self._numbers[at + 1] = track
        self._numbers[at + 2] = start
        self._numbers[at + 3] = end
        self._numbers[at + 4] = kind
        self._numbers[at + 5] = text
        self._numbers[at + 6] = stack
        self._numbers[at + 7] = who
        self._numbers[at + 8] = cause
        self._numbers[at + 9] = flow
        self._at = at + _WIDTH
        return self.pass_on() if self._at == _FULL else 0

    @cython.cfunc
    @cython.exceptval(-1)
    def pass_on(self) -> cython.int:
        if self._at:
            self._sink(self._array, self._at // _WIDTH)
        self._at = 0
        return 0
