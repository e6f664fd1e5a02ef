# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Wakers: which goroutines created or woke certain others."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.observe import Observer
else:
    from gotracer_ci.trace.observe import Observer

_IS_WAITING = cython.declare(cython.int, spec.IntervalKind.WAITING)
_NEVER = cython.declare(cython.longlong, spec.NEVER)


@cython.final
@cython.cclass
class Wakers(Observer):
    """The goroutines that made some others runnable.

    Args:
        goroutines: Go's IDs of the others.
    """

    _others: Any
    _from: cython.longlong
    _to: cython.longlong
    _found: set
    _known: set

    def __init__(self, goroutines: Collection[int]) -> None:
        self._others = goroutines
        self._from = -_NEVER
        self._to = _NEVER
        self._found = set()
        self._known = set()

    def limit(self, start: int, end: int) -> None:
        """Count only what is between these two times, ns on the trace's clock. Call it before the first event."""
        self._from = start
        self._to = end

    def ignored(self) -> int:
        return ~(1 << _IS_WAITING)

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        id: cython.longlong = self.goroutines.ids[g]
        if id in self._others:
            self._known.add(id)
            if self.goroutines.creators[g] >= 0 and self._from <= now <= self._to:
                self._found.add(self.goroutines.creators[g])
        return 0

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
        if kind != _IS_WAITING or cause < 0 or start + length < self._from or start + length > self._to:
            return 0
        if self.goroutines.ids[g] in self._others:
            self._found.add(cause)
        return 0

    def found(self) -> set[int]:
        """Return Go's IDs of the goroutines that created or woke the others."""
        return self._found

    def known(self) -> set[int]:
        """Return which of the others the trace has."""
        return self._known
