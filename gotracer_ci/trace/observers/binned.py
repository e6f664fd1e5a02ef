# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Times over short equal parts of the trace, as exact sums."""

from __future__ import annotations

from array import array

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec
from gotracer_ci.trace.columns import column, grown

FIRST = 10
"""The first width of a part, as a power of two of ns."""

_NEVER = cython.declare(cython.longlong, spec.NEVER)


@cython.cfunc
@cython.inline
@cython.exceptval(check=False)
def _plus(total: cython.longlong, length: cython.longlong) -> cython.longlong:
    """Return the sum, which saturates; no sum of a real trace comes near."""
    return total + length if length <= _NEVER - total else _NEVER


@cython.final
@cython.cclass
class Binned:
    """Rows of parts of a power-of-two width, `shift`; two neighbours become one when the trace outgrows them.

    A time costs the same however many parts it covers: those at its ends get their part of it, and those between are
    counted as a difference, which `settle` turns into sums. All times are ns from the first part's start.

    Args:
        parts: how many there are at most.
        rows: for how many there is room (see `grow`).
    """

    shift: cython.int
    _parts: cython.longlong
    _reach: cython.longlong  # to where the parts reach
    # by row and part
    _partial: cython.longlong[::1]  # ns
    _change: cython.int[::1]  # how many more times cover all of this part than of the one before

    def __init__(self, parts: int, rows: int) -> None:
        self.shift = FIRST
        self._parts = parts
        self._reach = parts << FIRST
        self._partial = column("q", bytes(8 * parts * rows))
        self._change = column("i", bytes(4 * parts * rows))

    @cython.cfunc
    @cython.exceptval(-1)
    def grow(self, rows: cython.longlong) -> cython.int:
        """Make room for so many rows."""
        self._partial = grown(self._partial, rows * self._parts)
        self._change = grown(self._change, rows * self._parts)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def add(
        self, row: cython.longlong, start: cython.longlong, end: cython.longlong, ns: cython.longlong
    ) -> cython.int:
        """Add the time between these two times to a row, or `ns` of it if it is in one part."""
        if end > self._reach:
            self._widen(end - 1)
        # a time ends in the part of its last nanosecond
        first: cython.longlong = start >> self.shift
        last: cython.longlong = (end - 1) >> self.shift
        i: cython.longlong = row * self._parts + first
        if first == last:
            self._partial[i] = _plus(self._partial[i], ns)
            return 0
        self._partial[i] = _plus(self._partial[i], ((first + 1) << self.shift) - start)
        if last > first + 1:
            self._change[i + 1] += 1
            self._change[i + last - first] -= 1
        i += last - first
        self._partial[i] = _plus(self._partial[i], end - (last << self.shift))
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _widen(self, offset: cython.longlong) -> cython.int:
        """Make the parts so wide that the last one reaches this far."""
        row: cython.longlong
        i: cython.longlong
        more: cython.int = 0
        while offset >> (self.shift + more) >= self._parts:
            more += 1
        self.settle()
        for row in range(0, len(self._partial), self._parts):
            for i in range(1, self._parts):
                ns: cython.longlong = self._partial[row + i]
                self._partial[row + i] = 0
                self._partial[row + (i >> more)] = _plus(self._partial[row + (i >> more)], ns)
        self.shift += more
        self._reach = self._parts << self.shift
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def settle(self) -> cython.int:
        """Turn the counts of times that cover whole parts into sums."""
        row: cython.longlong
        i: cython.longlong
        covering: cython.longlong
        for row in range(0, len(self._partial), self._parts):
            covering = 0
            for i in range(row, row + self._parts):
                covering += self._change[i]
                self._change[i] = 0
                if covering > 0:
                    full: cython.longlong = _NEVER
                    if covering <= _NEVER >> self.shift:
                        full = covering << self.shift
                    self._partial[i] = _plus(self._partial[i], full)
        return 0

    # ---- results ----------------------------------------------------------------------------------------------

    def finish(self, length: int) -> int:
        """Make the parts reach at least this far, and return how many that needs."""
        last: cython.longlong = max(length, 1) - 1
        if last >> self.shift >= self._parts:
            self._widen(last)
        self.settle()
        return (last >> self.shift) + 1

    def row(self, row: int, parts: int) -> array[int]:
        """Return the sums of a row in the first `parts` parts, ns; call `settle` or `finish` before."""
        first: cython.longlong = row * self._parts
        return array("q", self._partial[first : first + parts])

    @cython.cfunc
    @cython.exceptval(-1)
    def total(self, row: cython.longlong) -> cython.longlong:
        """Return the sum of a row, ns; call `settle` or `finish` before."""
        i: cython.longlong
        total: cython.longlong = 0
        for i in range(row * self._parts, (row + 1) * self._parts):
            total = _plus(total, self._partial[i])
        return total
