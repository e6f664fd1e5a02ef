# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Groups: the intervals aggregated by kind, reason and stack."""

from __future__ import annotations

from typing import Any

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
    from cython.cimports.gotracer_ci.trace.observe import Observer
else:
    from gotracer_ci.trace.columns import IdMap
    from gotracer_ci.trace.observe import Observer

EXAMPLES = 5
"""The worst intervals kept of every group."""
BUCKETS = 640
"""Buckets of a group's histogram: 16 per octave above 512 ns (see `analysis.histogram`)."""

MAX_GROUPS = 20_000
"""Groups with a stack of their own. Real programs have a few thousand."""
MAX_REASONS = 1_000
"""Groups of further intervals, which have a reason, but no stack."""
MAX_PARTS = 65_536
"""Parts of groups that belong to a test. The intervals of further ones belong to none."""

_EXAMPLES = cython.declare(cython.int, EXAMPLES)
_BUCKETS = cython.declare(cython.int, BUCKETS)
_MAX_GROUPS = cython.declare(cython.int, MAX_GROUPS)
_MAX_REASONS = cython.declare(cython.int, MAX_REASONS)
_MAX_PARTS = cython.declare(cython.int, MAX_PARTS)
_LARGEST = cython.declare(cython.longlong, spec.LARGEST)
_STACK = cython.declare(cython.longlong, (1 << 31) - 1)  # a key's bits for the stack, and for the reason too
_REASON_AND_STACK = cython.declare(cython.longlong, (1 << 58) - 1)
_RUNNING = cython.declare(cython.int, spec.IntervalKind.RUNNING)
_THROUGHOUT = cython.declare(cython.int, spec.OPEN | spec.BEFORE)
# added to the kind in a group's key
_PARKED = cython.declare(cython.longlong, 16)


