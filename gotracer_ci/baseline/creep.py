"""Detect creep: growth in steps that are each too small to count as worse, because every update raises the limit."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Final

from gotracer_ci.baseline.records import Group, Part
from gotracer_ci.limits import MS, Limit, Limits, limit_of
from gotracer_ci.text import quantity

_LAST: Final = 3


def creeping(part: Part, limits: Limits) -> Iterator[str]:
    """Warn about groups for which the median of the last three jobs exceeds the limit set by the reference.

    Where less is worse, too, the reverse counts as well. Only jobs of the newest entry's environment count.
    """
    newest = part.entries[-1]
    own = [i for i, entry in enumerate(part.entries) if entry.conditions.matches(newest.conditions)][-_LAST:]
    if len(own) < _LAST:
        return
    for key, group in sorted(part.groups.items()):
        limit = limit_of(limits, key)
        is_duration = limit is not None and limit.unit == "each" and not limit.quantile
        if limit is None or limit.by_speed or is_duration:  # a slower machine looks like creep
            continue
        if not group.reference or not all(part.entries[i].measured(key.rule) for i in own):
            continue
        now = median(group.values[i] or 0.0 for i in own)
        step = _step(group.reference, now, group, limit.of_run(newest.wall_ms * MS))
        if step:
            where = " ".join(word for word in key[:3] if word)
            yield (
                f"creep: {where}{step}{quantity(group.reference, group.unit)} to {quantity(now, group.unit)} in "
                "steps that were each too small to count as worse; find out why, or start over with --update-baseline "
                "--replace"
            )


def _step(before: float, now: float, group: Group, limit: Limit) -> str:
    """Return what the group did if both values are further apart than the limit."""
    if limit.quantile and (now - before) * group.counts[-1] <= limit.floor:
        return ""
    if now > limit.above(before):
        return " grew from "
    return " fell from " if limit.fewer and before > limit.above(now) else ""
