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


def steps(events: list[tuple[int, int, int, int]], whole: int, procs: int, p: int, end: int) -> tuple[Any, Any, Any]:
    """Return the function from its first event until `end`: when its steps begin, their values, and the busy Ps.

    Args:
        events: (time, cause, P, change), sorted. The change is 1 where work begins and −1 where it ends. A cause below
            0 says instead that there are so many Ps from now on.
        whole: the value while no P is busy.
        procs: how many Ps there are at the beginning.
        p: only this one, −1 for all of them.

    Returns:
        Arrays of int64. Times: one more than there are steps, the last one is `end`. Values: of `whole`. Busy: five
        numbers for each step, how many Ps are busy with each cause, and of how many.
    """
    n: cython.longlong = len(events)
    times, values, found = array("q", [0]) * (n + 1), array("q", [0]) * n, array("q", [0]) * (5 * n)
    at: cython.longlong[::1] = times
    of_step: cython.longlong[::1] = values
    busy_in: cython.longlong[::1] = found
    steps_: cython.longlong = 0
    busy: cython.longlong[::1] = column("q", bytes(8 * _CAUSES))
    open_: dict = {}  # P → how many pieces of each cause
    time: cython.longlong
    cause: cython.longlong
    on: cython.longlong
    change: cython.longlong
    k: cython.longlong
    i: cython.longlong
    stopped: cython.longlong = 0
    of: cython.longlong = procs
    last: cython.longlong = end
    is_there: cython.longlong
    used: cython.longlong
    is_same: cython.bint
    for i in range(n):
        time, cause, on, change = events[i]
        if cause < 0:
            of = on
            for k in range(_CAUSES):
                busy[k] = 0
            for each, counts in open_.items():
                _shift(busy, counts, p >= 0 or each < of)
        elif cause == 0:
            stopped += change
        else:
            pieces: list = open_.get(on)
            if pieces is None:
                pieces = open_[on] = [0] * _CAUSES
            is_there = p >= 0 or on < of
            _shift(busy, pieces, -is_there)
            pieces[cause] += change
            _shift(busy, pieces, is_there)
        if time >= last or (i + 1 < n and events[i + 1][0] == time):
            continue
        used = 0
        is_same = steps_ > 0 and busy_in[5 * steps_ - 1] == of
        for k in range(_CAUSES):
            now: cython.longlong = busy[k] if stopped == 0 else of if k == 0 else 0
            used += now
            is_same = is_same and busy_in[5 * steps_ - 5 + k] == now
            busy_in[5 * steps_ + k] = now
        if is_same:
            continue
        busy_in[5 * steps_ + 4] = of
        at[steps_] = time
        used = of - min(used, of)
        # the product can have more than 64 bits
        of_step[steps_] = whole if used == of else 0 if used == 0 else whole * used // of
        steps_ += 1
    at[steps_] = end
    return times[: steps_ + 1], values[:steps_], found[: 5 * steps_]


@cython.cfunc
@cython.exceptval(-1)
def _shift(busy: cython.longlong[::1], counts: list, change: cython.longlong) -> cython.int:
    """Count a P for the first cause that it has, or no longer."""
    k: cython.longlong
    for k in range(_CAUSES):
        if counts[k]:
            busy[k] += change
            return 0
    return 0


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
