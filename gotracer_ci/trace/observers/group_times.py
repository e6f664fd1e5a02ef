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

from gotracer_ci.trace import spec, state_times
from gotracer_ci.trace.columns import column, grown

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.columns import IdMap
    from cython.cimports.gotracer_ci.trace.observers.binned import Binned
    from cython.cimports.gotracer_ci.trace.observers.parts import plus
    from cython.cimports.gotracer_ci.trace.state_times import Summing, Times
else:
    from gotracer_ci.trace.columns import IdMap
    from gotracer_ci.trace.observers.binned import Binned
    from gotracer_ci.trace.observers.parts import plus
    from gotracer_ci.trace.state_times import Summing, Times

MAX_GROUPS = 20_000
"""Groups by both stacks; further lives lose their creation stack, and then their name too."""
MAX_DRAWN = 256
"""Groups that have times over time, the first ones."""
PARTS = 512
"""How many parts of the trace there are at most; when it outgrows them, two neighbours become one."""
MAX_LATER = 64
"""Times of one life that wait for its name; a life with more has none."""
MAX_ALL_LATER = 1 << 15
"""The same for all lives together."""
SUMS = ("running", "runnable", "waiting", "syscall", "syscall_blocked")
STATES = ("running", "runnable", "waiting", "syscall")
"""What is known over time; syscall is the sum of both."""

# sums of a group: in the places of `state_times.RUNNABLE`, RUNNING, SYSCALL and BLOCKED these, and all waits
_SUMS = cython.declare(cython.longlong, len(SUMS))
_AT_WAITS = cython.declare(cython.longlong, 1)
_STATES = cython.declare(cython.longlong, len(STATES))
_AT_STATES = (state_times.RUNNING, state_times.RUNNABLE, 1, state_times.SYSCALL)
_SYSCALL = cython.declare(cython.int, state_times.SYSCALL)
_BLOCKED = cython.declare(cython.int, state_times.BLOCKED)
_STW = cython.declare(cython.int, state_times.STW)
_WAITS = cython.declare(cython.int, state_times.WAITS)
_ASSIST = cython.declare(cython.int, state_times.ASSIST)
_MAX_GROUPS = cython.declare(cython.int, MAX_GROUPS)
_MAX_DRAWN = cython.declare(cython.longlong, MAX_DRAWN)
_MAX_ALL_LATER = cython.declare(cython.longlong, MAX_ALL_LATER)
_MAX_LATER = cython.declare(cython.longlong, MAX_LATER)
_WANTED = cython.declare(
    cython.int,
    sum(1 << kind for kind in spec.IntervalKind if kind.name in ("RUNNABLE", "RUNNING", "SYSCALL", "WAITING")),
)
_CREATION = cython.declare(cython.longlong, (1 << 31) - 1)  # a key's bits for the creation stack


