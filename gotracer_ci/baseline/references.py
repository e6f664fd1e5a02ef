"""What creep is measured from after a program's work changed: tests that were added or removed are no creep."""

from __future__ import annotations

from statistics import median_low
from typing import Final, NamedTuple

from gotracer_ci.baseline.records import Entry, Group
from gotracer_ci.findings import Key
from gotracer_ci.limits import Limit

_SAME: Final = 0.1
"""Work that differs by less than this is the same."""
_LEFT: Final = 0.05
"""The least part of a group that must belong to the tests that there were before."""


class WorkChange(NamedTuple):
    """How the work of a job differs from that of the job before it.

    times: how many times as often it did what both did.
    """

    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    times: float = 1.0


_NONE: Final = WorkChange()


def work_change(before: Entry | None, now: Entry) -> WorkChange:
    """Compare the work of two jobs. It is the same if that of one is unknown."""
    if before is None or not before.work or not now.work:
        return _NONE
    old, new = dict(before.work), dict(now.work)
    ratios = [new[name] / old[name] for name in old.keys() & new.keys()]
    times = median_low(ratios) if ratios else 1.0
    return WorkChange(
        frozenset(new.keys() - old.keys()),
        frozenset(old.keys() - new.keys()),
        times if abs(times - 1) > _SAME else 1.0,
    )


def carried(key: Key, past: Group, new: Group, limit: Limit | None, change: WorkChange) -> float:
    """Return the value that creep is measured from, for the new job's work.

    Of a group at a place, the new tests' part is not counted. A counter of the whole program has no parts: its step is
    that of the work.

    Args:
        past, new: the group before this job, and of this job alone.
    """
    reference = past.reference
    if change == _NONE or limit is None or limit.fewer or limit.unit == "each":
        return reference
    value = new.values[0] or 0.0
    if not key.place:
        before = next((value for value in reversed(past.values) if value), 0.0)
        return reference * value / before if before and not limit.is_timing else reference
    added = sum(part for test, part in new.shares if test in change.added)
    removed = sum(part for test, part in past.shares if test in change.removed)
    if 1 - added < _LEFT:
        return value
    return reference * (change.times if limit.per_work else 1.0) * (1 - removed) / (1 - added)
