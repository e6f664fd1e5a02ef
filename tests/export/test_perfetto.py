"""Timelines for Perfetto, loaded by its own engine and compared with the intervals of the trace."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from gotracer_ci.analysis.lives import LivesAnalysis
from gotracer_ci.analysis.reading import Window, read
from gotracer_ci.export import timeline
from gotracer_ci.export.perfetto import Perfetto
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.observers.interval_columns import COLUMNS, IntervalColumns
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import Ev, IntervalKind
from tests.conftest import NAMES, path_of
from tests.export.engine import Engine, started

SLICES = """
    SELECT t.name, g.name, r.name, s.name, s.ts, s.dur, s.depth, s.id FROM slice s JOIN track t ON s.track_id = t.id
    LEFT JOIN track g ON t.parent_id = g.id LEFT JOIN track r ON g.parent_id = r.id
"""
COUNTERS = "SELECT t.name, c.ts, c.value FROM counter c JOIN track t ON c.track_id = t.id ORDER BY c.ts, c.id"
FLOWS = """
    SELECT o.ts, o.name, a.name, i.ts, i.name, b.name FROM flow f JOIN slice o ON f.slice_out = o.id
    JOIN slice i ON f.slice_in = i.id JOIN track a ON o.track_id = a.id JOIN track b ON i.track_id = b.id
"""
STATES = {"running": IntervalKind.RUNNING, "runnable": IntervalKind.RUNNABLE, "syscall": IntervalKind.SYSCALL}
OTHERS = (Ev.USER_LOG, Ev.CPU_SAMPLE, Ev.HEAP_ALLOC, Ev.HEAP_GOAL, Ev.PROCS_CHANGE, Ev.USER_TASK_END, Ev.GC_END)
UNREADABLE = re.compile("[\x00-\x1f\x7f]")


class Slice(NamedTuple):
    """A slice as the engine has it: with the names of its track and of the tracks above."""

    track: str
    group: str | None
    root: str | None
    name: str
    start: int
    length: int
    depth: int
    id: int


class Interval(NamedTuple):
    kind: int
    reason: int
    stack: int
    start: int
    end: int
    goroutine: int
    life: int
    proc: int
    lost: int
    cause: int
    cause_life: int
    cause_stack: int
    flags: int


class Known(NamedTuple):
    """What the trace holds, by other means. rows: (type, a) of rare events. Times: from the trace's start."""

    trace: Trace
    intervals: list[Interval]
    rows: list[tuple[int, int]]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with started() as engine:
        yield engine


@cache
def known(name: str, window: tuple[int, int] | None = None) -> Known:
    trace, columns = open_trace(path_of(name)), IntervalColumns()
    numbers: list[int] = []
    rows: list[tuple[int, int]] = []
    is_begun = False
    for chunk in trace.chunks((Ev.SYNC, *OTHERS), (columns,)):
        if chunk.n and not is_begun:
            is_begun = True
            if window:
                columns.limit(*(trace.start_ns + time for time in window))
        rows += chunk.columns(chunk.types, chunk.a)
        numbers += columns.take()
    numbers += columns.take()
    assert Interval._fields == COLUMNS
    wide = [Interval(*numbers[i : i + len(COLUMNS)]) for i in range(0, len(numbers), len(COLUMNS))]
    first = trace.start_ns
    moved = [one._replace(start=one.start - first, end=one.end - first, lost=one.lost - first) for one in wide]
    return Known(trace, moved, rows)


def export(file: Path, name: str, window: Window = Window(), goroutines: set[int] | None = None) -> Path:  # noqa: B008
    with file.open("wb") as out:
        assert timeline.write(open_trace(path_of(name)), Perfetto(out.write), window, goroutines) == ()
    return file


def slices(rows: list[list[object]]) -> list[Slice]:
    return [Slice(*row) for row in rows]  # type: ignore[arg-type]


def of_goroutine(track: str) -> int:
    return int(track.partition(" ")[0].removeprefix("G"))


def is_state(one: Slice) -> bool:
    return one.root == "Goroutines" and (one.name in STATES or one.name.startswith("waiting"))


def kind_of(name: str) -> int:
    return STATES.get(name, IntervalKind.WAITING)


