# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Lives: how long each goroutine was in each state, added up for those that began alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec
from gotracer_ci.trace.columns import column, grown
from gotracer_ci.trace.observers.lengths import KEPT
from gotracer_ci.trace.observers.parts import PARTS
from gotracer_ci.trace.observers.reasons import MAX_REASONS

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.columns import IdMap
    from cython.cimports.gotracer_ci.trace.observe import Observer
    from cython.cimports.gotracer_ci.trace.observers.lengths import Lengths
    from cython.cimports.gotracer_ci.trace.observers.parts import part_of, plus
    from cython.cimports.gotracer_ci.trace.observers.reasons import Reasons
    from cython.cimports.gotracer_ci.trace.observers.time_records import TimeRecords
else:
    from gotracer_ci.trace.columns import IdMap
    from gotracer_ci.trace.observe import Observer
    from gotracer_ci.trace.observers.lengths import Lengths
    from gotracer_ci.trace.observers.parts import part_of, plus
    from gotracer_ci.trace.observers.reasons import Reasons
    from gotracer_ci.trace.observers.time_records import TimeRecords

MAX_GROUPS = 20_000
"""Groups by both stacks; further lives lose their creation stack, and then their name too."""

FIELDS = ("entry", "creation", "id", "life", "creator", "created", "ran", "ended", "length")
"""What a record of a life begins with."""

_PARTS = cython.declare(cython.int, len(PARTS))
_BLOCKED = cython.declare(cython.int, len(PARTS) - 1)
_IS_RUNNING = cython.declare(cython.int, spec.IntervalKind.RUNNING)
_IS_SYSCALL = cython.declare(cython.int, spec.IntervalKind.SYSCALL)
_IS_WAITING = cython.declare(cython.int, spec.IntervalKind.WAITING)
_REASONS = cython.declare(cython.int, MAX_REASONS)
_MAX_GROUPS = cython.declare(cython.int, MAX_GROUPS)
_KEPT = cython.declare(cython.longlong, KEPT)
_CREATION = cython.declare(cython.longlong, (1 << 31) - 1)  # a key's bits for the creation stack
_NEVER = cython.declare(cython.longlong, spec.NEVER)


