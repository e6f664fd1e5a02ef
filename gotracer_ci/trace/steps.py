# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Step functions of the collector's work: how many Ps are busy with what, from moment to moment."""

from __future__ import annotations

from array import array
from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace.columns import column

_CAUSES = cython.declare(cython.longlong, 4)
"""What a P can be busy with; 0 is a stopped world, in which all Ps are."""


@cython.final
@cython.cclass
class _Ps:
    """How many Ps are busy with what at one moment.

    Args:
        p: only this one, −1 for all of them.
    """

    _p: cython.longlong
    of: cython.longlong
    stopped: cython.longlong
    busy: cython.longlong[::1]  # by cause
    _open: dict  # P → how many pieces of each cause

    def __init__(self, p: int) -> None:
        self._p = p
        self.of = self.stopped = 0
        self.busy = column("q", bytes(8 * _CAUSES))
        self._open = {}

    @cython.cfunc
    @cython.exceptval(-1)
    def are(self, n: cython.longlong) -> cython.int:
        """There are so many of them from now on."""
        k: cython.longlong
        self.of = n
        for k in range(_CAUSES):
            self.busy[k] = 0
        for on, counts in self._open.items():
            self._shift(counts, self._p >= 0 or on < n)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def work(self, cause: cython.longlong, on: cython.longlong, change: cython.longlong) -> cython.int:
        """A piece of work begins (change 1) or ends (−1)."""
        if cause == 0:
            self.stopped += change
            return 0
        counts: list = self._open.get(on)
        if counts is None:
            counts = self._open[on] = [0] * _CAUSES
        is_there: cython.longlong = self._p >= 0 or on < self.of
        self._shift(counts, -is_there)
        counts[cause] += change
        return self._shift(counts, is_there)

    @cython.cfunc
    @cython.exceptval(-1)
    def _shift(self, counts: list, change: cython.longlong) -> cython.int:
        """Count a P for the first cause that it has, or no longer."""
        k: cython.longlong
        for k in range(_CAUSES):
            if counts[k]:
                self.busy[k] += change
                return 0
        return 0


_Piece = tuple[int, int, int, int]
"""Start, end, cause and P."""


def steps(
    starts: list[_Piece], ends: list[_Piece], changes: list[tuple[int, int]], whole: int, p: int, end: int, origin: int
) -> tuple[Any, Any, Any]:
    """Return the function from the first of `changes` until `end`: when its steps begin, their values, and busy Ps.

    Args:
        starts, ends: the same pieces of work, sorted by where they start and by where they end.
        changes: from when on there are how many Ps, in order.
        whole: the value while no P is busy.
        p: only this one, −1 for all of them.
        origin: what returned times count from.

    Returns:
        Arrays of int64. Times: one more than there are steps, the last one is where they end. Values: of `whole`. Busy:
        five numbers for each step, how many Ps are busy with each cause, and of how many.
    """
    n: cython.longlong = len(starts)
    most: cython.longlong = 2 * n + len(changes)
    times, values, found = array("q", [0]) * (most + 1), array("q", [0]) * most, array("q", [0]) * (5 * most)
    at: cython.longlong[::1] = times
    of_step: cython.longlong[::1] = values
    busy_in: cython.longlong[::1] = found
    ps: _Ps = _Ps(p)
    steps_: cython.longlong = 0
    i: cython.longlong = 0
    j: cython.longlong = 0
    changed: cython.longlong = 0
    k: cython.longlong
    first: cython.longlong
    final: cython.longlong
    cause: cython.longlong
    on: cython.longlong
    used: cython.longlong
    last: cython.longlong = end
    since: cython.longlong = origin
    is_same: cython.bint
    time: cython.longlong = changes[0][0]
    following: cython.longlong = time
    while time < last:
        following = last
        while changed < len(changes):
            first, on = changes[changed]
            if first > time:
                following = min(following, first)
                break
            ps.are(on)
            changed += 1
        while i < n:
            first, final, cause, on = starts[i]
            if first > time:
                following = min(following, first)
                break
            ps.work(cause, on, 1)
            i += 1
        while j < n:
            first, final, cause, on = ends[j]
            if final > time:
                following = min(following, final)
                break
            ps.work(cause, on, -1)
            j += 1
        used = 0
        is_same = steps_ > 0 and busy_in[5 * steps_ - 1] == ps.of
        for k in range(_CAUSES):
            now: cython.longlong = ps.busy[k] if ps.stopped == 0 else ps.of if k == 0 else 0
            used += now
            is_same = is_same and busy_in[5 * steps_ - 5 + k] == now
            busy_in[5 * steps_ + k] = now
        if not is_same:
            busy_in[5 * steps_ + 4] = ps.of
            at[steps_] = time - since
            used = ps.of - min(used, ps.of)
            # the product can have more than 64 bits
            of_step[steps_] = whole if used == ps.of else 0 if used == 0 else whole * used // ps.of
            steps_ += 1
        time = following
    at[steps_] = last - since
    return times[: steps_ + 1], values[:steps_], found[: 5 * steps_]


def taken(times: Any, busy: Any, start: cython.longlong, window: cython.longlong) -> tuple[float, ...]:
    """Return the share of a window that went to each cause. times, busy: of `steps`."""
    at: cython.longlong[::1] = times
    of: cython.longlong[::1] = busy
    shares: cython.double[::1] = column("d", bytes(8 * _CAUSES))
    k: cython.longlong
    i: cython.longlong = step_at(times, start)
    while i + 1 < len(at) and at[i] < start + window:
        length: cython.longlong = min(at[i + 1], start + window) - max(at[i], start)
        for k in range(_CAUSES):
            # whole numbers of two columns can have a product of more than 64 bits
            shares[k] += (of[5 * i + k] * 1.0) * (length * 1.0) / of[5 * i + 4]
        i += 1
    found: list = [shares[k] / window for k in range(_CAUSES)]
    return tuple(found)


def total(times: Any, values: Any, start: cython.longlong, window: cython.longlong) -> int:
    """Return the sum of a window, ns × value. times, values: of `steps`."""
    at: cython.longlong[::1] = times
    of: cython.longlong[::1] = values
    i: cython.longlong = step_at(times, start)
    sum_: cython.longlong = 0
    while i + 1 < len(at) and at[i] < start + window:
        sum_ += of[i] * (min(at[i + 1], start + window) - max(at[i], start))
        i += 1
    return sum_


@cython.cfunc
@cython.exceptval(-1)
def step_at(times: cython.longlong[::1], time: cython.longlong) -> cython.longlong:
    """Return the last step that begins at this time or before it."""
    low: cython.longlong = 0
    high: cython.longlong = len(times)
    while low < high:
        middle: cython.longlong = (low + high) // 2
        if times[middle] > time:
            high = middle
        else:
            low = middle + 1
    return low - 1
