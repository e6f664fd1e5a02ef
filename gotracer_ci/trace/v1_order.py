"""The order of the older format's events: that of Go's own reader (`internal/trace/internal/tracev1`).

Next is always the earliest one whose goroutine is in the state that it needs, which for events of different Ps the
sequence numbers tell.

Facts that the order rests on: of equal times, the order is that of Go's heap, to the swap (Go begins with its Ps in
no fixed order; here it is the file's); an end of a system call is written later than it was, with its true time.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import chain, starmap

from gotracer_ci.trace.v1_parse import LATEST, STEP, Records
from gotracer_ci.trace.v1_spec import BLOCKS, YIELDS, Old
from gotracer_ci.trace.wire import Damage

LONGEST = 1 << 52
"""No trace is longer, in ns: 52 days."""

_UNLOCAL: dict[int, int] = {
    Old.GO_START_LOCAL: Old.GO_START,
    Old.GO_UNBLOCK_LOCAL: Old.GO_UNBLOCK,
    Old.GO_SYS_EXIT_LOCAL: Old.GO_SYS_EXIT,
}


# A goroutine's states, as far as the order is concerned, and the sequence number that an event needs: any, and leaves
# it so; any, and counts it up; or exactly b, 0, 1 or a. Plain numbers, because an enumeration's members are slow.
_NONE, _RUNNABLE, _RUNNING, _WAITING = range(4)
_SAME, _NEXT, _OWN, _FIRST, _SECOND, _NAMED = range(6)
_UNKNOWN = (0, _NONE)

_RULES: dict[Old, tuple[bool, int, int, int]] = {
    Old.GO_CREATE: (True, _FIRST, _NONE, _RUNNABLE),
    Old.GO_WAITING: (False, _SECOND, _RUNNABLE, _WAITING),
    Old.GO_IN_SYSCALL: (False, _SECOND, _RUNNABLE, _WAITING),
    Old.GO_START: (False, _OWN, _RUNNABLE, _RUNNING),
    Old.GO_START_LABEL: (False, _OWN, _RUNNABLE, _RUNNING),
    Old.GO_START_LOCAL: (False, _NEXT, _RUNNABLE, _RUNNING),
    Old.GO_UNBLOCK: (True, _OWN, _WAITING, _RUNNABLE),
    Old.GO_SYS_EXIT: (True, _OWN, _WAITING, _RUNNABLE),
    Old.GO_UNBLOCK_LOCAL: (True, _NEXT, _WAITING, _RUNNABLE),
    Old.GO_SYS_EXIT_LOCAL: (True, _NEXT, _WAITING, _RUNNABLE),
    **dict.fromkeys(BLOCKS, (False, _SAME, _RUNNING, _WAITING)),
    **dict.fromkeys(YIELDS, (False, _SAME, _RUNNING, _RUNNABLE)),
}
"""For each event with a place in the order: whether it is its first argument's goroutine that must be ready, not the
context's; the sequence number; the state before; the state after."""


def order(records: Records) -> Iterator[int]:
    """Fills `records.order`, and gives its length now and then; in the end, times are ns from the first event's on.

    Raises:
        Damage: there is no such order.
    """
    times, found = records.times, records.order
    last = 0
    for i in _Merge(records).indices():
        if times[i] < last:
            raise Damage("times go back: the clocks of the processors differed", records.offsets[i])
        last = times[i]
        found.append(i)
        if len(found) % STEP == 0:
            yield len(found)
    _retime(records)
    _mark_blocking(records)


_States = dict[int, tuple[int, int]]
"""Sequence number and state by goroutine."""
_Rule = tuple[_States, "array[int] | bytearray", int, int, int]
"""Whose states, the column that names whose it is, the sequence number, the state before, the state after."""


