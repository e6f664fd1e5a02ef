# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Lanes: what was on each P, slice by slice, as finely as a number of records allows."""

from __future__ import annotations

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec
from gotracer_ci.trace.columns import column, grown

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.observe import Observer
    from cython.cimports.gotracer_ci.trace.observers.parts import plus
    from cython.cimports.gotracer_ci.trace.observers.slices import Slices
else:
    from gotracer_ci.trace.observe import Observer
    from gotracer_ci.trace.observers.parts import plus
    from gotracer_ci.trace.observers.slices import Slices

STOPPED, CALLS, ENDED, RUNS, RETURNED, LOST, STAYS = range(7)
"""How a slice ends. Running: the goroutine stopped (the reason says why, and is missing only for a coroutine's switch),
began a system call, ended, or runs on. In a system call: it returned, lost the P, or stays in it."""
MOST_RANGES = 20_000
"""Assists and sweeps that are kept, the longest ones."""

_MOST_RANGES = cython.declare(cython.longlong, MOST_RANGES)
_NEVER = cython.declare(cython.longlong, spec.NEVER)
_OPEN = cython.declare(cython.int, spec.OPEN)
_RUNNABLE = cython.declare(cython.int, spec.IntervalKind.RUNNABLE)
_RUNNING = cython.declare(cython.int, spec.IntervalKind.RUNNING)
_SYSCALL = cython.declare(cython.int, spec.IntervalKind.SYSCALL)
_ASSIST = cython.declare(cython.int, spec.IntervalKind.MARK_ASSIST)
_SWEEP = cython.declare(cython.int, spec.IntervalKind.SWEEP)
_IN_SYSCALL = cython.declare(cython.int, spec.GoState.SYSCALL)
_STOPPED = cython.declare(cython.longlong, STOPPED)
_CALLS = cython.declare(cython.longlong, CALLS)
_ENDED = cython.declare(cython.longlong, ENDED)
_RUNS = cython.declare(cython.longlong, RUNS)
_RETURNED = cython.declare(cython.longlong, RETURNED)
_LOST = cython.declare(cython.longlong, LOST)
_STAYS = cython.declare(cython.longlong, STAYS)
_FIELDS = cython.declare(cython.longlong, 3)  # numbers of a P
_RANGE = cython.declare(cython.longlong, 5)  # numbers of a range


