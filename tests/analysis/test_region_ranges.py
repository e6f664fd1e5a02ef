"""How long goroutines stopped the world, assisted and swept within their regions."""

from __future__ import annotations

from collections.abc import Iterator

from gotracer_ci.analysis.gc import collector_of
from gotracer_ci.analysis.lives import RangeTimes
from gotracer_ci.analysis.reading import WHOLE, Window, read
from gotracer_ci.analysis.region_times import Region, RegionsAnalysis, RegionTimes
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.observers.ranges import RANGES
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import Ev
from tests.analysis.test_gc import TEXT
from tests.conftest import NAMES, path_of
from tests.trace.writer import case


def regions_of(trace: Trace) -> RegionTimes:
    return read(trace, SourceMap(None), RegionsAnalysis(trace, each=True, ranges=True))


def expected(region: Region, pieces: list[tuple[int, int, int, int]], end_ns: int) -> RangeTimes:
    """Return how long each piece of the region's goroutine is inside the region. pieces: (range, goroutine, times)."""
    begin, end = region.begin_ns or 0, end_ns if region.end_ns is None else region.end_ns
    sums = dict.fromkeys(RANGES, 0)
    for what, goroutine, since, until in pieces:
        if goroutine == region.goroutine and what in sums:
            sums[what] += max(0, min(until, end) - max(since, begin))
    return RangeTimes(*(sums[what] for what in RANGES))


def pieces_of(trace: Trace) -> Iterator[tuple[int, int, int, int]]:
    observer = collector_of(trace.tables)
    for _ in trace.chunks((Ev.SYNC,), (observer,)):
        pass
    for what, start, end, _, goroutine, *_ in observer.take():
        yield what, goroutine, start - trace.start_ns, end - trace.start_ns


def test_they_are_those_of_the_goroutine_during_the_region() -> None:
    """On every trace. A sweep may have been begun by another goroutine; then it is nobody's."""
    with_any = 0
    for name in NAMES:
        found = regions_of(open_trace(path_of(name))).regions
        if not found:
            continue
        trace = open_trace(path_of(name))
        pieces = list(pieces_of(trace))
        for region in found:
            right = expected(region, pieces, trace.duration_ns)
            assert region.ranges[:3] == right[:3]
            assert region.ranges.sweep <= right.sweep
            with_any += any(region.ranges)
    assert with_any > 3


def test_a_part_of_a_range_counts() -> None:
    """A region that begins in a stop and ends in a sweep, which is in an assist; read whole, and without its middle."""
    changes = {
        "+200 STWEnd\n": '+100 UserRegionBegin task=0 name="part" stack=work\n+100 STWEnd\n',
        "+100 GCSweepEnd swept=8192 reclaimed=4096\n": '+50 UserRegionEnd task=0 name="part" stack=work\n'
        "+50 GCSweepEnd swept=8192 reclaimed=4096\n",
    }
    text = TEXT.read_text(encoding="utf-8")
    for old, new in changes.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    data = memoryview(case(text).data)

    def ranges(window: Window) -> RangeTimes:
        trace = Trace("text", data)
        analysis = RegionsAnalysis(trace, ranges=True)
        (group,) = read(trace, SourceMap(None), analysis, window).groups
        return group.ranges

    assert ranges(WHOLE) == RangeTimes(stw=100, assist=250, assist_running=250, sweep=50)
    assert ranges(Window(0, 1150)) == RangeTimes(stw=51, assist=0, assist_running=0, sweep=0)
    assert ranges(Window(1250)) == RangeTimes(stw=0, assist=250, assist_running=250, sweep=50)