class _Merge:
    def __init__(self, records: Records) -> None:
        self.times, self.kinds, self.offsets = records.times, records.kinds, records.offsets
        self.a, self.b = records.a, records.b
        # CPU samples are a sequence of their own
        self.extents = [*records.batches.values(), [(records.first_sample, len(records.times))]]
        states: _States = {}
        self.rules: dict[int, _Rule] = {
            int(kind): (states, records.a if named else records.goroutines, how, before, after)
            for kind, (named, how, before, after) in _RULES.items()
        }
        # the collector is not one of the goroutines, and there is one of it
        self.rules[int(Old.GC_START)] = ({}, self.kinds, _NAMED, _NONE, _NONE)

    def indices(self) -> Iterator[int]:
        times, ready = self.times, self._ready
        sources = [chain.from_iterable(starmap(range, batches)) for batches in self.extents]
        heads = [next(source, -1) for source in sources]
        heap: list[tuple[int, int, int]] = []
        waiting = list(range(len(sources)))
        while True:
            k = 0
            while k < len(waiting):
                source = waiting[k]
                i = heads[source]
                if i >= 0 and not ready(i):
                    k += 1
                    continue
                waiting[k] = waiting[-1]
                waiting.pop()
                if i >= 0:
                    _push(heap, (times[i], i, source))
            if not heap:
                if waiting:
                    raise Damage("no P's next event can happen yet", self.offsets[heads[waiting[0]]])
                return
            _, i, source = _pop(heap)
            if not ready(i):
                raise Damage("two Ps have the same goroutine at once", self.offsets[i])
            self._step(i)
            yield i
            heads[source] = next(sources[source], -1)
            waiting.append(source)

    def _ready(self, i: int) -> bool:
        rule = self.rules.get(self.kinds[i])
        if rule is None:
            return True
        states, subjects, how, before, _ = rule
        sequence, state = states.get(subjects[i], _UNKNOWN)
        if state != before:
            return False
        if how <= _NEXT:
            return True
        if how == _OWN:
            return sequence == self.b[i]
        return sequence == (self.a[i] if how == _NAMED else how - _FIRST)

    def _step(self, i: int) -> None:
        rule = self.rules.get(self.kinds[i])
        if rule is not None:
            states, subjects, how, _, after = rule
            sequence, _ = states.get(subjects[i], _UNKNOWN)
            states[subjects[i]] = (sequence + (how != _SAME), after)
            if how == _NEXT:
                self.kinds[i] = _UNLOCAL[self.kinds[i]]


def _retime(records: Records) -> None:
    """Gives the ends of system calls their true times, sorts, and counts in ns from the first event on."""
    times, kinds, order = records.times, records.kinds, records.order
    begins, end = (int(Old.GO_SYS_BLOCK), int(Old.GO_IN_SYSCALL)), int(Old.GO_SYS_EXIT)
    blocked: dict[int, int] = {}
    for i in order:
        if kinds[i] in begins:
            blocked[records.goroutines[i]] = times[i]
        elif kinds[i] == end and records.c[i]:
            # a local one's time lies in b: Go's reader does not look there, and leaves it where it was written
            if not 0 < blocked.get(records.goroutines[i], 0) <= records.c[i] < LATEST:
                raise Damage("a system call ends before it blocks", records.offsets[i])
            times[i] = records.c[i]
    order.sort(key=times.__getitem__)
    start = times[order[0]] if order else 0
    tick = 1e9 / float(records.ticks)
    for i in order:
        ns = float(times[i] - start) * tick
        if ns > LONGEST:
            raise Damage("a time is out of range", records.offsets[i])
        times[i] = int(ns)


def _mark_blocking(records: Records) -> None:
    """Marks the system calls that block: their goroutine's next event says so."""
    kinds, goroutines = records.kinds, records.goroutines
    call, blocks = int(Old.GO_SYSCALL), int(Old.GO_SYS_BLOCK)
    following: dict[int, int] = {}
    for i in reversed(records.order):
        if kinds[i] == call and following.get(goroutines[i]) == blocks:
            kinds[i] = Old.SYSCALL_BLOCKS
        following[goroutines[i]] = kinds[i]


def _push(heap: list[tuple[int, int, int]], entry: tuple[int, int, int]) -> None:
    """Go's heap, by time alone: which of two equal ones comes first depends on every swap."""
    heap.append(entry)
    i = len(heap) - 1
    while i and heap[i][0] < heap[(i - 1) // 2][0]:
        heap[i], heap[(i - 1) // 2] = heap[(i - 1) // 2], heap[i]
        i = (i - 1) // 2


def _pop(heap: list[tuple[int, int, int]]) -> tuple[int, int, int]:
    heap[0], heap[-1] = heap[-1], heap[0]
    least = heap.pop()
    i = 0
    while (child := 2 * i + 1) < len(heap):
        if child + 1 < len(heap) and heap[child + 1][0] < heap[child][0]:
            child += 1
        if heap[child][0] >= heap[i][0]:
            break
        heap[i], heap[child] = heap[child], heap[i]
        i = child
    return least
