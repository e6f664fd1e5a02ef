# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Reasons: small numbers for why goroutines wait, given to each reason when it first appears."""

from __future__ import annotations

from collections.abc import Callable

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

MAX_REASONS = 32
"""Different reasons. The runtime has 19; the last one stands for all others."""
OTHER = "other"
FEW = 4096
"""Strings that are numbered without a search if they are reasons: a trace's come first in its table."""

_FEW = cython.declare(cython.longlong, FEW)
_LAST = cython.declare(cython.int, MAX_REASONS - 1)


@cython.final
@cython.cclass
class Reasons:
    """Reasons by number.

    Args:
        why: returns the reason of a wait, for the index of its reason (0 none) and of its stack.
    """

    _why: object
    n: cython.int
    _numbers: dict
    _keys: cython.longlong[::1]
    _index: IdMap
    _of: cython.int[::1]
    _first: cython.int[::1]  # of the first strings, from 1 on; 0 unknown

    def __init__(self, why: Callable[[int, int], str]) -> None:
        self._why = why
        self.n = 0
        self._numbers = {}
        self._keys = column("q", bytes(8 * 64))
        self._index = IdMap(self._keys)
        self._of = column("i", bytes(4 * 64))
        self._first = column("i", bytes(4 * FEW))

    @cython.cfunc
    @cython.exceptval(-1)
    def number(self, reason: cython.longlong, stack: cython.longlong) -> cython.int:
        """Return the number of a wait's reason. Only without a reason the stack matters."""
        if 0 < reason < _FEW:
            if self._first[reason] == 0:
                self._first[reason] = 1 + self._searched(reason, stack)
            return self._first[reason] - 1
        return self._searched(reason, stack)

    @cython.cfunc
    @cython.exceptval(-1)
    def _searched(self, reason: cython.longlong, stack: cython.longlong) -> cython.int:
        key: cython.longlong = reason if reason > 0 else -1 - stack
        i: cython.int = self._index.find(key)
        if i >= 0:
            return self._of[i]
        i = self._index.count
        if i == len(self._keys):
            self._keys = self._index.keys = grown(self._keys, 2 * i)
            self._of = grown(self._of, 2 * i)
        self._keys[i] = key
        self._of[i] = self._named(self._why(reason, stack))
        self._index.put(key, i)
        return self._of[i]

    @cython.cfunc
    @cython.exceptval(-1)
    def _named(self, name: object) -> cython.int:
        if name not in self._numbers:
            if self.n >= _LAST:
                name = OTHER
            self._numbers.setdefault(name, len(self._numbers))
            self.n = len(self._numbers)
        return self._numbers[name]

    def names(self) -> list[str]:
        """Return the reasons by number."""
        return list(self._numbers)
