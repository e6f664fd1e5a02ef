"""Scopes of profiles: regions, tasks and tests cut exactly the time that they should."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from gotracer_ci.analysis.ran_tests import RanTestsAnalysis
from gotracer_ci.analysis.reading import read
from gotracer_ci.analysis.scopes import Kind, Scopes, find
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.spec import NEVER, Ev
from tests.conftest import NAMES, path_of
from tests.profiles import profile_of


def scopes_of(name: str, kind: Kind) -> Scopes:
    return find(open_trace(path_of(name)), kind)


def wall(name: str, windows: Any) -> int:
    return sum(sample.ns for sample in profile_of(name, "wall", windows=windows).samples)


def test_a_region_s_profile_has_the_time_of_its_outermost_instances() -> None:
    """On every trace and for every type, as a walk counts depths; programs that misuse regions are left out."""
    found = 0
    for name in NAMES:
        if name.startswith("regions-"):
            continue
        scopes = scopes_of(name, "region")
        lengths = region_lengths(name) if scopes.parts else Counter()
        assert scopes.names == set(lengths)
        for kind in scopes.names:
            assert wall(name, scopes.windows({kind})) == lengths[kind], (name, kind)
            found += 1
    assert found >= 20


def region_lengths(name: str) -> Counter[str]:
    trace = open_trace(path_of(name))
    depth: Counter[tuple[int, int]] = Counter()
    since: dict[tuple[int, int], int] = {}
    ids: dict[int, set[tuple[int, int]]] = {}
    lengths: Counter[str] = Counter()
    now = 0

    def end(key: tuple[int, int]) -> None:
        lengths[trace.tables.string(key[1])] += now - since.pop(key)
        depth[key] = 0

    for chunk in trace.chunks():
        for now, kind, _, _, g, _, b, _, _ in chunk.rows():
            key = (g, b)
            if kind == Ev.USER_REGION_BEGIN:
                since.setdefault(key, now)
                ids.setdefault(g, set()).add(key)
                depth[key] += 1
            elif kind == Ev.USER_REGION_END:
                since.setdefault(key, trace.start_ns)
                depth[key] -= 1
                if depth[key] <= 0:
                    end(key)
            elif kind in (Ev.GO_DESTROY, Ev.GO_DESTROY_SYSCALL):
                for open_key in ids.pop(g, set()) & set(since):
                    end(open_key)
    for key in list(since):
        end(key)
    return lengths


def test_a_task_s_profile_has_the_goroutines_that_work_for_it() -> None:
    """Each event of the task is at an edge of its goroutine's window, or inside; nothing is outside the task."""
    found = 0
    for name in NAMES:
        scopes = scopes_of(name, "task")
        if not scopes.parts:
            continue
        trace = open_trace(path_of(name))
        types: dict[int, str] = {}
        events: list[tuple[str, int, int]] = []
        for chunk in trace.chunks():
            for now, kind, a, c, life in chunk.columns(chunk.times, chunk.types, chunk.a, chunk.c, chunk.lives):
                if kind == Ev.USER_TASK_BEGIN:
                    types[a] = trace.tables.string(c)
                if kind in (*range(Ev.USER_TASK_BEGIN, Ev.USER_LOG + 1),) and a in types:
                    events.append((types[a], life, now))
                if kind == Ev.USER_TASK_END:
                    types.pop(a, None)
        assert scopes.names == {kind for kind, _, _ in events}
        for kind in scopes.names:
            windows = scopes.windows({kind})
            end = trace.start_ns + trace.duration_ns
            assert wall(name, windows) <= sum(min(b, end) - a for part in windows.values() for a, b in part)
            first = {life: min(t for k, of, t in events if (k, of) == (kind, life)) for life in windows}
            assert all(part[0][0] == first[life] for life, part in windows.items() if part)
            for of, life, now in events:
                near = [(a, b) for a, b in windows.get(life, ()) if a <= now <= b]
                assert of != kind or near or sum((k, n) == (kind, life) for k, n, _ in events) == 1
            found += 1
    assert found >= 6


def test_a_test_s_profile_has_its_goroutines_while_it_runs() -> None:
    found = 0
    for name in NAMES:
        scopes = scopes_of(name, "test")
        if not scopes.parts:
            continue
        trace = open_trace(path_of(name))
        ran = read(trace, SourceMap(None), RanTestsAnalysis(trace))
        times = {test.name: test for test in ran.tests}
        assert scopes.names == set(times)
        for test in ran.tests:
            if test.is_benchmark or sum(other.name == test.name for other in ran.tests) > 1:
                continue
            windows = scopes.windows({test.name})
            begin = trace.start_ns + test.begin_ns
            end = NEVER if test.end_ns is None else trace.start_ns + test.end_ns
            assert all(begin <= a < b <= end for part in windows.values() for a, b in part)
            assert wall(name, windows) >= test.wall_ns
            assert len(windows) > test.goroutines or test.goroutines == 0 or test.end_ns is not None
            found += 1
    assert found >= 3


def test_windows_are_disjoint_and_in_order() -> None:
    scopes = scopes_of("annotations-go1.26", "task")
    for part in scopes.windows(scopes.names).values():
        edges = [time for window in part for time in window]
        assert edges == sorted(set(edges))


@pytest.mark.parametrize("kind", ["sched", "sync", "syscall", "block", "net", "cpu"])
def test_the_whole_life_as_a_scope_changes_nothing(kind: str) -> None:
    name = "cpusamples-go1.24" if kind == "cpu" else "tour-go1.27"
    every = {life: [(0, NEVER - 1)] for life in range(100_000)}
    assert profile_of(name, kind, windows=every).samples == [
        sample for sample in profile_of(name, kind).samples if sample.group != "(runtime)"
    ]
    halves = {life: [(0, 10**9), (10**9, NEVER - 1)] for life in range(100_000)}
    assert profile_of(name, kind, windows=halves).samples == profile_of(name, kind, windows=every).samples
    assert profile_of(name, kind, windows={}).samples == []