@cython.final
@cython.cclass
class Groups(Observer):
    """Intervals by (kind, reason, stack): count, total, the worst, and a histogram from the sixth on.

    Those that span the whole trace are groups of their own, called parked. RUNNING intervals are left out. Beyond
    `MAX_GROUPS` intervals lose their stacks, and beyond `MAX_REASONS` more their reasons: the sums stay exact.

    Each group has parts by the outermost test of the goroutine, which an observer before this one must find.
    """

    _index: IdMap
    n: cython.int
    merged: cython.bint
    _is_full: cython.bint
    _keys: cython.longlong[::1]
    _counts: cython.longlong[::1]
    _totals: cython.longlong[::1]
    _floors: cython.longlong[::1]  # the shortest of a full list of examples, −1 before it is full
    _histogram: cython.int[::1]  # the group's histogram, −1 while its examples still hold every interval
    _ex_start: cython.longlong[::1]
    _ex_length: cython.longlong[::1]
    _ex_goroutine: cython.longlong[::1]
    _ex_creation: cython.int[::1]
    _ex_entry: cython.int[::1]
    _ex_cause: cython.longlong[::1]
    _ex_cause_stack: cython.int[::1]
    _ex_flags: cython.int[::1]
    _buckets: cython.uint[::1]
    _histograms: cython.int
    _part: cython.int[::1]  # the group's last part, −1 for none
    # by part: its group and its test
    _n_parts: cython.int
    _parts: IdMap
    _part_keys: cython.longlong[::1]
    _part_counts: cython.longlong[::1]
    _part_totals: cython.longlong[::1]

    def __init__(self) -> None:
        self.n = 0
        self.merged = self._is_full = False
        self._keys = column("q", bytes(8 * 64))
        self._index = IdMap(self._keys)
        self._counts = column("q", bytes(8 * 64))
        self._totals = column("q", bytes(8 * 64))
        self._floors = column("q", bytes(8 * 64))
        self._histogram = column("i", bytes(4 * 64))
        self._ex_start = column("q", bytes(8 * 64 * EXAMPLES))
        self._ex_length = column("q", bytes(8 * 64 * EXAMPLES))
        self._ex_goroutine = column("q", bytes(8 * 64 * EXAMPLES))
        self._ex_creation = column("i", bytes(4 * 64 * EXAMPLES))
        self._ex_entry = column("i", bytes(4 * 64 * EXAMPLES))
        self._ex_cause = column("q", bytes(8 * 64 * EXAMPLES))
        self._ex_cause_stack = column("i", bytes(4 * 64 * EXAMPLES))
        self._ex_flags = column("i", bytes(4 * 64 * EXAMPLES))
        self._buckets = column("I", bytes(4 * 8 * BUCKETS))
        self._histograms = 0
        self._part = column("i", bytes(4 * 64))
        self._n_parts = 0
        self._part_keys = column("q", bytes(8 * 64))
        self._parts = IdMap(self._part_keys)
        self._part_counts = column("q", bytes(8 * 64))
        self._part_totals = column("q", bytes(8 * 64))

    def ignored(self) -> int:
        return 1 << _RUNNING

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
        if kind == _RUNNING:
            return 0
        key: cython.longlong = kind
        if flags == _THROUGHOUT:
            key |= _PARKED
        key = ((key << 27) | reason) << 31 | stack
        n: cython.int = self._index.find(key)
        if n < 0:
            n = self._another(key)
        self._counts[n] += 1
        # saturates: no sum of a real trace comes near
        self._totals[n] = self._totals[n] + length if length <= _LARGEST - self._totals[n] else _LARGEST
        if self.goroutines.is_test and g >= 0 and self.goroutines.tests[g] >= 0:
            self._add_part(n, self.goroutines.tests[g], length)
        if self._histogram[n] >= 0:
            self._count(n, length)
        elif self._counts[n] > _EXAMPLES:
            self._start_histogram(n)
            self._count(n, length)
        if length > self._floors[n]:
            self._keep(n, start, length, g, cause, cause_stack, flags)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _add_part(self, n: cython.int, test: cython.longlong, length: cython.longlong) -> cython.int:
        """Add an interval to the part of a group that belongs to a test; intervals of one test often follow another."""
        key: cython.longlong = cython.cast(cython.longlong, n) << 32 | test
        part: cython.int = self._part[n]
        if part < 0 or self._part_keys[part] != key:
            part = self._parts.find(key)
            if part < 0:
                if self._n_parts >= _MAX_PARTS:
                    self._is_full = True
                    return 0
                part = self._new_part(key)
            self._part[n] = part
        self._part_counts[part] += 1
        total: cython.longlong = self._part_totals[part]
        self._part_totals[part] = total + length if length <= _LARGEST - total else _LARGEST
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _new_part(self, key: cython.longlong) -> cython.int:
        part: cython.int = self._n_parts
        if part == len(self._part_keys):
            self._part_keys = self._parts.keys = grown(self._part_keys, 2 * part)
            self._part_counts = grown(self._part_counts, 2 * part)
            self._part_totals = grown(self._part_totals, 2 * part)
        self._part_keys[part] = key
        self._n_parts = part + 1
        return self._parts.put(key, part)

    @cython.cfunc
    @cython.exceptval(-1)
    def _another(self, key: cython.longlong) -> cython.int:
        """Return the group of a key that has none: a new one, or with too many of them one that is less precise."""
        n: cython.int
        if self.n < _MAX_GROUPS:
            return self._new(key)
        self.merged = True
        key &= ~_STACK
        n = self._index.find(key)
        if n < 0 and self.n >= _MAX_GROUPS + _MAX_REASONS:
            key &= ~_REASON_AND_STACK
            n = self._index.find(key)
        return n if n >= 0 else self._new(key)

    @cython.cfunc
    @cython.exceptval(-1)
    def _new(self, key: cython.longlong) -> cython.int:
        g: cython.int = self.n
        if g == len(self._keys):
            size = g * 2
            self._keys = self._index.keys = grown(self._keys, size)
            self._counts = grown(self._counts, size)
            self._totals = grown(self._totals, size)
            self._floors = grown(self._floors, size)
            self._histogram = grown(self._histogram, size)
            self._part = grown(self._part, size)
            self._ex_start = grown(self._ex_start, size * EXAMPLES)
            self._ex_length = grown(self._ex_length, size * EXAMPLES)
            self._ex_goroutine = grown(self._ex_goroutine, size * EXAMPLES)
            self._ex_creation = grown(self._ex_creation, size * EXAMPLES)
            self._ex_entry = grown(self._ex_entry, size * EXAMPLES)
            self._ex_cause = grown(self._ex_cause, size * EXAMPLES)
            self._ex_cause_stack = grown(self._ex_cause_stack, size * EXAMPLES)
            self._ex_flags = grown(self._ex_flags, size * EXAMPLES)
        self._keys[g] = key
        self._floors[g] = -1
        self._histogram[g] = -1
        self._part[g] = -1
        i: cython.int
        for i in range(g * _EXAMPLES, (g + 1) * _EXAMPLES):
            self._ex_length[i] = -1
        self.n += 1
        return self._index.put(key, g)

    @cython.cfunc
    @cython.exceptval(-1)
    def _start_histogram(self, g: cython.int) -> cython.int:
        if (self._histograms + 1) * _BUCKETS > len(self._buckets):
            # 2.5 kB each
            self._buckets = grown(self._buckets, len(self._buckets) + max(8, self._histograms >> 2) * _BUCKETS)
        self._histogram[g] = self._histograms
        self._histograms += 1
        i: cython.int
        for i in range(g * _EXAMPLES, (g + 1) * _EXAMPLES):
            self._count(g, self._ex_length[i])
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _count(self, g: cython.int, length: cython.longlong) -> cython.int:
        """Count a length in its bucket: 16 ns steps up to 512 ns, then 16 steps an octave."""
        v: cython.longlong = length >> 4
        e: cython.int = (bit_length(cython.cast(cython.ulonglong, v)) if cython.compiled else v.bit_length()) - 5
        if e > 0:
            v >>= e
        else:
            e = 0
        bucket: cython.longlong = e * 16 + v
        if bucket >= _BUCKETS:
            bucket = _BUCKETS - 1
        self._buckets[self._histogram[g] * _BUCKETS + bucket] += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _keep(
        self,
        g: cython.int,
        start: cython.longlong,
        length: cython.longlong,
        slot: cython.int,
        cause: cython.longlong,
        cause_stack: cython.int,
        flags: cython.int,
    ) -> cython.int:
        """Insert an example: the longest first, and of equals the earlier one."""
        first: cython.int = g * _EXAMPLES
        i: cython.int = first + _EXAMPLES - 1
        while i > first and self._ex_length[i - 1] < length:
            self._ex_start[i] = self._ex_start[i - 1]
            self._ex_length[i] = self._ex_length[i - 1]
            self._ex_goroutine[i] = self._ex_goroutine[i - 1]
            self._ex_creation[i] = self._ex_creation[i - 1]
            self._ex_entry[i] = self._ex_entry[i - 1]
            self._ex_cause[i] = self._ex_cause[i - 1]
            self._ex_cause_stack[i] = self._ex_cause_stack[i - 1]
            self._ex_flags[i] = self._ex_flags[i - 1]
            i -= 1
        self._ex_start[i] = start
        self._ex_length[i] = length
        self._ex_goroutine[i] = self.goroutines.ids[slot] if slot >= 0 else -1
        self._ex_creation[i] = self.goroutines.creations[slot] if slot >= 0 else 0
        self._ex_entry[i] = self.goroutines.entries[slot] if slot >= 0 else 0
        self._ex_cause[i] = cause
        self._ex_cause_stack[i] = cause_stack
        self._ex_flags[i] = flags
        self._floors[g] = self._ex_length[first + _EXAMPLES - 1]
        return 0

    def is_merged(self) -> bool:
        """Return whether there were too many groups, so that some intervals are without their stacks."""
        return bool(self.merged)

    def has_all_parts(self) -> bool:
        """Return whether every interval of a test is in a part."""
        return not self._is_full

    def parts(self) -> dict[int, dict[int, tuple[int, int]]]:
        """Return the parts of groups that belong to tests: {place in `rows`: {row of `Tests`: (count, total)}}."""
        out: dict[int, dict[int, tuple[int, int]]] = {}
        part: cython.int
        for part in range(self._n_parts):
            key: cython.longlong = self._part_keys[part]
            of_group: dict = out.setdefault(key >> 32, {})
            of_group[key & 0x7FFFFFFF] = (self._part_counts[part], self._part_totals[part])
        return out

    def rows(self) -> list[tuple[Any, ...]]:
        """Return every group as (kind, parked, reason, stack, count, total, examples, histogram).

        kind: `spec.IntervalKind`. parked: whether its intervals span the whole trace. reason, stack: indices of the
        trace's tables. total: ns, at most 2^63 − 1. examples: (start, length, goroutine, the stack that created it, the
        stack of its first function, cause, cause stack, flags), the longest first (see `Observer.interval`).
        histogram: {bucket: count}; empty if the examples hold every interval.
        """
        out: list[tuple[Any, ...]] = []
        examples: list[tuple[Any, ...]]
        histogram: dict[int, int]
        g: cython.int
        i: cython.longlong
        b: cython.int
        first: cython.longlong
        key: cython.longlong
        kind: cython.longlong
        for g in range(self.n):
            key = self._keys[g]
            kind = key >> 58
            first = cython.cast(cython.longlong, g) * _EXAMPLES
            examples = []
            for i in range(first, first + min(_EXAMPLES, self._counts[g])):
                examples.append(
                    (
                        self._ex_start[i],
                        self._ex_length[i],
                        self._ex_goroutine[i],
                        self._ex_creation[i],
                        self._ex_entry[i],
                        self._ex_cause[i],
                        self._ex_cause_stack[i],
                        self._ex_flags[i],
                    )
                )
            histogram = {}
            if self._histogram[g] >= 0:
                first = cython.cast(cython.longlong, self._histogram[g]) * _BUCKETS
                for b in range(_BUCKETS):
                    if self._buckets[first + b]:
                        histogram[b] = self._buckets[first + b]
            out.append(
                (
                    kind & ~_PARKED,
                    bool(kind & _PARKED),
                    (key >> 31) & 0x7FFFFFF,
                    key & 0x7FFFFFFF,
                    self._counts[g],
                    self._totals[g],
                    examples,
                    histogram,
                )
            )
        return out
