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
    _counts: cython.longlong[::1]
    _totals: cython.longlong[::1]
    _longest: cython.longlong[::1]
    _first: cython.longlong[::1]  # KEPT for each key
    _histogram: cython.int[::1]  # the key's, −1 while there is none
    _buckets: cython.uint[::1]
    _histograms: cython.int

    def __init__(self) -> None:
        self._n = self._histograms = 0
        self._keys = column("q", bytes(8 * 64))
        self._index = IdMap(self._keys)
        self._counts = column("q", bytes(8 * 64))
        self._totals = column("q", bytes(8 * 64))
        self._longest = column("q", bytes(8 * 64))
        self._first = column("q", bytes(8 * 64 * KEPT))
        self._histogram = column("i", bytes(4 * 64))
        self._buckets = column("I", bytes(4 * 8 * BUCKETS))

    @cython.cfunc
    @cython.exceptval(-1)
    def add(self, key: cython.longlong, length: cython.longlong) -> cython.int:
        n: cython.int = self._index.find(key)
        if n < 0:
            n = self._new(key)
            if n == _MAX_GROUPS:
                return 0
        count: cython.longlong = self._counts[n]
        if count < _KEPT:
            self._first[n * _KEPT + count] = length
        else:
            if self._histogram[n] < 0:
                if self._histograms == _MAX_HISTOGRAMS:
                    return 0
                self._start(n)
            self._buckets[self._histogram[n] * _BUCKETS + bucket_of(length)] += 1
        self._counts[n] = count + 1
        self._totals[n] = self._totals[n] + length if length <= _LARGEST - self._totals[n] else _LARGEST
        if length > self._longest[n]:
            self._longest[n] = length
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
            self._counts = grown(self._counts, size)
            self._totals = grown(self._totals, size)
            self._longest = grown(self._longest, size)
            self._first = grown(self._first, size * _KEPT)
            self._histogram = grown(self._histogram, size)
        self._keys[n] = key
        self._histogram[n] = -1
        self._n += 1
        return self._index.put(key, n)

    @cython.cfunc
    @cython.exceptval(-1)
    def _start(self, n: cython.int) -> cython.int:
        i: cython.longlong
        if (self._histograms + 1) * _BUCKETS > len(self._buckets):
            # 2.5 kB each
            self._buckets = grown(self._buckets, len(self._buckets) + max(8, self._histograms >> 2) * _BUCKETS)
        self._histogram[n] = self._histograms
        self._histograms += 1
        for i in range(n * _KEPT, (n + 1) * _KEPT):
            self._buckets[self._histogram[n] * _BUCKETS + bucket_of(self._first[i])] += 1
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
            if self._histogram[n] >= 0:
                first = self._histogram[n] * _BUCKETS
                for i in range(_BUCKETS):
                    if self._buckets[first + i]:
                        found[i] = self._buckets[first + i]
            else:
                for i in range(n * _KEPT, n * _KEPT + self._counts[n]):
                    bucket = bucket_of(self._first[i])
                    found[bucket] = found.get(bucket, 0) + 1
            yield self._keys[n], self._counts[n], self._totals[n], self._longest[n], found


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
