"""Compare two baselines by their limits: which groups are new or gone, and which limits rose or fell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gotracer_ci.baseline.criteria import highest
from gotracer_ci.baseline.records import LEAST, Baseline, Part
from gotracer_ci.baseline.update import mixed
from gotracer_ci.baseline.verdicts import LimitChange, ProgramChange
from gotracer_ci.findings import Key
from gotracer_ci.limits import MS, Limit, Limits, limit_of

_EMPTY = Part((), {})


class _Bound(NamedTuple):
    """The limit of a group, and the value that it is computed from."""

    limit: Limit
    value: float

    @property
    def above(self) -> float:
        return self.limit.above(self.value)


def between(old: Baseline, new: Baseline, limits: Limits) -> tuple[ProgramChange, ...]:
    """Return what differs between two baselines, by program. Programs without a difference are left out.

    A limit is that of a run like the newest job: only jobs of its Go version and GOMAXPROCS count.

    Args:
        limits: the limits of all rules.
    """
    found = []
    for program in sorted(old.parts.keys() | new.parts.keys()):
        before, after = (side.parts.get(program, _EMPTY) for side in (old, new))
        theirs, ours = ({entry.id for entry in part.entries} for part in (before, after))
        changes = tuple(_changes(program, before, after, limits))
        if changes or theirs != ours:
            warning = mixed(after) if after.entries else ""
            found.append(ProgramChange(program, len(ours), len(ours - theirs), len(theirs - ours), changes, warning))
    return tuple(found)


def _changes(program: str, before: Part, after: Part, limits: Limits) -> Iterator[LimitChange]:
    old, new = (_bounds(part, limits) for part in (before, after))
    for key in sorted(old.keys() | new.keys()):
        first, then = old.get(key), new.get(key)
        # with another length of the run every floor is another, which says nothing about the group
        if (first and first.value) != (then and then.value):
            unit = (after if then else before).groups[key].unit
            full = key._replace(program=program)
            yield LimitChange(full, unit, first and first.above, then and then.above)


def _bounds(part: Part, limits: Limits) -> dict[Key, _Bound]:
    """Return the bound of each group that a job like the newest has."""
    if not part.entries:
        return {}
    newest = part.entries[-1]
    like = [i for i, entry in enumerate(part.entries) if entry.conditions.matches(newest.conditions)]
    found = {}
    for key, group in part.groups.items():
        limit = limit_of(limits, key)
        value = highest([value for i in like if (value := group.values[i]) is not None])
        if limit and value >= LEAST[group.unit]:
            found[key] = _Bound(limit.of_run(newest.wall_ms * MS), value)
    return found
