# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Several observers as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.observe import Observer
    from cython.cimports.gotracer_ci.trace.state_times import StateTimes, Summing
else:
    from gotracer_ci.trace.observe import Observer
    from gotracer_ci.trace.state_times import StateTimes, Summing

_KINDS = cython.declare(cython.int, max(spec.IntervalKind) + 1)


@cython.final
@cython.cclass
class _Wanting:
    """Observers that want intervals of one kind, eight by name.

    Going through a list costs more than most observers make of an interval, because each is counted as used and unused.
    """

    n: cython.int
    a: Observer
    b: Observer
    c: Observer
    d: Observer
    e: Observer
    f: Observer
    g: Observer
    h: Observer
    more: _Wanting | None

    def __init__(self, observers: Sequence[Any]) -> None:
        self.n = min(len(observers), 8)
        named: list = [*observers[:8]] + [None] * (8 - self.n)
        self.a, self.b, self.c, self.d, self.e, self.f, self.g, self.h = named
        self.more = _Wanting(observers[8:]) if len(observers) > 8 else None


@cython.final
@cython.cclass
class _All(Observer):
    """Several observers as one, called in their order."""

    _observers: list
    _first: Observer
    _changes: cython.int
    _wanting: list  # by kind

    def __init__(self, observers: Sequence[Any]) -> None:
        self._observers = [*observers]
        self._first = observers[0]
        self._wanting = []
        previous: Observer = self._first
        one: Observer
        for one in self._observers[1:]:
            previous.following = one
            previous = one
        previous.following = None

    def observe(self, goroutines: Any) -> None:
        one: Observer
        self.goroutines = goroutines
        for one in self._observers:
            one.observe(goroutines)
        self._arrange()

    def _arrange(self) -> None:
        """Find out who wants what."""
        one: Observer
        kind: cython.int
        self._changes = self.goroutines.changes
        self._wanting = []
        for kind in range(_KINDS):
            wanting: list = []
            for one in self._observers:
                if one.unwanted >> kind & 1 == 0:
                    wanting.append(one)
            self._wanting.append(_Wanting(wanting))

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        one: Observer = self._first
        while one is not None:
            one.born(g, now)
            one = one.following
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def died(self, g: cython.int, now: cython.longlong) -> cython.int:
        one: Observer = self._first
        while one is not None:
            one.died(g, now)
            one = one.following
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def began(self, kind: cython.int, g: cython.int, now: cython.longlong) -> cython.int:
        one: Observer = self._first
        while one is not None:
            one.began(kind, g, now)
            one = one.following
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
        if self._changes != self.goroutines.changes:
            self._arrange()
        of: _Wanting = self._wanting[kind]
        while of is not None:
            if of.n > 0:
                of.a.interval(kind, reason, stack, start, length, g, cause, cause_stack, flags)
            if of.n > 1:
                of.b.interval(kind, reason, stack, start, length, g, cause, cause_stack, flags)
            if of.n > 2:
                of.c.interval(kind, reason, stack, start, length, g, cause, cause_stack, flags)
            if of.n > 3:
                of.d.interval(kind, reason, stack, start, length, g, cause, cause_stack, flags)
            if of.n > 4:
                of.e.interval(kind, reason, stack, start, length, g, cause, cause_stack, flags)
            if of.n > 5:
                of.f.interval(kind, reason, stack, start, length, g, cause, cause_stack, flags)
            if of.n > 6:
                of.g.interval(kind, reason, stack, start, length, g, cause, cause_stack, flags)
            if of.n > 7:
                of.h.interval(kind, reason, stack, start, length, g, cause, cause_stack, flags)
            of = of.more
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def labelled(self, g: cython.int, label: cython.int, now: cython.longlong) -> cython.int:
        one: Observer = self._first
        while one is not None:
            one.labelled(g, label, now)
            one = one.following
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def end(self, now: cython.longlong) -> cython.int:
        one: Observer = self._first
        while one is not None:
            one.end(now)
            one = one.following
        return 0


def joined(observers: Sequence[Any]) -> Any:
    """Return one observer that stands for all of them, called in their order, but those that sum times together."""
    summing = [one for one in observers if isinstance(one, Summing)]
    if summing:
        at = observers.index(summing[0])
        others = [one for one in observers if not isinstance(one, Summing)]
        observers = [*others[:at], StateTimes(summing), *others[at:]]
    if not observers:
        return Observer()
    return observers[0] if len(observers) == 1 else _All(observers)
