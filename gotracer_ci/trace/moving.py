# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""The sums of a step function over all windows of one length: their minimum and their distribution."""

from __future__ import annotations

from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace.columns import column, grown
from gotracer_ci.trace.steps import total

_BITS = cython.declare(cython.int, 12)
_FEWEST = cython.declare(cython.int, 1024)  # segments there is room for
# Sums of the same weights in another order differ by less than this.
_MARGIN = cython.declare(cython.double, 1 + 1e-9)


@cython.final
@cython.cclass
class MovingWindows:
    """All windows of one length, over one step function or several.

    While a window moves, the sum inside it changes linearly between the moments when an edge meets a step. So it is
    kept as segments: the sum at both ends of each, and its length. Sums are whole numbers, so the minimum is exact.

    Begin with each length anew. The memory is used again.
    """

    least: cython.longlong
    _most: cython.longlong
    _n: cython.longlong
    _first: cython.longlong[::1]  # by segment: the sum where it begins
    _last: cython.longlong[::1]
    _starts: cython.longlong[::1]
    _lengths: cython.longlong[::1]
    _weights: cython.double[::1]
    _active: cython.longlong[::1]  # the segments that a search still has to look at
    _total: cython.double
    _bound: cython.longlong  # what has only larger sums is not kept
    # the weight of the segments by the step in which their larger end lies, up to the last step that is needed
    _target: cython.double
    _below: cython.double
    _steps: cython.double[::1]
    _limit: cython.int
    _shift: cython.int

    def __init__(self) -> None:
        self._first = column("q", bytes(8 * _FEWEST))
        self._last = column("q", bytes(8 * _FEWEST))
        self._starts = column("q", bytes(8 * _FEWEST))
        self._lengths = column("q", bytes(8 * _FEWEST))
        self._weights = column("d", bytes(8 * _FEWEST))
        self._active = column("q")
        self._steps = column("d", bytes(8 << _BITS))
        self.begin(0)

    def begin(self, most: int, lowest: float | None = None) -> None:
        """Forget all windows, and begin with those of another length.

        Args:
            most: the sum of a window in which the functions have their largest value.
            lowest: how many windows (ns × functions) have to be kept, the lowest ones; None for all. Then only the
                quantiles up to their share of all windows, and the minimum, are known.
        """
        k: cython.longlong
        self._most = self._bound = self.least = most
        self._n = 0
        self._total = self._below = 0.0
        self._target = -1.0 if lowest is None else lowest * _MARGIN
        for k in range(len(self._steps)):
            self._steps[k] = 0.0
        self._limit = (1 << _BITS) - 1
        self._shift = max(0, most.bit_length() - _BITS)

    def add(self, times: Any, values: Any, window: int, weight: int) -> None:
        """Add the windows over a step function.

        Args:
            times (int64): where its steps begin, increasing, and last where it ends.
            values (int64): of the steps, not negative.
            window: their length, at most that of the function.
            weight: how many functions are like this.
        """
        self._move(times, values, window, weight)

    @cython.cfunc
    @cython.exceptval(-1)
    def _move(
        self,
        times: cython.longlong[::1],
        values: cython.longlong[::1],
        window: cython.longlong,
        weight: cython.longlong,
    ) -> cython.int:
        i: cython.longlong = 0
        j: cython.longlong = 0
        t: cython.longlong = times[0]
        end: cython.longlong = times[len(times) - 1] - window
        total: cython.longlong = 0
        while times[j + 1] < t + window:
            total += values[j] * (times[j + 1] - times[j])
            j += 1
        total += values[j] * (t + window - times[j])
        least: cython.longlong = min(self.least, total)
        bound: cython.longlong = self._bound
        self._total += cython.cast(cython.double, end - t) * weight
        if t == end and total < bound:
            self._keep(total, total, t, 0, weight)
        while t < end:
            leaves: cython.longlong = times[i + 1]
            enters: cython.longlong = times[j + 1] - window
            moved: cython.longlong = min(leaves, enters, end)
            after: cython.longlong = total + (values[j] - values[i]) * (moved - t)
            # most segments of most programs are in no low quantile
            if (total < bound or after < bound) and moved > t:
                bound = self._keep(total, after, t, moved - t, weight)
            least = min(least, after)
            total = after
            t = moved
            # without branches, which would be taken at random
            i += leaves == moved
            j += enters == moved
        self.least = least
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _keep(
        self,
        first: cython.longlong,
        last: cython.longlong,
        start: cython.longlong,
        length: cython.longlong,
        weight: cython.longlong,
    ) -> cython.longlong:
        """Keep a segment, and return the bound."""
        n: cython.longlong = self._n
        if n == len(self._first):
            n = self._dropped()
            if 2 * n > len(self._first):
                self._grow()
        self._first[n] = first
        self._last[n] = last
        self._starts[n] = start
        self._lengths[n] = length
        self._weights[n] = cython.cast(cython.double, length) * weight
        self._n = n + 1
        if self._target >= 0.0:
            self._lower(max(first, last) >> self._shift, self._weights[n])
        return self._bound

    def _grow(self) -> None:
        size = 2 * len(self._first)
        self._first = grown(self._first, size)
        self._last = grown(self._last, size)
        self._starts = grown(self._starts, size)
        self._lengths = grown(self._lengths, size)
        self._weights = grown(self._weights, size)

    @cython.cfunc
    @cython.exceptval(-1)
    def _dropped(self) -> cython.longlong:
        """Drop the segments above the bound, which was higher when they were kept; return how many are left."""
        i: cython.longlong
        n: cython.longlong = 0
        for i in range(self._n):
            if self._first[i] < self._bound or self._last[i] < self._bound:
                self._first[n] = self._first[i]
                self._last[n] = self._last[i]
                self._starts[n] = self._starts[i]
                self._lengths[n] = self._lengths[i]
                self._weights[n] = self._weights[i]
                n += 1
        return n

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _lower(self, step: cython.longlong, weight: cython.double) -> cython.int:
        """Lower the bound if enough windows are known to lie below it."""
        if step > self._limit:
            return 0
        self._steps[step] += weight
        self._below += weight
        while self._limit > 0 and self._below - self._steps[self._limit] >= self._target:
            self._below -= self._steps[self._limit]
            self._limit -= 1
            self._bound = min(self._most, cython.cast(cython.longlong, self._limit + 1) << self._shift)
        return 0

    def minimum(self) -> int:
        """Return the smallest sum."""
        return self.least

    def apart(self, times: Any, values: Any, window: cython.longlong, count: int) -> list[tuple[int, int]]:
        """Return (sum, start) of the lowest windows that have no moment in common, the lowest first.

        Those of the largest sum are not among them. The arguments are those of `add`, which was called once.

        Args:
            count: how many there may be.
        """
        i: cython.longlong
        n: cython.longlong = 0
        best: cython.longlong
        kept: cython.longlong
        sums: cython.longlong[::1] = column("q", bytes(8 * (2 * self._n + 2 * count)))
        starts: cython.longlong[::1] = column("q", bytes(8 * (2 * self._n + 2 * count)))
        for i in range(self._n):
            sums[n] = self._first[i]
            starts[n] = self._starts[i]
            sums[n + 1] = self._last[i]
            starts[n + 1] = self._starts[i] + self._lengths[i]
            n += 2
        found: list = []
        while n > 0 and len(found) < count:
            best = 0
            for i in range(1, n):
                if sums[i] < sums[best] or (sums[i] == sums[best] and starts[i] < starts[best]):
                    best = i
            if sums[best] >= self._most:
                break
            start: cython.longlong = starts[best]
            found.append((sums[best], start))
            kept = 0
            for i in range(n):
                if starts[i] <= start - window or starts[i] >= start + window:
                    sums[kept] = sums[i]
                    starts[kept] = starts[i]
                    kept += 1
            n = kept
            # the lowest one that is left may touch this one
            for beside in (start - window, start + window):
                if beside < times[0] or beside > times[len(times) - 1] - window:
                    continue
                is_apart = True
                for _, other in found:
                    is_apart = is_apart and abs(beside - other) >= window
                if is_apart:
                    sums[n] = total(times, values, beside, window)
                    starts[n] = beside
                    n += 1
        return found

    def quantile(self, share: float) -> float:
        """Return the sum that this share of all windows does not exceed; windows begin at any time alike.

        Segments begin and end at whole numbers, so between two of these the distribution is linear. The two are
        searched, and what lies between them is interpolated.
        """
        return self._searched(share)

    @cython.cfunc
    @cython.exceptval(-1)
    def _searched(self, share: cython.double) -> cython.double:
        i: cython.longlong
        k: cython.longlong
        kept: cython.longlong
        lower: cython.longlong
        upper: cython.longlong
        target: cython.double = share * self._total
        # the windows up to `low` weigh less than the target, those up to `high` do not
        low: cython.longlong = self.least - 1
        high: cython.longlong = self._below_which(target)
        # segments that do not end between low and high: their mass up to low, and how it grows from there
        below: cython.double = 0.0
        slope: cython.double = 0.0
        n: cython.longlong = 0
        is_halved: cython.bint = False
        if self._total <= 0.0:
            return self.least
        if len(self._active) < self._n:
            self._active = column("q", bytes(8 * len(self._first)))
        active: cython.longlong[::1] = self._active
        for k in range(self._n):
            if self._first[k] <= high or self._last[k] <= high:
                active[n] = k
                n += 1
        while high - low > 1:
            # many segments can have the same sum, which halving alone would find last
            at: cython.longlong = low + (high - low) // 2
            if n > 0 and not is_halved:
                upper = max(self._first[active[n >> 1]], self._last[active[n >> 1]])
                at = upper if low < upper < high else at
            is_halved = not is_halved
            before: cython.double = below + slope * (at - 1 - low)
            mass: cython.double = below + slope * (at - low)
            for k in range(n):
                before += self._mass(active[k], at - 1)
                mass += self._mass(active[k], at)
            since: cython.longlong = low
            if mass < target:
                low = at
            elif before >= target and at - 1 > low:
                high = at - 1
            else:
                low = at - 1
                high = at
            below += slope * (low - since)
            kept = 0
            for k in range(n):
                i = active[k]
                lower = min(self._first[i], self._last[i])
                upper = max(self._first[i], self._last[i])
                if upper <= low:
                    below += self._weights[i]
                elif lower > high or (lower == high and upper > high):
                    continue
                elif lower <= low and upper >= high:
                    below += self._mass(i, low)
                    slope += self._weights[i] / (upper - lower)
                else:
                    active[kept] = i
                    kept += 1
            n = kept
        # those that are left all have the sum `high`: there the distribution jumps
        if slope > 0.0 and below + slope > target:
            return low + max(0.0, target - below) / slope
        return high

    @cython.cfunc
    @cython.exceptval(-1)
    def _below_which(self, target: cython.double) -> cython.longlong:
        """Return a sum below which there are windows of this weight, as far as the steps tell it."""
        step: cython.longlong = 0
        mass: cython.double = 0.0
        while step <= self._limit and mass < target * _MARGIN:
            mass += self._steps[step]
            step += 1
        if mass < target * _MARGIN:
            return self._bound
        return max(self.least, min(self._bound, step << self._shift))

    @cython.cfunc
    @cython.inline
    @cython.exceptval(check=False)
    def _mass(self, i: cython.longlong, sum_: cython.longlong) -> cython.double:
        """Return the weight of a segment's windows whose sum is at most this one."""
        lower: cython.longlong = min(self._first[i], self._last[i])
        upper: cython.longlong = max(self._first[i], self._last[i])
        if sum_ >= upper:
            return self._weights[i]
        if sum_ <= lower:
            return 0.0
        share: cython.double = cython.cast(cython.double, sum_ - lower) / cython.cast(cython.double, upper - lower)
        return self._weights[i] * share
