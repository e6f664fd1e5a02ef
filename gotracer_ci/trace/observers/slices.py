# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Slices: what was on each P, in a limited number of records. The shortest ones share records."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec
from gotracer_ci.trace.columns import column, grown
from gotracer_ci.trace.encoding import decoded, encoded

FINEST = 100
"""The first resolution, ns."""
SPAN = 8
"""How many times the resolution a record of several slices spans at most."""

_COARSEST = cython.declare(cython.longlong, spec.MAX_TIME)
_SPAN = cython.declare(cython.longlong, SPAN)
_WIDTH = cython.declare(cython.longlong, 7)  # numbers of a record
_FEW = cython.declare(cython.longlong, 1 << 17)  # numbers, in 1 MB
_PROC = cython.declare(cython.longlong, (1 << 16) - 1)
_ENDINGS = cython.declare(cython.longlong, 15 << 16)
_ENTRY = cython.declare(cython.longlong, (1 << 27) - 1)  # an index of the tables
_RUN = cython.declare(cython.int, 12)  # records that `runs` takes or leaves together, as a power of two
_LAST = cython.declare(cython.longlong, (1 << 12) - 1)
_SEEN = cython.declare(cython.longlong, (1 << 10) - 1)
_COLUMNS = ("gap", "length", "slices", "goroutine", "stack", "ending", "reason", "queued", "waker", "idle")
_EXACT = ("ending", "reason", "queued", "waker")