def test_the_engine_has_every_state_of_every_goroutine(engine: Engine, tmp_path: Path) -> None:
    """All committed traces: as many slices as intervals, with the same sums, and the lives' table has them, too."""
    for name in NAMES:
        trace, intervals, rows = known(name)
        found, counters, flows = engine.load(export(tmp_path / "a", name), (SLICES, COUNTERS, FLOWS))
        every = slices(found)
        assert all(one.length >= 0 and one.start >= 0 for one in every)
        states = Counter((of_goroutine(one.track), kind_of(one.name)) for one in every if is_state(one))
        times = Counter[tuple[int, int]]()
        for one in filter(is_state, every):
            times[of_goroutine(one.track), kind_of(one.name)] += one.length
            assert one.depth == 0
        expected, lengths = Counter[tuple[int, int]](), Counter[tuple[int, int]]()
        for interval in intervals:
            if interval.kind <= IntervalKind.WAITING:
                expected[interval.goroutine, interval.kind] += 1
                lengths[interval.goroutine, interval.kind] += interval.end - interval.start
        assert states == expected, name
        assert times == lengths, name
        lives = read(open_trace(path_of(name)), SourceMap(None), LivesAnalysis(trace, each=True)).lives
        running = Counter[int]()
        for life in lives:
            running[life.id] += life.times.running
        assert +running == +Counter({g: ns for (g, kind), ns in times.items() if kind == IntervalKind.RUNNING}), name
        _check_others(every, intervals, rows, name)
        _check_flows(flows, intervals, name)
        _check_counters(counters, rows, trace)


def _check_others(every: list[Slice], intervals: list[Interval], rows: list[tuple[int, int]], name: str) -> None:
    """Regions, ranges, Ps and rare events."""
    expected = Counter(one.kind for one in intervals)
    assert sum(one.track == "stop-the-world" for one in every) == expected[IntervalKind.STW]
    assert sum(one.name == "GC mark assist" for one in every) == expected[IntervalKind.MARK_ASSIST]
    assert sum(one.name == "GC incremental sweep" for one in every) == expected[IntervalKind.SWEEP]
    regions, lengths = Counter[tuple[str, int]](), Counter[tuple[str, int]]()
    for one in every:
        if one.track == "regions":
            regions[one.name, one.length] += 1
    strings = known(name).trace.tables.string
    for interval in intervals:
        if interval.kind == IntervalKind.REGION:
            lengths[strings(interval.reason) or "(unnamed)", interval.end - interval.start] += 1
    assert regions == lengths, name
    on_procs, ran = Counter[str](), Counter[str]()
    for one in every:
        if one.group == "Procs" and one.length:
            assert one.depth == 0
            if not one.name.endswith(" (syscall)"):
                on_procs[one.track] += one.length
    for interval in intervals:
        if interval.kind == IntervalKind.RUNNING and interval.proc >= 0:
            ran[f"P{interval.proc}"] += interval.end - interval.start
    assert +on_procs == +ran, name
    kinds = Counter(kind for kind, _ in rows)
    instants = sum(one.name != "go" and one.name != "unblock" for one in every if one.length == 0 and not is_state(one))
    assert instants == kinds[Ev.USER_LOG] + kinds[Ev.CPU_SAMPLE], name
    assert sum(one.track == "GC" for one in every) >= kinds[Ev.GC_END]


def _check_flows(flows: list[list[object]], intervals: list[Interval], name: str) -> None:
    """Each flow leads from what made a goroutine runnable to the slice that begins then."""
    calls = {(one.life, one.end) for one in intervals if one.kind == IntervalKind.SYSCALL and one.lost < one.end}
    expected = Counter[tuple[int, str]]()
    for one in intervals:
        if one.kind == IntervalKind.RUNNABLE and one.start > 0 and one.cause >= 0:
            expected[one.start, f"G{one.cause}"] += 1
        elif one.kind == IntervalKind.RUNNABLE and (one.life, one.start) in calls:
            expected[one.start, f"G{one.goroutine}"] += 1
    found = Counter[tuple[int, str]]()
    for out_time, out_name, out_track, in_time, in_name, in_track in flows:
        assert in_name == "runnable"
        assert (out_track == in_track) == (out_name == "syscall")
        assert out_name == "syscall" or out_time == in_time
        assert isinstance(in_time, int)
        found[in_time, str(out_track).partition(" ")[0]] += 1
    assert found == expected, name


