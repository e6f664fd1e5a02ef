# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Interval columns: every interval and every life of a trace, in parts that do not grow with it."""

from __future__ import annotations

from array import array
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
else:
    from gotracer_ci.trace.observe import Observer

COLUMNS = (
    "kind",
    "reason",
    "stack",
    "start",
    "end",
    "goroutine",
    "life",
    "proc",
    "lost",
    "cause",
    "cause_life",
    "cause_stack",
    "flags",
)
"""What a record of an interval says, in this order (see `IntervalColumns.take`)."""
LIFE_COLUMNS = (
    "goroutine",
    "life",
    "start",
    "end",
    "creator",
    "creator_life",
    "creation",
    "entry",
    "stack",
    "flags",
    "running",
    "runnable",
    "waiting",
    "syscall",
    "syscall_blocked",
)
"""What a record of a life says, in this order (see `IntervalColumns.take_lives`)."""

_WIDTH = cython.declare(cython.longlong, len(COLUMNS))
_LIFE_WIDTH = cython.declare(cython.longlong, len(LIFE_COLUMNS))
_SUMS = cython.declare(cython.longlong, 5)  # of a life, by state
_IS_RUNNABLE = cython.declare(cython.int, spec.IntervalKind.RUNNABLE)
_IS_WAITING = cython.declare(cython.int, spec.IntervalKind.WAITING)
_IS_RUNNING = cython.declare(cython.int, spec.IntervalKind.RUNNING)
_IS_SYSCALL = cython.declare(cython.int, spec.IntervalKind.SYSCALL)
_IS_REGION = cython.declare(cython.int, spec.IntervalKind.REGION)
_IS_ASSIST = cython.declare(cython.int, spec.IntervalKind.MARK_ASSIST)
_IS_SWEEP = cython.declare(cython.int, spec.IntervalKind.SWEEP)
_OPEN = cython.declare(cython.int, spec.OPEN)
_BEFORE = cython.declare(cython.int, spec.BEFORE)
_NEVER = cython.declare(cython.longlong, spec.NEVER)


