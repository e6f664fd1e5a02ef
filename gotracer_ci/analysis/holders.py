"""What the holders of a lock did while another goroutine waited for it, and what the one that ended a wait did.

A trace names who gave the lock back at the end of a wait. If that goroutine had itself waited for the lock, it held it
from then on, and whoever ended that wait held it before: so a wait is followed back to its beginning. The trace does
not say when a goroutine took a lock that was free. Without a wait of its own, only what the goroutine did between the
lines that take and give back the lock counts. All times are upper bounds, and what is not known is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from gotracer_ci.analysis.calls import Call, Operation
from gotracer_ci.analysis.pauses import History, Pause, Pauses
from gotracer_ci.analysis.stacks import Stack, Stacks
from gotracer_ci.trace.observers.holders import Holders
from gotracer_ci.trace.spec import IntervalKind
from gotracer_ci.trace.tables import Tables

RUNNING, RUNNABLE, SYSCALL = "running", "runnable", "syscall"
_STATES = {IntervalKind.RUNNING: RUNNING, IntervalKind.RUNNABLE: RUNNABLE, IntervalKind.SYSCALL: SYSCALL}
_DEPTH = 4
"""How many locks that a holder itself waits for are followed, one in the other."""
_KEPT = 5
_SURE = 0.5
"""The part of a wait that must be explained."""


class Activity(NamedTuple):
    """What holders did: "running", "runnable", "syscall", or Go's reason for their wait, and where.

    behind: where the holder waited for another lock, whose holder did it; no stack if it is the lock itself.
    """

    doing: str
    ns: int
    stack: Stack
    behind: Stack


class Holding(NamedTuple):
    """What explains a wait.

    waiter: the goroutine that waited. start_ns: on the trace's clock. explained_ns: the part of the wait that is
    explained, at most. locked: whether the goroutines held a lock; otherwise the last one ended the wait, and others
    were before it. goroutines: how many they were. goroutine: the one that ended the wait. activities: the longest few,
    longest first.
    """

    waiter: int
    start_ns: int
    wait_ns: int
    explained_ns: int
    locked: bool
    goroutines: int
    goroutine: int
    activities: tuple[Activity, ...]

    def explains(self, start_ns: int, goroutine: int) -> bool:
        """Return whether this is about that wait."""
        return (start_ns, goroutine) == (self.start_ns, self.waiter)


class _Found(NamedTuple):
    """An explanation whose stacks are still indices.

    needs_one: it is one only if the same goroutine ended all waits. parts: (kind, reason, stack, behind) → ns.
    """

    waiter: int
    wait: Pause
    operation: Operation
    needs_one: bool
    goroutines: int
    parts: Mapping[tuple[int, int, int, int], int]


class Explainer:
    """Explains the longest waits of a trace while it is read. observer: gets the intervals. calls: of this trace."""

    def __init__(self, tables: Tables) -> None:
        self.observer = Holders(self._explain)
        self._pauses = Pauses(tables, self.observer)
        self.calls = self._pauses.calls

    def result(self, stacks: Stacks) -> dict[tuple[int, int], Holding]:
        """Return what explains the longest waits, by (reason, stack): indices of the tables."""
        holdings = {}
        for key, found, has_one_ender in self.observer.explained():
            if has_one_ender or not found.needs_one:
                holding = self._named(found, stacks)
                if holding.explained_ns >= _SURE * holding.wait_ns:
                    holdings[key] = holding
        return holdings

    def _explain(self, number: int, waiter: int) -> _Found | None:
        """Explain a wait (see `Holders`)."""
        pauses = self._pauses
        wait = pauses.pause(number)
        taken, given = pauses.calls_of(wait) if wait else (None, None)
        if wait is None or taken is None or given is None:
            return None
        chain = _Chain(pauses, wait.start)
        # goroutines that all put something into a channel and take it out again use it as a lock
        is_semaphore = (
            taken.operation is given.operation is Operation.CHANNEL
            and given.function == taken.function
            and (given.deferred or given.line > taken.line)
        )
        if taken.operation is given.operation and (taken.operation is Operation.LOCK or is_semaphore):
            chain.follow(wait)
        else:
            chain.add_all(wait)
        if not chain.parts:
            return None
        needs_one = taken.operation in (Operation.COND, Operation.CHANNEL) and not is_semaphore
        return _Found(waiter, wait, taken.operation, needs_one, len(chain.goroutines), chain.parts)

    def _named(self, found: _Found, stacks: Stacks) -> Holding:
        merged: dict[tuple[Any, ...], list[Activity]] = {}
        for (kind, reason, stack, behind), ns in found.parts.items():
            one = Activity(
                _STATES.get(IntervalKind(kind)) or self._pauses.reason(reason, stack), ns, stacks[stack], stacks[behind]
            )
            shown = one.stack.primary or one.stack.own
            is_at_line = one.doing not in (RUNNING, RUNNABLE)
            key = (one.doing, shown and shown.function, shown.line if shown and is_at_line else 0, behind)
            merged.setdefault(key, []).append(one)
        activities = [
            max(same, key=lambda one: one.ns)._replace(ns=sum(one.ns for one in same)) for same in merged.values()
        ]
        activities.sort(key=lambda one: -one.ns)
        wait = found.wait
        return Holding(
            found.waiter,
            wait.start,
            wait.end - wait.start,
            sum(one.ns for one in activities),
            found.operation is Operation.LOCK,
            found.goroutines,
            wait.cause,
            tuple(activities[:_KEPT]),
        )


class _Chain:
    """What goroutines did after `low`, one after the other, back from the end of a wait.

    behind: the stack in which a holder waits for another lock, whose holders these are; 0 for none.
    """

    def __init__(self, pauses: Pauses, low: int, depth: int = 0, behind: int = 0) -> None:
        self.parts: dict[tuple[int, int, int, int], int] = {}
        self.goroutines: set[int] = set()
        self._pauses = pauses
        self._low = low
        self._depth = depth
        self._behind = behind

    def follow(self, wait: Pause | None) -> None:
        """Add what the holders of a lock did before the end of a wait for it."""
        while wait and wait.end > self._low:
            taken, given = self._pauses.calls_of(wait)
            if taken is None or given is None or taken.operation is not given.operation:
                return
            wait = self._hold(wait, taken, given) or self._earlier(wait, taken, given)

    def add_all(self, wait: Pause) -> None:
        """Add what the goroutine that ended a wait did meanwhile."""
        self._add_parts(wait, self._pauses.history(wait.waker, self._low), self._low, None)

    def _hold(self, wait: Pause, taken: Call, given: Call) -> Pause | None:
        """Add the last hold before the end of a wait; return the wait that it began with, None if there is none."""
        found = self._pauses.history(wait.waker, self._low)
        if given.reads:
            # a goroutine that waits for readers lets no others in: the last one has been there from the beginning
            self._add_parts(wait, found, max(self._low, wait.start), None)
            return None
        for i, pause in enumerate(found.pauses):
            if self._pauses.is_for_same(pause, taken, given):
                since = max(self._low, pause.end)
                self._add_parts(
                    wait, found._replace(pauses=found.pauses[: i + 1], complete=True), since, (taken, given)
                )
                return pause
        low = max(self._low, wait.start)
        self._add_parts(wait, found, low, (taken, given), is_sure=False)
        return None

    def _earlier(self, wait: Pause, taken: Call, given: Call) -> Pause | None:
        """Return the wait after which a goroutine did not get the lock, because another one was faster."""
        earlier = self._pauses.pause(wait.previous)
        while earlier and earlier.kind == IntervalKind.RUNNABLE:
            earlier = self._pauses.pause(earlier.previous)
        is_same = earlier and earlier.stack == wait.stack and self._pauses.is_for_same(earlier, taken, given)
        return earlier if is_same else None

    def _add_parts(
        self, wait: Pause, history: History, low: int, lock: tuple[Call, Call] | None, is_sure: bool = True
    ) -> None:
        """Add what the goroutine that ended a wait did between `low` and then.

        Args:
            lock: the calls that take and give back the lock; what is not between them does not count.
            is_sure: whether the goroutine held the lock all the time. Otherwise only what is between the calls counts.
        """
        self.goroutines.add(wait.cause)
        cursor, stack, counts = wait.end, wait.cause_stack, True
        for pause in history.pauses:
            if pause.run <= low:
                break
            if counts:
                self._add(IntervalKind.RUNNING, 0, stack, cursor - pause.run)
            counts = pause.end <= low or self._is_between(pause.stack, lock, is_sure)
            if not counts and not is_sure:
                return
            if counts:
                self._add(IntervalKind.RUNNABLE, 0, pause.stack, pause.run - max(pause.end, low))
                self._add_wait(pause, low, lock)
            cursor, stack = pause.start, pause.stack
            if cursor <= low:
                return
        else:
            if not history.complete:
                return
        if counts:
            self._add(IntervalKind.RUNNING, 0, stack, cursor - low)

    def _add_wait(self, pause: Pause, low: int, lock: tuple[Call, Call] | None) -> None:
        """Add a holder's own wait or system call; of one for another lock what its holders did."""
        left = pause.end - max(pause.start, low)
        taken, _ = self._pauses.calls_of(pause)
        if left > 0 and taken and taken.operation is Operation.LOCK and self._depth < _DEPTH:
            is_other = lock is None or self._pauses.is_for_other(pause, *lock)
            behind = self._behind or (pause.stack if is_other else 0)
            chain = _Chain(self._pauses, max(pause.start, low), self._depth + 1, behind)
            chain.follow(pause)
            if not behind:
                self.goroutines |= chain.goroutines
            for part, ns in chain.parts.items():
                self.parts[part] = self.parts.get(part, 0) + ns
                left -= ns
        self._add(IntervalKind(pause.kind), pause.reason, pause.stack, left)

    def _is_between(self, stack: int, lock: tuple[Call, Call] | None, is_sure: bool) -> bool:
        """Return whether a goroutine with this stack holds the lock."""
        if lock is None:
            return True
        line = self._pauses.calls.line_in(stack, lock[1])
        first, last = self._pauses.lines(*lock)
        return first <= line <= last if line else is_sure

    def _add(self, kind: IntervalKind, reason: int, stack: int, ns: int) -> None:
        if ns > 0:
            part = (int(kind), reason, stack, self._behind)
            self.parts[part] = self.parts.get(part, 0) + ns
