# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""State times: how long each goroutine was in each state, for those that sum this over parts of the trace.

A goroutine has many intervals within a part of the trace that a picture can show. They are added up here first, which
takes much less time than if each observer looked at each interval.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    from cython.cimports.gotracer_ci.trace.observers.binned import Binned
    from cython.cimports.gotracer_ci.trace.observers.reasons import Reasons
else:
    from gotracer_ci.trace.observe import Observer
    from gotracer_ci.trace.observers.binned import Binned
    from gotracer_ci.trace.observers.reasons import Reasons

MAX_CLASSES = 5
"""Classes of waits."""
RUNNABLE, STW, RUNNING, SYSCALL, BLOCKED, WAITS = range(6)
"""What time is spent in: three of `spec.GoState`, a stop of the world that this goroutine made, a system call without a
P, and, from `WAITS` on, waits by class."""
ASSIST = WAITS + MAX_CLASSES
"""What comes after these: a mark assist, which is time of the states as well."""
MAX_SLOTS = 1 << 13
"""Slots whose times are added up; those of more would not fit into the processor's cache."""
ROWS = 256
"""Times that are told at once. They fit into the processor's cache, and it waits for the memory of many together."""
WIDEST = 40
"""The widest part, as a power of two of ns."""

_ALL = cython.declare(cython.int, ASSIST + 1)
_WIDTH = cython.declare(cython.longlong, ASSIST + 2)
_IS_KEPT = cython.declare(cython.longlong, ASSIST + 1)
_CLASSES = cython.declare(cython.int, MAX_CLASSES)
_MAX_SLOTS = cython.declare(cython.int, MAX_SLOTS)
_ROWS = cython.declare(cython.int, ROWS)
_AT_RUNNABLE = cython.declare(cython.int, RUNNABLE)
_AT_SYSCALL = cython.declare(cython.int, SYSCALL)
_AT_BLOCKED = cython.declare(cython.int, BLOCKED)
_AT_STW = cython.declare(cython.int, STW)
_AT_WAITS = cython.declare(cython.int, WAITS)
_AT_ASSIST = cython.declare(cython.int, ASSIST)
_IS_RUNNABLE = cython.declare(cython.int, spec.IntervalKind.RUNNABLE)
_IS_SYSCALL = cython.declare(cython.int, spec.IntervalKind.SYSCALL)
_IS_WAITING = cython.declare(cython.int, spec.IntervalKind.WAITING)
_IS_STW = cython.declare(cython.int, spec.IntervalKind.STW)
_IS_ASSIST = cython.declare(cython.int, spec.IntervalKind.MARK_ASSIST)
_NEVER = cython.declare(cython.longlong, spec.NEVER)


@cython.final
@cython.cclass
class Times:
    """Times as columns, of which the first `n` rows count.

    slots, whats (int32): the goroutine in this slot was in this state, from `RUNNABLE` to `ASSIST`, from starts to ends
    (int64, ns on the trace's clock); if that is one part (see `Summing`), lengths (int64, ns) of this time.
    """

    n: cython.int
    slots: cython.int[::1]
    whats: cython.int[::1]
    starts: cython.longlong[::1]
    ends: cython.longlong[::1]
    lengths: cython.longlong[::1]

    def __init__(self) -> None:
        self.n = 0
        self.slots, self.whats = (column("i", bytes(4 * ROWS)) for _ in range(2))
        self.starts, self.ends, self.lengths = (column("q", bytes(8 * ROWS)) for _ in range(3))


@cython.cclass
class Summing(Observer):
    """Base class of those that sum times: they get these (see `take`) instead of intervals.

    start, stop: only what is between these counts, ns on the trace's clock. parts: the parts that it tells apart, from
    `start` on. classes: tells waits apart; at most one of those that observe a trace has it. entries (int32), by slot:
    the stack in which the life began, 0 unknown; of one from before the trace any stack of its own, which has the same
    outermost function. `StateTimes` sets these.
    """

    start: cython.longlong
    stop: cython.longlong
    parts: Binned | None
    classes: Reasons | None
    entries: cython.int[::1]

    def __init__(self) -> None:
        self.start = -1  # no time is earlier
        self.stop = _NEVER
        self.parts = None
        self.classes = None
        self.entries = column("i")

    def limit(self, start: int, end: int) -> None:
        """Count only what is between these two times, ns on the trace's clock. Call it before the first event."""
        self.start = start
        self.stop = end

    def begin(self, start: int) -> None:
        """Begin with the trace, at this time on its clock. Call it before the first event."""
        self.start = max(self.start, start)

    @cython.cfunc
    @cython.exceptval(-1)
    def take(self, times: Times) -> cython.int:
        """Add these times, which are all inside the window. Those of a goroutine come before it dies."""
        return 0


