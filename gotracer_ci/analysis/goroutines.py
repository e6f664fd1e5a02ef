"""Goroutines over the trace: how many there were and are, and where the survivors come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from gotracer_ci.analysis.stacks import Stack, Stacks
from gotracer_ci.source.place import NO_OWN_CODE, normalise
from gotracer_ci.trace.model import Trace
from gotracer_ci.trace.spec import GoState

_Likeness = tuple[bool, bool, int, int, int, int, int]
"""Whether the trace saw it being created, and whether in its second half; creation, entry, state, reason, own stack."""


@dataclass(slots=True)
class Survivors:
    """The goroutines alive at the end that were created at one place; the runtime's own ones are left out.

    place: the creating function (`~` and the entry function for one that was there before the trace).
    created: how many of them the trace saw being created; late: how many of these in its second half.
    waiting: on what they wait, and where: (reason or state, place) → how many. first, first_ns: the id and the
    creation time (the trace's clock) of the first one created. creation: where that was; own: where it is.
    """

    place: str
    creation: Stack
    own: Stack
    first: int
    first_ns: int
    entry: str
    count: int = 0
    created: int = 0
    late: int = 0
    waiting: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Goroutines:
    """at_start: those of the trace's first status events, the runtime's own included. survivors: by place."""

    at_start: int
    created: int
    at_end: int
    survivors: tuple[Survivors, ...]


def census(trace: Trace, stacks: Stacks) -> Goroutines:
    """Counts the goroutines of a trace that has been read."""
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
            group = found[place] = Survivors(place, creation if creation_index else own, own, id, created, name)
        group.count += count
        group.created += count * seen
        group.late += count * late
        what = trace.tables.string(reason) if state == GoState.WAITING else GoState(state).name.lower()
        group.waiting[what or "waiting", own.place] += count
    survivors = tuple(found[place] for place in sorted(found))
    return Goroutines(at_start, totals["goroutines_created"], alive, survivors)


def _alike(trace: Trace) -> Iterable[tuple[_Likeness, list[int]]]:
    """Each kind of goroutine alive, in the order of the first ones: (its first one's id and creation time, how many).

    A crowd is of few kinds, so that what is asked of a stack is asked once for them all.
    """
    middle = max(trace.start_ns + trace.duration_ns // 2, 0)
    kinds: dict[_Likeness, list[int]] = {}
    for id, created, _, creation, entry, state, _, reason, own in trace.alive():
        kind = (created >= 0, created >= middle, creation, entry, state, reason, own)
        if kind in kinds:
            kinds[kind][-1] += 1
        else:
            kinds[kind] = [id, created, 1]
    return kinds.items()
