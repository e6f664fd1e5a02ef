# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Wakes: how long goroutines waited, by where they waited, why, and where they were woken from."""

from __future__ import annotations

from collections.abc import Callable

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec
from gotracer_ci.trace.columns import column, grown

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.columns import IdMap
    from cython.cimports.gotracer_ci.trace.observe import Observer
    from cython.cimports.gotracer_ci.trace.observers.parts import plus
    from cython.cimports.gotracer_ci.trace.observers.reasons import Reasons
else:
    from gotracer_ci.trace.columns import IdMap
    from gotracer_ci.trace.observe import Observer
    from gotracer_ci.trace.observers.parts import plus
    from gotracer_ci.trace.observers.reasons import Reasons

MAX_WAITS = 20_000
"""Pairs of a reason and a stack; the waits of further ones lose their stack."""
MAX_WAKES = 20_000
"""Wakes with a stack of their own; further ones lose the waker's stack."""
RUNTIME, GOROUTINE, OPEN = range(3)
"""What ended a wait: the runtime by itself, a goroutine, or nothing so far."""

_MAX_WAITS = cython.declare(cython.int, MAX_WAITS)
_MAX_WAKES = cython.declare(cython.int, MAX_WAKES)
_IS_RUNNING = cython.declare(cython.int, spec.IntervalKind.RUNNING)
_IS_WAITING = cython.declare(cython.int, spec.IntervalKind.WAITING)
_IS_OPEN = cython.declare(cython.int, spec.OPEN)
_BY_RUNTIME = cython.declare(cython.longlong, RUNTIME)
_BY_GOROUTINE = cython.declare(cython.longlong, GOROUTINE)
_BY_NOTHING = cython.declare(cython.longlong, OPEN)
_STACK = cython.declare(cython.longlong, (1 << 31) - 1)  # a key's bits for a stack
_ELSEWHERE = cython.declare(cython.longlong, 1 << 31)
_ANYWHERE = cython.declare(cython.longlong, (1 << 32) - 1)
_NEVER = cython.declare(cython.longlong, spec.NEVER)