@cython.final
@cython.cclass
class Slices:
    """Records of slices, in the order in which they end on each P.

    A slice that is longer than the resolution has a record of its own. Shorter ones in a row share a record while they
    span at most `SPAN` resolutions together. When there are too many, the resolution grows until a quarter is gone.

    Args:
        budget: how many records there may be; two for each P in any case.
    """

    # by P: where its last record is, −1 for none
    _last: cython.longlong[::1]
    procs: cython.int
    # seven numbers for each record: start, length, goroutine, run-queue time, waker, stack and reason, number of slices
    # with ending and P; with several slices, instead of the fourth and fifth, their sum and the longest one
    _records: cython.longlong[::1]
    _n: cython.longlong
    _budget: cython.longlong
    _resolution: cython.longlong
    _span: cython.longlong
    # the Ps that have records, None if these are not sorted; the records in order, and where those of each P end in it
    _procs: list | None
    _order: cython.int[::1]
    _ends: cython.longlong[::1]

    def __init__(self, budget: int) -> None:
        self._last = column("q")
        self._records = column("q", bytes(8 * 7 * 64))
        self.procs = self._n = 0
        self._budget = budget
        self._resolution = FINEST
        self._span = SPAN * FINEST
        self._procs = None
        self._order, self._ends = column("i"), column("q")

    def grow(self, procs: int) -> None:
        """Make room for the slices of so many Ps."""
        k: cython.int
        self._last = grown(self._last, procs)
        for k in range(self.procs, procs):
            self._last[k] = -1
        self.procs = procs
        self._budget = max(self._budget, 2 * procs)

    @cython.cfunc
    @cython.exceptval(-1)
    def add(
        self,
        p: cython.longlong,
        start: cython.longlong,
        end: cython.longlong,
        id: cython.longlong,
        stack: cython.longlong,
        reason: cython.longlong,
        ending: cython.longlong,
        queued: cython.longlong,
        waker: cython.longlong,
    ) -> cython.int:
        """Add a slice to those of a P, which `grow` has made room for."""
        what: cython.longlong = stack << 27 | reason
        k: cython.longlong = self._last[p]
        if k >= 0:
            # nothing overlaps in a valid trace
            start = max(start, self._records[k] + self._records[k + 1])
        if end <= start:
            return 0
        if (
            k >= 0
            and end - self._records[k] <= self._span
            and end - start <= self._resolution
            and self._longest(k) <= self._resolution
        ):
            return self._join(k, end, 1, end - start, end - start, id, what, ending)
        if self._n >= self._budget:
            while self._n >= self._budget:
                self.shrink(self._budget * 3 // 4)
            return self.add(p, start, end, id, stack, reason, ending, queued, waker)
        k = _WIDTH * self._n
        if k == len(self._records):
            # room for many is only reserved, and no copy of them is ever made
            room: cython.longlong = min(2 * self._n, self._budget) if k < _FEW else self._budget
            self._records = grown(self._records, _WIDTH * room)
        self._n += 1
        self._records[k] = start
        self._records[k + 1] = end - start
        self._records[k + 2] = id
        self._records[k + 3] = queued
        self._records[k + 4] = waker
        self._records[k + 5] = what
        self._records[k + 6] = 1 << 20 | ending << 16 | p
        self._last[p] = k
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def amend(
        self, p: cython.longlong, start: cython.longlong, end: cython.longlong, ending: cython.longlong
    ) -> cython.int:
        """Change how the slice from `start` to `end` ended, the latest one of its P, if its record tells."""
        k: cython.longlong = self._last[p]
        if k < 0 or self._records[k] + self._records[k + 1] != end:
            return 0
        if self._longest(k) == end - start:
            self._records[k + 6] = (self._records[k + 6] & ~_ENDINGS) | ending << 16
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.inline
    def _longest(self, k: cython.longlong) -> cython.longlong:
        """Return the length of the longest slice of the record at `k`."""
        return self._records[k + 1] if self._records[k + 6] >> 20 == 1 else self._records[k + 4]

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _join(
        self,
        k: cython.longlong,
        end: cython.longlong,
        count: cython.longlong,
        busy: cython.longlong,
        longest: cython.longlong,
        id: cython.longlong,
        what: cython.longlong,
        ending: cython.longlong,
    ) -> cython.int:
        """Add slices to the record at `k`."""
        last: cython.longlong = self._records[k + 6]
        if last >> 20 == 1:
            self._records[k + 3] = self._records[k + 4] = self._records[k + 1]
        self._records[k + 1] = end - self._records[k]
        self._records[k + 3] += busy
        last += count << 20
        if longest > self._records[k + 4]:
            self._records[k + 2] = id
            self._records[k + 4] = longest
            self._records[k + 5] = what
            last = (last & ~_ENDINGS) | ending << 16
        self._records[k + 6] = last
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _coarsen(self, resolution: cython.longlong) -> cython.int:
        """Join the records that this resolution no longer separates."""
        i: cython.longlong
        j: cython.longlong
        to: cython.longlong = 0
        p: cython.longlong
        self._resolution = resolution
        self._span = _span_of(resolution)
        self._procs = None
        for p in range(self.procs):
            self._last[p] = -1
        for i in range(self._n):
            k: cython.longlong = _WIDTH * i
            last: cython.longlong = self._records[k + 6]
            p = last & _PROC
            end: cython.longlong = self._records[k] + self._records[k + 1]
            count: cython.longlong = last >> 20
            longest: cython.longlong = self._longest(k)
            busy: cython.longlong = longest if count == 1 else self._records[k + 3]
            j = self._last[p] if longest <= resolution else -1
            if j >= 0 and end - self._records[j] <= self._span and self._longest(j) <= resolution:
                self._join(j, end, count, busy, longest, self._records[k + 2], self._records[k + 5], (last >> 16) & 15)
                continue
            for j in range(_WIDTH):
                self._records[to + j] = self._records[k + j]
            self._last[p] = to
            to += _WIDTH
        self._n = to // _WIDTH
        return 0

    # ---- results ----------------------------------------------------------------------------------------------

    def __reduce__(self) -> Any:
        """Pickle the records, in about ten bytes each."""
        numbers: Any = self._records[: _WIDTH * self._n]
        return _unpickled, (self.procs, self._n, self._resolution, encoded(numbers, True, True, _WIDTH))

    def resolution(self) -> int:
        """Return the resolution, ns: each longer slice has a record of its own."""
        return int(self._resolution)

    def span(self) -> int:
        """Return how long a record of several slices is at most, ns."""
        return int(self._span)

    def count(self) -> int:
        """Return the number of records."""
        return int(self._n)

    def shrink(self, records: int) -> None:
        """Make the resolution about as little coarser as so many records need; one for each P stays in any case."""
        low: cython.longlong = self._resolution
        high: cython.longlong = low
        while high < _COARSEST and self._count_at(high) > records:
            low = high
            high = min(2 * high, _COARSEST)
        while high - low > low >> 5:
            middle: cython.longlong = low + (high - low) // 2
            if self._count_at(middle) > records:
                low = middle
            else:
                high = middle
        self._coarsen(high)

    @cython.cfunc
    @cython.exceptval(-1)
    def _count_at(self, resolution: cython.longlong) -> cython.longlong:
        """Return about how many records there would be at this resolution; of many, only some runs are looked at."""
        # where the P's record begins that slices can join
        starts: cython.longlong[::1] = column("q", [-_COARSEST]) * self.procs
        span: cython.longlong = _span_of(resolution)
        count: cython.longlong = 0
        looked: cython.longlong = 0
        every: cython.longlong = max(1, self._n >> 16)
        first: cython.longlong
        i: cython.longlong
        for first in range(0, self._n, every << _RUN):
            for i in range(first, min(first + (1 << _RUN), self._n)):
                k: cython.longlong = _WIDTH * i
                p: cython.longlong = self._records[k + 6] & _PROC
                if self._longest(k) > resolution:
                    starts[p] = -_COARSEST
                    count += 1
                elif self._records[k] + self._records[k + 1] - starts[p] > span:
                    starts[p] = self._records[k]
                    count += 1
                looked += 1
        return count * self._n // looked if looked else 0

    def named(self) -> tuple[set[int], set[int]]:
        """Return the indices of all stacks and of all reasons (strings)."""
        i: cython.longlong
        what: cython.longlong
        # most have been there shortly before, and a set would be slow to ask
        seen: cython.longlong[::1] = column("q", [-1]) * (_SEEN + 1)
        both: set = set()
        for i in range(self._n):
            what = self._records[_WIDTH * i + 5]
            k: cython.longlong = (what ^ (what >> 27)) & _SEEN
            if seen[k] != what:
                seen[k] = what
                both.add(what)
        return {each >> 27 for each in both}, {each & 0x7FFFFFF for each in both}

    def sorted(self) -> list[int]:
        """Return the Ps that have a lane, and sort the records by them; call it again after `shrink`."""
        i: cython.longlong
        p: cython.longlong
        if self._procs is not None:
            return self._procs
        ends: cython.longlong[::1] = column("q", bytes(8 * (self.procs + 1)))
        for i in range(self._n):
            ends[(self._records[_WIDTH * i + 6] & _PROC) + 1] += 1
        self._procs = [p for p in range(self.procs) if ends[p + 1]]
        for p in range(self.procs):
            ends[p + 1] += ends[p]
        self._order = grown(column("i"), self._n)
        for i in range(self._n):
            p = self._records[_WIDTH * i + 6] & _PROC
            self._order[ends[p]] = cython.cast(cython.int, i)
            ends[p] += 1
        # now a P's records end where those of the next one began
        self._ends = ends
        return self._procs

    def runs(
        self, p: cython.longlong, begin: cython.longlong, stacks: Any, reasons: Any, every: cython.longlong = 1
    ) -> Iterator[dict[str, Any]]:
        """Yield the records of a P, some thousands at a time, as columns of int64; call `sorted` before.

        Of all records gap: ns since the end of the record before, of the first one since `begin`; length: ns; slices:
        how many; goroutine: Go's ID, of several slices that of the longest one; stack: where it stopped. Of those with
        one slice ending: `lanes.STOPPED`, …; reason: why it stopped; queued: how long it was runnable just before, ns;
        waker: the goroutine (Go's ID) that made it runnable, −1 unknown. Of the others idle: ns between the slices.

        The columns are views of memory that is used again for the next records.

        Args:
            stacks, reasons: arrays of int64 with what to return for each index of the trace's tables.
            every: only one of so many runs of records.
        """
        first: cython.longlong = self._ends[p - 1] if p > 0 else 0
        last: cython.longlong = self._ends[p]
        i: cython.longlong
        columns: dict = {name: array("q", [0]) * min(last - first, _LAST + 1) for name in _COLUMNS}
        for i in range(first, last, (_LAST + 1) * every):
            if i > first:
                k: cython.longlong = _WIDTH * self._order[i - 1]
                begin = self._records[k] + self._records[k + 1]
            n: cython.longlong = min(last - i, _LAST + 1)
            exact: cython.longlong = self._fill(columns, i, n, begin, stacks, reasons)
            sizes: dict = {name: exact if name in _EXACT else n - exact if name == "idle" else n for name in _COLUMNS}
            yield {name: memoryview(columns[name])[: sizes[name]] for name in _COLUMNS}

    @cython.cfunc
    @cython.exceptval(-1)
    def _fill(
        self,
        columns: dict,
        first: cython.longlong,
        n: cython.longlong,
        begin: cython.longlong,
        stacks: object,
        reasons: object,
    ) -> cython.longlong:
        """Write `n` records from a place of the order on into columns; return how many have one slice."""
        gaps: cython.longlong[::1] = columns["gap"]
        lengths: cython.longlong[::1] = columns["length"]
        counts: cython.longlong[::1] = columns["slices"]
        goroutines: cython.longlong[::1] = columns["goroutine"]
        at: cython.longlong[::1] = columns["stack"]
        endings: cython.longlong[::1] = columns["ending"]
        why: cython.longlong[::1] = columns["reason"]
        queued: cython.longlong[::1] = columns["queued"]
        wakers: cython.longlong[::1] = columns["waker"]
        idle: cython.longlong[::1] = columns["idle"]
        of_stacks: cython.const[cython.longlong][::1] = stacks
        of_reasons: cython.const[cython.longlong][::1] = reasons
        exact: cython.longlong = 0
        i: cython.longlong
        for i in range(n):
            k: cython.longlong = _WIDTH * self._order[first + i]
            last: cython.longlong = self._records[k + 6]
            gaps[i] = self._records[k] - begin
            lengths[i] = self._records[k + 1]
            counts[i] = last >> 20
            goroutines[i] = self._records[k + 2]
            at[i] = of_stacks[self._records[k + 5] >> 27]
            begin = self._records[k] + self._records[k + 1]
            if last >> 20 == 1:
                endings[exact] = (last & _ENDINGS) >> 16
                why[exact] = of_reasons[self._records[k + 5] & _ENTRY]
                queued[exact] = self._records[k + 3]
                wakers[exact] = self._records[k + 4]
                exact += 1
            else:
                idle[i - exact] = self._records[k + 1] - self._records[k + 3]
        return exact


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _span_of(resolution: cython.longlong) -> cython.longlong:
    return _SPAN * resolution if resolution < _COARSEST // _SPAN else _COARSEST


def _unpickled(procs: int, n: int, resolution: int, data: bytes) -> Slices:
    slices: Slices = Slices(n)
    slices.procs = procs
    slices._last = column("q", bytes(8 * procs))
    slices._n = n
    slices._resolution = resolution
    slices._span = _span_of(resolution)
    slices._records = column("q", decoded(data, _WIDTH * n, True, True, _WIDTH))
    return slices
