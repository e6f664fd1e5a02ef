# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Holders: the last pauses of all goroutines, from which the worst wait of each group is explained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

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
else:
    from gotracer_ci.trace.columns import IdMap
    from gotracer_ci.trace.observe import Observer

PAUSES = 1 << 16
"""The pauses that are kept, a power of two: those of some 100 ms of a very busy program, in 4 MB."""
MAX_GROUPS = 4_096
"""Groups of waits that are explained."""
SHORTEST = 1_000_000
"""Shorter waits are not explained, ns."""

_PAUSES = cython.declare(cython.longlong, PAUSES)
_OFTEN = cython.declare(cython.longlong, PAUSES >> 2)
_MAX_GROUPS = cython.declare(cython.int, MAX_GROUPS)
_SHORTEST = cython.declare(cython.longlong, SHORTEST)
_SHORT = cython.declare(cython.longlong, 10_000)  # ns
_INDEX = cython.declare(cython.longlong, (1 << 31) - 1)
_RUNNABLE = cython.declare(cython.int, spec.IntervalKind.RUNNABLE)
_SYSCALL = cython.declare(cython.int, spec.IntervalKind.SYSCALL)
_WAITING = cython.declare(cython.int, spec.IntervalKind.WAITING)
_UNBLOCKED = cython.declare(cython.int, 1)  # the kernel's reasons for being runnable
_SYSCALL_EXIT = cython.declare(cython.int, 3)


