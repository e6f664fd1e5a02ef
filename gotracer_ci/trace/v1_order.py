"""The order of the older format's events: that of Go's own reader (`internal/trace/internal/tracev1`).

Next is always the earliest one whose goroutine is in the state that it needs, which for events of different Ps the
sequence numbers tell.

Facts that the order rests on: of equal times, the order is that of Go's heap, to the swap (Go begins with its Ps in
no fixed order; here it is the file's); an end of a system call is written later than it was, with its true time.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from itertools import chain, starmap

from gotracer_ci.trace.v1_parse import LATEST, Records
from gotracer_ci.trace.v1_spec import BLOCKS, YIELDS, Old
from gotracer_ci.trace.wire import Damage

LONGEST = 1 << 52
"""No trace is longer, in ns: 52 days."""

_GC_START = int(Old.GC_START)
_UNLOCAL: dict[int, int] = {
    Old.GO_START_LOCAL: Old.GO_START,
    Old.GO_UNBLOCK_LOCAL: Old.GO_UNBLOCK,
    Old.GO_SYS_EXIT_LOCAL: Old.GO_SYS_EXIT,
}


class _State(IntEnum):
    """Of a goroutine, as far as the order is concerned."""

    NONE = 0
    RUNNABLE = 1
    RUNNING = 2
    WAITING = 3


_SAME, _NEXT, _OWN, _FIRST, _SECOND, _NAMED = range(6)
"""Which sequence number an event needs: any, and leaves it so; any, and counts it up; or exactly b, 0, 1 or a."""
_UNKNOWN = (0, int(_State.NONE))
_GC = -2  # the key of the collector's sequence beside those of the goroutines

_RULES: dict[int, tuple[bool, int, int, int]] = {
    Old.GO_CREATE: (True, _FIRST, _State.NONE, _State.RUNNABLE),
    Old.GO_WAITING: (False, _SECOND, _State.RUNNABLE, _State.WAITING),
    Old.GO_IN_SYSCALL: (False, _SECOND, _State.RUNNABLE, _State.WAITING),
    Old.GO_START: (False, _OWN, _State.RUNNABLE, _State.RUNNING),
    Old.GO_START_LABEL: (False, _OWN, _State.RUNNABLE, _State.RUNNING),
    Old.GO_START_LOCAL: (False, _NEXT, _State.RUNNABLE, _State.RUNNING),
    Old.GO_UNBLOCK: (True, _OWN, _State.WAITING, _State.RUNNABLE),
    Old.GO_SYS_EXIT: (True, _OWN, _State.WAITING, _State.RUNNABLE),
    Old.GO_UNBLOCK_LOCAL: (True, _NEXT, _State.WAITING, _State.RUNNABLE),
    Old.GO_SYS_EXIT_LOCAL: (True, _NEXT, _State.WAITING, _State.RUNNABLE),
    Old.GC_START: (True, _NAMED, _State.NONE, _State.NONE),
    **dict.fromkeys(BLOCKS, (False, _SAME, _State.RUNNING, _State.WAITING)),
    **dict.fromkeys(YIELDS, (False, _SAME, _State.RUNNING, _State.RUNNABLE)),
}
"""For each event with a place in the order: whether it is its first argument's goroutine that must be ready, not the
context's; the sequence number; the state before; the state after."""


def ordered(records: Records) -> list[int]:
    """The events' indices in Go's order; from then on their times are ns from the first one's on.

    Raises:
        Damage: there is no such order.
    """
    order: list[int] = []
    last = 0
    for i in _Merge(records).indices():
        if records.times[i] < last:
            raise Damage("times go back: the clocks of the processors differed", records.offsets[i])
        last = records.times[i]
        order.append(i)
    _retime(records, order)
    _mark_blocking(records, order)
    return order


class _Merge:
    def __init__(self, records: Records) -> None:
        self.times, self.kinds, self.offsets = records.times, records.kinds, records.offsets
        self.goroutines, self.a, self.b = records.goroutines, records.a, records.b
        # CPU samples are a sequence of their own
        self.extents = [*records.batches.values(), [(records.first_sample, len(records.times))]]

    def indices(self) -> Iterator[int]:
        sources = [chain.from_iterable(starmap(range, batches)) for batches in self.extents]
        heads = [next(source, -1) for source in sources]
        states: dict[int, tuple[int, int]] = {}
        heap: list[tuple[int, int, int]] = []
        waiting = list(range(len(sources)))
        while True:
            k = 0
            while k < len(waiting):
                source = waiting[k]
                i = heads[source]
                if i >= 0 and not self._ready(i, states):
                    k += 1
                    continue
                waiting[k] = waiting[-1]
                waiting.pop()
                if i >= 0:
                    _push(heap, (self.times[i], i, source))
            if not heap:
                if waiting:
                    raise Damage("no P's next event can happen yet", self.offsets[heads[waiting[0]]])
                return
            _, i, source = _pop(heap)
            if not self._ready(i, states):
                raise Damage("two Ps have the same goroutine at once", self.offsets[i])
            self._step(i, states)
            yield i
            heads[source] = next(sources[source], -1)
            waiting.append(source)

    def _subject(self, i: int, named: bool) -> int:
        if self.kinds[i] == _GC_START:
            return _GC
        return self.a[i] if named else self.goroutines[i]

    def _ready(self, i: int, states: dict[int, tuple[int, int]]) -> bool:
        rule = _RULES.get(self.kinds[i])
        if rule is None:
            return True
        named, how, before, _ = rule
        sequence, state = states.get(self._subject(i, named), _UNKNOWN)
        if state != before:
            return False
        if how <= _NEXT:
            return True
        if how == _OWN:
            return sequence == self.b[i]
        return sequence == (self.a[i] if how == _NAMED else how - _FIRST)

    def _step(self, i: int, states: dict[int, tuple[int, int]]) -> None:
        rule = _RULES.get(self.kinds[i])
        if rule is not None:
            named, how, _, after = rule
            subject = self._subject(i, named)
            sequence, _ = states.get(subject, _UNKNOWN)
            states[subject] = (sequence + (how != _SAME), after)
            if how == _NEXT:
                self.kinds[i] = _UNLOCAL[self.kinds[i]]


def _retime(records: Records, order: list[int]) -> None:
    """Gives the ends of system calls their true times, sorts, and counts in ns from the first event on."""
    times, kinds = records.times, records.kinds
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


def _mark_blocking(records: Records, order: list[int]) -> None:
    """Marks the system calls that block: their goroutine's next event says so."""
    kinds, goroutines = records.kinds, records.goroutines
    call, blocks = int(Old.GO_SYSCALL), int(Old.GO_SYS_BLOCK)
    following: dict[int, int] = {}
    for i in reversed(order):
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
