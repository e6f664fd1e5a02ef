# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Group times: how long the goroutines that began alike were in each state, in total and over time."""

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
    from cython.cimports.gotracer_ci.trace.columns import IdMap
    from cython.cimports.gotracer_ci.trace.observe import Observer
else:
    from gotracer_ci.trace.columns import IdMap
    from gotracer_ci.trace.observe import Observer

MAX_GROUPS = 20_000
"""Groups by both stacks; further lives lose their creation stack, and then their name too."""
MAX_DRAWN = 256
"""Groups that have times over time, the first ones."""
PARTS = 512
"""How many parts of the trace there are at most; when it outgrows them, two neighbours become one."""
MAX_LATER = 64
"""Intervals of one life that wait for its name; a life with more has none."""
MAX_ALL_LATER = 1 << 15
"""The same for all lives together."""
SUMS = ("running", "runnable", "waiting", "syscall", "syscall_blocked")
STATES = ("running", "runnable", "waiting", "syscall")
"""What is known over time; syscall is the sum of both."""

_SUMS = cython.declare(cython.longlong, len(SUMS))
# by kind of interval, from 1 on, and after these the system calls without a P
_BLOCKED = cython.declare(cython.longlong, 4)
_KINDS = (*(int(spec.IntervalKind[name.upper()]) for name in STATES), 5)
_STATES = cython.declare(cython.longlong, len(STATES))
_PARTS = cython.declare(cython.longlong, PARTS)
_SHIFT = cython.declare(cython.int, 10)  # the first width, as a power of two of ns
_MAX_GROUPS = cython.declare(cython.int, MAX_GROUPS)
_MAX_DRAWN = cython.declare(cython.longlong, MAX_DRAWN)
_MAX_ALL_LATER = cython.declare(cython.longlong, MAX_ALL_LATER)
_MAX_LATER = cython.declare(cython.longlong, MAX_LATER)
_IS_RUNNING = cython.declare(cython.int, spec.IntervalKind.RUNNING)
_IS_RUNNABLE = cython.declare(cython.int, spec.IntervalKind.RUNNABLE)
_IS_SYSCALL = cython.declare(cython.int, spec.IntervalKind.SYSCALL)
_IS_WAITING = cython.declare(cython.int, spec.IntervalKind.WAITING)
_CREATION = cython.declare(cython.longlong, (1 << 31) - 1)  # a key's bits for the creation stack
_NEVER = cython.declare(cython.longlong, spec.NEVER)


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _plus(total: cython.longlong, length: cython.longlong) -> cython.longlong:
    """Return the sum, which saturates; no sum of a real trace comes near."""
    return total + length if length <= _NEVER - total else _NEVER


