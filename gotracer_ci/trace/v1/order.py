# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Put the events of the old format in the order of Go's own reader (`internal/trace/internal/tracev1`).

The next event is the earliest one that may happen: its goroutine must be in the state that the event requires. Sequence
numbers order the events of one goroutine on different Ps.

Two facts decide the order of ties. Go's heap does not keep equal times in order, so every exchange in it must be the
same. (Go starts with its Ps in random order, this reader in the order of the file.) And the end of a system call is
written later than it happened, with its true time.
"""

from __future__ import annotations

from array import array

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace.columns import column, grown, longer
from gotracer_ci.trace.v1 import rules
from gotracer_ci.trace.v1.parse import LATEST
from gotracer_ci.trace.v1.records import Records
from gotracer_ci.trace.v1.spec import Old
from gotracer_ci.trace.wire import Damage

MOST_WORK, WORK_PER_EVENT = 1 << 24, 128
"""Sequences that may be looked at in vain: in a real trace fewer per event than the machine has processors."""
STEPS = 1 << 20
"""`run` returns after so many of them, so that Ctrl-C stays responsive."""
LONGEST = 1 << 52
"""The longest trace, in ns: 52 days."""

_NO_ORDER = (
    "no P can make progress: inconsistent event order; Go before 1.22 writes such traces for programs whose C threads "
    "call Go"
)

_STEPS = cython.declare(cython.int, STEPS)
_LATEST = cython.declare(cython.longlong, LATEST)
_LONGEST = cython.declare(cython.double, LONGEST)

_GC_START = cython.declare(cython.int, Old.GC_START)
_GO_SYSCALL = cython.declare(cython.int, Old.GO_SYSCALL)
_GO_SYS_EXIT = cython.declare(cython.int, Old.GO_SYS_EXIT)
_GO_SYS_BLOCK = cython.declare(cython.int, Old.GO_SYS_BLOCK)
_GO_IN_SYSCALL = cython.declare(cython.int, Old.GO_IN_SYSCALL)
_SYSCALL_BLOCKS = cython.declare(cython.int, Old.SYSCALL_BLOCKS)

_SAME = cython.declare(cython.int, rules.SAME)
_NEXT = cython.declare(cython.int, rules.NEXT)
_SECOND = cython.declare(cython.int, rules.SECOND)
_IS_0 = cython.declare(cython.int, rules.IS_0)
_FIRST = cython.declare(cython.int, rules.FIRST)
_UNORDERED = cython.declare(cython.int, rules.UNORDERED)


@cython.final
@cython.cclass
class Order:
    """Finds the order of the events, some with each call of `run`; `finish` then corrects times and types."""

    _records: Records
    _n: cython.int  # how many are in order
    _order: cython.int[::1]
    _last: cython.longlong
    _work: cython.longlong  # sequences that were looked at in vain
    _most_work: cython.longlong

    # the records' columns
    _times: cython.longlong[::1]
    _kinds: cython.uchar[::1]
    _subjects: cython.int[::1]
    _goroutines: cython.int[::1]
    _argument_at: cython.int[::1]
    _arguments: cython.longlong[::1]
    _offsets: cython.int[::1]

    # rules by event type
    _how: cython.uchar[::1]
    _before: cython.uchar[::1]
    _after: cython.uchar[::1]

    # goroutines, and the collector after the last one
    _collector: cython.int
    _sequence: cython.int[::1]
    _state: cython.uchar[::1]

    # sequences of events: the current batch (−1 after the last one), and the next event (−1 after the last one)
    _batch: cython.int[::1]
    _head: cython.int[::1]
    _following: cython.int[::1]  # by batch: the next one of its sequence
    _stops: cython.int[::1]
    _firsts: cython.int[::1]

    # sequences: those with their next event in the queue, and those that wait until it may happen
    _queue: cython.int[::1]
    _queue_n: cython.int
    _waiting: cython.int[::1]
    _waiting_n: cython.int

    def __init__(self, records: Records) -> None:
        self._records = records
        self._n = 0
        records.order = longer(array("i"), records.n)
        self._order = records.order
        self._last = 0
        self._work = 0
        self._most_work = MOST_WORK + WORK_PER_EVENT * records.n
        self._times = records.times
        self._kinds = records.kinds
        self._subjects = records.subjects
        self._goroutines = records.goroutines
        self._argument_at = records.argument_at
        self._arguments = records.arguments
        self._offsets = records.offsets
        of_all = [rules.RULES.get(kind, rules.FREE) for kind in range(64)]
        self._how = column("B", [rule[0] for rule in of_all])
        self._before = column("B", [rule[1] for rule in of_all])
        self._after = column("B", [rule[2] for rule in of_all])
        self._collector = records.n_ids
        self._sequence = grown(column("i"), records.n_ids + 1)
        self._state = grown(column("B"), records.n_ids + 1)  # `rules.NONE`
        self._firsts = records.firsts
        self._stops = records.stops
        self._batch = column("i", [-1]) * records.n_sources
        self._head = column("i", [-1]) * records.n_sources
        self._following = column("i", [-1]) * len(records.firsts)
        for k in range(len(records.firsts) - 1, -1, -1):
            source = records.sources[k]
            self._following[k] = self._batch[source]
            self._batch[source] = k
            self._head[source] = records.firsts[k]
        self._queue = column("i", [0]) * records.n_sources
        self._queue_n = 0
        self._waiting = column("i", range(records.n_sources))
        self._waiting_n = records.n_sources

    def run(self, events: cython.int) -> bool:
        """Put up to `events` more events in order, with up to `STEPS` steps; return whether there are more.

        Raises:
            Damage: there is no order.
        """
        i: cython.int
        source: cython.int
        stop: cython.int = self._n + events
        pause: cython.longlong = self._work + _STEPS
        while self._n < stop and self._work < pause:
            self._enqueue()
            self._work += self._waiting_n
            if self._queue_n == 0:
                if self._waiting_n > 0:
                    i = self._head[self._waiting[0]]
                    raise Damage(_NO_ORDER, self._offsets[i])
                return False
            source = self._pop()
            i = self._head[source]
            if not self._ready(i):
                raise Damage("a goroutine runs on two Ps at once", self._offsets[i])
            if self._work > self._most_work:
                raise Damage("too many Ps wait for each other: the order of events takes too long", self._offsets[i])
            self._step(i)
            if self._times[i] < self._last:
                raise Damage("times go back: the clocks of the processors differed", self._offsets[i])
            self._last = self._times[i]
            self._order[self._n] = i
            self._n += 1
            self._next(source)
            self._waiting[self._waiting_n] = source
            self._waiting_n += 1
        return True

    def done(self) -> int:
        """Return how many events are in order."""
        return self._n

    @cython.cfunc
    def _enqueue(self) -> cython.int:
        """Queue the sequences with a next event that may happen now; forget those that have ended."""
        k: cython.int = 0
        source: cython.int
        i: cython.int
        while k < self._waiting_n:
            source = self._waiting[k]
            i = self._head[source]
            if i >= 0 and not self._ready(i):
                k += 1
                continue
            self._waiting_n -= 1
            self._waiting[k] = self._waiting[self._waiting_n]
            if i >= 0:
                self._push(source)
        return 0

    @cython.cfunc
    @cython.inline
    def _next(self, source: cython.int) -> cython.int:
        batch: cython.int = self._batch[source]
        i: cython.int = self._head[source] + 1
        if i == self._stops[batch]:
            batch = self._batch[source] = self._following[batch]
            i = -1 if batch < 0 else self._firsts[batch]
        self._head[source] = i
        return 0

    @cython.cfunc
    @cython.inline
    def _subject(self, i: cython.int) -> cython.int:
        return self._collector if self._kinds[i] == _GC_START else self._subjects[i]

    @cython.cfunc
    @cython.inline
    def _ready(self, i: cython.int) -> cython.int:
        kind: cython.int = self._kinds[i]
        how: cython.int = self._how[kind]
        if how == _UNORDERED:
            return 1
        g: cython.int = self._subject(i)
        if self._state[g] != self._before[kind]:
            return 0
        if how <= _NEXT:
            return 1
        if how == _SECOND:
            return self._sequence[g] == self._arguments[self._argument_at[i] + 1]
        if how == _FIRST:
            return self._sequence[g] == self._arguments[self._argument_at[i]]
        return self._sequence[g] == how - _IS_0

    @cython.cfunc
    @cython.inline
    def _step(self, i: cython.int) -> cython.int:
        kind: cython.int = self._kinds[i]
        how: cython.int = self._how[kind]
        if how == _UNORDERED:
            return 0
        g: cython.int = self._subject(i)
        self._state[g] = self._after[kind]
        if how != _SAME:
            self._sequence[g] += 1
        return 0

    # ---- Go's heap: compares times only, so that every exchange decides which of two equal ones comes first ----

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.inline
    def _before_in_queue(self, i: cython.int, j: cython.int) -> cython.bint:
        return self._times[self._head[self._queue[i]]] < self._times[self._head[self._queue[j]]]

    @cython.cfunc
    @cython.inline
    def _exchange(self, i: cython.int, j: cython.int) -> cython.int:
        source: cython.int = self._queue[i]
        self._queue[i] = self._queue[j]
        self._queue[j] = source
        return 0

    @cython.cfunc
    def _push(self, source: cython.int) -> cython.int:
        i: cython.int = self._queue_n
        self._queue[i] = source
        self._queue_n += 1
        while i > 0 and self._before_in_queue(i, (i - 1) // 2):
            self._exchange(i, (i - 1) // 2)
            i = (i - 1) // 2
        return 0

    @cython.cfunc
    def _pop(self) -> cython.int:
        i: cython.int = 0
        child: cython.int = 1
        n: cython.int = self._queue_n - 1
        self._queue_n = n
        self._exchange(0, n)
        while child < n:
            if child + 1 < n and self._before_in_queue(child + 1, child):
                child += 1
            if not self._before_in_queue(child, i):
                break
            self._exchange(child, i)
            i = child
            child = 2 * i + 1
        return self._queue[n]

    # ---- after the order is known -----------------------------------------------------------------------------

    def finish(self) -> None:
        """Give the ends of system calls their true times, sort again, and count time in ns from the first event.

        Raises:
            Damage: a time is out of range.
        """
        self._correct_ends()
        self._sort()
        self._count_from_start()
        self._mark_blocking()

    @cython.cfunc
    def _correct_ends(self) -> cython.int:
        blocked: cython.longlong[::1] = grown(column("q"), self._collector)
        k: cython.int
        i: cython.int
        kind: cython.int
        time: cython.longlong
        for k in range(self._n):
            i = self._order[k]
            kind = self._kinds[i]
            if kind in (_GO_SYS_BLOCK, _GO_IN_SYSCALL):
                blocked[self._goroutines[i]] = self._times[i]
            elif kind == _GO_SYS_EXIT:
                # the local variant has no such argument: as in Go's reader, it ends where it was written
                time = self._arguments[self._argument_at[i] + 2]
                if time != 0:
                    if not 0 < blocked[self._goroutines[i]] <= time < _LATEST:
                        raise Damage("a system call ends before it blocks", self._offsets[i])
                    self._times[i] = time
        return 0

    @cython.cfunc
    def _sort(self) -> cython.int:
        """Sort by time, keeping the order of equal times: merge neighbours from the bottom up.

        Few events have moved, and not far: nearly all neighbours are in order already.
        """
        n: cython.int = self._n
        left: cython.int[::1] = grown(column("i"), n)
        width: cython.longlong = 1
        low: cython.longlong
        while width < n:
            for low in range(0, n - width, 2 * width):
                self._merge(low, low + width, min(low + 2 * width, n), left)
            width *= 2
        return 0

    @cython.cfunc
    def _merge(self, low: cython.int, middle: cython.int, high: cython.int, left: cython.int[::1]) -> cython.int:
        """Merge the sorted ranges [low, middle) and [middle, high) of the order. left: a buffer."""
        time: cython.longlong = self._times[self._order[middle]]
        to: cython.int = middle
        j: cython.int
        n: cython.int
        while to > low and self._times[self._order[to - 1]] > time:
            to -= 1
        n = middle - to
        for j in range(n):
            left[j] = self._order[to + j]
        j = 0
        while j < n:
            if middle < high and self._times[self._order[middle]] < self._times[left[j]]:
                self._order[to] = self._order[middle]
                middle += 1
            else:
                self._order[to] = left[j]
                j += 1
            to += 1
        return 0

    @cython.cfunc
    def _count_from_start(self) -> cython.int:
        start: cython.longlong = self._times[self._order[0]] if self._n > 0 else 0
        tick: cython.double = 1e9 / float(self._records.ticks)
        ns: cython.double
        k: cython.int
        i: cython.int
        for k in range(self._n):
            i = self._order[k]
            ns = cython.cast(cython.double, self._times[i] - start) * tick
            if ns > _LONGEST:
                raise Damage("a time is out of range", self._offsets[i])
            self._times[i] = cython.cast(cython.longlong, ns) if cython.compiled else int(ns)
        return 0

    @cython.cfunc
    def _mark_blocking(self) -> cython.int:
        """Mark the system calls that block: the next event of their goroutine says so."""
        following: cython.uchar[::1] = grown(column("B"), self._collector)
        k: cython.int
        i: cython.int
        g: cython.int
        for k in range(self._n - 1, -1, -1):
            i = self._order[k]
            g = self._goroutines[i]
            if self._kinds[i] == _GO_SYSCALL and following[g] == _GO_SYS_BLOCK:
                self._kinds[i] = _SYSCALL_BLOCKS
            following[g] = self._kinds[i]
        return 0
