# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Holds: how long goroutines that had waited for a lock held it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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

SLOTS = 1 << 14
"""Goroutines at once whose holds are measured. Each takes 100 bytes."""
NESTED = 4
"""The locks that one goroutine is known to hold at once. One more stands for the oldest."""

_NESTED = cython.declare(cython.int, NESTED)
_SLOTS = cython.declare(cython.int, SLOTS)
_RUNNABLE = cython.declare(cython.int, spec.IntervalKind.RUNNABLE)
_WAITING = cython.declare(cython.int, spec.IntervalKind.WAITING)
_UNKNOWN = cython.declare(cython.int, -2)


@cython.final
@cython.cclass
class Holds(Observer):
    """How long locks were held, by the stack of the wait for them.

    A hold begins when a goroutine that waited for a lock runs again. It ends when this goroutine, at the same site,
    ends another one's wait. It is void if the goroutine waits at that site again, because then it had not got the lock,
    or if it ends. The time in which the goroutine is runnable does not count.

    Args:
        is_lock: returns whether a wait with this reason can be for a lock.
        site: returns a number for the function that locks or unlocks and for the kind of lock, −1 if the stack does
            neither.
    """

    _ask_reason: object
    _ask_site: object
    _reasons: cython.int[::1]  # by reason: 1 if it is a lock's, 0 if not, or _UNKNOWN
    _sites: cython.int[::1]  # by stack: its site, −1 for none, or _UNKNOWN
    # by slot
    _busy: cython.int[::1]  # whether it may hold a lock, or is about to
    _runnable: cython.longlong[::1]  # only while it is busy
    _pending: cython.int[::1]  # the stack of the wait that has ended, 0 once it runs again
    # by slot, NESTED each, the newest first
    _held: cython.int[::1]  # stack, 0 for none
    _begins: cython.longlong[::1]
    _before: cython.longlong[::1]  # the goroutine's time runnable until then
    _lengths: Histograms

    def __init__(self, is_lock: Callable[[int], bool], site: Callable[[int], int]) -> None:
        self._ask_reason = is_lock
        self._ask_site = site
        self._reasons = column("i")
        self._sites = column("i")
        self._busy = column("i")
        self._runnable = column("q")
        self._pending = column("i")
        self._held = column("i")
        self._begins = column("q")
        self._before = column("q")
        self._lengths = Histograms()

    def ignored(self) -> int:
        return ~(1 << _RUNNABLE | 1 << _WAITING)

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        i: cython.longlong
        if g >= _SLOTS:
            return 0
        if g >= len(self._busy):
            size: cython.longlong = min(len(self.goroutines.ids), _SLOTS)
            self._busy = grown(self._busy, size)
            self._runnable = grown(self._runnable, size)
            self._pending = grown(self._pending, size)
            self._held = grown(self._held, size * _NESTED)
            self._begins = grown(self._begins, size * _NESTED)
            self._before = grown(self._before, size * _NESTED)
        if self._busy[g]:
            self._busy[g] = self._pending[g] = 0
            for i in range(cython.cast(cython.longlong, g) * _NESTED, (cython.cast(cython.longlong, g) + 1) * _NESTED):
                self._held[i] = 0
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
        if kind == _RUNNABLE:
            if g >= _SLOTS or not self._busy[g]:
                return 0
            self._runnable[g] += length
            if self._pending[g] > 0:
                self._begin(g, self._pending[g], start + length)
                self._pending[g] = 0
            return 0
        if kind != _WAITING or cause == -1 or not self._is_locks(reason):
            return 0
        site: cython.int = self._site(stack)
        if site >= 0 and g < _SLOTS:
            self._end(g, site, 0)
            self._pending[g] = stack
            self._busy[g] = 1
        waker: cython.int = self.goroutines.waker
        if 0 <= waker < _SLOTS and self.goroutines.ids[waker] == cause:
            site = self._site(cause_stack)
            if site >= 0 and self._busy[waker]:
                self._end(waker, site, start + length)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _is_locks(self, reason: cython.int) -> cython.int:
        if reason >= len(self._reasons):
            self._reasons = _unknown(self._reasons, reason)
        if self._reasons[reason] == _UNKNOWN:
            self._reasons[reason] = self._ask_reason(reason)
        return self._reasons[reason]

    @cython.cfunc
    @cython.exceptval(-3)
    def _site(self, stack: cython.int) -> cython.int:
        if stack >= len(self._sites):
            self._sites = _unknown(self._sites, stack)
        if self._sites[stack] == _UNKNOWN:
            self._sites[stack] = self._ask_site(stack) if stack > 0 else -1
        return self._sites[stack]

    @cython.cfunc
    @cython.exceptval(-1)
    def _begin(self, g: cython.int, stack: cython.int, now: cython.longlong) -> cython.int:
        first: cython.longlong = cython.cast(cython.longlong, g) * _NESTED
        i: cython.longlong = first + _NESTED - 1
        while i > first:
            self._held[i] = self._held[i - 1]
            self._begins[i] = self._begins[i - 1]
            self._before[i] = self._before[i - 1]
            i -= 1
        self._held[first] = stack
        self._begins[first] = now
        self._before[first] = self._runnable[g]
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _end(self, g: cython.int, site: cython.int, now: cython.longlong) -> cython.int:
        """End the newest hold of a site, if there is one. now: 0 if it is void."""
        last: cython.longlong = (cython.cast(cython.longlong, g) + 1) * _NESTED - 1
        i: cython.longlong = last - _NESTED + 1
        while i <= last and self._held[i] > 0 and self._sites[self._held[i]] != site:
            i += 1
        if i > last or self._held[i] == 0:
            return 0
        if now > 0:
            self._lengths.add(self._held[i], now - self._begins[i] - (self._runnable[g] - self._before[i]))
        while i < last:
            self._held[i] = self._held[i + 1]
            self._begins[i] = self._begins[i + 1]
            self._before[i] = self._before[i + 1]
            i += 1
        self._held[last] = 0
        if self._held[last - _NESTED + 1] == 0 and self._pending[g] == 0:
            self._busy[g] = 0
        return 0

    def rows(self) -> Iterator[tuple[int, int, int, int, dict[int, int]]]:
        """Yield (stack of the wait, number of holds, their total, the longest, histogram); times in ns.

        See `Histograms.rows`.
        """
        yield from self._lengths.rows()


@cython.cfunc
def _unknown(old: object, index: cython.longlong) -> object:
    """Return a column of numbers that are asked for once, with room for one more at `index`."""
    size: cython.longlong = len(old)
    longer: object = column("i", [_UNKNOWN]) * max(64, 2 * (index + 1))
    i: cython.longlong
    for i in range(size):
        longer[i] = old[i]
    return longer
