"""Which part of a group belongs to which test, as the baseline stores it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from gotracer_ci.baseline.measurements import TraceGroups
from gotracer_ci.baseline.records import KEPT_SHARES
from gotracer_ci.findings import Key

Shares = tuple[tuple[str, float], ...]
"""Test → part of the group; see `Group.shares`."""
_MOVED: Final = 10
_OTHERS: Final = ""


def of_traces(key: Key, current: Iterable[TraceGroups]) -> Shares:
    """Return the parts of a group in all traces together, of totals, or of numbers of events if it has no totals."""
    whole = 0
    parts: dict[str, int] = {}
    for trace in current:
        if (statistics := trace.groups.get(key)) is None:
            continue
        is_each = statistics.unit == "each"
        whole += statistics.count if is_each else statistics.total
        for test, share in trace.shares.get(key, {}).items():
            parts[test] = parts.get(test, 0) + (share.events if is_each else share.total)
    return _in_percent(parts, max(whole, sum(parts.values()), 1))


def changed(old: Shares, new: Shares, known: Collection[str], ran: Collection[str]) -> Shares:
    """Return the new parts if a test was added or removed, or moved by more than ten percent of the group.

    Otherwise return the old ones, so that an update changes few lines.

    Args:
        known: the tests that the baseline knew before.
        ran: those that ran now.
    """
    before, now = dict(old), dict(new)
    added = any(test not in before and test not in known for test in now if test)
    removed = any(test not in now and test not in ran for test in before if test)
    if added or removed or not old:
        return new
    return new if any(abs(before.get(test, 0) - now.get(test, 0)) * 100 > _MOVED for test in before | now) else old


def _in_percent(parts: dict[str, int], whole: int) -> Shares:
    """Round to whole percent, the largest parts first, so that their sum is exact. Add small parts up as others."""
    ordered = sorted((-part, test) for test, part in parts.items() if test != _OTHERS)
    found: dict[str, int] = {}
    seen = shown = 0
    for rank, (part, test) in enumerate(ordered):
        seen -= part
        percent = seen * 100 // whole - shown
        name = test if rank < KEPT_SHARES and -part * 100 >= whole else _OTHERS
        found[name] = found.get(name, 0) + percent
        shown += percent
    seen += parts.get(_OTHERS, 0)
    found[_OTHERS] = found.get(_OTHERS, 0) + seen * 100 // whole - shown
    return tuple(sorted((test, percent / 100) for test, percent in found.items() if percent))
