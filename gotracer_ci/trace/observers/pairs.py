# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Pairs: a limited number of pairs of a stack and that of its waker, by number."""

from __future__ import annotations

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace.columns import column, grown

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.columns import IdMap
else:
    from gotracer_ci.trace.columns import IdMap

MAX_PAIRS = 1 << 16
"""Different pairs; further ones lose the waker."""

_MAX_PAIRS = cython.declare(cython.longlong, MAX_PAIRS)
_INDEX = cython.declare(cython.longlong, (1 << 31) - 1)


@cython.final
@cython.cclass
class Pairs:
    """Pairs of indices of the trace's tables, numbered from 1 on."""

    _keys: cython.longlong[::1]
    _index: IdMap

    def __init__(self) -> None:
        self._keys = column("q", bytes(8 * 64))
        self._index = IdMap(self._keys)

    @cython.cfunc
    @cython.exceptval(-1)
    def of(self, stack: cython.longlong, waker: cython.longlong) -> cython.int:
        """Return the number of a pair, 0 if there are too many."""
        key: cython.longlong = (stack << 31) | waker
        i: cython.int = self._index.find(key)
        if i < 0 and self._index.count >= _MAX_PAIRS:
            key &= ~_INDEX
            i = self._index.find(key)
            if i < 0 and self._index.count >= 2 * _MAX_PAIRS:
                return 0
        if i < 0:
            i = self._index.count
            if i == len(self._keys):
                self._keys = self._index.keys = grown(self._keys, 2 * i)
            self._keys[i] = key
            self._index.put(key, i)
        return i + 1

    def __getitem__(self, number: int) -> tuple[int, int]:
        """Return the stack and its waker's, 0 for none."""
        key: cython.longlong = self._keys[number - 1]
        return key >> 31, key & _INDEX
