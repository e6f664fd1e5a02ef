"""Goroutines over the trace: how many there are at its start and end, and where those at the end come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from gotracer_ci.analysis import waits
from gotracer_ci.analysis.stacks import Stack, Stacks
from gotracer_ci.source.place import NO_OWN_CODE, normalise
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import GoState

_Likeness = tuple[bool, bool, int, int, int, int, int]
"""Created during the trace, created in its second half, creation stack, entry stack, state, reason, own stack."""


@dataclass(slots=True)
class Survivors:
    """The goroutines alive at the end that were created at one place, without the runtime's own.

    place: the creating function (`~` and the entry function for goroutines that existed before the trace).
    creation: the stack that created the first one; its own stack if it existed before the trace. first, first_ns: its
    id and its creation time on the trace's clock. entry: the function in which it began, "" if unknown.
    created: how many were created during the trace; late: how many of these in its second half.
    waiting: (reason or state, function that waits) → how many.
    """

    place: str
    creation: Stack
    first: int
    first_ns: int
    entry: str
    count: int = 0
    created: int = 0
    late: int = 0
    waiting: Counter[tuple[str, str]] = field(default_factory=Counter)


class Goroutines(NamedTuple):
    """How many goroutines there were, without the runtime's own except in `created`.

    at_start: when the trace began. created: during the trace. at_end: when it ended. survivors: sorted by place.
    """

    at_start: int
    created: int
    at_end: int
    survivors: tuple[Survivors, ...]


def census(trace: Trace, stacks: Stacks) -> Goroutines:
    """Count the goroutines of a trace that has been read."""
    found: dict[str, Survivors] = {}
    totals = trace.totals()
    at_start = totals["goroutines_at_start"]
    alive = 0
    for (seen, late, creation_index, entry_index, state, reason, own_index), (id, created, count) in _alike(trace):
        own, entry = stacks[own_index], stacks[entry_index or own_index]
        if entry.system:
            at_start -= count * (not seen)
            continue
        alive += count
        creation = stacks[creation_index]
        name = entry.functions[-1] if entry.functions else ""
        place = creation.place if creation_index else NO_OWN_CODE + normalise(name)
        group = found.get(place)
        if group is None:
            group = found[place] = Survivors(place, creation if creation_index else own, id, created, name)
        group.count += count
        group.created += count * seen
        group.late += count * late
        what = trace.tables.string(reason) if state == GoState.WAITING else GoState(state).name.lower()
        what = what or waits.reason(own.functions)
        group.waiting[what or "waiting", own.function] += count
    survivors = tuple(found[place] for place in sorted(found))
    return Goroutines(at_start, totals["goroutines_created"], alive, survivors)


def _alike(trace: Trace) -> Iterable[tuple[_Likeness, list[int]]]:
    """Return the goroutines alive, grouped by likeness: [id and creation time of the first one, how many].

    Many goroutines fall into few groups, so that each stack is looked at only a few times.
    """
    middle = max(trace.start_ns + trace.duration_ns // 2, 0)
    groups: dict[_Likeness, list[int]] = {}
    for id, created, _, creation, entry, state, _, reason, own in trace.alive():
        likeness = (created >= 0, created >= middle, creation, entry, state, reason, own)
        if likeness in groups:
            groups[likeness][-1] += 1
        else:
            groups[likeness] = [id, created, 1]
    return groups.items()
