"""The slices of every P, from a slow and simple walk over a trace's events."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

from gotracer_ci.trace.observers.lanes import CALLS, ENDED, LOST, RETURNED, RUNS, STAYS, STOPPED
from gotracer_ci.trace.spec import Ev, GoState, ProcState

_STATUS = (Ev.GO_STATUS, Ev.GO_STATUS_STACK)
_ENDS = (Ev.GO_DESTROY, Ev.GO_DESTROY_SYSCALL)


class Slice(NamedTuple):
    """A time in which a goroutine was on a P. start, end: ns on the trace's clock. queued, waker: see `Slices`."""

    start: int
    end: int
    goroutine: int
    stack: int
    reason: int
    ending: int
    queued: int
    waker: int


class Goroutine:
    """A goroutine during the walk. since: when it got into its state; proc: the P; lost: when a call lost it."""

    def __init__(self, state: GoState, since: int, stack: int = 0, waker: int = -1) -> None:
        self.state, self.since, self.stack, self.waker = state, since, stack, waker
        self.proc = -1
        self.lost: int | None = None
        self.queued = 0


class Walk:
    """slices: by P, in order. running, syscall, runnable: their totals, ns, wherever they were."""

    def __init__(self, trace: Any, *observers: Any) -> None:
        self.slices: defaultdict[int, list[Slice]] = defaultdict(list)
        self.running = self.syscall = self.runnable = 0
        self._goroutines: dict[int, Goroutine] = {}
        self._procs: dict[int, int] = {}  # by thread
        self._start: int | None = None
        now = 0
        for chunk in trace.chunks(None, observers):
            for now, number, *event in chunk.rows():
                self._start = now if self._start is None else self._start
                self._step(now, Ev(number), *event)
        for g in self._goroutines:
            self._leave(g, now, RUNS)
        for slices in self.slices.values():
            slices.sort()

    def _step(self, now: int, event: Ev, thread: int, proc: int, g: int, a: int, b: int, c: int, stack: int) -> None:
        if event in _STATUS:
            if b >> 8 == GoState.UNDETERMINED:
                assert self._start is not None
                new = self._goroutines[a] = Goroutine(GoState(b & 0xFF), self._start, stack)
                new.proc = self._procs.get(thread, -1) if new.state == GoState.SYSCALL else proc
        elif event in (Ev.GO_CREATE, Ev.GO_CREATE_BLOCKED):
            state = GoState.RUNNABLE if event == Ev.GO_CREATE else GoState.WAITING
            self._goroutines[a] = Goroutine(state, now, c, g)
        elif event == Ev.GO_CREATE_SYSCALL:
            self._goroutines[a] = Goroutine(GoState.SYSCALL, now)
            self._goroutines[a].proc = proc
        elif event in (Ev.GO_UNBLOCK, Ev.GO_SWITCH, Ev.GO_SWITCH_DESTROY):
            self._enter(a, now, GoState.RUNNABLE)
            self._goroutines[a].waker = g
        elif event == Ev.GO_START:
            self._lose(proc, now)
            self._leave(a, now, STOPPED)
            self._enter(a, now, GoState.RUNNING, proc)
        elif event in (Ev.GO_STOP, Ev.GO_BLOCK):
            self._leave(g, now, STOPPED, a, stack)
            self._enter(g, now, GoState.RUNNABLE if event == Ev.GO_STOP else GoState.WAITING)
        elif event == Ev.GO_SYSCALL_BEGIN:
            self._leave(g, now, CALLS, 0, stack)
            self._enter(g, now, GoState.SYSCALL, proc)
        elif event == Ev.GO_SYSCALL_END:
            self._leave(g, now, RETURNED)
            self._enter(g, now, GoState.RUNNING, proc)
        elif event == Ev.GO_SYSCALL_END_BLOCKED:
            self._leave(g, now, RETURNED)
            self._enter(g, now, GoState.RUNNABLE)
        elif event in _ENDS:
            self._leave(g, now, ENDED)
            del self._goroutines[g]
        else:
            self._of_proc(now, event, thread, a, b)

    def _of_proc(self, now: int, event: Ev, thread: int, p: int, b: int) -> None:
        if event in (Ev.PROC_STOP, Ev.PROC_STEAL):
            self._procs = {thread: proc for thread, proc in self._procs.items() if proc != p}
            self._lose(p, now)
        elif event == Ev.PROC_START or (
            event == Ev.PROC_STATUS and b & 0xFF in (ProcState.RUNNING, ProcState.SYSCALL) and thread >= 0
        ):
            self._procs[thread] = p

    def _lose(self, p: int, now: int) -> None:
        """A P goes on without the goroutine that is in a system call on it."""
        for each in self._goroutines.values():
            if each.state == GoState.SYSCALL and each.proc == p and each.lost is None:
                each.lost = now

    def _enter(self, g: int, now: int, state: GoState, proc: int = -1) -> None:
        one = self._goroutines[g]
        one.state, one.since, one.proc, one.lost = state, now, proc, None
        if state == GoState.RUNNABLE:
            one.waker = -1

    def _leave(self, g: int, now: int, ending: int, reason: int = 0, stack: int | None = None) -> None:
        """The goroutine's state ends. stack: where it stopped running, None if no event says that."""
        one = self._goroutines[g]
        if one.state == GoState.RUNNABLE:
            self.runnable += now - one.since
            one.queued = now - one.since
        elif one.state == GoState.RUNNING:
            self.running += now - one.since
            at = one.stack if stack is None else stack
            self._add(one.proc, Slice(one.since, now, g, at, reason, ending, one.queued, one.waker))
            one.queued, one.waker = 0, -1
            one.stack = stack or one.stack
        elif one.state == GoState.SYSCALL and one.proc >= 0:
            end = now if one.lost is None else one.lost
            self.syscall += end - one.since
            ending = LOST if end < now else STAYS if ending == RUNS else RETURNED
            self._add(one.proc, Slice(one.since, end, g, one.stack, 0, ending, 0, -1))

    def _add(self, proc: int, slice_: Slice) -> None:
        if proc >= 0 and slice_.end > slice_.start:
            self.slices[proc].append(slice_)