@cython.final
@cython.cclass
class GroupTimes(Summing):
    """Lives by (the stack in which they began, the stack that created them).

    A life from before the trace has no stack in which it began: any stack of its own has the same outermost function.
    """

    _slots: cython.int  # that have been in use
    # by slot
    _group: cython.int[::1]  # −1 while no stack is known
    _later: dict  # slot → times of a life without a group
    _waiting: cython.longlong  # how many these are
    # by group
    _n: cython.int
    _keys: cython.longlong[::1]
    _index: IdMap
    _counts: cython.longlong[::1]  # lives, created, alive, and the longest's length
    _sums: cython.longlong[::1]  # of those that have times over time only the last one

    def __init__(self) -> None:
        Summing.__init__(self)
        self.parts = Binned(PARTS, len(STATES) * 16)
        self._slots = 0
        self._group = column("i")
        self._later = {}
        self._waiting = 0
        self._n = 0
        self._keys = column("q", bytes(8 * 16))
        self._index = IdMap(self._keys)
        self._counts = column("q", bytes(8 * 4 * 16))
        self._sums = column("q", bytes(8 * len(SUMS) * 16))

    def ignored(self) -> int:
        return ~_WANTED

    # ---- what happens ------------------------------------------------------------------------------

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
    def take(self, times: Times) -> cython.int:
        i: cython.int
        for i in range(times.n):
            what: cython.int = times.whats[i]
            if what >= _WAITS:
                if what == _ASSIST:
                    continue
                what = _WAITS
            elif what == _STW:
                continue
            g: cython.int = times.slots[i]
            if self._group[g] < 0:
                if self.entries[g] == 0 and self._waits(g, what, times.starts[i], times.ends[i], times.lengths[i]):
                    continue
                self._found(g, self.entries[g])
            self._add(self._group[g], what, times.starts[i], times.ends[i], times.lengths[i])
        return 0

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
        self, g: cython.int, what: cython.int, start: cython.longlong, end: cython.longlong, ns: cython.longlong
    ) -> cython.int:
        """Keep a time until the group is known; return 0 if there are too many."""
        if self._waiting >= _MAX_ALL_LATER:
            return 0
        kept: list = self._later.setdefault(g, [])
        if len(kept) >= _MAX_LATER:
            return 0
        self._waiting += 1
        kept.append((what, start, end, ns))
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _found(self, g: cython.int, stack: cython.int) -> cython.int:
        """The group of the life in slot `g` is known from now on."""
        self._group[g] = self._group_of(stack, self.goroutines.creations[g])
        for what, start, end, ns in self._later.pop(g, ()):
            self._waiting -= 1
            self._add(self._group[g], what, start, end, ns)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _fold(self, g: cython.int, now: cython.longlong, alive: cython.bint) -> cython.int:
        """Count a life that ends, or is alive at the end of the trace."""
        if self._group[g] < 0:
            self._found(g, self.entries[g])
        # −1 if before the trace, and nothing counts before its start
        created: cython.longlong = self.goroutines.created[g]
        if now <= self.start or created >= self.stop:
            return 0
        i: cython.longlong = 4 * cython.cast(cython.longlong, self._group[g])
        self._counts[i] += 1
        self._counts[i + 1] += created >= max(self.start, 0)
        self._counts[i + 2] += alive or now > self.stop
        self._counts[i + 3] = max(self._counts[i + 3], min(now, self.stop) - max(created, self.start))
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
                self.parts.grow(min(size, _MAX_DRAWN) * _STATES)
        self._keys[n] = key
        self._n = n + 1
        return self._index.put(key, n)

    # ---- sums -------------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _add(
        self,
        group: cython.longlong,
        what: cython.int,
        start: cython.longlong,
        end: cython.longlong,
        ns: cython.longlong,
    ) -> cython.int:
        """Add a time."""
        at: cython.longlong = _AT_WAITS if what == _WAITS else min(what, _SYSCALL)
        if what == _BLOCKED or group >= _MAX_DRAWN:
            i: cython.longlong = group * _SUMS + (what if what == _BLOCKED else at)
            self._sums[i] = plus(self._sums[i], ns)
        if group >= _MAX_DRAWN:
            return 0
        return self.parts.add(group * _STATES + at, start - self.start, end - self.start, ns)

    # ---- results ----------------------------------------------------------------------------------------------

    def groups(self) -> list[tuple[Any, ...]]:
        """Return (number, entry stack, creation stack, counts, sums) of each group.

        Stacks are indices of the trace's tables, 0 unknown. counts: lives, those created during the trace, those alive
        at its end, and the length of the longest. sums: ns by `SUMS`.
        """
        n: cython.longlong
        out: list[tuple[Any, ...]] = []
        self.parts.settle()
        for n in range(self._n):
            if not self._counts[4 * n]:
                continue
            counts: list = [self._counts[i] for i in range(4 * n, 4 * n + 4)]
            sums: list = [self._sum(n, at) for at in (*_AT_STATES, _BLOCKED)]
            out.append((n, self._keys[n] >> 31, self._keys[n] & _CREATION, tuple(counts), tuple(sums)))
        return out

    @cython.cfunc
    @cython.exceptval(-1)
    def _sum(self, n: cython.longlong, at: cython.longlong) -> cython.longlong:
        """Return the time of a group in a state, or of its system calls without a P."""
        i: cython.longlong = n * _SUMS
        if n >= _MAX_DRAWN or at == _BLOCKED:
            return self._sums[i + at]
        total: cython.longlong = self.parts.total(n * _STATES + at)
        return max(0, total - self._sums[i + _BLOCKED]) if at == _SYSCALL else total

    def over_time(self, end: int) -> tuple[int, int]:
        """Return a part's width as a power of two of ns, and how many there are.

        Args:
            end: the parts reach to this time, ns on the trace's clock.
        """
        used: cython.longlong = self.parts.finish(end - self.start)
        return self.parts.shift, used

    def states(self, number: int, parts: int) -> tuple[array[int], ...] | None:
        """Return the times of a group in the first `parts` parts by `STATES`, ns; None if it has none over time."""
        if number >= MAX_DRAWN:
            return None
        return tuple(self.parts.row(number * len(STATES) + at, parts) for at in _AT_STATES)
