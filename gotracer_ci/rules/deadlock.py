"""A program whose goroutines all wait for each other.

Detects
-------
A program that came to a standstill: until the end of the trace, each of its goroutines waits for another one.

Why it matters
--------------
Nobody is left to end these waits. While it is traced, Go itself does not notice a deadlock.

How it is measured
------------------
At the end of the trace, main and all other goroutines wait for locks, WaitGroups, Conds or channels, at least one of
them for something other than a value from a channel, and none of them has moved for a while (`error`). One goroutine
other than main may have woken from a sleep as long as that: the one that stops the trace. The runtime's own goroutines
do not count. If a test timed out, TestTimeout reports it.

Thresholds
----------
`error`: how long no goroutine has moved.

What to do
----------
Follow the waits that the detail lists. Take locks in one order everywhere, close channels whose readers range over
them, and call Done on all paths.

Limits
------
A select may wait for a timer, and a goroutine in a system call or in the network for another program. With one of
these, it is not certain that the program stands still, and nothing is reported. A timer can also send a value or call
a function. Where only some goroutines wait for each other, MutexContention has the locks that are held to the end.
"""

from __future__ import annotations

from collections.abc import Iterator

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.goroutines import Alive
from gotracer_ci.analysis.intervals import IntervalKind
from gotracer_ci.findings import Finding, Key, More, Severity, Statistics
from gotracer_ci.limits import Limit
from gotracer_ci.rules import stuck, wording
from gotracer_ci.rules.rule import Measured, Rule, documented, severity
from gotracer_ci.text import duration

KIND = "deadlock"
_BY_GOROUTINES = frozenset({"sync", "sync.(*Cond).Wait", "chan send"})
"""Waits that hardly anything but another goroutine ends; a timer may send a value."""
_BLOCKED = _BY_GOROUTINES | {"chan receive", "forever"}
_AWAKE = ("running", "runnable")
_ASLEEP = "sleep"
_UNNAMED = 4
"""The runtime's own goroutines that have no stack in traces of Go 1.22."""


class Deadlock(Rule):
    """Reports a program that stands still."""

    def limits(self) -> dict[str, Limit]:
        return {KIND: Limit("count", 1, 0, everywhere=True, noun="goroutines")}

    def measure(self, facts: Facts) -> Iterator[Measured]:
        blocked = all_blocked(facts)
        if blocked:
            end_ns = facts.start_ns + facts.duration_ns
            still_ns = min(end_ns - group.last_ns for group in blocked)
            stops = [group for group in _named(facts) if group.doing not in _BLOCKED]
            level = severity(min([still_ns, *(_slept_ns(group, facts) for group in stops)]), self.thresholds)
            if level > Severity.NONE:
                n = sum(group.count for group in blocked)
                yield Measured(Key(self.name, KIND, ""), level, Statistics("count", n, n, n, n))

    def explain(self, facts: Facts, measured: Measured) -> Finding:
        blocked = all_blocked(facts)
        first = next((group for group in blocked if group.doing in _BY_GOROUTINES and group.stack.own), blocked[0])
        longest = max(stuck.waits_ns(group, facts) for group in blocked)
        n = measured.statistics.total
        return Finding(
            key=measured.key,
            severity=measured.severity,
            message=(
                f"deadlock: {'the only goroutine waits' if n == 1 else f'all {n:,} goroutines wait for each other'} "
                f"at the end of the trace, for up to {duration(longest)}"
            ),
            detail="\n".join(["At the end of the trace:", *stuck.lines(blocked, facts)]),
            suggestion=self.suggestion,
            location=wording.location(first.stack.primary),
            stack=wording.frames(first.stack),
            goroutine=first.first if n == 1 else -1,
            timestamp_ns=max(0, first.since_ns - facts.start_ns),
            statistics=measured.statistics,
            occurrences=stuck.occurrences(blocked, facts),
            groups=wording.groups(group.entry for group in blocked),
            more=More.STUCK,
        )


def all_blocked(facts: Facts) -> list[Alive]:
    """Return the goroutines of a program that stands still, longest waits first; empty if it does not."""
    alive = _named(facts)
    blocked = [group for group in alive if group.doing in _BLOCKED]
    others = [group for group in alive if group.doing not in _BLOCKED]
    unnamed = facts.goroutines.at_end - sum(group.count for group in alive)
    is_certain = (
        unnamed <= _UNNAMED
        and sum(group.count for group in others) <= 1
        and all(group.doing in _AWAKE and not group.is_main for group in others)
        and any(group.is_main for group in blocked)
        and any(group.doing in _BY_GOROUTINES for group in blocked)
        and stuck.alarm(facts) is None
    )
    return sorted(blocked, key=lambda group: (group.since_ns, group.first)) if is_certain else []


def _named(facts: Facts) -> list[Alive]:
    return [group for group in facts.goroutines.alive if group.stack.known or group.entry]


def _slept_ns(group: Alive, facts: Facts) -> int:
    """Return the longest sleep of a goroutine."""
    sleeps = (group for group in facts.intervals if group.kind is IntervalKind.WAITING and group.reason == _ASLEEP)
    return max((w.length_ns for sleep in sleeps for w in sleep.worst if w.goroutine == group.first), default=0)


RULE = Deadlock(
    info=documented("Deadlock", __doc__, error=(500e6, "ns")),
    suggestion="Follow the waits: take locks in one order, close channels that are ranged over, always call Done.",
    change="is part of a deadlock of {now goroutines}",
)
