# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Groups of regions: sums for all regions of one type that began at one stack."""

from __future__ import annotations

from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace.columns import column, grown
from gotracer_ci.trace.observers.parts import PARTS
from gotracer_ci.trace.observers.reasons import MAX_REASONS

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.columns import IdMap
    from cython.cimports.gotracer_ci.trace.observers.lengths import Lengths
    from cython.cimports.gotracer_ci.trace.observers.parts import plus
else:
    from gotracer_ci.trace.columns import IdMap
    from gotracer_ci.trace.observers.lengths import Lengths
    from gotracer_ci.trace.observers.parts import plus

MAX_GROUPS = 20_000
"""Groups by type and stack; further regions lose their stack, and then their type too."""
WIDTH = len(PARTS) + MAX_REASONS
"""The times of a region: by part, then waiting by reason."""

_PARTS = cython.declare(cython.int, len(PARTS))
_WIDTH = cython.declare(cython.longlong, WIDTH)
_MAX_GROUPS = cython.declare(cython.int, MAX_GROUPS)
_STACK = cython.declare(cython.longlong, (1 << 31) - 1)  # a key's bits for the stack


@cython.final
@cython.cclass
class RegionGroups:
    """Sums by (type, the stack where the regions began). latest: the group of the region that was added last."""

    latest: cython.int
    _n: cython.int
    _keys: cython.longlong[::1]
    _index: IdMap
    _counts: cython.longlong[::1]  # regions, those without an end, without a beginning, the longest complete one
    _totals: cython.longlong[::1]  # the length, then as in a row
    _lengths: Lengths

    def __init__(self) -> None:
        self._n = 0
        self.latest = -1
        self._keys = column("q", bytes(8 * 64))
        self._index = IdMap(self._keys)
        self._counts = column("q", bytes(8 * 4 * 64))
        self._totals = column("q", bytes(8 * (_WIDTH + 1) * 64))
        self._lengths = Lengths()

    @cython.cfunc
    @cython.exceptval(-1)
    def add(
        self,
        name: cython.longlong,
        stack: cython.longlong,
        no_end: cython.bint,
        no_begin: cython.bint,
        length: cython.longlong,
        times: cython.longlong[::1],
        first: cython.longlong,
    ) -> cython.int:
        """Add a region to its group. Its times are in a row of `times` that begins at `first`."""
        i: cython.longlong
        group: cython.longlong = self._group_of(name, stack)
        self.latest = group
        self._counts[4 * group] += 1
        self._counts[4 * group + 1] += no_end
        self._counts[4 * group + 2] += no_begin
        if not no_end and not no_begin:
            self._counts[4 * group + 3] = max(self._counts[4 * group + 3], length)
            self._lengths.add(group, length)
        into: cython.longlong = group * (_WIDTH + 1)
        self._totals[into] = plus(self._totals[into], length)
        for i in range(_WIDTH):
            self._totals[into + 1 + i] = plus(self._totals[into + 1 + i], times[first + i])
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _group_of(self, name: cython.longlong, stack: cython.longlong) -> cython.int:
        key: cython.longlong = (name << 31) | stack
        n: cython.int = self._index.find(key)
        if n < 0 and self._n >= _MAX_GROUPS:
            key &= ~_STACK
            n = self._index.find(key)
            if n < 0 and self._n >= 2 * _MAX_GROUPS:
                key = 0
                n = self._index.find(key)
        return n if n >= 0 else self._new_group(key)

    @cython.cfunc
    @cython.exceptval(-1)
    def _new_group(self, key: cython.longlong) -> cython.int:
        n: cython.int = self._n
        if n == len(self._keys):
            size: cython.longlong = 2 * n
            self._keys = self._index.keys = grown(self._keys, size)
            self._counts = grown(self._counts, 4 * size)
            self._totals = grown(self._totals, (_WIDTH + 1) * size)
        self._keys[n] = key
        self._n = n + 1
        return self._index.put(key, n)

    def rows(self, reasons: int) -> list[tuple[Any, ...]]:
        """Return every group as (type, stack, counts, length, times, waits, lengths, buckets).

        type, stack: indices of the trace's tables, 0 unknown. counts: regions, those without an end, those without a
        beginning, and the length of the longest that has both. length: of all, ns; times: ns by `PARTS`, which sum to
        it. waits: {number of the reason: ns}. lengths, buckets: of those that have both (see `Lengths.by_group`).

        Args:
            reasons: how many there are.
        """
        group: cython.longlong
        lengths: list = self._lengths.by_group(self._n)
        out: list[tuple[Any, ...]] = []
        for group in range(self._n):
            first: cython.longlong = group * (_WIDTH + 1) + 1
            waits: cython.longlong = first + _PARTS
            out.append(
                (
                    self._keys[group] >> 31,
                    self._keys[group] & _STACK,
                    tuple([self._counts[i] for i in range(4 * group, 4 * group + 4)]),
                    self._totals[first - 1],
                    tuple([self._totals[i] for i in range(first, waits)]),
                    {i: self._totals[waits + i] for i in range(reasons) if self._totals[waits + i]},
                    *lengths[group],
                )
            )
        return out
