# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Sums: counts and times by key, as many as there may be."""

from __future__ import annotations

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec
from gotracer_ci.trace.columns import column, grown

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.columns import IdMap
else:
    from gotracer_ci.trace.columns import IdMap

_NEVER = cython.declare(cython.longlong, spec.NEVER)


@cython.final
@cython.cclass
class Sums:
    """Counts and times (ns) by key.

    Args:
        most: how many keys are told apart.
        bits: further ones have only these bits.
        fewest: from half as many more on, they have only these bits, of which there are few.
    """

    _most: cython.longlong
    _bits: cython.longlong
    _fewest: cython.longlong
    _n: cython.longlong
    _keys: cython.longlong[::1]
    _index: IdMap
    _counts: cython.longlong[::1]
    _times: cython.longlong[::1]
    merged: cython.longlong

    def __init__(self, most: int, bits: int, fewest: int) -> None:
        self._most = most
        self._bits = bits
        self._fewest = fewest
        self._n = self.merged = 0
        self._keys = column("q", bytes(8 * 64))
        self._index = IdMap(self._keys)
        self._counts = column("q", bytes(8 * 64))
        self._times = column("q", bytes(8 * 64))

    @cython.cfunc
    @cython.exceptval(-1)
    def add(self, key: cython.longlong, n: cython.longlong, ns: cython.longlong) -> cython.int:
        """Add to a key's sums, and return their index."""
        i: cython.int = self._index.find(key)
        if i < 0:
            i = self._place(key, n)
        return self.add_at(i, n, ns)

    @cython.cfunc
    @cython.exceptval(-1)
    def add_at(self, i: cython.int, n: cython.longlong, ns: cython.longlong) -> cython.int:
        """Add to the sums at an index, which saturate; no sum of a real trace comes near."""
        self._counts[i] += n
        self._times[i] = self._times[i] + ns if ns <= _NEVER - self._times[i] else _NEVER
        return i

    @cython.cfunc
    @cython.exceptval(-1)
    def has(self, i: cython.int, key: cython.longlong) -> cython.int:
        """Return whether the sums at an index are those of this very key."""
        return self._keys[i] == key

    @cython.cfunc
    @cython.exceptval(-1)
    def _place(self, key: cython.longlong, n: cython.longlong) -> cython.int:
        """Return the index of a new key, or of the one that stands for it."""
        i: cython.int = -1
        if self._n >= self._most:
            self.merged += n
            key &= self._bits if self._n < self._most + (self._most >> 1) else self._fewest
            i = self._index.find(key)
        if i >= 0:
            return i
        i = cython.cast(cython.int, self._n)
        if i == len(self._keys):
            size: cython.longlong = 2 * cython.cast(cython.longlong, i)
            self._keys = self._index.keys = grown(self._keys, size)
            self._counts = grown(self._counts, size)
            self._times = grown(self._times, size)
        self._keys[i] = key
        self._n += 1
        return self._index.put(key, i)

    def without_bits(self) -> int:
        """Return how many counts have lost bits of their keys."""
        return self.merged

    def rows(self) -> list[tuple[int, int, int]]:
        """Return (key, count, ns), in the order in which the keys appeared."""
        return [(self._keys[i], self._counts[i], self._times[i]) for i in range(self._n)]
