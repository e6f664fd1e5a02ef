# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Histograms of lengths by 64-bit keys, for the observers that group by something of their own."""

from __future__ import annotations

from collections.abc import Iterator

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec
from gotracer_ci.trace.columns import column, grown

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.columns import IdMap
    from cython.cimports.gotracer_ci.trace.intrinsics import bit_length
else:
    from gotracer_ci.trace.columns import IdMap

BUCKETS = 640
"""Buckets of a histogram: 16 per octave above 512 ns (see `analysis.histogram`)."""
MAX_GROUPS = 16_384
"""Keys. Lengths of further ones are not counted."""
MAX_HISTOGRAMS = 4_096
"""Keys with more than `KEPT` lengths. Further ones of others are not counted."""
KEPT = 8
"""A key's first lengths, which are kept as they are: most keys have no more."""

_BUCKETS = cython.declare(cython.longlong, BUCKETS)
_MAX_GROUPS = cython.declare(cython.int, MAX_GROUPS)
_MAX_HISTOGRAMS = cython.declare(cython.int, MAX_HISTOGRAMS)
_KEPT = cython.declare(cython.longlong, KEPT)
_LARGEST = cython.declare(cython.longlong, spec.LARGEST)


@cython.final
@cython.cclass
class Histograms:
    """How many lengths (ns) of which size each key has."""

    _index: IdMap
    _n: cython.int
    _keys: cython.longlong[::1]
    # four numbers for each key, so that they share a cache line: how many lengths, their total, the longest, and its
    # histogram, −1 while there is none
    _rows: cython.longlong[::1]
    _first: cython.longlong[::1]  # KEPT for each key
    _buckets: cython.uint[::1]
    _histograms: cython.int

    def __init__(self) -> None:
        self._n = self._histograms = 0
        self._keys = column("q", bytes(8 * 64))
        self._index = IdMap(self._keys)
        self._rows = column("q", bytes(8 * 4 * 64))
        self._first = column("q", bytes(8 * 64 * KEPT))
        self._buckets = column("I", bytes(4 * 8 * BUCKETS))

    @cython.cfunc
    @cython.exceptval(-1)
    def add(self, key: cython.longlong, length: cython.longlong) -> cython.int:
        n: cython.int = self._index.find(key)
        if n < 0:
            n = self._new(key)
            if n == _MAX_GROUPS:
                return 0
        row: cython.longlong = cython.cast(cython.longlong, n) << 2
        count: cython.longlong = self._rows[row]
        if count < _KEPT:
            self._first[n * _KEPT + count] = length
        else:
            if self._rows[row + 3] < 0:
                if self._histograms == _MAX_HISTOGRAMS:
                    return 0
                self._start(n)
            self._buckets[self._rows[row + 3] * _BUCKETS + bucket_of(length)] += 1
        self._rows[row] = count + 1
        self._rows[row + 1] = self._rows[row + 1] + length if length <= _LARGEST - self._rows[row + 1] else _LARGEST
        if length > self._rows[row + 2]:
            self._rows[row + 2] = length
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _new(self, key: cython.longlong) -> cython.int:
        n: cython.int = self._n
        if n == _MAX_GROUPS:
            return n
        if n == len(self._keys):
            size: cython.longlong = 2 * n
            self._keys = self._index.keys = grown(self._keys, size)
            self._rows = grown(self._rows, 4 * size)
            self._first = grown(self._first, size * _KEPT)
        self._keys[n] = key
        self._rows[4 * n + 3] = -1
        self._n += 1
        return self._index.put(key, n)

    @cython.cfunc
    @cython.exceptval(-1)
    def _start(self, n: cython.int) -> cython.int:
        i: cython.longlong
        if (self._histograms + 1) * _BUCKETS > len(self._buckets):
            # 2.5 kB each
            self._buckets = grown(self._buckets, len(self._buckets) + max(8, self._histograms >> 2) * _BUCKETS)
        self._rows[4 * n + 3] = self._histograms
        self._histograms += 1
        for i in range(n * _KEPT, (n + 1) * _KEPT):
            self._buckets[self._rows[4 * n + 3] * _BUCKETS + bucket_of(self._first[i])] += 1
        return 0

    def rows(self) -> Iterator[tuple[int, int, int, int, dict[int, int]]]:
        """Yield (key, how many, their total, the longest, {bucket: count}) for each key, in the order of the first."""
        n: cython.longlong
        i: cython.longlong
        first: cython.longlong
        found: dict[int, int]
        bucket: object
        for n in range(self._n):
            found = {}
            if self._rows[4 * n + 3] >= 0:
                first = self._rows[4 * n + 3] * _BUCKETS
                for i in range(_BUCKETS):
                    if self._buckets[first + i]:
                        found[i] = self._buckets[first + i]
            else:
                for i in range(n * _KEPT, n * _KEPT + self._rows[4 * n]):
                    bucket = bucket_of(self._first[i])
                    found[bucket] = found.get(bucket, 0) + 1
            yield self._keys[n], self._rows[4 * n], self._rows[4 * n + 1], self._rows[4 * n + 2], found


@cython.cfunc
@cython.exceptval(check=False)
@cython.inline
def bucket_of(length: cython.longlong) -> cython.longlong:
    """Return the bucket of a length: 16 ns steps up to 512 ns, then 16 steps an octave."""
    v: cython.longlong = length >> 4
    e: cython.int = (bit_length(cython.cast(cython.ulonglong, v)) if cython.compiled else v.bit_length()) - 5
    if e > 0:
        v >>= e
    else:
        e = 0
    bucket: cython.longlong = e * 16 + v
    return bucket if bucket < _BUCKETS else _BUCKETS - 1
