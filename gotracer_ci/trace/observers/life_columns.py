# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Life columns: how long each goroutine was in each state, as columns of numbers."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable
from operator import neg
from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec, state_times
from gotracer_ci.trace.columns import column, grown

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.observers.reasons import Reasons
    from cython.cimports.gotracer_ci.trace.state_times import Summing, Times
else:
    from gotracer_ci.trace.observers.reasons import Reasons
    from gotracer_ci.trace.state_times import Summing, Times

MAX_LIVES = 50_000
"""Lives that are kept: of more, those that waited longest."""
MAX_SLOTS = 1 << 17
"""Goroutines at the same time that are looked at; further ones are left out."""
FIELDS = ("life", "id", "entry", "creation", "creator", "created", "ended", "total")
SUMS = ("running", "runnable", "syscall", "syscall_blocked", "assist")

_FIELDS = cython.declare(cython.longlong, len(FIELDS))
_SUMS = cython.declare(cython.longlong, len(SUMS))
_CLASSES = cython.declare(cython.longlong, state_times.MAX_CLASSES)
_WIDTH = cython.declare(cython.longlong, len(FIELDS) + len(SUMS) + state_times.MAX_CLASSES)
# numbers of a slot, which together are one line of the processor's cache: from `state_times.RUNNING` to the last waits
_TIMES = cython.declare(cython.longlong, 8)
_RUNNING = cython.declare(cython.longlong, state_times.RUNNING)
_CALLS = cython.declare(cython.longlong, state_times.SYSCALL - state_times.RUNNING)
_BLOCKED = cython.declare(cython.longlong, state_times.BLOCKED - state_times.RUNNING)
_WAITS = cython.declare(cython.longlong, state_times.WAITS - state_times.RUNNING)
_MAX_SLOTS = cython.declare(cython.longlong, MAX_SLOTS)
_MAX_LIVES = cython.declare(cython.longlong, MAX_LIVES)
# a life's states add up to it, so the most frequent intervals need not be counted
_WANTED = cython.declare(
    cython.int,
    sum(1 << kind for kind in spec.IntervalKind if kind.name in ("RUNNING", "SYSCALL", "WAITING", "MARK_ASSIST")),
)


