"""The times of regions: their parts lose none, nested or crossed, whatever part of a trace is read, in all builds."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from typing import Any

import pytest

from gotracer_ci.trace.observers.lengths import KEPT
from gotracer_ci.trace.observers.parts import PARTS
from gotracer_ci.trace.observers.region_groups import MAX_GROUPS
from gotracer_ci.trace.spec import Ev, GoState
from tests.builds import NAME, Build, open_trace, trace_of, uncompiled
from tests.trace.conftest import TRACES
from tests.trace.hostile import RUNS, event, on_thread, split, stack, string, trace
from tests.trace.writer import batch

WAITING = PARTS.index("waiting")


def regions_of(opened: Any, window: tuple[int, int] | None = None, **options: Any) -> Any:
    """Read a trace with the active build. window: ns from its start."""
    made = import_module(f"{NAME}.observers.regions").Regions
    regions = made(lambda reason, _: opened.tables.string(reason), True, **options)
    for chunk in opened.chunks((Ev.SYNC,), (regions,)):
        if chunk.n and window:
            regions.limit(*(opened.start_ns + time for time in window))
            window = None
    return regions


def timeline_of(path: str, goroutine: int) -> list[tuple[Any, ...]]:
    opened = open_trace(path)
    timeline = import_module(f"{NAME}.observers.timeline").Timeline(goroutine)
    for _ in opened.chunks((Ev.SYNC,), (timeline,)):
        pass
    rows: list[tuple[Any, ...]] = timeline.rows()
    return rows


def expected(intervals: list[tuple[Any, ...]], begin: int, end: int) -> dict[str, int]:
    """Return how long a goroutine was in which state in a part of its timeline."""
    sums: Counter[str] = Counter()
    for _, kind, _, _, since, until, lost, *_ in intervals:

        def inside(first: int, last: int) -> int:
            return max(0, min(last, end) - max(first, begin))

        if kind == GoState.SYSCALL:
            sums["syscall"] += inside(since, lost)
            sums["syscall_blocked"] += inside(lost, until)
        else:
            sums[GoState(kind).name.lower()] += inside(since, until)
    return sums


def test_no_time_is_lost(decoder: Build) -> None:
    """On every trace a region's parts sum to its length, and are what its goroutine's timeline has there."""
    found = 0
    for path in TRACES:
        opened = open_trace(str(path))
        regions = regions_of(opened)
        records = regions.records()
        timelines = {id: timeline_of(str(path), id) for id in {record[2] for record in records}}
        last = opened.start_ns + opened.duration_ns
        for _, _, id, _, begin, end, length, parts, waits in records:
            assert sum(parts) == length
            assert sum(waits.values()) == parts[WAITING]
            assert all(ns > 0 for ns in waits.values())
            if end == -1:
                end = max(row[5] for row in timelines[id])
                assert end <= last
            begin = opened.start_ns if begin == -1 else begin
            assert length == end - begin
            its = expected(timelines[id], begin, end)
            running, *runnable, waiting, syscall, blocked = parts
            assert (running, sum(runnable), waiting) == (its["running"], its["runnable"], its["waiting"])
            assert (syscall, blocked) == (its["syscall"], its["syscall_blocked"])
        assert sum(group[2][0] for group in regions.groups()) == len(records)
        for name, place, counts, length, parts, waits, lengths, buckets in regions.groups():
            same = [record for record in records if record[:2] == (name, place)]
            assert counts[:3] == (len(same), sum(r[5] == -1 for r in same), sum(r[4] == -1 for r in same))
            assert length == sum(record[6] for record in same) == sum(parts)
            assert parts == tuple(map(sum, zip(*(record[7] for record in same), strict=True)))
            assert waits == sum((Counter(record[8]) for record in same), Counter())
            assert (lengths, buckets) == (sorted(r[6] for r in same if r[4] >= 0 and r[5] >= 0), {})
            assert counts[3] == max(lengths, default=0)
        found += len(records)
    assert found > 130


def test_two_parts_make_a_whole(decoder: Build) -> None:
    for path in TRACES:
        opened = open_trace(str(path))
        whole = regions_of(opened).groups()
        if not whole:
            continue
        cut = opened.duration_ns // 3
        windows = ((0, cut), (cut, opened.duration_ns + 1))
        halves = [regions_of(open_trace(str(path)), window) for window in windows]
        for half in halves:
            assert all(sum(record[7]) == record[6] for record in half.records())
        sums: Counter[Any] = Counter()
        for group in halves[0].groups() + halves[1].groups():
            sums.update({(*group[:2], part): ns for part, ns in enumerate((group[3], *group[4]))})
        for name, place, _, length, parts, *_ in whole:
            assert tuple(sums[name, place, part] for part in range(1 + len(PARTS))) == (length, *parts)


def test_only_the_asked_lengths_and_goroutine_count(decoder: Build) -> None:
    path = str(next(path for path in TRACES if path.stem == "annotations-go1.26"))
    every = list(regions_of(open_trace(path)).records())
    ids = Counter(record[2] for record in every)
    for id, number in ids.items():
        assert len(regions_of(open_trace(path), goroutine=id).records()) == number
    lengths = sorted(record[6] for record in every)
    shortest, longest = lengths[5], lengths[-5]
    some = list(regions_of(open_trace(path), shortest=shortest, longest=longest).records())
    assert some == [record for record in every if shortest <= record[6] <= longest]


def begin(kind: int, place: int = 0) -> bytes:
    return event(Ev.USER_REGION_BEGIN, 0, kind, place)


def end(kind: int) -> bytes:
    return event(Ev.USER_REGION_END, 0, kind, 0)


def test_deep_nesting_is_exact(fast_decoder: Build) -> None:
    """65,536 regions in each other: each one has its length, and only open ones need memory."""
    depth = 1 << 16
    events = (begin(0) if k < depth else end(0) for k in range(2 * depth))
    opened = trace_of("deep", trace(batch(1, 1, 100, RUNS), *on_thread(events, 1 << 30)))
    regions = regions_of(opened)
    assert opened.damage is None
    lengths = [record[6] for record in regions.records()]
    assert len(lengths) == depth
    assert lengths == sorted(lengths)
    ((_, _, counts, length, parts, _, _, _),) = regions.groups()
    assert counts[:3] == (depth, 0, 0)
    assert parts[0] == length == sum(lengths)


def test_many_regions_are_bounded() -> None:
    """Beyond `KEPT` regions there are no records, and lengths are counted by bucket; the sums stay exact."""
    n = KEPT + 1_000
    opened = trace_of("many", trace(batch(1, 1, 100, RUNS), *on_thread((begin(0) + end(0) for _ in range(n)), 1 << 30)))
    regions = regions_of(opened)
    assert len(regions.records()) == KEPT
    ((_, _, counts, length, parts, _, lengths, buckets),) = regions.groups()
    assert counts == (n, 0, 0, lengths[-1])
    assert parts[0] == length >= n
    assert (len(lengths), sum(buckets.values())) == (KEPT, n - KEPT)


def test_many_types_are_bounded() -> None:
    n = 2 * MAX_GROUPS + 100
    stacks = split(bytes([Ev.STACKS]), (stack(k, k) for k in range(1, n + 1)), 1 << 30)
    strings = split(bytes([Ev.STRINGS]), (string(k) for k in range(1, n + 1)), 1 << 30)
    events = (begin(k, k) + end(k) for k in range(1, n + 1))
    opened = trace_of("many", trace(batch(1, 1, 100, RUNS), *on_thread(events, 1 << 30), tables=[*stacks, *strings]))
    groups = regions_of(opened).groups()
    assert opened.damage is None
    assert sum(group[2][0] for group in groups) == n
    assert len(groups) <= 2 * MAX_GROUPS + 1


def of_an_old_goroutine() -> Any:
    """Return the regions of a goroutine from before the trace: one inside the trace, and one from before."""
    inner = event(Ev.GO_STOP, 0, 0) + event(Ev.GO_START, 1, 1) + begin(0) + end(0)
    data = trace(batch(1, 1, 100, RUNS + inner + end(1)), tables=[bytes([Ev.STRINGS]) + string(1)])
    return regions_of(trace_of("old", data))


def test_a_region_from_before_the_trace_has_all_times_of_its_goroutine(decoder: Build) -> None:
    regions = of_an_old_goroutine()
    found = [(record[4] == -1, record[6], record[7]) for record in regions.records()]
    assert found == [(False, 1, (1, 0, 0, 0, 0, 0, 0, 0)), (True, 7, (6, 0, 0, 1, 0, 0, 0, 0))]
    assert regions.left_out() == 0


def test_older_regions_of_too_many_goroutines_are_counted_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    with uncompiled().active() as build:
        monkeypatch.setattr(getattr(build, "observers.regions"), "_MAX_OLD", 0)
        regions = of_an_old_goroutine()
    assert [record[6] for record in regions.records()] == [1]
    assert regions.left_out() == 1
