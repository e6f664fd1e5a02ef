"""How long goroutines run between two events of their own: the CPU time of a piece of code that nobody waits for.

An event is that a goroutine blocks or has been woken, enters a system call or returns from it, unblocks another
goroutine or creates one. What runs between two of them is always the same code, so its time hardly varies.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from gotracer_ci.analysis import histogram, waits
from gotracer_ci.analysis.histogram import Histogram
from gotracer_ci.analysis.stacks import Stack, Stacks
from gotracer_ci.trace.observers import stretches
from gotracer_ci.trace.spec import LARGEST, IntervalKind
from gotracer_ci.trace.tables import Tables

SYSTEM_CALL, UNBLOCKS, CREATES = "system call", "unblock", "go"
_WHAT = {
    stretches.CALLS: SYSTEM_CALL,
    stretches.RETURNED: SYSTEM_CALL,
    stretches.UNBLOCKS: UNBLOCKS,
    stretches.CREATES: CREATES,
}
_SHORTEST_NS = 1_000_000
"""What runs for less in total cannot have grown by as much as a comparison asks for."""
_KEPT = 1_000


class Event(NamedTuple):
    """What begins or ends a stretch: "system call", "unblock", "go", or Go's reason for a wait; and where."""

    what: str
    stack: Stack


@dataclass(frozen=True, slots=True)
class StretchGroup:
    """The stretches between two events, each of one kind at one place.

    first, last: of the stack that most of the time belongs to. counts: how many stretches have which length (see
    `analysis.histogram`).
    """

    first: Event
    last: Event
    count: int
    total_ns: int
    longest_ns: int
    counts: Histogram


class RunningStretches:
    """Finds the stretches of a trace while it is read. observer: gets the intervals."""

    def __init__(self, tables: Tables) -> None:
        self.observer = stretches.Stretches()
        self._tables = tables

    def result(self, stacks: Stacks, groups: Iterable[tuple[Any, ...]]) -> tuple[StretchGroup, ...]:
        """Return the stretches of the program's own code of at least 1 ms in total, the longest in total first.

        Args:
            groups: those of all intervals (see `Groups.rows`), which know the reasons of waits.
        """
        reasons = {stack: reason for kind, _, reason, stack, *_ in groups if kind == IntervalKind.WAITING}
        events: dict[tuple[int, int], Event] = {}

        def event(kind: int, stack: int) -> Event:
            if (kind, stack) not in events:
                where = stacks[stack]
                what = _WHAT.get(kind) or self._tables.string(reasons.get(stack, 0)) or waits.reason(where.functions)
                events[kind, stack] = Event(what, where)
            return events[kind, stack]

        merged: dict[tuple[str, str, str, str], StretchGroup] = {}
        # the longest first, so that its stacks are those that are shown
        for first, last, count, total, longest, counts in sorted(self.observer.rows(), key=lambda row: -row[3]):
            begin, end = event(*first), event(*last)
            if begin.stack.system or not (begin.stack.own or end.stack.own):
                continue
            key = (begin.what, begin.stack.place, end.what, end.stack.place)
            old = merged.get(key)
            if old:
                histogram.merge(old.counts, counts)
                total = min(old.total_ns + total, LARGEST)
                merged[key] = replace(
                    old, count=old.count + count, total_ns=total, longest_ns=max(old.longest_ns, longest)
                )
            else:
                merged[key] = StretchGroup(begin, end, count, total, longest, counts)
        found = [(group.total_ns, key) for key, group in merged.items() if group.total_ns >= _SHORTEST_NS]
        return tuple(merged[key] for _, key in sorted(found, key=lambda one: (-one[0], one[1]))[:_KEPT])