@cython.final
@cython.cclass
class GroupTimes(Observer):
    """Lives by (the stack in which they began, the stack that created them).

    A life from before the trace has no stack in which it began: any stack of its own has the same outermost function.
    """

    _from: cython.longlong
    _to: cython.longlong
    _shift: cython.int
    _reach: cython.longlong  # to where the parts reach, ns from the first one's start
    _slots: cython.int  # that have been in use
    # by slot
    _group: cython.int[::1]  # −1 while no stack is known
    _later: dict  # slot → intervals of a life without a group
    _waiting: cython.longlong  # how many these are
    # by group
    _n: cython.int
    _keys: cython.longlong[::1]
    _index: IdMap
    _counts: cython.longlong[::1]  # lives, created, alive, and the longest's length
    _sums: cython.longlong[::1]  # by kind; of those that have times over time only the last one
    # by group, state and part
    _partial: cython.longlong[::1]  # ns
    _change: cython.int[::1]  # how many more intervals cover all of this part than of the one before

    def __init__(self) -> None:
        self._from = -1  # no time is earlier
        self._to = _NEVER
        self._shift = _SHIFT
        self._reach = _PARTS << _SHIFT
        self._slots = 0
        self._group = column("i")
        self._later = {}
        self._waiting = 0
        self._n = 0
        self._keys = column("q", bytes(8 * 16))
        self._index = IdMap(self._keys)
        self._counts = column("q", bytes(8 * 4 * 16))
        self._sums = column("q", bytes(8 * len(SUMS) * 16))
        self._partial = column("q", bytes(8 * len(STATES) * PARTS * 16))
        self._change = column("i", bytes(4 * len(STATES) * PARTS * 16))

    def limit(self, start: int, end: int) -> None:
        """Count only what is between these two times, ns on the trace's clock. Call it before the first event."""
        self._from = start
        self._to = end

    def begin(self, start: int) -> None:
        """Begin with the trace, at this time on its clock. Call it before the first event."""
        self._from = max(self._from, start)

    def ignored(self) -> int:
        return ~(1 << _IS_RUNNABLE | 1 << _IS_RUNNING | 1 << _IS_SYSCALL | 1 << _IS_WAITING)

    # ---- what the kernel reports ------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        if len(self._group) != len(self.goroutines.ids):
            self._group = grown(self._group, len(self.goroutines.ids))
        if g >= self._slots:
            self._slots = g + 1
        self._group[g] = -1
        if self.goroutines.entries[g] > 0:
            self._group[g] = self._group_of(self.goroutines.entries[g], self.goroutines.creations[g])
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
        if kind > _IS_WAITING:
            return 0
        end: cython.longlong = start + length
        lost: cython.longlong = end
        if kind == _IS_SYSCALL:
            lost = min(max(self.goroutines.lost[g], start), end)
        if self._group[g] < 0:
            if stack == 0 and self._waits(g, kind, start, end, lost):
                return 0
            self._found(g, stack)
        if start < self._from or end > self._to or lost < end or self._group[g] >= _MAX_DRAWN:
            return self._add(self._group[g], kind, start, end, lost)
        # the shortest way for nearly all intervals
        return self._draw((self._group[g] * _STATES + kind - 1) * _PARTS, start - self._from, end - self._from)

    @cython.cfunc
    @cython.exceptval(-1)
    def died(self, g: cython.int, now: cython.longlong) -> cython.int:
        return self._fold(g, now, False)

    @cython.cfunc
    @cython.exceptval(-1)
    def end(self, now: cython.longlong) -> cython.int:
        g: cython.int
        for g in range(self._slots):
            if self.goroutines.ids[g] != -1:
                self._fold(g, now, True)
        return 0

    # ---- groups -----------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    def _waits(
        self, g: cython.int, kind: cython.int, start: cython.longlong, end: cython.longlong, lost: cython.longlong
    ) -> cython.int:
        """Keep an interval until the group is known; return 0 if there are too many."""
        if self._waiting >= _MAX_ALL_LATER:
            return 0
        kept: list = self._later.setdefault(g, [])
        if len(kept) >= _MAX_LATER:
            return 0
        self._waiting += 1
        kept.append((kind, start, end, lost))
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _found(self, g: cython.int, stack: cython.int) -> cython.int:
        """The group of the life in slot `g` is known from now on."""
        self._group[g] = self._group_of(stack, self.goroutines.creations[g])
        for kind, start, end, lost in self._later.pop(g, ()):
            self._waiting -= 1
            self._add(self._group[g], kind, start, end, lost)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _fold(self, g: cython.int, now: cython.longlong, alive: cython.bint) -> cython.int:
        """Count a life that ends, or is alive at the end of the trace."""
        if self._group[g] < 0:
            self._found(g, 0)
        # −1 if before the trace, and nothing counts before its start
        created: cython.longlong = self.goroutines.created[g]
        if now <= self._from or created >= self._to:
            return 0
        i: cython.longlong = 4 * cython.cast(cython.longlong, self._group[g])
        self._counts[i] += 1
        self._counts[i + 1] += created >= max(self._from, 0)
        self._counts[i + 2] += alive or now > self._to
        self._counts[i + 3] = max(self._counts[i + 3], min(now, self._to) - max(created, self._from))
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _group_of(self, entry: cython.longlong, creation: cython.longlong) -> cython.int:
        key: cython.longlong = (entry << 31) | creation
        n: cython.int = self._index.find(key)
        if n < 0 and self._n >= _MAX_GROUPS:
            key &= ~_CREATION
            n = self._index.find(key)
            if n < 0 and self._n >= 2 * _MAX_GROUPS:
                key = 0
                n = self._index.find(key)
        return n if n >= 0 else self._new(key)

    @cython.cfunc
    @cython.exceptval(-1)
    def _new(self, key: cython.longlong) -> cython.int:
        n: cython.int = self._n
        if n == len(self._keys):
            size: cython.longlong = 2 * n
            self._keys = self._index.keys = grown(self._keys, size)
            self._counts = grown(self._counts, 4 * size)
            self._sums = grown(self._sums, _SUMS * size)
            if n < _MAX_DRAWN:
                self._partial = grown(self._partial, min(size, _MAX_DRAWN) * _STATES * _PARTS)
                self._change = grown(self._change, min(size, _MAX_DRAWN) * _STATES * _PARTS)
        self._keys[n] = key
        self._n = n + 1
        return self._index.put(key, n)

    # ---- sums -------------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    def _add(
        self,
        group: cython.longlong,
        kind: cython.int,
        start: cython.longlong,
        end: cython.longlong,
        lost: cython.longlong,
    ) -> cython.int:
        """Add an interval; a system call loses its P at `lost`."""
        start = max(start, self._from)
        end = min(end, self._to)
        if end <= start:
            return 0
        i: cython.longlong = group * _SUMS
        lost = min(max(lost, start), end)
        self._sums[i + _BLOCKED] = _plus(self._sums[i + _BLOCKED], end - lost)
        if group < _MAX_DRAWN:
            return self._draw((group * _STATES + kind - 1) * _PARTS, start - self._from, end - self._from)
        self._sums[i + kind - 1] = _plus(self._sums[i + kind - 1], lost - start)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _draw(self, what: cython.longlong, start: cython.longlong, end: cython.longlong) -> cython.int:
        """Add an interval to the parts that it covers, which begin at `what`; times from the first part's start on."""
        if end <= start:
            return 0
        if end > self._reach:
            self._widen(end - 1)
        # an interval ends in the part of its last nanosecond
        first: cython.longlong = start >> self._shift
        last: cython.longlong = (end - 1) >> self._shift
        i: cython.longlong = what + first
        if first == last:
            self._partial[i] = _plus(self._partial[i], end - start)
            return 0
        self._partial[i] = _plus(self._partial[i], ((first + 1) << self._shift) - start)
        if last > first + 1:
            self._change[i + 1] += 1
            self._change[what + last] -= 1
        i = what + last
        self._partial[i] = _plus(self._partial[i], end - (last << self._shift))
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _widen(self, offset: cython.longlong) -> cython.int:
        """Make the parts so wide that the last one reaches this far from the start."""
        what: cython.longlong
        i: cython.longlong
        more: cython.int = 0
        while offset >> (self._shift + more) >= _PARTS:
            more += 1
        self._settle()
        for what in range(0, min(self._n, _MAX_DRAWN) * _STATES * _PARTS, _PARTS):
            for i in range(1, _PARTS):
                length: cython.longlong = self._partial[what + i]
                self._partial[what + i] = 0
                self._partial[what + (i >> more)] = _plus(self._partial[what + (i >> more)], length)
        self._shift += more
        self._reach = _PARTS << self._shift
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _settle(self) -> cython.int:
        """Turn the counts of intervals that cover whole parts into sums."""
        what: cython.longlong
        i: cython.longlong
        covering: cython.longlong
        for what in range(0, min(self._n, _MAX_DRAWN) * _STATES * _PARTS, _PARTS):
            covering = 0
            for i in range(what, what + _PARTS):
                covering += self._change[i]
                self._change[i] = 0
                if covering > 0:
                    full: cython.longlong = _NEVER
                    if covering <= _NEVER >> self._shift:
                        full = covering << self._shift
                    self._partial[i] = _plus(self._partial[i], full)
        return 0

    # ---- results ----------------------------------------------------------------------------------------------

    def groups(self) -> list[tuple[Any, ...]]:
        """Return (number, entry stack, creation stack, counts, sums) of each group.

        Stacks are indices of the trace's tables, 0 unknown. counts: lives, those created during the trace, those alive
        at its end, and the length of the longest. sums: ns by `SUMS`.
        """
        n: cython.longlong
        out: list[tuple[Any, ...]] = []
        self._settle()
        for n in range(self._n):
            if not self._counts[4 * n]:
                continue
            counts: list = [self._counts[i] for i in range(4 * n, 4 * n + 4)]
            sums: list = [self._sum(n, kind) for kind in _KINDS]
            out.append((n, self._keys[n] >> 31, self._keys[n] & _CREATION, tuple(counts), tuple(sums)))
        return out

    @cython.cfunc
    @cython.exceptval(-1)
    def _sum(self, n: cython.longlong, kind: cython.longlong) -> cython.longlong:
        """Return the time of a group in a state, or of its system calls without a P."""
        i: cython.longlong
        total: cython.longlong = self._sums[n * _SUMS + kind - 1]
        if n < _MAX_DRAWN and kind <= _STATES:
            first: cython.longlong = (n * _STATES + kind - 1) * _PARTS
            for i in range(first, first + _PARTS):
                total = _plus(total, self._partial[i])
            if kind == _IS_SYSCALL:
                total = max(0, total - self._sums[n * _SUMS + _STATES])
        return total

    def over_time(self, end: int) -> tuple[int, int]:
        """Return a part's width as a power of two of ns, and how many there are; call it once, before `states`.

        Args:
            end: the parts reach to this time, ns on the trace's clock.
        """
        length: cython.longlong = max(end - self._from, 1)
        if (length - 1) >> self._shift >= _PARTS:
            self._widen(length - 1)
        self._settle()
        return self._shift, ((length - 1) >> self._shift) + 1

    def states(self, number: int, parts: int) -> tuple[array[int], ...] | None:
        """Return the times of a group in the first `parts` parts by `STATES`, ns; None if it has none over time."""
        if number >= _MAX_DRAWN:
            return None
        found: list[Any] = []
        for kind in _KINDS[:4]:
            begin: cython.longlong = (number * _STATES + kind - 1) * _PARTS
            found.append(array("q", self._partial[begin : begin + parts]))
        return tuple(found)