@cython.final
@cython.cclass
class LifeColumns(Summing):
    """Lives with their times, at most `MAX_LIVES`.

    Args:
        why: returns the class of a wait, of at most `state_times.MAX_CLASSES`, for the index of its reason (0 none) and
            of its stack.
    """

    _slots: cython.int  # that have been in use
    # by slot
    _births: cython.longlong[::1]
    _times: cython.longlong[::1]
    _assists: cython.longlong[::1]
    # by row
    _rows: cython.longlong[::1]
    _n: cython.longlong
    _left_out: cython.longlong
    _floor: cython.longlong  # lives that waited no longer are left out, −1 for none

    def __init__(self, why: Callable[[int, int], str]) -> None:
        Summing.__init__(self)
        self.classes = Reasons(why)
        self._slots = 0
        self._births = self._times = self._assists = column("q")
        self._rows = column("q", bytes(8 * _WIDTH * 64))
        self._n = 0
        self._left_out = 0
        self._floor = -1

    def ignored(self) -> int:
        return ~_WANTED

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        i: cython.longlong
        if g >= self._slots:
            self._slots = g + 1
        if g >= _MAX_SLOTS:
            return 0
        if g >= len(self._births):
            size: cython.longlong = min(len(self.goroutines.ids), _MAX_SLOTS)
            self._births = grown(self._births, size)
            self._times = grown(self._times, _TIMES * size)
            self._assists = grown(self._assists, size)
        self._births[g] = now
        self._assists[g] = 0
        first: cython.longlong = cython.cast(cython.longlong, g) * _TIMES
        for i in range(first, first + _TIMES):
            self._times[i] = 0
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def take(self, times: Times) -> cython.int:
        i: cython.int
        for i in range(times.n):
            g: cython.longlong = times.slots[i]
            what: cython.longlong = times.whats[i] - _RUNNING
            if g >= _MAX_SLOTS or what < 0:
                continue
            if what < _TIMES:
                self._times[g * _TIMES + what] += times.lengths[i]
            else:
                self._assists[g] += times.lengths[i]
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def died(self, g: cython.int, now: cython.longlong) -> cython.int:
        if g >= _MAX_SLOTS:
            self._left_out += 1
            return 0
        return self._keep(g, now, now > self.stop)

    @cython.cfunc
    @cython.exceptval(-1)
    def end(self, now: cython.longlong) -> cython.int:
        g: cython.int
        for g in range(self._slots):
            if self.goroutines.ids[g] == -1:
                continue
            if g < _MAX_SLOTS:
                self._keep(g, now, True)
            else:
                self._left_out += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _keep(self, g: cython.int, now: cython.longlong, alive: cython.bint) -> cython.int:
        i: cython.longlong
        if now <= self.start or self._births[g] >= self.stop:
            return 0
        first: cython.longlong = cython.cast(cython.longlong, g) * _TIMES
        waited: cython.longlong = 0
        for i in range(first + _WAITS, first + _TIMES):
            waited += self._times[i]
        if waited <= self._floor:
            self._left_out += 1
            return 0
        if (self._n + 1) * _WIDTH > len(self._rows):
            if self._n > _MAX_LIVES:
                self._select()
            else:
                self._rows = grown(self._rows, 2 * len(self._rows))
        row: cython.longlong = self._n * _WIDTH
        self._rows[row] = self.goroutines.lives[g]
        self._rows[row + 1] = self.goroutines.ids[g]
        # the stack of one that was only runnable has not been reported
        self._rows[row + 2] = self.entries[g] if self.entries[g] > 0 else self.goroutines.stacks[g]
        self._rows[row + 3] = self.goroutines.creations[g]
        self._rows[row + 4] = self.goroutines.creators[g]
        self._rows[row + 5] = self.goroutines.created[g]
        self._rows[row + 6] = -1 if alive else now
        self._rows[row + 7] = min(now, self.stop) - max(self._births[g], self.start)
        used: cython.longlong = waited + self._times[first] + self._times[first + _CALLS]
        self._rows[row + 8] = self._times[first]
        self._rows[row + 9] = self._rows[row + 7] - used - self._times[first + _BLOCKED]
        self._rows[row + 10] = self._times[first + _CALLS]
        self._rows[row + 11] = self._times[first + _BLOCKED]
        self._rows[row + 12] = self._assists[g]
        for i in range(_CLASSES):
            self._rows[row + _FIELDS + _SUMS + i] = self._times[first + _WAITS + i]
        self._n += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _select(self) -> cython.int:
        """Keep the lives that waited longest, and from now on only longer ones; of equals those that ended first."""
        i: cython.longlong
        k: cython.longlong
        total: cython.longlong
        equal: cython.longlong
        to: cython.longlong = 0
        if self._n <= _MAX_LIVES:
            return 0
        waited: cython.longlong[::1] = column("q", bytes(8 * self._n))
        for i in range(self._n):
            total = 0
            for k in range(_FIELDS + _SUMS, _WIDTH):
                total += self._rows[i * _WIDTH + k]
            waited[i] = total
        ranked: list = sorted(waited, reverse=True)
        self._floor = ranked[_MAX_LIVES - 1]
        equal = _MAX_LIVES - bisect_left(ranked, -self._floor, key=neg)
        for i in range(self._n):
            if waited[i] < self._floor or (waited[i] == self._floor and equal == 0):
                continue
            equal -= waited[i] == self._floor
            if to < i:
                for k in range(_WIDTH):
                    self._rows[to * _WIDTH + k] = self._rows[i * _WIDTH + k]
            to += 1
        self._left_out += self._n - to
        self._n = to
        return 0

    def result(self) -> tuple[list[array[int]], dict[str, array[int]], int]:
        """Return the lives in the order of their numbers, and how many are left out.

        The columns (int64) are those of `FIELDS` and `SUMS`, and those of the waits, ns by class. entry, creation:
        indices of stacks. creator: −1 unknown. created: −1 before the trace, ended: −1 alive at the end; both on the
        trace's clock.
        """
        k: cython.longlong
        i: cython.longlong
        n: cython.longlong
        self._select()
        n = self._n
        lives: list = [self._rows[i * _WIDTH] for i in range(n)]
        order: cython.longlong[::1] = column("q", sorted(range(n), key=lives.__getitem__))
        columns: list[Any] = []
        for k in range(_WIDTH):
            found: Any = array("q", bytes(8 * n))
            out: cython.longlong[::1] = found
            for i in range(n):
                out[i] = self._rows[order[i] * _WIDTH + k]
            columns.append(found)
        first: cython.longlong = _FIELDS + _SUMS
        names: list = self.classes.names()[:_CLASSES]
        return columns[:first], {name: columns[first + i] for i, name in enumerate(names)}, self._left_out
