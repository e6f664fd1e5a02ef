# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""State counts: how many goroutines are in each state over time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec
from gotracer_ci.trace.columns import column, grown

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.observe import Observer
else:
    from gotracer_ci.trace.observe import Observer

INTERVAL_NS = 100_000
"""At most two values of each state are passed on in so many ns: the first one and the last one."""

_INTERVAL_NS = cython.declare(cython.longlong, INTERVAL_NS)
_NEVER = cython.declare(cython.longlong, spec.NEVER)
_RUNNABLE = cython.declare(cython.int, spec.GoState.RUNNABLE)
_WAITING = cython.declare(cython.int, spec.GoState.WAITING)


@cython.final
@cython.cclass
class StateCounts(Observer):
    """Passes on how many goroutines are in a state when the trace begins and whenever that changes (see `INTERVAL_NS`).

    A goroutine from before the trace is first seen some time after its start. Until then the numbers lack it.

    Args:
        sink: gets the time, ns on the trace's clock, the state (`spec.GoState`), how many there are from then on, and
            how many goroutines from before the trace had been seen in this state at first. If it turns out that these
            are more (`seen`), the number lacks the difference.
    """

    _sink: Any
    _from: cython.longlong
    _to: cython.longlong
    _states: cython.int[::1]  # by slot: the state as which it is counted
    # by state: how many there are, and how many the sink knows of
    _counts: cython.longlong[::1]
    _told: cython.longlong[::1]
    _seen: cython.longlong[::1]
    _start: cython.longlong
    _g: cython.int  # the slot whose state has just changed, −1 for none
    _now: cython.longlong  # when
    _late: cython.longlong  # when a count changed that the sink does not know, −1 for none
    _next: cython.longlong  # from when on the sink may know it at once

    def __init__(self, sink: Callable[[int, int, int, int], object]) -> None:
        self._sink = sink
        self._from = self._next = -_NEVER
        self._to = _NEVER
        self._states = column("i")
        self._counts = column("q", bytes(8 * 6))
        self._told = column("q", [-1]) * 6
        self._seen = column("q", bytes(8 * 6))
        self._start = -1
        self._g = -1
        self._now = self._late = -1

    def limit(self, start: int, end: int) -> None:
        """Pass on only what is between these two times, ns on the trace's clock. Call it before the first event."""
        self._from = self._next = start
        self._to = end

    def ignored(self) -> int:
        return ~(1 << spec.GoState.RUNNABLE | 1 << spec.GoState.RUNNING | 1 << spec.GoState.SYSCALL | 1 << _WAITING)

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        self._settle()
        if g >= len(self._states):
            self._states = grown(self._states, len(self.goroutines.ids))
        state: cython.int = self.goroutines.states[g]
        if self._start < 0:
            self._start = now
        if self.goroutines.created[g] >= 0:
            self._states[g] = 0
            self._g = g
            self._now = now
            return 0
        self._states[g] = state
        self._counts[state] += 1
        self._seen[state] += 1
        if self._told[state] >= 0:
            # what the sink knows lacks one more, too
            self._told[state] += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def died(self, g: cython.int, now: cython.longlong) -> cython.int:
        self._settle()
        return self._change(self._states[g], 0, now)

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
        if kind > _WAITING:
            return 0
        self._settle()
        self._g = g
        self._now = start + length
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def end(self, now: cython.longlong) -> cython.int:
        self._settle()
        return self._begin() if self._late < 0 else self._tell(max(self._late, self._from))

    @cython.cfunc
    @cython.exceptval(-1)
    def _settle(self) -> cython.int:
        """The goroutine of the last call is in its new state by now."""
        g: cython.int = self._g
        self._g = -1
        if g < 0:
            return 0
        old: cython.int = self._states[g]
        self._states[g] = self.goroutines.states[g]
        return self._change(old, self._states[g], self._now)

    @cython.cfunc
    @cython.exceptval(-1)
    def _change(self, old: cython.int, new: cython.int, now: cython.longlong) -> cython.int:
        """A goroutine changes its state; 0 for none."""
        if old == new or now > self._to:
            return 0
        if now >= self._from:
            self._begin()
        if self._late >= 0 and now >= self._next:
            self._tell(max(self._late, self._from))
        if old:
            self._counts[old] -= 1
        if new:
            self._counts[new] += 1
        if now >= self._next:
            self._next = now + _INTERVAL_NS
            return self._tell(now)
        self._late = max(self._late, now)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _begin(self) -> cython.int:
        """Pass on what counted at the beginning, unless that is known."""
        return self._tell(max(self._start, self._from)) if self._told[_RUNNABLE] < 0 else 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _tell(self, time: cython.longlong) -> cython.int:
        state: cython.int
        self._late = -1
        for state in range(_RUNNABLE, _WAITING + 1):
            if self._counts[state] != self._told[state]:
                self._told[state] = self._counts[state]
                self._sink(time, state, self._counts[state], self._seen[state])
        return 0

    def seen(self, state: int) -> int:
        """Return how many goroutines from before the trace have been in this state at first."""
        return int(self._seen[state])
