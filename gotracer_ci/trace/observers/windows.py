# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Windows: the parts of each life that count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace.columns import column

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.columns import IdMap
else:
    from gotracer_ci.trace.columns import IdMap


@cython.final
@cython.cclass
class Windows:
    """Windows of lives, in columns.

    Args:
        windows: by life: (start, end), ns on the trace's clock, disjoint and in order.
    """

    _lives: cython.longlong[::1]
    _rows: IdMap
    first: cython.longlong[::1]  # by row; one more than rows
    starts: cython.longlong[::1]
    ends: cython.longlong[::1]

    def __init__(self, windows: Mapping[int, Sequence[tuple[int, int]]]) -> None:
        self._lives = column("q", list(windows) or [-1])
        self._rows = IdMap(self._lives)
        first: list = [0]
        starts: list = []
        ends: list = []
        for row, life in enumerate(windows):
            self._rows.put(life, row)
            starts += [start for start, _ in windows[life]]
            ends += [end for _, end in windows[life]]
            first.append(len(starts))
        self.first = column("q", first)
        self.starts = column("q", starts or [0])
        self.ends = column("q", ends or [0])

    @cython.cfunc
    @cython.exceptval(-2)
    def row(self, life: cython.longlong) -> cython.longlong:
        """Return the row of a life, −1 if nothing of it counts."""
        return self._rows.find(life)

    @cython.cfunc
    @cython.exceptval(-1)
    def first_after(self, row: cython.longlong, time: cython.longlong) -> cython.longlong:
        """Return the index of the life's first window that ends after a time."""
        low: cython.longlong = self.first[row]
        high: cython.longlong = self.first[row + 1]
        middle: cython.longlong
        while low < high:
            middle = (low + high) // 2
            if self.ends[middle] <= time:
                low = middle + 1
            else:
                high = middle
        return low