@cython.final
@cython.cclass
class Wakes(Observer):
    """Waits by (reason, where it waited, what woke it, where that was): how many, their total and the longest.

    Beyond `MAX_WAITS` and `MAX_WAKES` waits lose stacks, but the sums stay exact.

    Args:
        why: returns the reason of a wait, for the index of its reason (0 none) and of its stack.
    """

    _why: Reasons
    _from: cython.longlong
    _to: cython.longlong
    _merged: cython.bint
    _slots: cython.int  # that have been in use
    # by slot: a wait without a stack, until the goroutine has one
    _pending: cython.int[::1]  # the number of its reason, −1 for none
    _pending_by: cython.longlong[::1]
    _pending_length: cython.longlong[::1]
    # by wait: its reason's number and its stack
    _n_waits: cython.int
    _wait_keys: cython.longlong[::1]
    _waits: IdMap
    # by wake: its wait, what woke it, and that one's stack
    _n: cython.int
    _keys: cython.longlong[::1]
    _index: IdMap
    _counts: cython.longlong[::1]
    _totals: cython.longlong[::1]
    _longest: cython.longlong[::1]

    def __init__(self, why: Callable[[int, int], str]) -> None:
        self._why = Reasons(why)
        self._from = -_NEVER
        self._to = _NEVER
        self._merged = False
        self._slots = 0
        self._pending = column("i")
        self._pending_by = self._pending_length = column("q")
        self._n_waits = self._n = 0
        self._wait_keys = column("q", bytes(8 * 64))
        self._waits = IdMap(self._wait_keys)
        self._keys = column("q", bytes(8 * 64))
        self._index = IdMap(self._keys)
        self._counts = column("q", bytes(8 * 64))
        self._totals = column("q", bytes(8 * 64))
        self._longest = column("q", bytes(8 * 64))

    def limit(self, start: int, end: int) -> None:
        """Count only what is between these two times, ns on the trace's clock. Call it before the first event."""
        self._from = start
        self._to = end

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        if len(self._pending) != len(self.goroutines.ids):
            self._pending = grown(self._pending, len(self.goroutines.ids))
            self._pending_by = grown(self._pending_by, len(self.goroutines.ids))
            self._pending_length = grown(self._pending_length, len(self.goroutines.ids))
        self._pending[g] = -1
        if g >= self._slots:
            self._slots = g + 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def died(self, g: cython.int, now: cython.longlong) -> cython.int:
        return self._settle(g, 0)

    @cython.cfunc
    @cython.exceptval(-1)
    def end(self, now: cython.longlong) -> cython.int:
        g: cython.int
        for g in range(self._slots):
            self._settle(g, 0)
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
        if kind != _IS_WAITING:
            if kind == _IS_RUNNING and stack > 0 and self._pending[g] >= 0:
                self._settle(g, stack)
            return 0
        by: cython.longlong = _BY_NOTHING if flags & _IS_OPEN else _BY_RUNTIME if cause < 0 else _BY_GOROUTINE
        end: cython.longlong = start + length
        if start <= self._from or end > self._to:
            if end > self._to:
                by = _BY_NOTHING
            start = max(start, self._from)
            end = min(end, self._to)
            if end <= start:
                return 0
            length = end - start
        by <<= 31
        if by >> 31 == _BY_GOROUTINE:
            by |= cause_stack
        number: cython.int = self._why.number(reason, stack)
        if stack > 0:
            return self._add(cython.cast(cython.longlong, number) << 32 | stack, by, length)
        self._settle(g, 0)
        self._pending[g] = number
        self._pending_by[g] = by
        self._pending_length[g] = length
        if self.goroutines.entries[g] > 0:
            self._settle(g, self.goroutines.entries[g])
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _settle(self, g: cython.int, stack: cython.longlong) -> cython.int:
        """Add a goroutine's wait without a stack, if there is one, where another stack says who it was."""
        number: cython.longlong = self._pending[g]
        if number < 0:
            return 0
        self._pending[g] = -1
        where: cython.longlong = number << 32
        if stack > 0:
            where |= _ELSEWHERE | stack
        return self._add(where, self._pending_by[g], self._pending_length[g])

    @cython.cfunc
    @cython.exceptval(-1)
    def _add(self, where: cython.longlong, by: cython.longlong, length: cython.longlong) -> cython.int:
        wait: cython.longlong = self._waits.find(where)
        if wait < 0:
            wait = self._new_wait(where)
        n: cython.int = self._index.find(wait << 33 | by)
        if n < 0:
            n = self._new(wait << 33 | by)
        self._counts[n] += 1
        self._totals[n] = plus(self._totals[n], length)
        if length > self._longest[n]:
            self._longest[n] = length
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _new_wait(self, key: cython.longlong) -> cython.longlong:
        n: cython.int = self._n_waits
        if n >= _MAX_WAITS and key & _ANYWHERE:
            self._merged = True
            key &= ~_ANYWHERE
            wait: cython.longlong = self._waits.find(key)
            return wait if wait >= 0 else self._new_wait(key)
        if n == len(self._wait_keys):
            self._wait_keys = self._waits.keys = grown(self._wait_keys, 2 * n)
        self._wait_keys[n] = key
        self._n_waits = n + 1
        return self._waits.put(key, n)

    @cython.cfunc
    @cython.exceptval(-1)
    def _new(self, key: cython.longlong) -> cython.int:
        n: cython.int = self._n
        if n >= _MAX_WAKES and key & _STACK:
            self._merged = True
            key &= ~_STACK
            n = self._index.find(key)
            return n if n >= 0 else self._new(key)
        if n == len(self._keys):
            self._keys = self._index.keys = grown(self._keys, 2 * n)
            self._counts = grown(self._counts, 2 * n)
            self._totals = grown(self._totals, 2 * n)
            self._longest = grown(self._longest, 2 * n)
        self._keys[n] = key
        self._n = n + 1
        return self._index.put(key, n)

    def is_merged(self) -> bool:
        """Return whether there were too many wakes, so that some are without their stacks."""
        return bool(self._merged)

    def reasons(self) -> list[str]:
        """Return why goroutines waited, by number."""
        return self._why.names()

    def rows(self) -> list[tuple[int, ...]]:
        """Return (reason's number, stack, elsewhere, by, waker's stack, waits, total, longest) for each wake; ns.

        Stacks are indices of the trace's tables, 0 unknown. elsewhere: whether the stack is another one of the same
        goroutine, because that of the wait is unknown. by: RUNTIME, GOROUTINE or OPEN.
        """
        out: list[tuple[int, ...]] = []
        n: cython.int
        for n in range(self._n):
            key: cython.longlong = self._keys[n]
            wait: cython.longlong = self._wait_keys[key >> 33]
            out.append(
                (
                    wait >> 32,
                    wait & _STACK,
                    (wait >> 31) & 1,
                    (key >> 31) & 3,
                    key & _STACK,
                    self._counts[n],
                    self._totals[n],
                    self._longest[n],
                )
            )
        return out