@cython.final
@cython.cclass
class Lives(Observer):
    """Lives by (the stack in which they began, the stack that created them), with sums for each.

    A life from before the trace has no stack in which it began: any stack of its own has the same outermost function.

    Args:
        why: returns the reason of a wait, for the index of its reason (0 none) and of its stack.
        each: keep a record of each life, too.
    """

    _why: Reasons
    _each: cython.bint
    _from: cython.longlong
    _to: cython.longlong
    _slots: cython.int  # that have been in use
    # by slot
    _births: cython.longlong[::1]
    _group: cython.int[::1]  # −1 while no stack is known
    _times: cython.longlong[::1]  # of lives without a group, or for records
    _runs: cython.longlong[::1]  # when it first ran; for records
    _waits: cython.longlong[::1]  # by slot and reason; for records
    _nameless: dict  # slot → {reason: ns}, of lives without a group
    # by group
    _n: cython.int
    _keys: cython.longlong[::1]
    _index: IdMap
    _counts: cython.longlong[::1]  # lives, created, alive, and the longest's length
    _sums: cython.longlong[::1]
    _waited: cython.longlong[::1]  # by group and reason
    _lengths: Lengths
    _records: TimeRecords

    def __init__(self, why: Callable[[int, int], str], each: bool = False) -> None:
        self._why = Reasons(why)
        self._each = each
        self._from = -_NEVER
        self._to = _NEVER
        self._slots = 0
        self._births = self._times = self._runs = self._waits = column("q")
        self._group = column("i")
        self._nameless = {}
        self._n = 0
        self._keys = column("q", bytes(8 * 64))
        self._index = IdMap(self._keys)
        self._counts = column("q", bytes(8 * 4 * 64))
        self._sums = column("q", bytes(8 * 8 * 64))
        self._waited = column("q", bytes(8 * MAX_REASONS * 64))
        self._lengths = Lengths()
        self._records = TimeRecords(len(FIELDS))

    def limit(self, start: int, end: int) -> None:
        """Count only what is between these two times, ns on the trace's clock. Call it before the first event."""
        self._from = start
        self._to = end

    # ---- what the kernel reports ------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        i: cython.longlong
        if len(self._births) != len(self.goroutines.ids):
            size: cython.longlong = len(self.goroutines.ids)
            self._times = grown(self._times, _PARTS * size)
            self._births = grown(self._births, size)
            self._group = grown(self._group, size)
            if self._each:
                self._runs = grown(self._runs, size)
                self._waits = grown(self._waits, _REASONS * size)
        first: cython.longlong = cython.cast(cython.longlong, g) * _PARTS
        if self._each or self.goroutines.entries[g] == 0:
            for i in range(first, first + _PARTS):
                self._times[i] = 0
        if self._each:
            self._runs[g] = _NEVER
            first = cython.cast(cython.longlong, g) * _REASONS
            for i in range(first, first + _REASONS):
                self._waits[i] = 0
        if g >= self._slots:
            self._slots = g + 1
        self._births[g] = now
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
        group: cython.longlong = self._group[g]
        if group < 0 and stack > 0:
            group = self._found(g, stack)
        part: cython.int
        blocked: cython.longlong
        end: cython.longlong = start + length
        if self._each and kind == _IS_RUNNING and self._runs[g] == _NEVER:
            self._runs[g] = start
        if start < self._from or end > self._to:
            start = max(start, self._from)
            end = min(end, self._to)
            if end <= start:
                return 0
            length = end - start
        part = part_of(kind, reason, flags)
        if kind == _IS_SYSCALL:
            blocked = end - min(max(self.goroutines.lost[g], start), end)
            self._add(g, group, _BLOCKED, blocked)
            length -= blocked
        elif kind == _IS_WAITING:
            self._wait(g, group, self._why.number(reason, stack), length)
        return self._add(g, group, part, length)

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

    # ---- sums -------------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _add(self, g: cython.int, group: cython.longlong, part: cython.longlong, length: cython.longlong) -> cython.int:
        """Add a time to the group, or to the life if it needs a record or has no group yet."""
        if group >= 0 and not self._each:
            self._sums[group * _PARTS + part] = plus(self._sums[group * _PARTS + part], length)
        else:
            self._times[cython.cast(cython.longlong, g) * _PARTS + part] += length
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _wait(self, g: cython.int, group: cython.longlong, reason: cython.int, length: cython.longlong) -> cython.int:
        if self._each:
            self._waits[cython.cast(cython.longlong, g) * _REASONS + reason] += length
        if group >= 0:
            self._waited[group * _REASONS + reason] = plus(self._waited[group * _REASONS + reason], length)
        else:
            waits: dict = self._nameless.setdefault(g, {})
            waits[reason] = waits.get(reason, 0) + length
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _found(self, g: cython.int, stack: cython.int) -> cython.int:
        """The group of the life in slot `g`, which is returned, is known from now on."""
        group: cython.longlong = self._group_of(stack, self.goroutines.creations[g])
        self._group[g] = group
        if self._nameless:
            for reason, length in self._nameless.pop(g, {}).items():
                self._waited[group * _REASONS + reason] = plus(self._waited[group * _REASONS + reason], length)
        return group

    @cython.cfunc
    @cython.exceptval(-1)
    def _fold(self, g: cython.int, now: cython.longlong, alive: cython.bint) -> cython.int:
        """Add a life that ends, or is alive at the end of the trace, to its group."""
        i: cython.longlong
        if self._group[g] < 0:
            self._found(g, 0)
        if now <= self._from or self._births[g] >= self._to:
            return 0
        length: cython.longlong = min(now, self._to) - max(self._births[g], self._from)
        stays: cython.bint = alive or now > self._to
        group: cython.longlong = self._group[g]
        first: cython.longlong = cython.cast(cython.longlong, g) * _PARTS
        self._counts[4 * group] += 1
        self._counts[4 * group + 1] += self.goroutines.created[g] >= max(self._from, 0)
        self._counts[4 * group + 2] += stays
        if self._each or self.goroutines.entries[g] == 0:
            for i in range(_PARTS):
                self._sums[group * _PARTS + i] = plus(self._sums[group * _PARTS + i], self._times[first + i])
        self._counts[4 * group + 3] = max(self._counts[4 * group + 3], length)
        self._lengths.add(group, length)
        if self._each and self._records.count < _KEPT:
            self._record(g, length, -1 if stays else now)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _record(self, g: cython.int, length: cython.longlong, ended: cython.longlong) -> cython.int:
        self._records.put(self._keys[self._group[g]] >> 31)
        self._records.put(self._keys[self._group[g]] & _CREATION)
        self._records.put(self.goroutines.ids[g])
        self._records.put(self.goroutines.lives[g])
        self._records.put(self.goroutines.creators[g])
        self._records.put(self.goroutines.created[g])
        self._records.put(-1 if self._runs[g] == _NEVER else self._runs[g])
        self._records.put(ended)
        self._records.put(length)
        slot: cython.longlong = g
        return self._records.end(self._times, slot * _PARTS, self._waits, slot * _REASONS, self._why.n)

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
            self._sums = grown(self._sums, _PARTS * size)
            self._waited = grown(self._waited, _REASONS * size)
        self._keys[n] = key
        self._n = n + 1
        return self._index.put(key, n)

    def group_of(self, g: int) -> tuple[int, int]:
        """Return the stacks of the group of the life in slot `g`, which has just ended."""
        key = self._keys[self._group[g]]
        return key >> 31, key & _CREATION

    def reasons(self) -> list[str]:
        """Return why goroutines waited, by number."""
        return self._why.names()

    def groups(self) -> list[tuple[Any, ...]]:
        """Return every group as (entry stack, creation stack, counts, times, waits, lengths, buckets).

        Stacks are indices of the trace's tables, 0 unknown. counts: lives, those created during the trace, those alive
        at its end, and the length of the longest. times: ns by `PARTS`. waits: {number of the reason: ns}. lengths: of
        its first lives, sorted, ns. buckets: {bucket: count} of all others (see `analysis.histogram`).
        """
        group: cython.longlong
        lengths: list = self._lengths.by_group(self._n)
        out: list[tuple[Any, ...]] = []
        for group in range(self._n):
            if not self._counts[4 * group]:
                continue
            first: cython.longlong = group * _REASONS
            waits: dict = {i: self._waited[first + i] for i in range(self._why.n) if self._waited[first + i]}
            out.append(
                (
                    self._keys[group] >> 31,
                    self._keys[group] & _CREATION,
                    tuple([self._counts[i] for i in range(4 * group, 4 * group + 4)]),
                    tuple([self._sums[i] for i in range(group * _PARTS, (group + 1) * _PARTS)]),
                    waits,
                    *lengths[group],
                )
            )
        return out

    def records(self) -> TimeRecords:
        """Return a record of each life, at most `KEPT`, in the order in which they ended, by `FIELDS`.

        entry, creation: stacks. created is −1 for one from before the trace, ran (first) −1 if it never ran, ended −1
        if it was alive at the end.
        """
        return self._records
