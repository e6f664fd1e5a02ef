# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Stretches: how long goroutines run from one event of their own to the next one."""

from __future__ import annotations

from collections.abc import Iterator

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec
from gotracer_ci.trace.columns import column, grown

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.observe import Observer
    from cython.cimports.gotracer_ci.trace.observers.histograms import Histograms
else:
    from gotracer_ci.trace.observe import Observer
    from gotracer_ci.trace.observers.histograms import Histograms

UNKNOWN, BLOCKED, WOKEN, CALLS, RETURNED, UNBLOCKS, CREATES = range(7)
"""What begins or ends a stretch: the goroutine blocks, or runs again after that; it enters a system call, or returns
from it; it ends another one's wait, or creates a goroutine."""
MOST = 100_000
"""Stretches that are measured, the first ones of a trace: enough to know how long each takes."""
SLOTS = 1 << 16
"""Goroutines at once whose stretches are measured."""

_BLOCKED = cython.declare(cython.longlong, BLOCKED)
_WOKEN = cython.declare(cython.longlong, WOKEN)
_CALLS = cython.declare(cython.longlong, CALLS)
_RETURNED = cython.declare(cython.longlong, RETURNED)
_UNBLOCKS = cython.declare(cython.longlong, UNBLOCKS)
_CREATES = cython.declare(cython.longlong, CREATES)
_RUNNABLE = cython.declare(cython.int, spec.IntervalKind.RUNNABLE)
_SYSCALL = cython.declare(cython.int, spec.IntervalKind.SYSCALL)
_WAITING = cython.declare(cython.int, spec.IntervalKind.WAITING)
_ASSIST = cython.declare(cython.int, spec.IntervalKind.MARK_ASSIST)
_OPEN = cython.declare(cython.int, spec.OPEN)
_STACKS = cython.declare(cython.longlong, 1 << 28)
_SLOTS = cython.declare(cython.int, SLOTS)


@cython.final
@cython.cclass
class Stretches(Observer):
    """How long goroutines ran from one of their events to the next, by the stacks of both.

    The time in which a goroutine is preempted does not count, nor what it does for the garbage collector meanwhile.
    What a goroutine does first and last, up to its first event and from its last one on, is left out. After `MOST`
    stretches no further ones are measured.
    """

    # four numbers for each slot, so that they share a cache line: the last event (its stack and kind, 0 unknown), how
    # long the goroutine has run since that, up to when, and whether it is in a mark assist
    _slots: cython.longlong[::1]
    _n: cython.longlong
    _left: cython.int
    _lengths: Histograms

    def __init__(self) -> None:
        self._slots = column("q")
        self._n = 0
        self._left = MOST
        self._lengths = Histograms()

    def ignored(self) -> int:
        return ~(1 << _RUNNABLE | 1 << _SYSCALL | 1 << _WAITING | 1 << _ASSIST)

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        if self._left == 0:
            return 0
        i: cython.longlong = cython.cast(cython.longlong, g) << 2
        if g < _SLOTS:
            if i >= self._n:
                self._n = cython.cast(cython.longlong, min(len(self.goroutines.ids), _SLOTS)) << 2
                self._slots = grown(self._slots, self._n)
            self._slots[i] = self._slots[i + 1] = self._slots[i + 3] = 0
            self._slots[i + 2] = now
        creator: cython.longlong = self.goroutines.creators[g]
        if creator != -1 and self.goroutines.created[g] != -1:
            slot: cython.longlong = self.goroutines.slots.find(creator)
            if 0 <= slot < _SLOTS and not self._slots[(slot << 2) + 3]:
                self._meets(slot << 2, _CREATES, self.goroutines.creations[g], now)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def began(self, kind: cython.int, g: cython.int, now: cython.longlong) -> cython.int:
        if kind == _ASSIST and self._left > 0 and g < _SLOTS:
            i: cython.longlong = cython.cast(cython.longlong, g) << 2
            self._slots[i + 1] += max(0, now - self._slots[i + 2])
            self._slots[i + 3] = 1
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
        if g < 0 or self._left == 0:
            return 0
        i: cython.longlong = cython.cast(cython.longlong, g) << 2
        if g >= _SLOTS:
            pass
        elif kind == _RUNNABLE:
            if not self._slots[i + 3]:
                self._slots[i + 1] += start - self._slots[i + 2]
            self._slots[i + 2] = start + length
        elif kind in (_WAITING, _SYSCALL):
            if not self._slots[i + 3]:
                self._meets(i, _BLOCKED if kind == _WAITING else _CALLS, stack, start)
                self._slots[i] = _event(_WOKEN if kind == _WAITING else _RETURNED, stack)
            self._slots[i + 2] = start + length
        elif kind == _ASSIST:
            if not self._slots[i + 3]:
                # it began before the trace, and that was not reported
                self._slots[i] = 0
            self._slots[i + 3] = 0
            self._slots[i + 2] = start + length
        if kind == _WAITING and cause != -1 and flags & _OPEN == 0:
            slot: cython.longlong = self.goroutines.waker
            if 0 <= slot < _SLOTS and self.goroutines.ids[slot] == cause and not self._slots[(slot << 2) + 3]:
                self._meets(slot << 2, _UNBLOCKS, cause_stack, start + length)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _meets(
        self, i: cython.longlong, kind: cython.longlong, stack: cython.longlong, now: cython.longlong
    ) -> cython.int:
        """A stretch ends with an event of the running goroutine whose numbers begin at `i`, and another one begins."""
        event: cython.longlong = _event(kind, stack)
        if event > 0 and self._slots[i] > 0 and self._left > 0:
            self._lengths.add(self._slots[i] << 31 | event, self._slots[i + 1] + now - self._slots[i + 2])
            self._left -= 1
            if self._left == 0:
                self.ignore(-1)
        self._slots[i] = event
        self._slots[i + 1] = 0
        self._slots[i + 2] = now
        return 0

    def rows(self) -> Iterator[tuple[tuple[int, int], tuple[int, int], int, int, int, dict[int, int]]]:
        """Yield (first event, last event, number of stretches, their total, the longest, histogram); times in ns.

        An event is (kind, stack): BLOCKED, … and the index of the goroutine's stack. See `Histograms.rows`.
        """
        for key, count, total, longest, found in self._lengths.rows():
            first, last = key >> 31, key & 0x7FFFFFFF
            yield (first & 7, first >> 3), (last & 7, last >> 3), count, total, longest, found


@cython.cfunc
@cython.exceptval(check=False)
@cython.inline
def _event(kind: cython.longlong, stack: cython.longlong) -> cython.longlong:
    """Return what stands for an event, at most 31 bits; 0 if its stack is unknown."""
    return stack << 3 | kind if stack > 0 and stack < _STACKS else 0
