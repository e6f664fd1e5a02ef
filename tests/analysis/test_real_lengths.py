"""Percentiles and trimmed totals of real waits, compared with a list of the same waits from the events."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import pytest

from gotracer_ci.analysis.histogram import quantile
from gotracer_ci.analysis.intervals import IntervalKind, PlaceGroup, groups
from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.observers.groups import Groups
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.spec import Ev
from tests.conftest import NAMES, path_of

WOKEN = {Ev.GO_UNBLOCK, Ev.GO_SWITCH, Ev.GO_SWITCH_DESTROY}
Q = (0.5, 0.9, 0.99)


def waits(name: str) -> dict[tuple[str, int], list[int]]:
    """Return all lengths in ns by reason and stack, from blocking to wake-up or the end of the trace."""
    trace = open_trace(path_of(name))
    found: dict[tuple[int, int], list[int]] = defaultdict(list)
    since: dict[int, tuple[int, int, int]] = {}
    for chunk in trace.chunks():
        for time, event, _, _, goroutine, a, _, _, stack in chunk.rows():
            if event == Ev.GO_BLOCK:
                since[goroutine] = (time, a, stack)
            elif event in WOKEN and a in since:
                start, reason, where = since.pop(a)
                found[reason, where].append(time - start)
    for start, reason, where in since.values():
        found[reason, where].append(trace.start_ns + trace.duration_ns - start)
    return {(trace.tables.string(reason), where): lengths for (reason, where), lengths in found.items()}


@cache
def measured() -> list[tuple[PlaceGroup, list[int]]]:
    """Return the groups of all committed traces, and their merge by reason, each with its list of lengths."""
    found = []
    merged: dict[str, tuple[PlaceGroup, list[int]]] = {}
    for name in NAMES:
        exact = waits(name)
        trace, grouped = open_trace(path_of(name)), Groups()
        for _ in trace.chunks((), (grouped,)):
            pass
        stacks = Stacks(trace.tables, SourceMap(None), trace.version)
        index = {id(stacks[i]): i for i in range(len(trace.tables.stacks))}
        for group in groups(grouped.rows(), stacks, trace.tables):
            lengths = exact.get((group.reason, index.get(id(group.stack), -1)), [])
            # other waits began before the trace, have their stacks in another event, or two stacks
            if group.kind is not IntervalKind.WAITING or (len(lengths), sum(lengths)) != (group.count, group.total_ns):
                continue
            one = PlaceGroup(group.reason, "")
            both, all_lengths = merged.setdefault(group.reason, (PlaceGroup(group.reason, ""), []))
            for place in (one, both):
                place.add(group)
            all_lengths += lengths
            found.append((one, sorted(lengths)))
    return found + [(both, sorted(lengths)) for both, lengths in merged.values()]


def test_there_are_enough_groups() -> None:
    counts = [len(lengths) for _, lengths in measured()]
    assert sum(count > 5 for count in counts) > 200
    assert max(counts) > 600  # from here on a trimmed total is an estimate


@pytest.mark.parametrize("q", Q)
def test_percentiles_are_right_to_five_per_cent(q: float) -> None:
    for place, lengths in measured():
        exact = next(length for rank, length in enumerate(lengths, 1) if rank >= q * len(lengths) - 1e-9)
        assert abs(place.quantile_ns(q) - exact) <= max(8, 0.05 * exact), (place.name, len(lengths))
        assert quantile(place.counts, q, place.max_ns) == place.quantile_ns(q)


def test_counts_totals_and_maxima_are_exact() -> None:
    for place, lengths in measured():
        assert (place.count, place.total_ns, place.max_ns) == (len(lengths), sum(lengths), lengths[-1])
        trimmed = sum(lengths[: -max(1, len(lengths) // 100)])
        slack = 0 if len(lengths) < 600 else 0.05 * trimmed
        assert abs(place.trimmed_ns - trimmed) <= slack, (place.name, len(lengths))
