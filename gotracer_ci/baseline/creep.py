"""Detect creep: growth in steps that are each too small to count as worse, because every update raises the limit."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Final

from gotracer_ci.baseline.records import Part
from gotracer_ci.limits import MS, Limits, limit_of
from gotracer_ci.text import quantity

_LAST: Final = 3


def creeping(part: Part, limits: Limits) -> Iterator[str]:
    """Warn about groups for which the median of the last three jobs exceeds the limit set by the reference.

    Only jobs of the newest entry's environment count.
    """
    newest = part.entries[-1]
    own = [i for i, entry in enumerate(part.entries) if entry.conditions.matches(newest.conditions)][-_LAST:]
    if len(own) < _LAST:
        return
    for key, group in sorted(part.groups.items()):
        limit = limit_of(limits, key)
        now = median(group.values[i] or 0.0 for i in own)
        if limit and group.reference and now > limit.above(group.reference, newest.wall_ms * MS):
            where = " ".join(word for word in key[:3] if word)
            yield (
                f"creep: {where} grew from {quantity(group.reference, group.unit)} to {quantity(now, group.unit)} in "
                "steps that were each too small to count as worse; find out why, or start over with --update-baseline "
                "--replace"
            )