@cython.final
@cython.cclass
class IntervalColumns(Observer):
    """Records of intervals and lives, in the order in which they ended, until they are taken.

    Take them after each chunk, so that no more are kept than a chunk has, whatever the trace's length. What is open at
    the end is reported after the last chunk: take once more then.

    Args:
        ignored: the kinds of which no records are wanted, as bits.
    """

    _ignored: cython.int
    _from: cython.longlong
    _to: cython.longlong
    _intervals: cython.longlong[::1]
    _n: cython.longlong
    _lives: cython.longlong[::1]
    _lives_n: cython.longlong
    # by slot: since when the goroutine is known; its creator's life; its first own stack; its time in each state
    _slots: cython.int
    _since: cython.longlong[::1]
    _creators: cython.longlong[::1]
    _stacks: cython.int[::1]
    _sums: cython.longlong[::1]

    def __init__(self, ignored: int = 0) -> None:
        self._ignored = ignored
        self._from = -_NEVER
        self._to = _NEVER
        self._intervals = column("q", bytes(8 * len(COLUMNS) * 64))
        self._lives = column("q", bytes(8 * len(LIFE_COLUMNS) * 64))
        self._n = self._lives_n = 0
        self._slots = 0
        self._since = self._creators = self._sums = column("q")
        self._stacks = column("i")

    def limit(self, start: int, end: int) -> None:
        """Keep only what is between these two times, ns on the trace's clock. Call it before the first event."""
        self._from = start
        self._to = end

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        i: cython.longlong
        if g >= len(self._since):
            size: cython.longlong = 2 * g + 64
            self._since = grown(self._since, size)
            self._creators = grown(self._creators, size)
            self._stacks = grown(self._stacks, size)
            self._sums = grown(self._sums, _SUMS * size)
        if g >= self._slots:
            self._slots = g + 1
        self._since[g] = now
        self._creators[g] = self._life_of(self.goroutines.creators[g])
        self._stacks[g] = 0
        first: cython.longlong = g * _SUMS
        for i in range(first, first + _SUMS):
            self._sums[i] = 0
        return 0

    @cython.cfunc
    @cython.exceptval(-2)
    def _life_of(self, goroutine: cython.longlong) -> cython.longlong:
        """Return the life of the goroutine that has this ID now, −1 if there is none."""
        slot: cython.int = -1 if goroutine < 0 else self.goroutines.slots.find(goroutine)
        return self.goroutines.lives[slot] if slot >= 0 else -1

    @cython.cfunc
    @cython.exceptval(-1)
    def died(self, g: cython.int, now: cython.longlong) -> cython.int:
        return self._life(g, now, 0)

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
        end: cython.longlong = min(start + length, self._to)
        if start < self._from:
            start = self._from
        if end < start or (end == start and length > 0):
            return 0
        known = self.goroutines
        if kind <= _IS_WAITING:
            self._add(kind, g, start, end)
            if self._stacks[g] == 0:
                self._stacks[g] = stack
        if self._ignored >> kind & 1:
            return 0
        at: cython.longlong = self._n * _WIDTH
        if at == len(self._intervals):
            self._intervals = grown(self._intervals, 2 * at)
        record = self._intervals
        record[at] = kind
        record[at + 1] = reason
        record[at + 2] = stack
        record[at + 3] = start
        record[at + 4] = end
        record[at + 5] = known.ids[g] if g >= 0 else -1
        record[at + 6] = known.lives[g] if g >= 0 else -1
        record[at + 7] = -1
        record[at + 8] = end
        if kind in (_IS_RUNNING, _IS_ASSIST, _IS_SWEEP):
            record[at + 7] = known.proc
        elif kind == _IS_SYSCALL:
            record[at + 7] = known.procs[g]
            record[at + 8] = min(max(known.lost[g], start), end)
        record[at + 9] = cause
        record[at + 10] = -1 if kind == _IS_REGION else self._life_of(cause)
        record[at + 11] = cause_stack
        record[at + 12] = flags
        self._n += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _add(self, kind: cython.int, g: cython.longlong, start: cython.longlong, end: cython.longlong) -> cython.int:
        """Add an interval to its life's time in that state."""
        at: cython.longlong = g * _SUMS
        if kind == _IS_RUNNING:
            self._sums[at] += end - start
        elif kind == _IS_RUNNABLE:
            self._sums[at + 1] += end - start
        elif kind == _IS_WAITING:
            self._sums[at + 2] += end - start
        else:
            lost: cython.longlong = min(max(self.goroutines.lost[g], start), end)
            self._sums[at + 3] += lost - start
            self._sums[at + 4] += end - lost
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def end(self, now: cython.longlong) -> cython.int:
        g: cython.int
        for g in range(self._slots):
            if self.goroutines.ids[g] != -1:
                self._life(g, now, _OPEN)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _life(self, g: cython.int, now: cython.longlong, flags: cython.int) -> cython.int:
        known = self.goroutines
        start: cython.longlong = max(self._since[g], self._from)
        end: cython.longlong = min(now, self._to)
        if end < start:
            return 0
        if known.created[g] < 0:
            flags |= _BEFORE
        at: cython.longlong = self._lives_n * _LIFE_WIDTH
        if at == len(self._lives):
            self._lives = grown(self._lives, 2 * at)
        record = self._lives
        record[at] = known.ids[g]
        record[at + 1] = known.lives[g]
        record[at + 2] = start
        record[at + 3] = end
        record[at + 4] = known.creators[g]
        record[at + 5] = self._creators[g]
        record[at + 6] = known.creations[g]
        record[at + 7] = known.entries[g]
        record[at + 8] = self._stacks[g]
        record[at + 9] = flags
        i: cython.longlong
        first: cython.longlong = g * _SUMS
        for i in range(_SUMS):
            record[at + 10 + i] = self._sums[first + i]
        self._lives_n += 1
        return 0

    # ---- what was kept -----------------------------------------------------------------------------------------

    def take(self) -> array[int]:
        """Return the intervals that have ended since the last call, one record after the other, int64.

        Each has the numbers that `COLUMNS` names. kind, reason, stack, cause, cause_stack and flags: see
        `Observer.interval`. start, end: ns on the trace's clock, inside the limits. goroutine: Go's ID, life: a number
        for each existence of a goroutine, both −1 for a sweep without one. proc: the P of a running interval, an
        assist or a sweep, and the one on which a system call began, −1 unknown. lost: when a system call lost its P,
        else `end`. cause_life: of the goroutine `cause`, −1 if unknown, or if that goroutine has ended.
        """
        taken = _copied(self._intervals[: self._n * _WIDTH])
        self._n = 0
        return taken

    def take_lives(self) -> array[int]:
        """Return the lives that have ended since the last call, one record after the other, int64.

        Each has the numbers that `LIFE_COLUMNS` names; all of them come after the intervals of their life. start, end:
        ns on the trace's clock, inside the limits. creator, creator_life: Go's ID and the life, −1 unknown. creation,
        entry: the stacks that created it and of its first function; stack: the first one of its own; indices of the
        tables, 0 unknown. flags: `spec.BEFORE` if it existed before the trace, `spec.OPEN` if it still does at the end.
        running, runnable, waiting, syscall (while it had a P), syscall_blocked: ns, which sum to the life.
        """
        taken = _copied(self._lives[: self._lives_n * _LIFE_WIDTH])
        self._lives_n = 0
        return taken


def _copied(numbers: Any) -> array[int]:
    if not cython.compiled:
        return array("q", numbers)
    copy = array("q")
    copy.frombytes(memoryview(numbers).cast("B"))
    return copy
