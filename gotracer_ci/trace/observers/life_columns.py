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

from gotracer_ci.trace import spec
from gotracer_ci.trace.columns import column, grown

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.observe import Observer
    from cython.cimports.gotracer_ci.trace.observers.reasons import Reasons
else:
    from gotracer_ci.trace.observe import Observer
    from gotracer_ci.trace.observers.reasons import Reasons

MAX_LIVES = 50_000
"""Lives that are kept: of more, those that waited longest."""
MAX_SLOTS = 1 << 17
"""Goroutines at the same time that are looked at; further ones are left out."""
MAX_CLASSES = 5
"""Classes of waits."""
FIELDS = ("life", "id", "entry", "creation", "creator", "created", "ended", "total")
SUMS = ("running", "runnable", "syscall", "syscall_blocked", "assist")

_FIELDS = cython.declare(cython.longlong, len(FIELDS))
_SUMS = cython.declare(cython.longlong, len(SUMS))
_CLASSES = cython.declare(cython.longlong, MAX_CLASSES)
_WIDTH = cython.declare(cython.longlong, len(FIELDS) + len(SUMS) + MAX_CLASSES)
# numbers of a slot, which together are one line of the processor's cache: waits by class, and these
_TIMES = cython.declare(cython.longlong, 8)
_RUNS = cython.declare(cython.longlong, 5)
_CALLS = cython.declare(cython.longlong, 6)
_BLOCKED = cython.declare(cython.longlong, 7)
_LATER = cython.declare(cython.int, 64)
_MAX_SLOTS = cython.declare(cython.longlong, MAX_SLOTS)
_MAX_LIVES = cython.declare(cython.longlong, MAX_LIVES)
_IS_RUNNING = cython.declare(cython.int, spec.IntervalKind.RUNNING)
_IS_SYSCALL = cython.declare(cython.int, spec.IntervalKind.SYSCALL)
_IS_WAITING = cython.declare(cython.int, spec.IntervalKind.WAITING)
_IS_ASSIST = cython.declare(cython.int, spec.IntervalKind.MARK_ASSIST)
_NEVER = cython.declare(cython.longlong, spec.NEVER)


@cython.final
@cython.cclass
class LifeColumns(Observer):
    """Lives with their times, at most `MAX_LIVES`.

    Args:
        why: returns the class of a wait, one of `MAX_CLASSES`, for the index of its reason (0 none) and of its stack.
    """

    _why: Reasons
    _from: cython.longlong
    _to: cython.longlong
    _slots: cython.int  # that have been in use
    # by slot
    _births: cython.longlong[::1]
    _entries: cython.int[::1]  # any stack of the life has the same outermost function
    _times: cython.longlong[::1]
    _assists: cython.longlong[::1]
    # what has not been added to the times: indices, and ns. With tens of thousands of goroutines each of them is far
    # away in memory, and the processor waits for many at once if they are added together
    _later: cython.longlong[::1]
    _lengths: cython.longlong[::1]
    _n_later: cython.int
    # by row
    _rows: cython.longlong[::1]
    _n: cython.longlong
    _left_out: cython.longlong
    _floor: cython.longlong  # lives that waited no longer are left out, −1 for none

    def __init__(self, why: Callable[[int, int], str]) -> None:
        self._why = Reasons(why)
        self._from = -_NEVER
        self._to = _NEVER
        self._slots = 0
        self._births = self._times = self._assists = column("q")
        self._entries = column("i")
        self._later = column("q", bytes(8 * 64))
        self._lengths = column("q", bytes(8 * 64))
        self._n_later = 0
        self._rows = column("q", bytes(8 * _WIDTH * 64))
        self._n = 0
        self._left_out = 0
        self._floor = -1

    def limit(self, start: int, end: int) -> None:
        """Count only what is between these two times, ns on the trace's clock. Call it before the first event."""
        self._from = start
        self._to = end

    def ignored(self) -> int:
        return ~(1 << _IS_RUNNING | 1 << _IS_SYSCALL | 1 << _IS_WAITING | 1 << _IS_ASSIST)

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
            self._entries = grown(self._entries, size)
            self._times = grown(self._times, _TIMES * size)
            self._assists = grown(self._assists, size)
        self._births[g] = now
        self._entries[g] = self.goroutines.entries[g]
        self._assists[g] = 0
        first: cython.longlong = cython.cast(cython.longlong, g) * _TIMES
        for i in range(first, first + _TIMES):
            self._times[i] = 0
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
        if g < 0 or g >= _MAX_SLOTS:
            return 0
        if stack > 0 and self._entries[g] == 0 and kind <= _IS_WAITING:
            self._entries[g] = stack
        end: cython.longlong = start + length
        if start < self._from or end > self._to:
            start = max(start, self._from)
            end = min(end, self._to)
            if end <= start:
                return 0
        first: cython.longlong = cython.cast(cython.longlong, g) * _TIMES
        if kind == _IS_WAITING:
            self._add(first + min(self._why.number(reason, stack), _CLASSES - 1), end - start)
        elif kind == _IS_RUNNING:
            self._add(first + _RUNS, end - start)
        elif kind == _IS_SYSCALL:
            lost: cython.longlong = min(max(self.goroutines.lost[g], start), end)
            self._add(first + _CALLS, lost - start)
            self._add(first + _BLOCKED, end - lost)
        elif kind == _IS_ASSIST:
            self._assists[g] += end - start
        return 0

    @cython.cfunc
    @cython.inline
    @cython.exceptval(-1)
    def _add(self, i: cython.longlong, length: cython.longlong) -> cython.int:
        if self._n_later == _LATER:
            self._settle()
        self._later[self._n_later] = i
        self._lengths[self._n_later] = length
        self._n_later += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _settle(self) -> cython.int:
        i: cython.int
        for i in range(self._n_later):
            self._times[self._later[i]] += self._lengths[i]
        self._n_later = 0
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def died(self, g: cython.int, now: cython.longlong) -> cython.int:
        if g >= _MAX_SLOTS:
            self._left_out += 1
            return 0
        return self._keep(g, now, now > self._to)

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
        if now <= self._from or self._births[g] >= self._to:
            return 0
        self._settle()
        first: cython.longlong = cython.cast(cython.longlong, g) * _TIMES
        waited: cython.longlong = 0
        for i in range(first, first + _CLASSES):
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
        self._rows[row + 2] = self._entries[g] if self._entries[g] > 0 else self.goroutines.stacks[g]
        self._rows[row + 3] = self.goroutines.creations[g]
        self._rows[row + 4] = self.goroutines.creators[g]
        self._rows[row + 5] = self.goroutines.created[g]
        self._rows[row + 6] = -1 if alive else now
        self._rows[row + 7] = min(now, self._to) - max(self._births[g], self._from)
        used: cython.longlong = waited + self._times[first + _RUNS] + self._times[first + _CALLS]
        self._rows[row + 8] = self._times[first + _RUNS]
        # the states of a life add up to it, so the most frequent intervals need not be counted
        self._rows[row + 9] = self._rows[row + 7] - used - self._times[first + _BLOCKED]
        self._rows[row + 10] = self._times[first + _CALLS]
        self._rows[row + 11] = self._times[first + _BLOCKED]
        self._rows[row + 12] = self._assists[g]
        for i in range(_CLASSES):
            self._rows[row + _FIELDS + _SUMS + i] = self._times[first + i]
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
        names: list = self._why.names()[:_CLASSES]
        return columns[:first], {name: columns[first + i] for i, name in enumerate(names)}, self._left_out
