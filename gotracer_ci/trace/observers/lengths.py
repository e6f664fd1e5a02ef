# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Lengths by group: exact ones as long as there are not too many, then histograms."""

from __future__ import annotations

from array import array

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace.columns import column, grown

KEPT = 100_000
"""Lengths that are kept. Further ones are counted by bucket."""
MAX_BUCKETS = 1 << 17
"""Buckets of all groups together. Lengths beyond that are not counted."""

_KEPT = cython.declare(cython.longlong, KEPT)


@cython.final
@cython.cclass
class Lengths:
    """Lengths in ns, of numbered groups."""

    _kept: cython.longlong
    _lengths: cython.longlong[::1]
    _groups: cython.int[::1]
    _buckets: dict  # (group, bucket) → how many

    def __init__(self) -> None:
        self._kept = 0
        self._lengths = column("q", bytes(8 * 64))
        self._groups = column("i", bytes(4 * 64))
        self._buckets = {}

    @cython.cfunc
    @cython.exceptval(-1)
    def add(self, group: cython.longlong, length: cython.longlong) -> cython.int:
        if self._kept < _KEPT:
            if self._kept == len(self._lengths):
                self._lengths = grown(self._lengths, 2 * self._kept)
                self._groups = grown(self._groups, 2 * self._kept)
            self._lengths[self._kept] = length
            self._groups[self._kept] = group
            self._kept += 1
            return 0
        # as in `observers.groups`, but seldom
        units: object = length >> 4
        octave: object = max(0, units.bit_length() - 5)
        key: object = (group, octave * 16 + (units >> octave))
        if key in self._buckets or len(self._buckets) < MAX_BUCKETS:
            self._buckets[key] = self._buckets.get(key, 0) + 1
        return 0

    def by_group(self, n: int) -> list[tuple[list[int], dict[int, int]]]:
        """Return (lengths, buckets) for each of `n` groups.

        lengths: its first ones, sorted. buckets: {bucket: count} of all others (see `analysis.histogram`).
        """
        i: cython.longlong
        out: list = [(array("q"), {}) for _ in range(n)]
        for i in range(self._kept):
            out[self._groups[i]][0].append(self._lengths[i])
        for (group, bucket), count in self._buckets.items():
            out[group][1][bucket] = count
        return [(sorted(lengths), buckets) for lengths, buckets in out]
