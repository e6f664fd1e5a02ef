# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Proc times: what was on the Ps while certain goroutines were runnable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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

MOST_WAITS = 100
"""Waits that can be asked for."""

_IS_RUNNABLE = cython.declare(cython.int, spec.IntervalKind.RUNNABLE)
_IS_RUNNING = cython.declare(cython.int, spec.IntervalKind.RUNNING)
_IS_SYSCALL = cython.declare(cython.int, spec.IntervalKind.SYSCALL)
_IS_WAITING = cython.declare(cython.int, spec.IntervalKind.WAITING)
_IS_IDLE_P = cython.declare(cython.int, spec.IntervalKind.IDLE_P)
_NEVER = cython.declare(cython.longlong, spec.NEVER)
_ALONE = cython.declare(cython.longlong, 0xFFFF)  # in place of a segment: a slice in several ones


@cython.final
@cython.cclass
class ProcTimes(Observer):
    """Who was on the Ps while certain goroutines were runnable: running, or in a system call that kept the P.

    The beginnings and ends of all waits cut time into segments. Slices inside one segment are summed by what they have
    in common, because they count for the same waits; the few others are kept one by one.

    Args:
        waits: Go's ID, start and end (ns on the trace's clock) of each, at most `MOST_WAITS`.
    """

    _n_waits: cython.int
    _waits: cython.longlong[::1]  # three numbers for each: ID, start and end
    _found: cython.longlong[::1]  # three for each: the goroutine, −1 if it was not seen, its stack, and idle time
    _shortest: cython.longlong
    _cuts: cython.longlong[::1]  # where segments begin and end
    _asked: cython.longlong[::1]  # by segment: whether it is in a wait
    _n_cuts: cython.int
    _segment: cython.int  # the latest one: most slices come in order
    _from: cython.longlong
    _to: cython.longlong
    # the latest part of a wait with an idle P; the wait itself is reported next
    _idle_g: cython.int
    _idle_start: cython.longlong
    _idle_end: cython.longlong
    # by slot: the goroutine's number here, −1 for none, and its first own stack
    _numbers: cython.int[::1]
    _stacks: cython.int[::1]
    # by number of the goroutine: a stack that tells where it began, and its latest row, −1 for none
    _n: cython.int
    _entries: cython.int[::1]
    _latest: cython.int[::1]
    # pairs of goroutine and stack
    _pairs: IdMap
    _pair_keys: cython.longlong[::1]
    _n_pairs: cython.int
    # rows: pair, segment, state and P as a key; the goroutine's previous row; sum and longest one, or start and end
    _rows: IdMap
    _keys: cython.longlong[::1]
    _n_rows: cython.int
    _previous: cython.int[::1]
    _sums: cython.longlong[::1]
    _longest: cython.longlong[::1]

    def __init__(self, waits: Sequence[tuple[int, int, int]]) -> None:
        if len(waits) > MOST_WAITS:
            raise ValueError("too many waits")
        cuts = sorted({time for _, *times in waits for time in times})
        self._n_waits = len(waits)
        self._waits = column("q", [number for wait in waits for number in wait])
        self._found = column("q", [-1, 0, 0] * len(waits))
        self._shortest = min((end - start for _, start, end in waits), default=0)
        self._cuts = column("q", cuts)
        self._n_cuts = len(cuts)
        self._asked = column("q", [any(start <= cut < end for _, start, end in waits) for cut in cuts])
        self._segment = 0
        self._from = -_NEVER
        self._to = _NEVER
        self._idle_g = -1
        self._idle_start = self._idle_end = 0
        self._numbers = column("i")
        self._stacks = column("i")
        self._n = self._n_pairs = self._n_rows = 0
        self._entries = column("i", bytes(4 * 64))
        self._latest = column("i", bytes(4 * 64))
        self._pair_keys = column("q", bytes(8 * 64))
        self._pairs = IdMap(self._pair_keys)
        self._keys = column("q", bytes(8 * 64))
        self._rows = IdMap(self._keys)
        self._previous = column("i", bytes(4 * 64))
        self._sums = column("q", bytes(8 * 64))
        self._longest = column("q", bytes(8 * 64))

    def limit(self, start: int, end: int) -> None:
        """Look for first stacks only between these two times, ns on the trace's clock, which have all waits."""
        self._from = start
        self._to = end

    def ignored(self) -> int:
        kinds = 1 << _IS_RUNNABLE | 1 << _IS_RUNNING | 1 << _IS_SYSCALL | 1 << _IS_WAITING | 1 << _IS_IDLE_P
        return ~kinds

    # ---- what the kernel reports ------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        if g >= len(self._numbers):
            size: cython.longlong = len(self.goroutines.ids)
            self._numbers = grown(self._numbers, size)
            self._stacks = grown(self._stacks, size)
        self._numbers[g] = -1
        self._stacks[g] = self.goroutines.entries[g]
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
        if g < 0 or end < self._from or start > self._to or (length > 0 and (end == self._from or start == self._to)):
            return 0
        if kind == _IS_IDLE_P:
            self._idle_g = g
            self._idle_start = start
            self._idle_end = end
            return 0
        if kind > _IS_WAITING:
            return 0
        if self._stacks[g] == 0 and stack > 0:
            self._stacks[g] = stack
            if self._numbers[g] >= 0:
                self._entries[self._numbers[g]] = stack
        if kind == _IS_RUNNABLE:
            if length >= self._shortest:
                self._waited(g, stack, start, end)
            self._idle_g = -1
        elif kind == _IS_RUNNING:
            self._had(self.goroutines.proc, 0, g, stack, start, end)
        elif kind == _IS_SYSCALL:
            self._had(self.goroutines.procs[g], 1, g, stack, start, min(max(self.goroutines.lost[g], start), end))
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _waited(self, g: cython.int, stack: cython.int, start: cython.longlong, end: cython.longlong) -> cython.int:
        """A goroutine was runnable: keep what its wait needs, if it is one of those that were asked for."""
        i: cython.int
        for i in range(0, 3 * self._n_waits, 3):
            first: cython.longlong = self._waits[i + 1]
            last: cython.longlong = self._waits[i + 2]
            if self._waits[i] == self.goroutines.ids[g] and start <= first and last <= end:
                self._found[i] = self._number(g)
                self._found[i + 1] = stack
                if self._idle_g == g:
                    self._found[i + 2] = max(0, min(self._idle_end, last) - max(self._idle_start, first))
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _had(
        self,
        proc: cython.longlong,
        is_call: cython.longlong,
        g: cython.int,
        stack: cython.longlong,
        start: cython.longlong,
        end: cython.longlong,
    ) -> cython.int:
        """A goroutine was on a P."""
        last: cython.int = self._n_cuts - 1
        if last < 0 or proc < 0 or end <= start or end <= self._cuts[0] or start >= self._cuts[last]:
            return 0
        segment: cython.longlong = _ALONE
        if start >= self._cuts[0]:
            segment = self._segment_of(start)
            if end > self._cuts[segment + 1]:
                segment = _ALONE
            elif not self._asked[segment]:
                return 0
        number: cython.longlong = self._number(g)
        pair: cython.longlong = self._pair(number << 32 | stack)
        key: cython.longlong = pair << 32 | segment << 16 | is_call << 15 | proc
        row: cython.int = -1 if segment == _ALONE else self._rows.find(key)
        if row < 0:
            row = self._row(key, number)
            if segment == _ALONE:
                self._sums[row] = start
                self._longest[row] = end
                return 0
            self._rows.put(key, row)
        self._sums[row] += end - start
        self._longest[row] = max(self._longest[row], end - start)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _segment_of(self, time: cython.longlong) -> cython.int:
        """Return the segment that has a time, which is in one."""
        if self._cuts[self._segment] <= time < self._cuts[self._segment + 1]:
            return self._segment
        low: cython.int = 0
        high: cython.int = self._n_cuts - 1
        while high - low > 1:
            middle: cython.int = (low + high) >> 1
            if self._cuts[middle] <= time:
                low = middle
            else:
                high = middle
        self._segment = low
        return low

    @cython.cfunc
    @cython.exceptval(-1)
    def _number(self, g: cython.int) -> cython.int:
        n: cython.int = self._n
        if self._numbers[g] < 0:
            if n == len(self._entries):
                self._entries = grown(self._entries, 2 * n)
                self._latest = grown(self._latest, 2 * n)
            self._entries[n] = self._stacks[g]
            self._latest[n] = -1
            self._numbers[g] = n
            self._n += 1
        return self._numbers[g]

    @cython.cfunc
    @cython.exceptval(-1)
    def _pair(self, key: cython.longlong) -> cython.int:
        pair: cython.int = self._pairs.find(key)
        if pair >= 0:
            return pair
        pair = self._n_pairs
        if pair == len(self._pair_keys):
            self._pair_keys = self._pairs.keys = grown(self._pair_keys, 2 * pair)
        self._pair_keys[pair] = key
        self._n_pairs += 1
        return self._pairs.put(key, pair)

    @cython.cfunc
    @cython.exceptval(-1)
    def _row(self, key: cython.longlong, number: cython.longlong) -> cython.int:
        row: cython.int = self._n_rows
        if row == len(self._keys):
            self._keys = self._rows.keys = grown(self._keys, 2 * row)
            self._previous = grown(self._previous, 2 * row)
            self._sums = grown(self._sums, 2 * row)
            self._longest = grown(self._longest, 2 * row)
        self._keys[row] = key
        self._previous[row] = self._latest[number]
        self._latest[number] = row
        self._n_rows += 1
        return row

    # ---- what was kept -----------------------------------------------------------------------------------------

    def size(self) -> int:
        """Return how many rows there are so far."""
        return self._n_rows

    def waits(self) -> list[tuple[int, int, int]]:
        """Return (entry, stack, idle time) of each wait, ns: see `rows`; 0 if the goroutine was not seen.

        stack: where the goroutine was last. The idle time is how long at least one P was idle meanwhile.
        """
        found = [tuple(self._found[i : i + 3]) for i in range(0, 3 * self._n_waits, 3)]
        return [(self._entries[number] if number >= 0 else 0, stack, idle) for number, stack, idle in found]

    def rows(self) -> Iterator[tuple[int, int, bool, int, int, int, int, int, int]]:
        """Yield (goroutine, entry, is in a system call, stack, P, start, end, time, longest), times in ns.

        One row is either what a goroutine did between two times in all, with the longest slice, or a single slice. In
        that case it can overlap waits in part; otherwise it is inside or outside.

        goroutine: a number for each existence of one; its rows come together. entry, stack: indices of the tables, 0
        unknown; the entry is the stack of its first function, or its first own one.
        """
        for number in range(self._n):
            row = self._latest[number]
            while row >= 0:
                key = self._keys[row]
                stack = self._pair_keys[key >> 32] & 0xFFFFFFFF
                segment = key >> 16 & 0xFFFF
                first, second = self._sums[row], self._longest[row]
                alone = segment == _ALONE
                start, end = (first, second) if alone else (self._cuts[segment], self._cuts[segment + 1])
                time, longest = (end - start, end - start) if alone else (first, second)
                is_call = bool(key >> 15 & 1)
                yield number, self._entries[number], is_call, stack, key & 0x7FFF, start, end, time, longest
                row = self._previous[row]
