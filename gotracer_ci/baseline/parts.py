"""Leave out what some tests did, so that a run and its reference are compared on the tests that both have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from gotracer_ci.baseline.measurements import TraceGroups
from gotracer_ci.baseline.records import Group
from gotracer_ci.findings import Key, Share, Statistics
from gotracer_ci.limits import Limit, Limits, limit_of

_FEW: Final = 0.1
"""Events of other tests up to this part of a group do not change how long its usual event is."""


def without(trace: TraceGroups, tests: frozenset[str], limits: Limits) -> TraceGroups:
    """Return a trace without what these tests did, as far as its groups have parts of tests."""
    if not tests:
        return trace
    groups = dict(trace.groups)
    for key, shares in trace.shares.items():
        limit, whole = limit_of(limits, key), groups.get(key)
        if limit is None or whole is None or tests.isdisjoint(shares):
            continue
        left = _left(whole, shares, tests, limit)
        if left is None:
            del groups[key]
        else:
            groups[key] = left
    return trace._replace(groups=groups)


def _left(whole: Statistics, shares: Mapping[str, Share], tests: frozenset[str], limit: Limit) -> Statistics | None:
    """Return a group without these tests, None if nothing is left."""
    events = whole.count - sum(share.events for name, share in shares.items() if name in tests)
    if limit.fewer:  # a peak: tests run one after the other, so what is left has that of the highest other part
        rest = whole.total if sum(share.events for share in shares.values()) < whole.count else 0
        total = max(rest, *(share.total for name, share in shares.items() if name not in tests), 0)
    elif whole.unit == "each":
        total = whole.total if events > 0 else 0
    else:
        total = whole.total - sum(share.total for name, share in shares.items() if name in tests)
    if total <= 0 or (events <= 0 and not limit.fewer):
        return None
    trimmed = round(whole.trimmed * (total / whole.total)) if whole.total else 0
    return replace(whole, count=max(events, 1), total=total, trimmed=trimmed)


def factor(times: float, limit: Limit) -> float:
    """Return the factor for a value of a reference of which the run did so many times the work.

    Only counts at one place shrink with the work. Times and values of the whole program have parts that do not depend
    on it, so they are never scaled down. How long one event is, and how many goroutines there are at once, does not
    change with the work.
    """
    if limit.fewer or limit.unit == "each":
        return 1.0
    return times if limit.per_work else max(1.0, times)


def kept(group: Group, gone: Iterable[str]) -> float:
    """Return the part of a baseline's group that is left without these tests, 0 to 1."""
    shares = dict(group.shares)
    return max(0.0, 1.0 - sum(shares.get(name, 0.0) for name in gone)) if shares else 1.0


def known_part(trace: TraceGroups, key: Key, known: frozenset[str], new: frozenset[str], limit: Limit) -> float:
    """Return which part of what is left of a group, without new tests, surely belongs to known tests, 0 to 1.

    What belongs to no test, or to one whose name is unknown, may be there because of a new test.
    """
    whole, shares = trace.groups.get(key), trace.shares.get(key)
    if whole is None or not shares:
        return 0.0
    if whole.unit == "each":
        others = sum(share.events for name, share in shares.items() if name not in known)
        return float(others <= _FEW * whole.count)
    left = _left(whole, shares, new, limit)
    mine = [share.total for name, share in shares.items() if name in known]
    return min(1.0, (max(mine, default=0) if limit.fewer else sum(mine)) / left.total) if left else 0.0
