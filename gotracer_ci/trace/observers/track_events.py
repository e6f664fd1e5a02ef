# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Track events: everything that a timeline shows of goroutines, Ps and threads, as records."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec
from gotracer_ci.trace.columns import column, grown
from gotracer_ci.trace.observers import records
from gotracer_ci.trace.tables import RESERVED

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.observe import Observer
    from cython.cimports.gotracer_ci.trace.observers.records import Records
else:
    from gotracer_ci.trace.observe import Observer
    from gotracer_ci.trace.observers.records import Records

_ON_A_STATE = cython.declare(cython.longlong, records.STATE)
_ON_A_PROC = cython.declare(cython.longlong, records.ON_PROC)
_ON_A_THREAD = cython.declare(cython.longlong, records.ON_THREAD)
_A_REGION = cython.declare(cython.longlong, records.REGION)
_AN_ASSIST = cython.declare(cython.longlong, records.ASSIST)
_A_SWEEP = cython.declare(cython.longlong, records.SWEEP)
_A_STOP = cython.declare(cython.longlong, records.STW)
_A_WAKE = cython.declare(cython.longlong, records.WAKE)
_A_LIFE = cython.declare(cython.longlong, records.LIFE)
_IS_GONE = cython.declare(cython.longlong, records.GONE)
_NEVER = cython.declare(cython.longlong, spec.NEVER)
_OPEN = cython.declare(cython.int, spec.OPEN)
_BEFORE = cython.declare(cython.int, spec.BEFORE)
_MAX_PROCS = cython.declare(cython.int, spec.MAX_PROCS)
_RUNNABLE = cython.declare(cython.int, spec.IntervalKind.RUNNABLE)
_RUNNING = cython.declare(cython.int, spec.IntervalKind.RUNNING)
_SYSCALL = cython.declare(cython.int, spec.IntervalKind.SYSCALL)
_WAITING = cython.declare(cython.int, spec.IntervalKind.WAITING)
_IDLE_P = cython.declare(cython.int, spec.IntervalKind.IDLE_P)
_STW = cython.declare(cython.int, spec.IntervalKind.STW)
_ASSIST = cython.declare(cython.int, spec.IntervalKind.MARK_ASSIST)
_SWEEP = cython.declare(cython.int, spec.IntervalKind.SWEEP)
_REGION = cython.declare(cython.int, spec.IntervalKind.REGION)
_SYSCALL_EXIT = cython.declare(cython.int, RESERVED.index(b"syscall exit"))
_CREATED = cython.declare(cython.int, RESERVED.index(b"created"))
_NEAR = cython.declare(cython.longlong, 64)  # open regions of a goroutine among which one is looked for
_UNUSED = cython.declare(cython.int, 0)  # what is known of a goroutine: no record of it has been passed on
_UNNAMED = cython.declare(cython.int, 1)  # none of its stacks is known yet
_NAMED = cython.declare(cython.int, 2)


