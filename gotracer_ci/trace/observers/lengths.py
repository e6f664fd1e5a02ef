# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Lengths by group: exact ones as long as there are not too many, then histograms."""

from __future__ import annotations

from itertools import pairwise

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace.columns import column, grown
from gotracer_ci.trace.observers.histograms import BUCKETS

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.columns import IdMap
    from cython.cimports.gotracer_ci.trace.observers.histograms import bucket_of
else:
    from gotracer_ci.trace.columns import IdMap
    from gotracer_ci.trace.observers.histograms import bucket_of

KEPT = 100_000
"""Lengths that are kept. Further ones are counted by bucket."""
MAX_BUCKETS = 1 << 17
"""Buckets of all groups together. Lengths beyond that are not counted."""

_KEPT = cython.declare(cython.longlong, KEPT)
_MAX_BUCKETS = cython.declare(cython.int, MAX_BUCKETS)
_BUCKETS = cython.declare(cython.longlong, BUCKETS)


@cython.final
@cython.cclass
class Lengths:
    """Lengths in ns, of numbered groups."""

    _kept: cython.longlong
    _lengths: cython.longlong[::1]
    _groups: cython.int[::1]
    # by group × BUCKETS + bucket
    _n: cython.int
    _keys: cython.longlong[::1]
    _index: IdMap
    _counts: cython.longlong[::1]

    def __init__(self) -> None:
        self._kept = self._n = 0
        self._lengths = column("q", bytes(8 * 64))
        self._groups = column("i", bytes(4 * 64))
        self._keys = column("q", bytes(8 * 64))
        self._index = IdMap(self._keys)
        self._counts = column("q", bytes(8 * 64))

    @cython.cfunc
    @cython.exceptval(-1)
    def add(self, group: cython.longlong, length: cython.longlong) -> cython.int:
        if self._kept == _KEPT:
            return self._count(group * _BUCKETS + bucket_of(length))
        if self._kept == len(self._lengths):
            self._lengths = grown(self._lengths, 2 * self._kept)
            self._groups = grown(self._groups, 2 * self._kept)
        self._lengths[self._kept] = length
        self._groups[self._kept] = group
        self._kept += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _count(self, key: cython.longlong) -> cython.int:
        i: cython.int = self._index.find(key)
        if i < 0:
            i = self._n
            if i == _MAX_BUCKETS:
                return 0
            if i == len(self._keys):
                size: cython.longlong = 2 * cython.cast(cython.longlong, i)
                self._keys = self._index.keys = grown(self._keys, size)
                self._counts = grown(self._counts, size)
            self._keys[i] = key
            self._n = i + 1
            self._index.put(key, i)
        self._counts[i] += 1
        return 0

    def by_group(self, n: int) -> list[tuple[list[int], dict[int, int]]]:
        """Return (lengths, buckets) for each of `n` groups.

        lengths: its first ones, sorted. buckets: {bucket: count} of all others (see `analysis.histogram`).
        """
        i: cython.longlong
        group: cython.longlong
        # where each group's lengths begin, in the order of the groups
        at: cython.longlong[::1] = column("q", bytes(8 * (n + 1)))
        for i in range(self._kept):
            at[self._groups[i] + 1] += 1
        for group in range(n):
            at[group + 1] += at[group]
        bounds: list = list(at)
        in_order = column("q", bytes(8 * self._kept))
        lengths: cython.longlong[::1] = in_order
        for i in range(self._kept):
            group = self._groups[i]
            lengths[at[group]] = self._lengths[i]
            at[group] += 1
        out: list = [(sorted(in_order[first:last]), {}) for first, last in pairwise(bounds)]
        for i in range(self._n):
            out[self._keys[i] // _BUCKETS][1][self._keys[i] % _BUCKETS] = self._counts[i]
        return out
