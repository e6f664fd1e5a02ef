"""GC cycles and mutator utilisation against a plain walk over all events, on all committed traces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.analysis import utilisation
from gotracer_ci.analysis.collector_work import CollectorWork
from gotracer_ci.analysis.gc import Collections, CollectorAnalysis, collector_of
from gotracer_ci.analysis.heap import HeapSamples
from gotracer_ci.analysis.lives import GoroutineLives, LivesAnalysis, RangeTimes
from gotracer_ci.analysis.reading import WHOLE, Window, read
from gotracer_ci.analysis.utilisation import CAUSES, Busy, Series
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.observers.collector import ASSIST, ASSIST_RUNNING, STW, SWEEP
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import Ev
from tests.analysis.collector_walk import Moment, moments
from tests.conftest import NAMES, PROGRAMS, path_of
from tests.trace.writer import case

TEXT = Path(__file__).parents[1] / "trace" / "text" / "garbage-collection.txt"
BACKGROUND = {"GC (dedicated)", "GC (fractional)", "unlabelled"}


def collections_of(trace: Trace, window: Window = WHOLE, **options: Any) -> Collections:
    return read(trace, SourceMap(Repository.scan(PROGRAMS)), CollectorAnalysis(trace, **options), window)


def lives_of(trace: Trace) -> GoroutineLives:
    return read(trace, SourceMap(None), LivesAnalysis(trace, each=True, ranges=True))


def series_of(trace: Trace, busy: Busy) -> list[Series]:
    read(trace, SourceMap(None), CollectorWork(trace, busy))
    return busy.series(trace.start_ns, trace.start_ns, trace.start_ns + trace.duration_ns, trace.gomaxprocs_at_start)


def synthetic() -> Trace:
    return Trace("text", memoryview(case(TEXT.read_text(encoding="utf-8")).data))


def steps(series: Series, start_ns: int = 0) -> list[tuple[int, Fraction]]:
    """Return when the utilisation changes, and to what."""
    values = zip(series.times, series.values, strict=False)
    return changes((time + start_ns, Fraction(value, series.whole)) for time, value in values)


def changes(values: Any) -> list[tuple[int, Fraction]]:
    found: list[tuple[int, Fraction]] = []
    for time, value in values:
        if not found or found[-1][1] != value:
            found.append((time, value))
    return found


def does(moment: Moment, p: int, count: Collection[str], *, per_p: bool = False) -> bool:
    """Whether a P does counted work."""
    kinds = {"background" if what in BACKGROUND else what for what in moment.busy.get(p, ()) if what != "GC (idle)"}
    if per_p and "GC (dedicated)" in moment.busy.get(p, ()):
        kinds.discard("background")
    return bool(kinds & set(count))


def expected(moment: Moment, count: Collection[str], *, all_stw: bool = False) -> Fraction:
    if "stw" in count and any(all_stw or "GC" in kind for kind in moment.stops):
        return Fraction(0)
    return Fraction(sum(not does(moment, p, count) for p in range(moment.procs)), moment.procs)


def walked(name: str) -> Iterator[Moment]:
    return moments(lambda: open_trace(path_of(name)))


@pytest.mark.parametrize("name", NAMES)
def test_utilisation_is_what_a_plain_walk_gives(name: str) -> None:
    """For all work, for each kind of it alone, and for every stop-the-world."""
    seen = list(walked(name))
    for count, all_stw in ((CAUSES, False), *(((cause,), False) for cause in CAUSES), (("stw",), True)):
        trace = open_trace(path_of(name))
        busy = Busy(count, all_stw=all_stw)
        (series,) = series_of(trace, busy)
        assert steps(series, trace.start_ns) == changes((m.time, expected(m, count, all_stw=all_stw)) for m in seen)
        assert (series.times[0], series.times[-1]) == (0, trace.duration_ns)
        assert busy.lacks() == ()


@pytest.mark.parametrize("name", NAMES[::4])
def test_utilisation_of_single_ps(name: str) -> None:
    """A P has one function while it exists, and those that do nothing of their own share one."""
    seen = list(walked(name))
    trace = open_trace(path_of(name))
    found = series_of(trace, Busy(per_p=True))
    for moment in seen[:-1]:
        time = moment.time - trace.start_ns
        assert sum(s.alike for s in found if s.times[0] <= time < s.times[-1]) == moment.procs
    for series in found:
        within = [m for m in seen if series.times[0] <= m.time - trace.start_ns < series.times[-1]]
        values = (
            (m.time, Fraction(not (any("GC" in kind for kind in m.stops) or does(m, series.p, CAUSES, per_p=True))))
            for m in within
        )
        assert steps(series, trace.start_ns) == changes(values)


@pytest.mark.parametrize("name", NAMES)
def test_cycles_hold_the_work_within_them(name: str) -> None:
    trace = open_trace(path_of(name))
    found = collections_of(trace)
    sums = {number: dict.fromkeys(("assist", "GC (dedicated)", "GC (fractional)", "GC (idle)", "unlabelled"), 0)
            for number in range(len(found.cycles))}  # fmt: skip
    for now, after in pairwise(walked(name)):
        for number, cycle in enumerate(found.cycles):
            start, end = now.time - trace.start_ns, after.time - trace.start_ns
            length = min(end, cycle.start_ns + cycle.mark_ns) - max(start, cycle.start_ns)
            for what in (what for busy in now.busy.values() for what in busy if length > 0 and what != "sweep"):
                sums[number][what] += length
    for number, cycle in enumerate(found.cycles):
        mine = (cycle.assist, cycle.dedicated, cycle.fractional, cycle.idle, cycle.unlabelled)
        assert mine == tuple(sums[number].values())
        assert cycle.assist <= cycle.assist_total
        assert cycle.number == number + 1


def test_cycles_are_the_trace_s_events() -> None:
    """Their number, where each begins and ends, the bytes swept, and the live heap that the report has, too."""
    for name in NAMES:
        trace = open_trace(path_of(name))
        found = collections_of(trace)
        begins, ends, swept = [], [], [0, 0]
        other, heap = open_trace(path_of(name)), HeapSamples()
        for chunk in other.chunks((Ev.GC_BEGIN, Ev.GC_END, Ev.GC_SWEEP_END, Ev.HEAP_ALLOC, Ev.HEAP_GOAL)):
            heap.feed(chunk)
            for kind, time, a, b in chunk.columns(chunk.types, chunk.times, chunk.a, chunk.b):
                if kind == Ev.GC_BEGIN:
                    begins.append(time - other.start_ns)
                elif kind == Ev.GC_END:
                    ends.append(time - other.start_ns)
                elif kind == Ev.GC_SWEEP_END:
                    swept = [swept[0] + a, swept[1] + b]
        assert [cycle.start_ns for cycle in found.cycles if not cycle.is_old] == begins
        assert [cycle.start_ns + cycle.mark_ns for cycle in found.cycles if not cycle.is_open] == ends
        assert list(found.sweeps) == swept
        assert sum(cycle.swept for cycle in found.cycles) <= swept[0]
        assert heap.result().cycles == len(ends)
        assert heap.result().peak == max((c.live for c in found.cycles if c.live is not None), default=None)
        assert all(c.stops[0] is not None for c in found.cycles if not c.is_old)
        assert all(c.stops[1] is not None for c in found.cycles if not c.is_open)


def test_parts_of_a_trace_sum_to_the_whole() -> None:
    for name in NAMES[::5]:
        trace = open_trace(path_of(name))
        whole = collections_of(trace)
        middle = trace.duration_ns // 3
        first = collections_of(open_trace(path_of(name)), Window(0, middle))
        rest = collections_of(open_trace(path_of(name)), Window(middle))
        for field in ("mark_ns", "assist", "assist_total", "dedicated", "fractional", "idle", "unlabelled", "swept"):
            total = sum(getattr(cycle, field) for part in (first, rest) for cycle in part.cycles)
            assert total == sum(getattr(cycle, field) for cycle in whole.cycles)
        assert first.sweeps[0] + rest.sweeps[0] == whole.sweeps[0]
        assert sum(stop.length_ns for part in (first, rest) for stop in part.stops) == sum(
            stop.length_ns for stop in whole.stops
        )


def test_known_times() -> None:
    """The trace that `garbage-collection.txt` describes."""
    trace = synthetic()
    found = collections_of(trace, heap=True)
    (cycle,) = found.cycles
    assert cycle[:10] == (1, 989, 1510, (200, 200), 500, 500, 1000, 0, 0, 0)
    assert cycle[10:14] == (2500, 6000, 8192, 0)
    assert [(stop.kind, stop.start_ns, stop.length_ns, stop.goroutine) for stop in found.stops] == [
        ("GC sweep termination", 999, 200, 1),
        ("GC mark termination", 2399, 200, 1),
        ("read mem stats", 4499, 100, 1),
    ]
    assert all(stop.stack.functions == ["main.work", "main.main"] for stop in found.stops)
    assert found.heap[0] == (5, 4000, None)
    assert found.heap[-1][1:] == (3500, 6000)
    half = Fraction(1, 2)
    system = [
        (0, Fraction(1)), (999, Fraction(0)), (1199, Fraction(1)), (1309, half), (1399, Fraction(0)), (1899, half),
        (2309, Fraction(1)), (2399, Fraction(0)), (2599, Fraction(1)), (3999, half), (4009, Fraction(0)),
        (4099, half), (4109, Fraction(1)),
    ]  # fmt: skip
    (series,) = series_of(synthetic(), Busy())
    assert steps(series) == system
    first, second = series_of(synthetic(), Busy(per_p=True))
    one, none = Fraction(1), Fraction(0)
    assert (first.p, second.p) == (0, 1)
    assert steps(first) == [
        (0, one), (999, none), (1199, one), (1399, none), (1899, one), (2399, none), (2599, one), (3999, none),
        (4099, one),
    ]  # fmt: skip
    assert steps(second) == [(0, one), (999, none), (1199, one), (2399, none), (2599, one), (4009, none), (4109, one)]


@pytest.mark.parametrize("window", [WHOLE, Window(1_000_000, 40_000_000)])
@pytest.mark.parametrize("name", NAMES)
def test_its_work_alone_is_that_of_the_cycles(name: str, window: Window) -> None:
    first, second = (open_trace(path_of(name)) for _ in range(2))
    all_of_it, work = Busy(all_stw=True), Busy(all_stw=True)
    stops = collections_of(first, window, busy=all_of_it).stops
    shortest = read(second, SourceMap(None), CollectorWork(second, work), window)
    assert shortest == min((stop.length_ns for stop in stops), default=None)
    around = (second.start_ns, *window.on(second), second.gomaxprocs_at_start)
    assert work.series(*around) == all_of_it.series(*around)


def test_neighbours_are_merged_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is between them counts as work, so the utilisation is never too high; a note tells it."""
    (full,) = series_of(open_trace(path_of("gcpause-go1.26")), Busy())
    monkeypatch.setattr(utilisation, "MAX_PIECES", 20)
    busy = Busy()
    (merged,) = series_of(open_trace(path_of("gcpause-go1.26")), busy)
    assert len(merged.values) < len(full.values)
    assert "count as work" in busy.lacks()[0]
    bound, truth = dict(steps(merged)), dict(steps(full))
    low = high = Fraction(1)
    for time in sorted({*bound, *truth}):
        low, high = bound.get(time, low), truth.get(time, high)
        assert low <= high


def test_ranges_of_goroutines_are_the_pieces_of_the_collector() -> None:
    """Groups sum to all pieces, and to their lives; a sweep that nobody both began and ended is nobody's."""
    for name in NAMES:
        trace = open_trace(path_of(name))
        observer = collector_of(trace.tables)
        sums = Counter[int]()
        for _ in trace.chunks((Ev.SYNC,), (observer,)):
            pass
        for what, start, end, *_ in observer.take():
            sums[what] += end - start
        found = lives_of(open_trace(path_of(name)))
        stw, assist, running, sweep = (sum(column) for column in zip(*(g.ranges for g in found.groups), strict=True))
        assert (stw, assist, running) == (sums[STW], sums[ASSIST], sums[ASSIST_RUNNING])
        assert sweep <= sums[SWEEP]
        assert (stw, assist, running, sweep) == tuple(
            map(sum, zip(*(life.ranges for life in found.lives), strict=True))
        )
        assert all((life.ranges.assist_running or 0) <= life.times.running for life in found.lives)
    (main,) = (life for life in lives_of(synthetic()).lives if life.id == 1)
    assert main.ranges == RangeTimes(stw=500, assist=500, assist_running=500, sweep=200)