def _check_counters(counters: list[list[object]], rows: list[tuple[int, int]], trace: Trace) -> None:
    last = {str(name): value for name, _, value in counters}
    for kind, name in ((Ev.HEAP_ALLOC, "heap allocated"), (Ev.HEAP_GOAL, "heap goal")):
        values = [a for type_, a in rows if type_ == kind]
        assert [value for counter, _, value in counters if counter == name] == values
    assert last.get("GOMAXPROCS", 0) == trace.totals()["gomaxprocs"]
    alive = Counter(state for _, _, _, _, _, state, *_ in trace.alive())
    assert {name: last.get(text, 0) for name, text in timeline.STATES.items()} == {
        state: alive[state] for state in timeline.STATES
    }


@pytest.mark.parametrize(
    "name", ["annotations-go1.21", "regions-go1.27", "orders-go1.22", "tour-go1.26", "waits-go1.27"]
)
def test_a_window_cuts_slices_and_keeps_what_they_are(name: str, engine: Engine, tmp_path: Path) -> None:
    """Regions that begin before the window would all begin with it, and must not change places."""
    end = known(name).trace.duration_ns
    window = (end // 5, end * 3 // 5)
    trace, intervals, _ = known(name, window)
    found, counters = engine.load(export(tmp_path / "a", name, Window(*window)), (SLICES, COUNTERS))
    every = slices(found)
    assert all(window[0] <= one.start and one.start + one.length <= window[1] for one in every)
    states, regions = Counter[tuple[int, int, int]](), Counter[tuple[str, int]]()
    for one in every:
        if is_state(one):
            states[of_goroutine(one.track), kind_of(one.name), one.length] += 1
        elif one.track == "regions":
            regions[one.name, one.length] += 1
    expected, lengths = Counter[tuple[int, int, int]](), Counter[tuple[str, int]]()
    for interval in intervals:
        length = interval.end - interval.start
        if interval.kind <= IntervalKind.WAITING:
            expected[interval.goroutine, interval.kind, length] += 1
        elif interval.kind == IntervalKind.REGION:
            lengths[trace.tables.string(interval.reason) or "(unnamed)", length] += 1
    assert states == expected
    assert regions == lengths
    assert {str(name) for name, *_ in counters} >= {*timeline.STATES.values(), "GOMAXPROCS"}
    assert all(isinstance(time, int) and window[0] <= time <= window[1] for _, time, _ in counters)


@pytest.mark.parametrize("name", ["crowd-go1.27", "generations-go1.25", "tour-go1.22", "leak-go1.21", "idle-go1.27"])
def test_counters_have_the_goroutines_that_are_in_each_state(name: str, engine: Engine, tmp_path: Path) -> None:
    """Goroutines from before the trace count from its start, although they are seen only later."""
    trace, intervals, _ = known(name)
    (rows,) = engine.load(export(tmp_path / "a", name), [COUNTERS])
    last = {(str(counter), int(str(time))): value for counter, time, value in rows}
    checked = 0
    for state, counter in timeline.STATES.items():
        own = [(one.start, one.end) for one in intervals if one.kind == state]
        for (what, time), value in last.items():
            if what == counter:
                is_end = time == trace.duration_ns
                assert value == sum(start <= time < end or (is_end and end == time) for start, end in own), (what, time)
                checked += 1
    assert checked >= len(timeline.STATES)


def test_perfetto_knows_the_wall_clock(engine: Engine, tmp_path: Path) -> None:
    # a number of JavaScript has fewer digits
    clock = "SELECT clock_value / 1000 FROM clock_snapshot WHERE clock_name = 'REALTIME' AND ts = 0"
    new, old = (engine.load(export(tmp_path / "a", name), [clock]) for name in ("tour-go1.25", "tour-go1.24"))
    assert new == [[[(known("tour-go1.25").trace.started_ns or 0) // 1000]]]
    assert old == [[]]


def test_details_of_a_slice(engine: Engine, tmp_path: Path) -> None:
    arguments = "SELECT s.name, a.flat_key, a.display_value FROM slice s JOIN args a ON s.arg_set_id = a.arg_set_id"
    (rows,) = engine.load(export(tmp_path / "a", "annotations-go1.26"), [arguments])
    found = {(str(name), str(key).removeprefix("debug.")): str(value) for name, key, value in rows}
    assert found["waiting (sleep)", "stack"].startswith("time.Sleep (")
    assert "\nmain." in found["waiting (sleep)", "stack"]
    assert found["runnable", "reason"] in ("unblocked", "created", "preempted")
    assert found["sql", "message"].startswith("SELECT * FROM ")
    assert int(found["runnable", "made runnable by goroutine"]) > 0