@cython.final
@cython.cclass
class Lanes(Observer):
    """The slices of each P: the times in which it runs a goroutine, or is kept by one in a system call.

    Args:
        budget: how many records of slices there may be (see `Slices`).
    """

    _slices: Slices
    _from: cython.longlong
    _to: cython.longlong
    _waits: cython.longlong[::1]  # by slot: how long it was runnable before it runs, ns, and 1 more than who made it so
    # by P: the slot of the goroutine that ran last, −1 if what it did then is known; when that began and ended
    _procs: cython.longlong[::1]
    _n: cython.int
    _running: cython.longlong
    _calling: cython.longlong
    _runnable: cython.longlong
    # five numbers for each range, and only those of at least this length, ns
    _ranges: cython.longlong[::1]
    _n_ranges: cython.longlong
    _shortest: cython.longlong

    def __init__(self, budget: int) -> None:
        self._slices = Slices(budget)
        self._from = -_NEVER
        self._to = _NEVER
        self._waits = column("q")
        self._procs = column("q")
        self._n = 0
        self._running = self._calling = self._runnable = 0
        self._ranges = column("q", bytes(8 * 5 * 64))
        self._n_ranges = 0
        self._shortest = 1

    def limit(self, start: int, end: int) -> None:
        """Keep only what is between these two times, ns on the trace's clock. Call it before the first event."""
        self._from = start
        self._to = end

    def ignored(self) -> int:
        return ~(1 << _RUNNABLE | 1 << _RUNNING | 1 << _SYSCALL | 1 << _ASSIST | 1 << _SWEEP)

    # ---- what the kernel reports ------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        if len(self._waits) != 2 * len(self.goroutines.ids):
            self._waits = grown(self._waits, 2 * len(self.goroutines.ids))
        self._waits[2 * g] = self._waits[2 * g + 1] = 0
        if self.goroutines.states[g] == _IN_SYSCALL:
            p: cython.int = self.goroutines.procs[g]
            if p >= 0:
                i: cython.longlong = self._of(p)
                self._settle(p)
                self._procs[i] = g
                self._procs[i + 1] = self._procs[i + 2] = self.goroutines.since[g]
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def died(self, g: cython.int, now: cython.longlong) -> cython.int:
        p: cython.int = self.goroutines.proc
        if p < 0 or p >= self._n:
            return 0
        i: cython.longlong = p * _FIELDS
        if self._procs[i] == g and self._procs[i + 2] == now:
            self._procs[i] = -1
            self._slices.amend(p, max(self._procs[i + 1], self._from), now, _ENDED)
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
        p: cython.int
        i: cython.longlong
        ending: cython.longlong
        end: cython.longlong = start + length
        if kind == _RUNNABLE:
            if not flags & _OPEN:
                self._waits[2 * g] = length
                self._waits[2 * g + 1] = cause + 1
            if start < self._from or end > self._to:
                length = max(0, min(end, self._to) - max(start, self._from))
            self._runnable = plus(self._runnable, length)
        elif kind == _RUNNING:
            p = self.goroutines.proc
            ending = _RUNS if flags & _OPEN else _STOPPED
            self._running = plus(self._running, max(0, min(end, self._to) - max(start, self._from)))
            if p >= 0:
                i = self._of(p)
                if self._procs[i] >= 0 and self.goroutines.states[self._procs[i]] == _IN_SYSCALL:
                    self._settle(p)
                self._procs[i] = g
                self._procs[i + 1] = start
                self._procs[i + 2] = end
                self._add(p, start, end, g, stack, reason, ending, self._waits[2 * g], self._waits[2 * g + 1] - 1)
            self._waits[2 * g] = self._waits[2 * g + 1] = 0
        elif kind == _SYSCALL:
            end = min(max(self.goroutines.lost[g], start), end)
            self._calling = plus(self._calling, max(0, min(end, self._to) - max(start, self._from)))
            p = self.goroutines.procs[g]
            if p >= 0:
                i = self._of(p)
                if self._procs[i] == g and self._procs[i + 2] == start:
                    self._procs[i] = -1
                    self._slices.amend(p, max(self._procs[i + 1], self._from), start, _CALLS)
                    ending = _LOST if end < start + length else _STAYS if flags & _OPEN else _RETURNED
                    self._add(p, start, end, g, stack, 0, ending, 0, -1)
        elif kind in (_ASSIST, _SWEEP) and self.goroutines.proc >= 0:
            id: cython.longlong = self.goroutines.ids[g] if g >= 0 else -1
            self._add_range(self.goroutines.proc, max(start, self._from), min(end, self._to), kind, id)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _of(self, p: cython.int) -> cython.longlong:
        """Return where the numbers of a P are."""
        if p >= self._n:
            self._grow_procs(p)
        return p * _FIELDS

    def _grow_procs(self, p: cython.int) -> None:
        k: cython.int
        size: cython.int = max(8, self._n)
        while size <= p:
            size *= 2
        self._procs = grown(self._procs, _FIELDS * size)
        for k in range(self._n, size):
            self._procs[_FIELDS * k] = -1
        self._n = size
        self._slices.grow(size)

    @cython.cfunc
    @cython.exceptval(-1)
    def _settle(self, p: cython.int) -> cython.int:
        """The P goes on: if the goroutine before was in a system call, the P was taken away from it."""
        i: cython.longlong = p * _FIELDS
        g: cython.longlong = self._procs[i]
        start: cython.longlong = self._procs[i + 2]
        self._procs[i] = -1
        if g < 0 or self.goroutines.states[g] != _IN_SYSCALL or self.goroutines.since[g] != start:
            return 0
        lost: cython.longlong = self.goroutines.lost[g]
        if self.goroutines.procs[g] != p or lost == _NEVER:
            return 0
        self._slices.amend(p, max(self._procs[i + 1], self._from), start, _CALLS)
        return self._add(p, start, lost, cython.cast(cython.int, g), self.goroutines.stacks[g], 0, _LOST, 0, -1)

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _add(
        self,
        p: cython.longlong,
        start: cython.longlong,
        end: cython.longlong,
        g: cython.int,
        stack: cython.longlong,
        reason: cython.longlong,
        ending: cython.longlong,
        queued: cython.longlong,
        waker: cython.longlong,
    ) -> cython.int:
        """Add what is inside the window of a slice of the goroutine in slot `g`."""
        if start < self._from:
            start = self._from
        if end > self._to:
            end = self._to
            ending = _RUNS if ending < _RETURNED else _STAYS
        return self._slices.add(p, start, end, self.goroutines.ids[g], stack, reason, ending, queued, waker)

    @cython.cfunc
    @cython.exceptval(-1)
    def _add_range(
        self,
        p: cython.longlong,
        start: cython.longlong,
        end: cython.longlong,
        kind: cython.longlong,
        id: cython.longlong,
    ) -> cython.int:
        i: cython.longlong
        j: cython.longlong
        if end - start < self._shortest:
            return 0
        if self._n_ranges == _MOST_RANGES:
            # drop the shorter ones
            while self._n_ranges > _MOST_RANGES // 2:
                self._shortest *= 2
                n: cython.longlong = 0
                for i in range(self._n_ranges):
                    if self._ranges[_RANGE * i + 2] >= self._shortest:
                        for j in range(_RANGE):
                            self._ranges[_RANGE * n + j] = self._ranges[_RANGE * i + j]
                        n += 1
                self._n_ranges = n
            return self._add_range(p, start, end, kind, id)
        i = _RANGE * self._n_ranges
        if i == len(self._ranges):
            self._ranges = grown(self._ranges, 2 * i)
        self._ranges[i] = p
        self._ranges[i + 1] = start
        self._ranges[i + 2] = end - start
        self._ranges[i + 3] = kind
        self._ranges[i + 4] = id
        self._n_ranges += 1
        return 0

    # ---- results ----------------------------------------------------------------------------------------------

    def slices(self) -> Slices:
        """Return the records."""
        return self._slices

    def totals(self) -> tuple[int, int, int]:
        """Return the time of all slices in which goroutines were (running, in a system call with a P, runnable), ns.

        Nothing is missing, not even what has no lane.
        """
        return int(self._running), int(self._calling), int(self._runnable)

    def ranges(self, first: cython.longlong) -> list[tuple[int, int, int, bool, int]]:
        """Return (P, start, length, whether it is a sweep, goroutine) of the longest assists and sweeps; ns.

        The starts are from `first` on. They are in order of their Ps and starts. An assist can go on while its
        goroutine does not run; its P is the one on which it ended.
        """
        found: list = []
        i: cython.longlong
        for i in range(0, _RANGE * self._n_ranges, _RANGE):
            kind: cython.longlong = self._ranges[i + 3]
            start: cython.longlong = self._ranges[i + 1] - first
            found.append((self._ranges[i], start, self._ranges[i + 2], kind == _SWEEP, self._ranges[i + 4]))
        return sorted(found)
