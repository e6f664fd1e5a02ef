"""Wakes: how long goroutines waited where, why, and what woke them from where."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

from gotracer_ci.analysis.lives import reason_of
from gotracer_ci.analysis.stacks import Stack, Stacks
from gotracer_ci.source.names import package_of
from gotracer_ci.trace.observers.wakes import GOROUTINE, OPEN, Wakes
from gotracer_ci.trace.reader import Trace

TIMER: Final = "timer"
POLLER: Final = "network poller"
RUNTIME: Final = "runtime"
_EXTERNAL: Final = {"network": POLLER, "sleep": TIMER}
"""Reasons whose waits a timer or the poller ends, whichever goroutine happens to run it."""
_ALONE: Final = {**_EXTERNAL, "chan receive": TIMER, "select": TIMER}
_POLL: Final = "internal/poll"


class Wake(NamedTuple):
    """The waits at one stack that were ended in the same way.

    waiter: only with the goroutine's first function if where it waited is unknown (`is_elsewhere`). source: TIMER,
    POLLER or RUNTIME; "" if a goroutine ended them, at `waker`, or if they are open.
    """

    reason: str
    waiter: Stack
    is_elsewhere: bool
    source: str
    waker: Stack
    is_open: bool
    waits: int
    total_ns: int
    longest_ns: int


class WakeFacts(NamedTuple):
    """The waits of one trace, or of a part of it. is_merged: there were too many places, so some are missing."""

    wakes: tuple[Wake, ...]
    is_merged: bool


class WakesAnalysis:
    """Finds what woke the waiting goroutines of a trace (see `reading.Analysis`)."""

    consumers = ()

    def __init__(self, trace: Trace) -> None:
        self._observer = Wakes(partial(reason_of, trace.tables))

    @property
    def observers(self) -> Sequence[Wakes]:
        return (self._observer,)

    def result(self, trace: Trace, stacks: Stacks) -> WakeFacts:
        reasons = self._observer.reasons()
        found = []
        for number, waiter, is_elsewhere, by, waker, waits, total, longest in self._observer.rows():
            source = "" if by == OPEN else source_of(reasons[number], stacks[waker] if by == GOROUTINE else None)
            waited = Stack(stacks[waiter].frames[-1:]) if is_elsewhere else stacks[waiter]
            woken = stacks[0 if source else waker]
            found.append(
                Wake(reasons[number], waited, bool(is_elsewhere), source, woken, by == OPEN, waits, total, longest)
            )
        return WakeFacts(tuple(found), self._observer.is_merged())


def source_of(reason: str, waker: Stack | None) -> str:
    """Return what ended a wait if it was no goroutine, else "". waker: the stack of the goroutine that did, if any."""
    return source_at(reason, None if waker is None else "".join(waker.functions[:1]))


def source_at(reason: str, leaf: str | None) -> str:
    """Return what ended a wait if it was no goroutine, else "".

    A goroutine is often only the one that ran the poller or the timers. It has ended the wait itself if it is inside
    internal/poll, because it set a deadline or closed the connection.

    Args:
        leaf: the topmost function of the goroutine that did, "" if unknown; None if there is no such goroutine.
    """
    if leaf is None:
        return _ALONE.get(reason, RUNTIME)
    return "" if package_of(leaf) == _POLL else _EXTERNAL.get(reason, "")
