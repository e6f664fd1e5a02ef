# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Typed columns and the map of ids over them, which the kernel, its observers and the old format share."""

from __future__ import annotations

from array import array
from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import memory

# Plain Python has no 64-bit overflow: the mask does what C does by itself.
_WORD = cython.declare(cython.ulonglong, (1 << 64) - 1)
_ODD = cython.declare(cython.ulonglong, 0x9E3779B97F4A7C15)
# Python salts this hash for each process, so that no file can be made to collide. No output depends on it.
_SALT = cython.declare(cython.ulonglong, hash(b"ids") & ((1 << 64) - 1))


_LARGE = 1 << 20  # bytes
_ZEROS = bytes(1 << 16)


def is_compiled() -> bool:
    return bool(cython.compiled)


def column(code: str, numbers: Any = ()) -> Any:
    """Return numbers as a column: an array when compiled, a list in plain Python, which is three times faster there."""
    if not (isinstance(numbers, array) and numbers.typecode == code):
        numbers = array(code, numbers)
    return numbers if cython.compiled else numbers.tolist()


def grown(old: Any, size: int) -> Any:
    """Return a copy of a column with `size` entries; the new ones are 0."""
    if not cython.compiled:
        return old + [0] * (size - len(old))
    return longer(old, size)


def longer(old: Any, size: int) -> Any:
    """Return a copy of an array, or of a view of one, with `size` entries; the new ones are 0."""
    view = memoryview(old)
    if size * view.itemsize < _LARGE:
        copy = array(view.format, [0]) * size
        memoryview(copy)[: len(view)] = view
        return copy
    # what is not used takes no memory, nor do zeros that are not copied; what is given up goes back to the system
    data, new = view.cast("B"), memoryview(memory.anonymous(size * view.itemsize))
    for start in range(0, len(data), len(_ZEROS)):
        part = data[start : start + len(_ZEROS)].tobytes()
        if part != _ZEROS[: len(part)]:
            new[start : start + len(part)] = part
    return new.cast(view.format)


def signed(number: int) -> int:
    """Return the bits of an unsigned 64-bit number as a signed one (2^64 − 1 is Go's "none", −1)."""
    return number - (1 << 64) if number >= 1 << 63 else number


@cython.final
@cython.cclass
class IdMap:
    """Ids (any 64 bits) to indices ≥ 0: open addressing, linear probing, removal by shifting back.

    The table holds only indices, which keeps it small. An index's id is in the owner's column `keys`.
    """

    keys: cython.longlong[::1]
    _indices: cython.int[::1]
    _mask: cython.ulonglong
    _shift: cython.int
    count: cython.int

    def __init__(self, keys: Any) -> None:
        self.keys = keys
        self._reset(8)

    def _reset(self, bits: int) -> None:
        k: cython.longlong
        # unlike those of an array, a large column's pages go back to the system when the next one replaces it
        self._indices = grown(column("i"), 1 << bits)
        for k in range(1 << bits):
            self._indices[k] = -1
        self._mask = (1 << bits) - 1
        self._shift = 64 - bits
        self.count = 0

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.inline
    def _home(self, key: cython.ulonglong) -> cython.longlong:
        # Fibonacci hashing: the upper bits of a product with an odd constant
        return (((key ^ _SALT) * _ODD) & _WORD) >> self._shift

    @cython.cfunc
    @cython.exceptval(-1)
    def find(self, key: cython.longlong) -> cython.int:
        """Return the index of `key`, or −1."""
        i: cython.longlong = self._home(key)
        index: cython.int = self._indices[i]
        while index >= 0 and self.keys[index] != key:
            i = (i + 1) & self._mask
            index = self._indices[i]
        return index

    @cython.cfunc
    @cython.exceptval(-1)
    def guess(self, key: cython.longlong) -> cython.int:
        """Return most likely what `find` returns, without reading `keys`."""
        return self._indices[self._home(key)]

    @cython.cfunc
    @cython.exceptval(-1)
    def put(self, key: cython.longlong, index: cython.int) -> cython.int:
        """Map `key`, which must not be there yet, to `index`, where `keys` has it."""
        if cython.cast(cython.ulonglong, self.count) * 2 > self._mask:
            self._grow()
        i: cython.longlong = self._home(key)
        while self._indices[i] >= 0:
            i = (i + 1) & self._mask
        self._indices[i] = index
        self.count += 1
        return index

    @cython.cfunc
    @cython.exceptval(-1)
    def remove(self, key: cython.longlong) -> cython.int:
        """Remove `key`; return whether it was there."""
        i: cython.longlong = self._home(key)
        while self._indices[i] >= 0 and self.keys[self._indices[i]] != key:
            i = (i + 1) & self._mask
        if self._indices[i] < 0:
            return 0
        hole: cython.longlong = i
        j: cython.longlong = (i + 1) & self._mask
        while self._indices[j] >= 0:
            # an entry may fill the hole unless its home lies behind the hole
            if ((j - self._home(self.keys[self._indices[j]])) & self._mask) >= ((j - hole) & self._mask):
                self._indices[hole] = self._indices[j]
                hole = j
            j = (j + 1) & self._mask
        self._indices[hole] = -1
        self.count -= 1
        return 1

    def _grow(self) -> None:
        indices = self._indices
        self._reset(64 - self._shift + 1)
        k: cython.longlong
        for k in range(len(indices)):
            if indices[k] >= 0:
                self.put(self.keys[indices[k]], indices[k])