@cython.final
@cython.cclass
class Holders(Observer):
    """A log of pauses, and for each (reason, stack) its longest wait that another goroutine ended.

    A pause is the time from when a goroutine stops running until it runs again: a wait or a system call and the time it
    is runnable afterwards, or only the latter. Between two pauses it runs; pauses below 10 µs are left out. A wait is
    explained when the log has gone on by a quarter, not when it ends, because a longer one may follow.

    Args:
        explain: gets the number of a wait's pause and the goroutine. It may ask for pauses, and returns what
            `explained` is to yield, or None.
    """

    _explain: object
    _last: cython.longlong[::1]  # by slot: its last pause, −1 for none
    # the log: by number, modulo its size, so many numbers for each as a cache line has
    count: cython.longlong
    _size: cython.longlong
    _log: cython.longlong[::1]
    # by group
    _index: IdMap
    _groups: cython.int
    _keys: cython.longlong[::1]
    _longest: cython.longlong[::1]
    _enders: cython.longlong[::1]  # who ended its waits, −1 if they were several
    _worst: cython.longlong[::1]
    _waiters: cython.longlong[::1]
    _waiting: list  # groups with a new longest wait
    _found: dict

    def __init__(self, explain: Callable[[int, int], Any]) -> None:
        self._explain = explain
        self._last = column("q")
        self.count = 0
        self._size = 256
        self._log = column("q", bytes(8 * 8 * 256))
        self._groups = 0
        self._keys = column("q", bytes(8 * 64))
        self._index = IdMap(self._keys)
        self._longest = column("q", bytes(8 * 64))
        self._enders = column("q", bytes(8 * 64))
        self._worst = column("q", bytes(8 * 64))
        self._waiters = column("q", bytes(8 * 64))
        self._waiting = []
        self._found = {}

    def ignored(self) -> int:
        return ~(1 << _RUNNABLE | 1 << _SYSCALL | 1 << _WAITING)

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        if len(self._last) != len(self.goroutines.ids):
            self._last = grown(self._last, len(self.goroutines.ids))
        self._last[g] = -1
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
        last: cython.longlong
        waker: cython.int
        if kind == _RUNNABLE:
            if reason in (_UNBLOCKED, _SYSCALL_EXIT):
                # the pause goes on, unless its wait was short; long ago, its place in the log may be another's
                last = self._last[g]
                if last >= 0 and last >= self.count - self._size:
                    last = (last & (self._size - 1)) << 3
                    if self._log[last + 1] == start:
                        self._log[last + 2] = start + length
                        return 0
        elif kind != _WAITING and kind != _SYSCALL:
            return 0
        if length < _SHORT:
            return 0
        n: cython.longlong = self.count
        if n == self._size and n < _PAUSES:
            self._size = 2 * n
            self._log = grown(self._log, 8 * self._size)
        i: cython.longlong = (n & (self._size - 1)) << 3
        self._log[i] = start
        self._log[i + 1] = start if kind == _RUNNABLE else start + length
        self._log[i + 2] = start + length
        self._log[i + 3] = cause
        self._log[i + 4] = self._last[g]
        self._log[i + 5] = -1
        self._log[i + 6] = cython.cast(cython.longlong, cause_stack) << 31 | stack
        self._log[i + 7] = cython.cast(cython.longlong, kind) << 31 | reason
        self._last[g] = n
        self.count = n + 1
        if cause != -1 and kind == _WAITING:
            waker = self.goroutines.waker
            if waker < 0 or self.goroutines.ids[waker] != cause:
                waker = self.goroutines.slots.find(cause)
            if waker >= 0:
                self._log[i + 5] = self._last[waker]
                if length >= _SHORTEST and flags == 0:
                    self._measure(n, cython.cast(cython.longlong, reason) << 31 | stack, length, g, cause)
        if self.count & (_OFTEN - 1) == 0:
            self._settle()
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _measure(
        self,
        n: cython.longlong,
        key: cython.longlong,
        length: cython.longlong,
        g: cython.int,
        cause: cython.longlong,
    ) -> cython.int:
        """A wait ends that another goroutine ended, and that is long enough."""
        group: cython.int = self._index.find(key)
        if group < 0:
            group = self._groups
            if group >= _MAX_GROUPS:
                return 0
            if group == len(self._keys):
                self._keys = self._index.keys = grown(self._keys, 2 * group)
                self._longest = grown(self._longest, 2 * group)
                self._enders = grown(self._enders, 2 * group)
                self._worst = grown(self._worst, 2 * group)
                self._waiters = grown(self._waiters, 2 * group)
            self._keys[group] = key
            self._longest[group] = 0
            self._enders[group] = cause
            self._worst[group] = -1
            self._groups += 1
            self._index.put(key, group)
        if self._enders[group] != cause:
            self._enders[group] = -1
        if length > self._longest[group]:
            self._longest[group] = length
            if self._worst[group] < 0:
                self._waiting.append(group)
            self._worst[group] = n
            self._waiters[group] = self.goroutines.ids[g]
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _settle(self) -> cython.int:
        """Explain what has become the longest wait of its group since the last time."""
        group: cython.longlong
        for group in self._waiting:
            self._found[group] = self._explain(self._worst[group], self._waiters[group])
            self._worst[group] = -1
        self._waiting.clear()
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def end(self, now: cython.longlong) -> cython.int:
        return self._settle()

    def pauses(self) -> int:
        """Return how many pauses there have been; all but the last `PAUSES` are gone."""
        return self.count

    def pause(self, n: cython.longlong) -> tuple[Any, ...] | None:
        """Return a pause by its number, from 0 on; None if there is none, or if the log no longer has it.

        (kind, reason, stack, start, end, run, cause, cause stack, previous, waker): a wait or a system call lasts from
        start to end, and the goroutine runs again at run (ns); of RUNNABLE start is end. cause: who ended it, or
        created the goroutine. previous: number of the goroutine's pause before it. waker: number of the last pause of
        the cause at that time. Both are −1 for none.
        """
        if n < 0 or n < self.count - self._size or n >= self.count:
            return None
        i: cython.longlong = (n & (self._size - 1)) << 3
        return (
            self._log[i + 7] >> 31,
            self._log[i + 7] & _INDEX,
            self._log[i + 6] & _INDEX,
            self._log[i],
            self._log[i + 1],
            self._log[i + 2],
            self._log[i + 3],
            self._log[i + 6] >> 31,
            self._log[i + 4],
            self._log[i + 5],
        )

    def explained(self) -> Iterator[tuple[tuple[int, int], Any, bool]]:
        """Yield the groups as ((reason, stack), what `explain` returned, whether one goroutine ended all their waits).

        Reasons and stacks are indices of the tables.
        """
        for group, found in self._found.items():
            if found is not None:
                key = self._keys[group]
                yield (key >> 31, key & 0x7FFFFFFF), found, self._enders[group] != -1
