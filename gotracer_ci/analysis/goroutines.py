"""Goroutines over the trace: how many there are at its start and end, and where those at the end come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from gotracer_ci.analysis import waits
from gotracer_ci.analysis.stacks import Stack, Stacks
from gotracer_ci.analysis.tests import test_of
from gotracer_ci.source.place import NO_OWN_CODE, normalise
from gotracer_ci.trace.observers.ancestry import Ancestry
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import GoState

MOMENT_NS = 10_000_000
"""Who waits longer than this for a goroutine that is about to end has waited for something else."""
REQUEST_NS = 1_000_000_000
"""Who waits longer than this in a service does not wait within a request."""
_AT_WORK = frozenset({GoState.RUNNING, GoState.RUNNABLE, GoState.SYSCALL})
_MAIN = frozenset({"main.main", "runtime.main"})
_Likeness = tuple[bool, bool, int, int, int, int, int, int]
"""Created during the trace, in its second half, creation stack, ancestry, entry stack, state, reason, own stack."""


@dataclass(frozen=True, slots=True)
class Alive:
    """Goroutines at the end that are alike, without the runtime's own.

    first, first_ns: the id of the first one and when it was created, on the trace's clock, −1 if before the trace.
    doing: why they wait in Go's words, else their state ("running", "runnable", "syscall" or "waiting"). stack: where
    they are. entry: the function in which they began. creation: where they were created. creator: the nearest stack
    with own code that led to it, creation itself if there is none. count: how many. created: how many of these during
    the trace, all or none. late: how many in its second half. since_ns, last_ns: when the first and the last
    one got into this state. settled: how many have been in it for `MOMENT_NS`, or `REQUEST_NS` if
    the trace ended in the middle of things (see `Goroutines.is_over`). test: the outermost test function that led to
    them, without its package; "" if none is known.
    """

    first: int
    first_ns: int
    doing: str
    stack: Stack
    entry: str
    creation: Stack
    creator: Stack
    count: int
    created: int
    late: int
    since_ns: int
    last_ns: int
    settled: int
    test: str

    @property
    def place(self) -> str:
        """The place that led to them, `~` and the entry function for goroutines that existed before the trace."""
        return self.creator.place if self.creator.frames else NO_OWN_CODE + normalise(self.entry)

    @property
    def is_main(self) -> bool:
        """Whether this is the goroutine of main."""
        return not self.created and self.entry in _MAIN


class Goroutines(NamedTuple):
    """How many goroutines there were, without the runtime's own except in `created`.

    at_start: when the trace began. created: during the trace. alive: those at its end, by the id of the first.
    is_over: main was at work when the trace ended, so that main stopped it itself, after what was to be traced.
    Otherwise the trace may have ended in the middle of things.
    """

    at_start: int
    created: int
    alive: tuple[Alive, ...]
    is_over: bool = False

    @property
    def at_end(self) -> int:
        return sum(group.count for group in self.alive)


def census(trace: Trace, stacks: Stacks, ancestry: Ancestry) -> Goroutines:
    """Count the goroutines of a trace that has been read."""
    totals = trace.totals()
    at_start = totals["goroutines_at_start"]
    is_over = _is_over(trace, stacks)
    alive = []
    for likeness, (first, first_ns, since_ns, last_ns, settled, count) in _alike(
        trace, ancestry, MOMENT_NS if is_over else REQUEST_NS
    ):
        seen, late, creation_index, node, entry_index, state, reason, own_index = likeness
        entry = stacks[entry_index or own_index]
        if entry.system:
            at_start -= count * (not seen)
            continue
        own = stacks.whole(own_index, creation_index, entry_index)
        lineage = ancestry.stacks(node) or [creation_index]
        doing = trace.tables.string(reason) if state == GoState.WAITING else GoState(state).name.lower()
        alive.append(
            Alive(
                first,
                first_ns,
                doing or waits.reason(own.functions) or "waiting",
                own,
                entry.functions[-1] if entry.functions else "",
                stacks[creation_index],
                stacks.nearest_own(lineage),
                count,
                count * seen,
                count * late,
                since_ns,
                last_ns,
                settled,
                test_of([own, *(stacks[index] for index in lineage)]),
            )
        )
    return Goroutines(at_start, totals["goroutines_created"], tuple(alive), is_over)


def _is_over(trace: Trace, stacks: Stacks) -> bool:
    """Report whether main is at work at the end of the trace."""
    return any(
        created < 0 and state in _AT_WORK and stacks[entry or own].first in _MAIN
        for _, created, _, _, entry, state, _, _, own in trace.alive()
    )


def _alike(trace: Trace, ancestry: Ancestry, settle_ns: int) -> Iterable[tuple[_Likeness, list[int]]]:
    """Return the goroutines alive by likeness.

    Each group is [id and creation of the first, first and last state's time, number of settled ones, count]. Many
    goroutines fall into few groups, so that each stack is looked at only a few times.
    """
    middle = max(trace.start_ns + trace.duration_ns // 2, 0)
    settled = trace.start_ns + trace.duration_ns - settle_ns
    groups: dict[_Likeness, list[int]] = {}
    for id, created, _, creation, entry, state, since, reason, own in trace.alive():
        likeness = (created >= 0, created >= middle, creation, ancestry.of(id), entry, state, reason, own)
        group = groups.setdefault(likeness, [id, created, since, since, 0, 0])
        if id < group[0]:
            group[:2] = id, created
        group[2] = min(group[2], since)
        group[3] = max(group[3], since)
        group[4] += since <= settled
        group[5] += 1
    return sorted(groups.items(), key=lambda item: item[1][0])