@cython.final
@cython.cclass
class TrackEvents(Observer):
    """Records of slices, wakes and names (see `records`).

    Args:
        sink: gets the records.
        has_name: returns whether a stack, an index of the tables, tells where its goroutine began.
        goroutines: Go's IDs of those whose records are wanted, None for all. Stops are always there.
    """

    _only: Any
    _from: cython.longlong
    _to: cython.longlong
    _kept: Records
    _has_name: Any
    _telling: cython.char[::1]  # by stack: 0 unknown, 1 no, 2 yes
    _flows: cython.longlong
    _extra: cython.longlong  # regions with a track of their own
    # by slot
    _n: cython.longlong
    _wanted: cython.int[::1]
    _known: cython.int[::1]
    _labels: cython.int[::1]
    _cut: cython.int[::1]  # whether one of its regions begins where the records do
    _wakers: cython.longlong[::1]  # the life of what has made it runnable, −1 for none
    _exits: cython.longlong[::1]  # the flow from its last system call
    _regions: dict  # when the open ones began, the innermost last
    _stopped: cython.longlong  # when the world was started again
    # by P: the slot of the goroutine that ran last, −1 if what it did then is known; when that ended; when its last
    # slice ended
    _procs: cython.longlong[::1]
    _threads: cython.longlong[::1]  # by row: when its last slice ended

    def __init__(
        self,
        sink: Callable[[Any, int], object],
        has_name: Callable[[int], bool],
        goroutines: Collection[int] | None = None,
    ) -> None:
        self._has_name = has_name
        self._telling = column("b")
        self._only = goroutines
        self._from, self._to = -_NEVER, _NEVER
        self._kept = Records(sink)
        self._flows = self._extra = self._n = 0
        self._wanted = self._known = self._labels = self._cut = column("i")
        self._wakers = self._exits = self._procs = self._threads = column("q")
        self._regions = {}
        self._stopped = -_NEVER

    def limit(self, start: int, end: int) -> None:
        """Keep only what is between these two times, ns on the trace's clock. Call it before the first event."""
        self._from, self._to = start, end
        self._kept.limit(start, end)

    def ignored(self) -> int:
        return 1 << _IDLE_P

    # ---- what the kernel reports ------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        known = self.goroutines
        if g >= self._n:
            self._n = len(known.ids)
            self._wanted = grown(self._wanted, self._n)
            self._known = grown(self._known, self._n)
            self._labels = grown(self._labels, self._n)
            self._cut = grown(self._cut, self._n)
            self._wakers = grown(self._wakers, self._n)
            self._exits = grown(self._exits, self._n)
        self._wanted[g] = 1 if self._only is None or known.ids[g] in self._only else 0
        self._known[g] = _UNUSED
        self._labels[g] = self._cut[g] = 0
        self._exits[g], self._wakers[g] = 0, -1
        if known.created[g] >= 0:
            creator: cython.int = known.slots.find(known.creators[g])
            self._wakers[g] = known.lives[creator] if creator >= 0 and self._wanted[creator] else -1
        if known.states[g] == _SYSCALL and 0 <= known.procs[g] < _MAX_PROCS:
            i: cython.longlong = self._of(known.procs[g])
            self._procs[i], self._procs[i + 1] = g, known.since[g]
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def died(self, g: cython.int, now: cython.longlong) -> cython.int:
        if self._regions:
            self._regions.pop(g, None)
        return self._leave(g)

    @cython.cfunc
    @cython.exceptval(-1)
    def labelled(self, g: cython.int, label: cython.int, now: cython.longlong) -> cython.int:
        self._labels[g] = label
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def began(self, kind: cython.int, g: cython.int, now: cython.longlong) -> cython.int:
        if kind == _REGION and self._wanted[g]:
            self._regions.setdefault(g, []).append(now)
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
        known = self.goroutines
        end: cython.longlong = start + length
        life: cython.longlong = known.lives[g] if g >= 0 else -1
        if kind == _STW:
            # only one goroutine at a time stops the world of a valid trace
            start = max(start, min(self._stopped, end))
            self._stopped = end
            return self._kept.slice(_A_STOP, 0, start, end, kind, reason, stack, life, -1, 0)
        if kind == _SWEEP:
            if known.proc >= 0 and (self._only is None or (g >= 0 and self._wanted[g])):
                self._use(g, stack, start, end)
                return self._kept.slice(_A_SWEEP, known.proc, start, end, kind, 0, stack, life, -1, 0)
            return 0
        if not self._wanted[g]:
            return 0
        self._use(g, stack, start, end)
        if kind == _RUNNING:
            reason = self._labels[g]
            self._labels[g] = 0
            self._runs(g, start, end)
            return self._kept.slice(_ON_A_STATE, life, start, end, kind, reason, 0, life, -1, 0)
        if kind == _RUNNABLE:
            return self._runnable(g, reason, stack, start, end, cause, cause_stack)
        if kind == _WAITING:
            is_known: cython.bint = cause >= 0 and known.waker >= 0 and known.ids[known.waker] == cause
            self._wakers[g] = known.lives[known.waker] if is_known and self._wanted[known.waker] else -1
            return self._kept.slice(_ON_A_STATE, life, start, end, kind, reason, stack, life, -1, 0)
        if kind == _SYSCALL:
            return self._calls(g, stack, start, end, flags)
        if kind == _REGION:
            return self._region(g, reason, stack, start, end, cause, flags)
        return self._kept.slice(_AN_ASSIST, life, start, end, kind, 0, stack, life, -1, 0)

    @cython.cfunc
    @cython.exceptval(-1)
    def end(self, now: cython.longlong) -> cython.int:
        g: cython.int
        for g in range(min(self._n, len(self.goroutines.ids))):
            if self.goroutines.ids[g] != -1:
                self._leave(g)
        return self._kept.pass_on()

    # ---- goroutines -------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _use(self, g: cython.int, stack: cython.int, start: cython.longlong, end: cython.longlong) -> cython.int:
        """Name goroutine `g`, which has a record if this interval is wanted, as soon as a stack of it is known."""
        if g < 0 or self._known[g] == _NAMED or start > self._to or end < self._from:
            return 0
        if not self._tells(stack):
            stack = self.goroutines.stacks[g]
        if self._tells(self.goroutines.entries[g]):
            stack = self.goroutines.entries[g]
        if self._tells(stack):
            return self._name(g, stack)
        return self._name(g, 0) if self._known[g] == _UNUSED else 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _tells(self, stack: cython.int) -> cython.int:
        """Return whether a stack tells where its goroutine began."""
        if stack >= len(self._telling):
            self._telling = grown(self._telling, 2 * stack + 64)
        if self._telling[stack] == 0:
            self._telling[stack] = 2 if stack and self._has_name(stack) else 1
        return self._telling[stack] - 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _name(self, g: cython.int, stack: cython.int) -> cython.int:
        self._known[g] = _NAMED if stack else _UNNAMED
        return self._kept.add(_A_LIFE, self.goroutines.lives[g], self.goroutines.ids[g], 0, 0, 0, stack, -1, -1, 0)

    @cython.cfunc
    @cython.exceptval(-1)
    def _leave(self, g: cython.int) -> cython.int:
        if self._known[g] != _UNUSED:
            is_named: cython.longlong = 1 if self._known[g] == _NAMED else 0
            self._known[g] = _UNUSED
            self._kept.add(_IS_GONE, self.goroutines.lives[g], self.goroutines.ids[g], 0, is_named, 0, 0, -1, -1, 0)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _runnable(
        self,
        g: cython.int,
        reason: cython.int,
        stack: cython.int,
        start: cython.longlong,
        end: cython.longlong,
        cause: cython.longlong,
        cause_stack: cython.int,
    ) -> cython.int:
        life: cython.longlong = self.goroutines.lives[g]
        waker: cython.longlong = self._wakers[g]
        flow: cython.longlong = 0
        self._wakers[g] = -1
        # what makes it runnable at the very beginning of what is kept has no slice there
        if start > self._from and start <= self._to and end > start:
            if reason == _SYSCALL_EXIT:
                flow = self._exits[g]
            elif waker >= 0 and cause >= 0:
                self._flows += 1
                flow = self._flows
                is_new: cython.longlong = 1 if reason == _CREATED else 0
                self._kept.add(_A_WAKE, waker, start, start, is_new, 0, cause_stack, life, self.goroutines.ids[g], flow)
        return self._kept.slice(_ON_A_STATE, life, start, end, _RUNNABLE, reason, stack, life, cause, flow)

    @cython.cfunc
    @cython.exceptval(-1)
    def _calls(
        self, g: cython.int, stack: cython.int, start: cython.longlong, end: cython.longlong, flags: cython.int
    ) -> cython.int:
        """A system call; if it loses its P, a flow leads to what comes after it."""
        life: cython.longlong = self.goroutines.lives[g]
        lost: cython.longlong = min(max(self.goroutines.lost[g], start), end)
        p: cython.int = self.goroutines.procs[g]
        if p >= 0 and 3 * p < len(self._procs) and self._procs[3 * p] == g and self._procs[3 * p + 1] == start:
            self._procs[3 * p] = -1
            self._on_proc(p, g, _SYSCALL, start, lost)
        self._on_thread(g, _SYSCALL, start, end)
        self._exits[g] = 0
        if lost < end and not flags & _OPEN and end < self._to and end > self._from:
            self._flows += 1
            self._exits[g] = self._flows
        return self._kept.slice(_ON_A_STATE, life, start, end, _SYSCALL, 0, stack, life, end - lost, self._exits[g])

    @cython.cfunc
    @cython.exceptval(-1)
    def _region(
        self,
        g: cython.int,
        reason: cython.int,
        stack: cython.int,
        start: cython.longlong,
        end: cython.longlong,
        task: cython.longlong,
        flags: cython.int,
    ) -> cython.int:
        """A region ends. It is on the common track if it was the innermost one: those never overlap."""
        life: cython.longlong = self.goroutines.lives[g]
        own: cython.longlong = 0
        begun: list = self._regions.get(g)
        is_inner: cython.bint = not begun
        k: cython.longlong
        if begun:
            n: cython.longlong = len(begun)
            for k in range(n - 1, max(n - 1 - _NEAR, -1), -1):
                if begun[k] == start:
                    is_inner = k == n - 1
                    del begun[k]
                    break
        is_cut: cython.bint = flags & _BEFORE or start <= self._from
        if not is_inner or (is_cut and self._cut[g]):
            self._extra += 1
            own = self._extra
        elif is_cut and end > self._from:
            self._cut[g] = 1
        return self._kept.slice(_A_REGION, life, start, end, _REGION, reason, stack, life, task, own)

    # ---- Ps and threads ---------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    def _runs(self, g: cython.int, start: cython.longlong, end: cython.longlong) -> cython.int:
        """Goroutine `g` has run. If the one before it on this P is in a system call, the P was taken away from it."""
        known = self.goroutines
        p: cython.int = known.proc
        self._on_thread(g, _RUNNING, start, end)
        if p < 0 or p >= _MAX_PROCS:
            return 0
        i: cython.longlong = self._of(p)
        before: cython.longlong = self._procs[i]
        called: cython.longlong = self._procs[i + 1]
        if before >= 0 and known.states[before] == _SYSCALL and known.since[before] == called:
            caller: cython.int = cython.cast(cython.int, before)
            if known.procs[caller] == p and known.lost[caller] != _NEVER:
                self._on_proc(p, caller, _SYSCALL, called, known.lost[caller])
        self._procs[i], self._procs[i + 1] = g, end
        return self._on_proc(p, g, _RUNNING, start, end)

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _of(self, p: cython.longlong) -> cython.longlong:
        """Return where the numbers of a P are."""
        i: cython.longlong
        old: cython.longlong = len(self._procs)
        if 3 * p >= old:
            self._procs = grown(self._procs, max(6 * p, 24))
            for i in range(old, len(self._procs), 3):
                self._procs[i], self._procs[i + 2] = -1, -_NEVER
        return 3 * p

    @cython.cfunc
    @cython.exceptval(-1)
    def _on_proc(
        self, p: cython.longlong, g: cython.int, kind: cython.int, start: cython.longlong, end: cython.longlong
    ) -> cython.int:
        # nothing overlaps in a valid trace
        start = max(start, self._procs[3 * p + 2])
        if end <= start or not self._wanted[g]:
            return 0
        self._procs[3 * p + 2] = end
        self._use(g, 0, start, end)
        return self._kept.slice(_ON_A_PROC, p, start, end, kind, 0, 0, self.goroutines.lives[g], -1, 0)

    @cython.cfunc
    @cython.exceptval(-1)
    def _on_thread(self, g: cython.int, kind: cython.int, start: cython.longlong, end: cython.longlong) -> cython.int:
        m: cython.longlong = self.goroutines.thread
        if m < 0:
            return 0
        if m >= len(self._threads):
            self._threads = grown(self._threads, 2 * m + 8)
        start = max(start, self._threads[m])
        if end <= start:
            return 0
        self._threads[m] = end
        id: cython.longlong = self.goroutines.threads[m]
        return self._kept.slice(_ON_A_THREAD, m, start, end, kind, 0, 0, self.goroutines.lives[g], id, 0)
