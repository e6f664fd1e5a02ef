"""The timeline of one goroutine: each of its intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gotracer_ci.analysis.lives import reason_of
from gotracer_ci.analysis.stacks import Stack, Stacks
from gotracer_ci.trace.observers.timeline import Timeline
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import BEFORE, OPEN, GoState

BLOCKED = "syscall_blocked"
_NOWHERE = Stack()


class Moment(NamedTuple):
    """One interval of a goroutine.

    state: running, runnable, waiting, syscall, or syscall_blocked from the loss of its P on. reason: why it waits or is
    runnable, "" if it has none. start_ns: from the trace's start. stack: where it is, without frames while it runs.
    waker: the goroutine that ended the wait or made this one runnable, −1 if unknown; waker_stack: where that was.
    """

    life: int
    state: str
    reason: str
    start_ns: int
    length_ns: int
    stack: Stack
    waker: int
    waker_stack: Stack
    is_open: bool
    is_old: bool


class GoroutineTimeline(NamedTuple):
    """The states of one goroutine, in order. lives: how many goroutines had its ID. left_out: further intervals."""

    moments: tuple[Moment, ...]
    lives: int
    left_out: int


class TimelineAnalysis:
    """Finds the states of one goroutine (see `reading.Analysis`)."""

    consumers = ()

    def __init__(self, goroutine: int) -> None:
        self._observer = Timeline(goroutine)

    @property
    def observers(self) -> Sequence[Timeline]:
        return (self._observer,)

    def result(self, trace: Trace, stacks: Stacks) -> GoroutineTimeline:
        start_ns = trace.start_ns
        found: list[Moment] = []
        for life, kind, reason, stack, start, end, lost, cause, cause_stack, flags in self._observer.rows():
            state = GoState(kind)
            # where a running goroutine stopped is not where it ran
            where = _NOWHERE if state is GoState.RUNNING else stacks[stack]
            why = "" if state in (GoState.RUNNING, GoState.SYSCALL) else reason_of(trace.tables, reason, stack)
            moment = Moment(
                life,
                state.name.lower(),
                why if reason or state is GoState.WAITING else "",
                start - start_ns,
                end - start,
                where,
                cause,
                stacks[cause_stack],
                bool(flags & OPEN),
                bool(flags & BEFORE),
            )
            if state is not GoState.SYSCALL or lost == end:
                found.append(moment)
                continue
            if lost > start:
                found.append(moment._replace(length_ns=lost - start, is_open=False))
            found.append(moment._replace(state=BLOCKED, start_ns=lost - start_ns, length_ns=end - lost))
        return GoroutineTimeline(tuple(found), self._observer.lives(), self._observer.left_out())