@cython.final
@cython.cclass
class StateTimes(Observer):
    """Adds up the times of each goroutine in one part of the trace after the other."""

    _observers: list
    _classes: Reasons | None
    _from: cython.longlong
    _to: cython.longlong
    # the part in which times are added up
    _part_start: cython.longlong
    _part_end: cython.longlong
    # by slot
    _entries: cython.int[::1]
    _times: cython.longlong[::1]  # ns by what they are spent in, and whether there are any
    # slots with times
    _touched: cython.int[::1]
    _n: cython.int
    _told: Times

    def __init__(self, observers: Sequence[Any]) -> None:
        one: Summing
        self._observers = [*observers]
        self._classes = None
        for one in self._observers:
            if one.classes is not None:
                self._classes = one.classes
        self._from, self._to = -1, _NEVER
        self._part_start = self._part_end = -1
        self._entries = self._touched = column("i")
        self._times = column("q")
        self._n = 0
        self._told = Times()

    def observe(self, goroutines: Any) -> None:
        one: Summing
        self.goroutines = goroutines
        self.unwanted = -1
        for one in self._observers:
            one.observe(goroutines)
            self.unwanted &= one.unwanted

    # ---- what the kernel reports ------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        one: Summing
        slots: cython.int = len(self.goroutines.ids)
        if len(self._entries) != slots:
            self._entries = grown(self._entries, slots)
            self._times = grown(self._times, _WIDTH * min(slots, _MAX_SLOTS))
            self._touched = grown(self._touched, min(slots, _MAX_SLOTS))
            for one in self._observers:
                one.entries = self._entries
        self._tell_all()
        self._entries[g] = self.goroutines.entries[g]
        for one in self._observers:
            one.born(g, now)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def died(self, g: cython.int, now: cython.longlong) -> cython.int:
        one: Summing
        self._settle(g)
        self._tell_all()
        for one in self._observers:
            one.died(g, now)
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
        end: cython.longlong = start + length
        if kind > _IS_WAITING:
            if kind == _IS_STW:
                return self._spend(g, _AT_STW, start, end)
            return self._spend(g, _AT_ASSIST, start, end) if kind == _IS_ASSIST else 0
        if self._entries[g] == 0:
            self._entries[g] = stack
        what: cython.int = kind
        if kind == _IS_WAITING:
            what = _AT_WAITS
            if self._classes is not None:
                what += min(self._classes.number(reason, stack), _CLASSES - 1)
        elif kind == _IS_RUNNABLE:
            what = _AT_RUNNABLE
        elif kind == _IS_SYSCALL and self.goroutines.lost[g] < end:
            lost: cython.longlong = max(self.goroutines.lost[g], start)
            self._spend(g, _AT_SYSCALL, start, lost)
            return self._spend(g, _AT_BLOCKED, lost, end)
        if end <= self._part_end and length > 0:
            if start >= self._part_start and g < _MAX_SLOTS:
                return self._keep(g, what, length)
            if start >= self._from:
                return self._tell(g, what, start, end, length)
        return self._spend(g, what, start, end)

    @cython.cfunc
    @cython.exceptval(-1)
    def end(self, now: cython.longlong) -> cython.int:
        one: Summing
        self._settle_all()
        self._tell_all()
        for one in self._observers:
            one.end(now)
        return 0

    # ---- times ------------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    def _spend(self, g: cython.int, what: cython.int, start: cython.longlong, end: cython.longlong) -> cython.int:
        """Add what is inside the window of a time, which may be longer than a part."""
        if end > self._part_end:
            self._move(end)
        start = max(start, self._from)
        end = min(end, self._to)
        if end <= start:
            return 0
        if start >= self._part_start and end <= self._part_end and g < _MAX_SLOTS:
            return self._keep(g, what, end - start)
        return self._tell(g, what, start, end, end - start)

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _keep(self, g: cython.int, what: cython.int, length: cython.longlong) -> cython.int:
        """Add a time in this part."""
        i: cython.longlong = _WIDTH * g
        if self._times[i + _IS_KEPT] == 0:
            self._times[i + _IS_KEPT] = 1
            self._touched[self._n] = g
            self._n += 1
        self._times[i + what] += length
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _tell(
        self, g: cython.int, what: cython.int, start: cython.longlong, end: cython.longlong, ns: cython.longlong
    ) -> cython.int:
        i: cython.int = self._told.n
        self._told.slots[i] = g
        self._told.whats[i] = what
        self._told.starts[i] = start
        self._told.ends[i] = end
        self._told.lengths[i] = ns
        self._told.n = i + 1
        return self._tell_all() if i + 1 == _ROWS else 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _tell_all(self) -> cython.int:
        one: Summing
        if self._told.n > 0:
            for one in self._observers:
                one.take(self._told)
            self._told.n = 0
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _settle(self, g: cython.int) -> cython.int:
        """Tell what a goroutine did in this part."""
        what: cython.int
        if g >= _MAX_SLOTS:
            return 0
        first: cython.longlong = _WIDTH * g
        for what in range(_ALL):
            ns: cython.longlong = self._times[first + what]
            if ns:
                self._times[first + what] = 0
                self._tell(g, what, self._part_start, self._part_end, ns)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _settle_all(self) -> cython.int:
        i: cython.int
        for i in range(self._n):
            self._settle(self._touched[i])
            self._times[_WIDTH * self._touched[i] + _IS_KEPT] = 0
        self._n = 0
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _move(self, end: cython.longlong) -> cython.int:
        """Go on with the part in which a time ends."""
        one: Summing
        shift: cython.int = WIDEST
        self._settle_all()
        self._tell_all()
        self._from, self._to = -1, _NEVER
        for one in self._observers:
            self._from = max(self._from, one.start)
            self._to = min(self._to, one.stop)
            if one.parts is not None:
                shift = min(shift, one.parts.shift)
        offset: cython.longlong = max(min(end, self._to) - 1 - self._from, 0)
        self._part_start = self._from + (offset >> shift << shift)
        self._part_end = min(self._part_start + (cython.cast(cython.longlong, 1) << shift), self._to)
        return 0
