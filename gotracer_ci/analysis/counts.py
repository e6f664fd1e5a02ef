"""Numbers of waits, goroutines and so on: they hardly vary from run to run, whatever else the machine does."""

from __future__ import annotations

from typing import Final, NamedTuple

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.intervals import IntervalGroup, IntervalKind
from gotracer_ci.analysis.wakes import WakeFacts

WAIT: Final = "wait"
CALL: Final = "system call"
CREATED: Final = "goroutine created"
CYCLE: Final = "gc cycle"
STOP: Final = "stop"
WAKE: Final = "wake"
KINDS: Final = (WAIT, CALL, CREATED, CYCLE, STOP, WAKE)
_KINDS: Final = {IntervalKind.WAITING: WAIT, IntervalKind.SYSCALL: CALL, IntervalKind.STW: STOP}
_PREEMPTED: Final = "preempted"
"""The reason of a goroutine that the garbage collector has stopped to read its stack."""


class Counted(NamedTuple):
    """What is counted.

    kind: one of `KINDS`. reason: why goroutines waited, or the world was stopped, in Go's words; else "". place: the
    own code that waited, made the call or led to the goroutine (see `source.place.place`); "" for the whole program.
    waker: of a wake, what ended the wait; else "".
    """

    kind: str
    reason: str = ""
    place: str = ""
    waker: str = ""


class Counts(NamedTuple):
    """The numbers of one trace, and what they depend on besides its code. program: "" if unknown."""

    numbers: dict[Counted, int]
    program: str
    go_version: str
    gomaxprocs: int


def counts(facts: Facts, wakes: WakeFacts) -> Counts:
    """Return the numbers of a trace, without those of the runtime's own goroutines and of unknown places.

    Whatever was under way when the trace began, or when it ended, counts, too; but not as a wake.
    """
    numbers: dict[Counted, int] = {}

    def add(what: Counted, number: int) -> None:
        numbers[what] = numbers.get(what, 0) + number

    for group in facts.intervals:
        kind = _KINDS.get(group.kind)
        if kind == STOP:
            add(Counted(STOP, group.reason), group.count)
        elif kind and group.stack.known and not group.stack.system and group.reason != _PREEMPTED:
            add(Counted(kind, _reason(group), group.stack.place), group.count)
    for created in facts.creations:
        add(Counted(CREATED, place=created.place), created.number.created)
    add(Counted(CYCLE), facts.heap.cycles)
    for wake in wakes.wakes:
        if not wake.is_open and not wake.waiter.system:
            add(Counted(WAKE, wake.reason, wake.waiter.place, wake.source or wake.waker.place), wake.waits)
    return Counts(numbers, facts.program, facts.go_version, facts.gomaxprocs)


def _reason(group: IntervalGroup) -> str:
    return group.reason if group.kind is IntervalKind.WAITING else ""
