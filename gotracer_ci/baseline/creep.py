"""Creep: growth in steps that are each too small to be worse, as every update moves the limit along."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Final

from gotracer_ci.baseline.measurements import MB, MS, limit_of
from gotracer_ci.baseline.records import Part

_LAST: Final = 3


def creeping(part: Part) -> Iterator[str]:
    """The groups whose last three jobs are, by their median, over the limit that follows from the reference.

    Of jobs of the newest entry's environment only.
    """
    newest = part.entries[-1]
    own = [i for i, entry in enumerate(part.entries) if entry.conditions.matches(newest.conditions)][-_LAST:]
    if len(own) < _LAST:
        return
    for key, group in sorted(part.groups.items()):
        limit = limit_of(key)
        now = median(group.values[i] or 0.0 for i in own)
        if limit and group.reference and now > limit.above(group.reference, newest.wall_ms * MS):
            where = " ".join(word for word in key[:3] if word)
            yield (
                f"creep: {where} grew from {amount(group.reference, group.unit)} to {amount(now, group.unit)} in steps "
                "that were each too small to be worse; find out why, or start anew with --update-baseline --replace"
            )


def amount(value: float, unit: str) -> str:
    """A value as a file has it, to two digits: "740 ms", "1,500", "12 MB"."""
    factor, name = {"ns": (MS, " ms"), "bytes": (MB, " MB")}.get(unit, (1, ""))
    short = float(f"{value / factor:.2g}")
    return (f"{short:,.0f}" if short.is_integer() else f"{short:g}") + name
