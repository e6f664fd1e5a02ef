"""Goroutines that were created inside a region, on every trace: those that Go's summary has, from birth to end."""

from __future__ import annotations

from collections import Counter

import pytest

from gotracer_ci.analysis import inherited
from gotracer_ci.analysis.inherited import InheritingAnalysis
from gotracer_ci.analysis.reading import WHOLE, Window, read
from gotracer_ci.analysis.region_times import Region, RegionsAnalysis, RegionTimes, go_regions
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.open import open_trace
from tests.conftest import NAMES, path_of

SOURCE = SourceMap(None)
TOUR = "tour-go1.27"


def regions_of(name: str, window: Window = WHOLE, **options: bool) -> RegionTimes:
    trace = open_trace(path_of(name))
    return read(trace, SOURCE, InheritingAnalysis(trace, each=True, **options), window)


def inherited_of(name: str, window: Window = WHOLE) -> list[Region]:
    return [region for region in regions_of(name, window).regions if region.inherited]


def test_they_are_those_of_go_s_summary() -> None:
    """Go gives them no type, and ends one early that waits forever or ends its creator's region."""
    compared = 0
    for name in NAMES:
        trace = open_trace(path_of(name))
        ours = {(region.goroutine, region.begin_ns): region for region in inherited_of(name)}
        for region in go_regions(trace, SOURCE).regions:
            if not region.type and not region.stack.system:
                same = ours[region.goroutine, region.begin_ns]
                is_longer = "forever" in same.waits or same.type == "handed over"
                assert is_longer or same.duration_ns == region.duration_ns
                compared += 1
    assert compared > 20


def test_each_has_the_type_of_the_region_and_the_times_of_its_goroutine() -> None:
    found = inherited_of(TOUR)
    types = Counter((region.type, region.stack.function) for region in found)
    assert types == {
        ("left open", "main.inParallel"): 4,
        ("left open", "main.forever"): 2,
        ("left open", "main.coroutines"): 2,
    }
    for region in found:
        times = region.times
        parts = times.running + times.runnable + times.waiting + times.syscall + times.syscall_blocked
        assert parts == region.duration_ns
        assert sum(region.waits.values()) == times.waiting


def test_the_others_are_what_they_are_without() -> None:
    for name in (TOUR, "annotations-go1.26", "regions-go1.27"):
        trace = open_trace(path_of(name))
        plain = read(trace, SOURCE, RegionsAnalysis(trace, each=True))
        found = regions_of(name)
        assert [region for region in found.regions if not region.inherited] == list(plain.regions)
        assert [group for group in found.groups if not group.inherited] == list(plain.groups)


def test_parts_of_a_trace_sum_to_the_whole() -> None:
    """One that began before the part that is read has no beginning."""
    cut = 1_000_000_000
    halves = inherited_of(TOUR, Window(end_ns=cut)), inherited_of(TOUR, Window(start_ns=cut))
    whole = inherited_of(TOUR)
    sums = Counter({region.goroutine: region.duration_ns for region in halves[0]})
    sums.update({region.goroutine: region.duration_ns for region in halves[1]})
    assert sums == {region.goroutine: region.duration_ns for region in whole}
    assert all(region.begin_ns is None for region in halves[1])


def test_further_ones_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inherited, "KEPT", 3)
    found = regions_of(TOUR)
    assert sum(region.inherited for region in found.regions) <= 3
    assert found.not_kept > 0
