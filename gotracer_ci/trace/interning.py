# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Interning: what a trace repeats in every generation becomes a dense index, without a Python object per repetition."""

from __future__ import annotations

from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace.columns import column, grown

DENSE_SLACK = 1024

# Plain Python has no 64-bit overflow: the mask does what C does by itself.
_WORD = cython.declare(cython.ulonglong, (1 << 64) - 1)
# Python salts this hash for each process, so that no file can be made to collide. No output depends on it.
_SALT = cython.declare(cython.ulonglong, hash(b"interning") & ((1 << 64) - 1) | 1)
_SLACK = cython.declare(cython.longlong, DENSE_SLACK)


@cython.final
@cython.cclass
class Interner:
    """Byte strings to dense indices in the order of their first appearance.

    The byte strings are parts of `data`, which the owner sets.
    """

    n: cython.int
    data: cython.const[cython.uchar][::1]
    _index: dict  # plain Python: bytes → index
    _bytes: cython.uchar[::1]  # all of them, one after the other
    _used: cython.longlong
    _ends: cython.longlong[::1]
    _hashes: cython.ulonglong[::1]
    _slots: cython.int[::1]
    _mask: cython.ulonglong

    def __init__(self) -> None:
        self.n = 0
        self._index = {}
        self._bytes = bytearray(1 << 12)
        self._used = 0
        self._ends = column("q", bytes(8 * 64))
        self._hashes = column("Q", bytes(8 * 64))
        self._reset(256)

    def _reset(self, size: int) -> None:
        self._slots = column("i", [-1]) * size
        self._mask = size - 1

    @cython.cfunc
    @cython.exceptval(-1)
    def add(self, start: cython.longlong, end: cython.longlong) -> cython.int:
        """Return the index of data[start:end], bounds that the caller has checked; a new one is the old `n`."""
        if not cython.compiled:
            index = self._index.setdefault(bytes(self.data[start:end]), self.n)
            self.n = len(self._index)
            return index
        hashed: cython.ulonglong = self._hash(start, end)
        i: cython.ulonglong = hashed & self._mask
        found: cython.int = self._slots[i]
        while found >= 0:
            if self._hashes[found] == hashed and self._is(found, start, end):
                return found
            i = (i + 1) & self._mask
            found = self._slots[i]
        return self._new(hashed, i, start, end)

    @cython.cfunc
    @cython.exceptval(0)
    def _hash(self, start: cython.longlong, end: cython.longlong) -> cython.ulonglong:
        word: cython.ulonglong
        hashed: cython.ulonglong = (_SALT + cython.cast(cython.ulonglong, end - start)) & _WORD
        while end - start >= 8:
            # compilers make one load of this
            word = (
                cython.cast(cython.ulonglong, self.data[start])
                | cython.cast(cython.ulonglong, self.data[start + 1]) << 8
                | cython.cast(cython.ulonglong, self.data[start + 2]) << 16
                | cython.cast(cython.ulonglong, self.data[start + 3]) << 24
                | cython.cast(cython.ulonglong, self.data[start + 4]) << 32
                | cython.cast(cython.ulonglong, self.data[start + 5]) << 40
                | cython.cast(cython.ulonglong, self.data[start + 6]) << 48
                | cython.cast(cython.ulonglong, self.data[start + 7]) << 56
            )
            hashed = self._mixed(hashed, word)
            start += 8
        word = 0
        while start < end:
            word = word << 8 | self.data[start]
            start += 1
        return self._mixed(hashed, word)

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.inline
    def _mixed(self, hashed: cython.ulonglong, word: cython.ulonglong) -> cython.ulonglong:
        hashed = ((hashed ^ word) * _SALT) & _WORD
        return hashed ^ (hashed >> 29)

    @cython.cfunc
    @cython.exceptval(-1)
    def _is(self, index: cython.int, start: cython.longlong, end: cython.longlong) -> cython.int:
        first: cython.longlong = self._ends[index - 1] if index > 0 else 0
        if self._ends[index] - first != end - start:
            return 0
        while start < end:
            if self._bytes[first] != self.data[start]:
                return 0
            first += 1
            start += 1
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _new(
        self,
        hashed: cython.ulonglong,
        slot: cython.ulonglong,
        start: cython.longlong,
        end: cython.longlong,
    ) -> cython.int:
        index: cython.int = self.n
        if index == len(self._ends):
            self._ends = grown(self._ends, 2 * index)
            self._hashes = grown(self._hashes, 2 * index)
        if self._used + end - start > len(self._bytes):
            self._bytes = grown(self._bytes, 2 * (self._used + end - start))
        while start < end:
            self._bytes[self._used] = self.data[start]
            self._used += 1
            start += 1
        self._ends[index] = self._used
        self._hashes[index] = hashed
        self._slots[slot] = index
        self.n = index + 1
        if cython.cast(cython.ulonglong, self.n) * 2 > self._mask:
            self._rehash()
        return index

    def _rehash(self) -> None:
        index: cython.int
        i: cython.ulonglong
        self._reset(2 * len(self._slots))
        for index in range(self.n):
            i = self._hashes[index] & self._mask
            while self._slots[i] >= 0:
                i = (i + 1) & self._mask
            self._slots[i] = index


@cython.final
@cython.cclass
class Ids:
    """A generation's ids to indices of the tables; 0 is always "none", index 0.

    Runtimes number from 1 on without gaps, so most ids lie in a dense column. The few far beyond (never seen, but
    possible) go to a dict.
    """

    _dense: cython.int[::1]
    _sparse: dict
    _n: cython.longlong

    def __init__(self) -> None:
        self._dense = column("i", [-1]) * DENSE_SLACK
        self._dense[0] = 0
        self._sparse = {}
        self._n = 1

    @cython.cfunc
    @cython.exceptval(-2)
    def get(self, id: cython.longlong) -> cython.int:
        """Return the index of an id, or −1."""
        if 0 <= id < len(self._dense):
            return self._dense[id]
        return self._sparse.get(id, -1)

    @cython.cfunc
    @cython.exceptval(-2)
    def put(self, id: cython.longlong, index: cython.int) -> cython.int:
        """Map an id to an index; return 0, or −1 if the id has one already."""
        if self.get(id) >= 0:
            return -1
        if len(self._dense) <= id < 4 * self._n + _SLACK:
            self._lengthen(2 * (4 * self._n + _SLACK))
        if 0 <= id < len(self._dense):
            self._dense[id] = index
        else:
            self._sparse[id] = index
        self._n += 1
        return 0

    def _lengthen(self, size: int) -> None:
        old: cython.longlong = len(self._dense)
        i: cython.longlong
        self._dense = grown(self._dense, size)
        for i in range(old, size):
            self._dense[i] = -1
        for id in [id for id in self._sparse if 0 <= id < size]:
            self._dense[id] = self._sparse.pop(id)

    def columns(self) -> tuple[Any, dict[int, int]]:
        """Return the dense int32 column by id (−1: no such id), and a dict of the ids that lie beyond it."""
        return self._dense, self._sparse
