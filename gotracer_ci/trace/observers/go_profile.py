# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""The four blocking profiles as `go tool trace` of Go 1.26 and later defines them.

It counts an interval that begins and ends in the trace, cut to its goroutine's time from the first run to the end, at
the stack of the event that began it. So it never counts what is before a goroutine's first run. Where goroutines share
an ID (cgo), Go knows only the last one's time, which leaves out the others.
"""

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
    from cython.cimports.gotracer_ci.trace.observe import Observer
    from cython.cimports.gotracer_ci.trace.observers.reasons import Reasons
    from cython.cimports.gotracer_ci.trace.observers.sums import Sums
else:
    from gotracer_ci.trace.observe import Observer
    from gotracer_ci.trace.observers.reasons import Reasons
    from gotracer_ci.trace.observers.sums import Sums

MAX_SAMPLES = 1 << 17
"""Different samples; further ones lose their stack."""
MAX_TAGS = 1 << 16
"""Goroutines that may share an ID with a later one. Further ones count like all others."""

_MAX_TAGS = cython.declare(cython.longlong, MAX_TAGS)
_IS_RUNNABLE = cython.declare(cython.int, spec.IntervalKind.RUNNABLE)
_IS_RUNNING = cython.declare(cython.int, spec.IntervalKind.RUNNING)
_OPEN = cython.declare(cython.int, spec.OPEN)
_BEFORE = cython.declare(cython.int, spec.BEFORE)
_NEVER = cython.declare(cython.longlong, spec.NEVER)

# A key's bits, from the lowest: reason 6, before the first run 1, tag 18, stack 27.
_EARLY = cython.declare(cython.int, 6)
_TAG = cython.declare(cython.int, 7)
_STACK = cython.declare(cython.int, 25)
_BELOW_STACK = cython.declare(cython.longlong, (1 << 25) - 1)
_BELOW_TAG = cython.declare(cython.longlong, (1 << 7) - 1)


@cython.final
@cython.cclass
class GoProfile(Observer):
    """Sums of the intervals of one state by stack and reason.

    Args:
        state: `spec.GoState`.
        why: returns the reason of a wait, for the index of its reason (0 none).
    """

    _state: cython.int
    _why: Reasons
    # by slot
    _ran: cython.int[::1]  # whether it has run
    _stopped: cython.int[::1]  # the stack of the event with which it last stopped running
    _seen: cython.longlong[::1]  # of one from before the trace: its first event
    _tags: cython.longlong[::1]
    _slots: cython.int
    _tag_n: cython.longlong
    _alike: dict  # id → tags of its goroutines
    _is_last_ran: dict  # id → whether the last of these ran
    _sums: Sums
    _open_n: cython.longlong
    _open_ns: cython.longlong

    def __init__(self, state: int, why: Callable[[int, int], str]) -> None:
        self._state = state
        self._why = Reasons(why)
        self._ran = self._stopped = column("i")
        self._seen = self._tags = column("q")
        self._slots = 0
        self._tag_n = 0
        self._alike = {}
        self._is_last_ran = {}
        self._sums = Sums(MAX_SAMPLES, _BELOW_TAG, _BELOW_TAG)
        self._open_n = self._open_ns = 0

    def limit(self, start: int, end: int) -> None:
        """Do nothing: Go has only whole traces."""

    # ---- what the kernel reports ------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        size: cython.longlong = len(self.goroutines.ids)
        if len(self._ran) != size:
            self._ran = grown(self._ran, size)
            self._stopped = grown(self._stopped, size)
            self._seen = grown(self._seen, size)
            self._tags = grown(self._tags, size)
        if g >= self._slots:
            self._slots = g + 1
        self._ran[g] = self._stopped[g] = 0
        self._seen[g] = self.goroutines.seen if self.goroutines.created[g] < 0 else now
        self._tags[g] = 0
        # only a thread of C gives its goroutine's ID to another one, and has no stack that created it
        if self.goroutines.creations[g] == 0 and self.goroutines.entries[g] == 0 and self._tag_n < _MAX_TAGS:
            self._tag_n += 1
            self._tags[g] = self._tag_n
            self._alike.setdefault(self.goroutines.ids[g], []).append(self._tag_n)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def died(self, g: cython.int, now: cython.longlong) -> cython.int:
        if self._tags[g] > 0:
            self._is_last_ran[self.goroutines.ids[g]] = self._ran[g] > 0
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def end(self, now: cython.longlong) -> cython.int:
        g: cython.int
        for g in range(self._slots):
            if self.goroutines.ids[g] != -1:
                self.died(g, now)
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
        if kind == _IS_RUNNING:
            self._ran[g] = 1
            self._stopped[g] = stack
            return 0
        if kind != self._state:
            return 0
        if flags & _OPEN:
            self._open_n += 1
            self._open_ns = min(self._open_ns, _NEVER - length) + length
            return 0
        tag: cython.longlong = self._tags[g]
        # what is before the first run counts only if there is none, which needs a tag
        if self._ran[g] == 0 and tag == 0:
            return 0
        if flags & _BEFORE:
            length = start + length - self._seen[g]
        elif kind == _IS_RUNNABLE and reason <= 3:
            # the kernel's reasons: 1 unblocked, 2 created, 3 back from a system call; others are the program's yields
            stack = cause_stack if reason == 1 else 0
        else:
            stack = self._stopped[g]
        number: cython.longlong = self._why.number(reason, 0)
        early: cython.longlong = 1 if self._ran[g] == 0 else 0
        place: cython.longlong = stack
        return self._sums.add((place << _STACK) | (tag << _TAG) | (early << _EARLY) | number, 1, length)

    # ---- results ----------------------------------------------------------------------------------------------

    def reasons(self) -> list[str]:
        """Return the reasons by number."""
        return self._why.names()

    def merged(self) -> int:
        """Return how many intervals have lost their stack because there were too many different samples."""
        return self._sums.without_bits()

    def still_open(self) -> tuple[int, int]:
        """Return the count and ns of the intervals that have not ended, which no sample holds."""
        return self._open_n, self._open_ns

    def rows(self) -> list[tuple[int, int, int, int]]:
        """Return (reason, stack, count, ns) for each sample: a number of `reasons`, and an index of the tables."""
        left_out: set = set()
        never_ran: set = set()
        for id, tags in self._alike.items():
            if self._is_last_ran.get(id, False):
                left_out.update(tags[: len(tags) - 1])
            else:
                # without a first run Go takes the trace's start, for all goroutines of this ID
                never_ran.update(tags)
        out: list = []
        for key, count, ns in self._sums.rows():
            tag = (key & _BELOW_STACK) >> _TAG
            is_early = (key >> _EARLY) & 1
            if tag not in left_out and (tag in never_ran or not is_early):
                out.append((key & 63, key >> _STACK, count, ns))
        return out
