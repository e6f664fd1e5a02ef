"""Pauses of goroutines while a trace is read, and which of their waits are for the same lock."""

from __future__ import annotations

from typing import NamedTuple

from gotracer_ci.analysis import waits
from gotracer_ci.analysis.calls import Call, Calls, Operation
from gotracer_ci.trace.observers.holders import Holders
from gotracer_ci.trace.spec import IntervalKind
from gotracer_ci.trace.tables import Tables

_STEPS = 2_000
_PAUSES_FOR_A_STEP = 250
"""How many pauses may be looked at, and for how many further ones of the trace one more: each costs microseconds."""
_REASONS = frozenset({"sync", "sync.(*Cond).Wait", "chan receive", "chan send", "select"})


class Pause(NamedTuple):
    """See `Holders.pause`."""

    kind: int
    reason: int
    stack: int
    start: int
    end: int
    run: int
    cause: int
    cause_stack: int
    previous: int
    waker: int


class History(NamedTuple):
    """A goroutine's pauses that end after some time, the newest first. complete: no other one does."""

    pauses: list[Pause]
    complete: bool


class Pauses:
    """The pauses that the observer has kept, and what their stacks mean."""

    def __init__(self, tables: Tables, observer: Holders) -> None:
        self.calls = Calls(tables)
        self._tables = tables
        self._observer = observer
        self._steps = 0
        self._known: dict[tuple[int, int, int], tuple[Call | None, Call | None]] = {}
        self._classes: dict[tuple[str, int], tuple[str, int]] = {}
        self._lines: dict[str, set[int]] = {}

    def pause(self, number: int) -> Pause | None:
        """Return a pause by its number, None if there is none or it is not known any more."""
        self._steps += 1
        if self._steps > _STEPS + self._observer.pauses() // _PAUSES_FOR_A_STEP:
            return None
        found = self._observer.pause(number)
        return Pause(*found) if found else None

    def history(self, number: int, low: int) -> History:
        """Return a goroutine's pauses from this one back to `low` (ns)."""
        found: list[Pause] = []
        pause = self.pause(number)
        while pause and pause.run > low:
            found.append(pause)
            number = pause.previous
            pause = self.pause(number)
        # without any pause, it has been running all the time
        return History(found, pause.run <= low if pause else number == -1 and not found)

    def reason(self, reason: int, stack: int) -> str:
        """Return the reason of a wait; without one, its stack tells it."""
        return self._tables.string(reason) or waits.reason([name for name, _, _ in self._tables.stack(stack)])

    def calls_of(self, pause: Pause) -> tuple[Call | None, Call | None]:
        """Return the calls that began and ended a wait; None unless both are in the program's hands."""
        if pause.kind != IntervalKind.WAITING or pause.cause == -1:
            return None, None
        key = (pause.reason, pause.stack, pause.cause_stack)
        if key not in self._known:
            self._known[key] = self._find(*key)
        return self._known[key]

    def _find(self, reason: int, stack: int, cause_stack: int) -> tuple[Call | None, Call | None]:
        if self.reason(reason, stack) not in _REASONS:
            return None, None
        taken = self.calls.of(stack)
        given = self.calls.of(cause_stack, taken.function) if taken else None
        if taken is None or given is None or Operation.OTHER in (taken.operation, given.operation):
            return None, None
        if taken.operation is given.operation:
            self._learn(taken, given)
        return taken, given

    def is_for_same(self, pause: Pause, taken: Call, given: Call) -> bool:
        """Return whether a wait is for the lock that was taken and given back by these calls."""
        mine, _ = self.calls_of(pause)
        if mine is None or mine.operation is not taken.operation:
            return False
        return self._class(mine.site) == self._class(given.site)

    def is_for_other(self, pause: Pause, taken: Call, given: Call) -> bool:
        """Return whether it is clear that a wait of a holder is for another lock."""
        mine, _ = self.calls_of(pause)
        if mine is None or self.is_for_same(pause, taken, given) or not self.calls.line_in(pause.stack, given):
            return False
        return mine.function != given.function or taken.function == given.function

    def lines(self, taken: Call, given: Call) -> tuple[float, float]:
        """Return the first and the last line of the function that gives back a lock between which it is held."""
        first = taken.line if taken.function == given.function else min(self._lines.get(given.function, (0,)))
        last = float("inf") if given.deferred or given.line < first else given.line
        return first, last

    def _learn(self, taken: Call, given: Call) -> None:
        """What was taken at one line was given back at the other: both are of the same lock."""
        if taken.operation is Operation.LOCK:
            self._lines.setdefault(taken.function, set()).add(taken.line)
        a, b = self._class(taken.site), self._class(given.site)
        if a != b:
            self._classes[a] = b

    def _class(self, site: tuple[str, int]) -> tuple[str, int]:
        while site in self._classes:
            above = self._classes[site]
            # halves the way for the next time
            self._classes[site] = self._classes.get(above, above)
            site = above
        return site
