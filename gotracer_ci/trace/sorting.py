# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Go's unstable sort, exchange for exchange: it decides the order of events with equal times."""

from __future__ import annotations

from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace.columns import column


@cython.final
@cython.cclass
class Sorter:
    """Sorts times with exactly the exchanges of Go's `slices.SortFunc`, which decide the order of equal times.

    That sort is a pattern-defeating quicksort and not stable. Go's reader orders its threads by their next events with
    it, so each comparison and each exchange must be the same here.
    """

    times: cython.longlong[::1]
    items: cython.int[::1]  # what goes with each time
    _exchanges: cython.int

    def __init__(self) -> None:
        self.times = column("q")
        self.items = column("i")
        self.reserve(64)

    def order(self, times: list[int]) -> list[int]:
        """Return the indices of `times` (each below 2^62) in sorted order."""
        n: cython.int = len(times)
        i: cython.int
        self.reserve(n)
        for i in range(n):
            self.times[i] = times[i]
            self.items[i] = i
        self.sort(n)
        return [self.items[i] for i in range(n)]

    @cython.cfunc
    @cython.exceptval(-1)
    def reserve(self, n: cython.int) -> cython.int:
        """Make room for `n` times; the old ones are lost."""
        if n > len(self.times):
            self.times = column("q", bytes(8 * 2 * n))
            self.items = column("i", bytes(4 * 2 * n))
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def sort(self, n: cython.int) -> cython.int:
        """Sort the first `n` of `times`, and their items with them."""
        depth: cython.int = 0
        while n >> depth > 0:
            depth += 1
        return self._quick(0, n, depth)

    @cython.cfunc
    @cython.exceptval(-1)
    def _quick(self, low: cython.int, high: cython.int, depth: cython.int) -> cython.int:
        """Sort [low, high). depth: the number of bad splits before heapsort takes over."""
        size: cython.int
        pivot: cython.int
        middle: cython.int
        is_even: cython.bint = True
        is_untouched: cython.bint = True
        while high - low > 12:
            size = high - low
            if depth == 0:
                return self._heapsort(low, size)
            if not is_even:
                self._shuffle(low, size)
                depth -= 1
            pivot = self._pivot(low, size)
            if self._exchanges == 12:  # as many as can be: it lies backwards
                self._reverse(low, high)
                pivot = low + high - 1 - pivot
                self._exchanges = 0
            if is_even and is_untouched and self._exchanges == 0 and self._mended(low, high):
                return 0
            if low > 0 and self.times[low - 1] >= self.times[pivot]:
                # nothing here is less than the pivot: those equal to it are in place once they are in front
                low = self._split(low, high, pivot, 1)
                continue
            middle = self._split(low, high, pivot, 0) - 1
            is_untouched = self._exchanges == 0
            self._exchange(low, middle)
            is_even = min(middle - low, high - middle) >= size // 8
            if middle - low < high - middle:
                self._quick(low, middle, depth)
                low = middle + 1
            else:
                self._quick(middle + 1, high, depth)
                high = middle
        return self._insert(low, high)

    @cython.cfunc
    @cython.exceptval(-1)
    def _split(self, low: cython.int, high: cython.int, pivot: cython.int, more: cython.int) -> cython.int:
        """Move the pivot to `low`, and what is less than pivot + `more` behind it; return where the rest begins."""
        self._exchange(low, pivot)
        self._exchanges = 0
        bound: cython.longlong = self.times[low] + more
        i: cython.int = low + 1
        j: cython.int = high - 1
        while True:
            while i <= j and self.times[i] < bound:
                i += 1
            while i <= j and self.times[j] >= bound:
                j -= 1
            if i > j:
                return i
            self._exchange(i, j)
            self._exchanges += 1
            i += 1
            j -= 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _pivot(self, low: cython.int, size: cython.int) -> cython.int:
        """Return the median of three, from 50 on of three medians. `_exchanges` counts the pairs out of order."""
        step: cython.int = size // 4
        first: cython.int = low + step
        second: cython.int = low + 2 * step
        third: cython.int = low + 3 * step
        self._exchanges = 0
        if size >= 50:
            first = self._median(first - 1, first, first + 1)
            second = self._median(second - 1, second, second + 1)
            third = self._median(third - 1, third, third + 1)
        return self._median(first, second, third)

    @cython.cfunc
    @cython.exceptval(-1)
    def _median(self, a: cython.int, b: cython.int, c: cython.int) -> cython.int:
        if self.times[b] < self.times[a]:
            a, b = b, a
            self._exchanges += 1
        if self.times[c] < self.times[b]:
            b = c
            self._exchanges += 1
            if self.times[b] < self.times[a]:
                b = a
                self._exchanges += 1
        return b

    @cython.cfunc
    @cython.exceptval(-1)
    def _mended(self, low: cython.int, high: cython.int) -> cython.int:
        """Move at most five elements that are out of order to their places; return whether it is sorted now."""
        i: cython.int = low + 1
        j: cython.int
        for _ in range(5):
            while i < high and self.times[i] >= self.times[i - 1]:
                i += 1
            if i == high:
                return 1
            if high - low < 50:
                return 0
            self._exchange(i, i - 1)
            self._sink(i - 1, low)
            j = i + 1
            while j < high and self.times[j] < self.times[j - 1]:
                self._exchange(j, j - 1)
                j += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _sink(self, i: cython.int, low: cython.int) -> cython.int:
        """Move `i` forward, at most to `low`, past everything greater."""
        while i > low and self.times[i] < self.times[i - 1]:
            self._exchange(i, i - 1)
            i -= 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _insert(self, low: cython.int, high: cython.int) -> cython.int:
        i: cython.int
        for i in range(low + 1, high):
            self._sink(i, low)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _reverse(self, low: cython.int, high: cython.int) -> cython.int:
        i: cython.int
        for i in range((high - low) // 2):
            self._exchange(low + i, high - 1 - i)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _shuffle(self, low: cython.int, size: cython.int) -> cython.int:
        """Exchange three elements in the middle with others: xorshift, seeded with the size."""
        bits: cython.int = 0
        i: cython.int
        other: cython.int
        random: cython.ulonglong = size
        while size >> bits > 0:
            bits += 1
        for i in range(3):
            random = (random ^ (random << 13)) & 0xFFFFFFFFFFFFFFFF
            random ^= random >> 7
            random = (random ^ (random << 17)) & 0xFFFFFFFFFFFFFFFF
            other = random & ((1 << bits) - 1)
            if other >= size:
                other -= size
            self._exchange(low + size // 4 * 2 - 1 + i, low + other)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _heapsort(self, low: cython.int, size: cython.int) -> cython.int:
        i: cython.int
        for i in range((size - 1) // 2, -1, -1):
            self._sift(low, i, size)
        for i in range(size - 1, -1, -1):
            self._exchange(low, low + i)
            self._sift(low, 0, i)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _sift(self, low: cython.int, root: cython.int, size: cython.int) -> cython.int:
        child: cython.int = 2 * root + 1
        while child < size:
            if child + 1 < size and self.times[low + child] < self.times[low + child + 1]:
                child += 1
            if self.times[low + root] >= self.times[low + child]:
                break
            self._exchange(low + root, low + child)
            root = child
            child = 2 * root + 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _exchange(self, i: cython.int, j: cython.int) -> cython.int:
        time: cython.longlong = self.times[i]
        place: cython.int = self.items[i]
        self.times[i] = self.times[j]
        self.items[i] = self.items[j]
        self.times[j] = time
        self.items[j] = place
        return 0


def sorted_as_go(times: Any, others: Any) -> tuple[Any, Any]:
    """Return two columns (int64) sorted by the first, times below 2^62; equal ones in the order of Go's reader."""
    sorter: Sorter = Sorter()
    n: cython.int = len(times)
    i: cython.int
    before: cython.longlong[::1] = others
    after: cython.longlong[::1] = column("q", bytes(8 * n))
    sorter.reserve(n)
    for i in range(n):
        sorter.times[i] = times[i]
        sorter.items[i] = i
    sorter.sort(n)
    for i in range(n):
        after[i] = before[sorter.items[i]]
    return sorter.times[:n], after
