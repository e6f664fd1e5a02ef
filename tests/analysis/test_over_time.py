"""Counts over time on all traces, compared with the goroutine table and with a plain walk over the rare events."""

from __future__ import annotations

from itertools import pairwise

import pytest

from gotracer_ci.analysis.lives import LivesAnalysis
from gotracer_ci.analysis.over_time import OverTime, OverTimeAnalysis
from gotracer_ci.analysis.reading import Window, read_for
from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.tables.over_time import over_time_table
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.spec import Ev
from tests.conftest import NAMES, PROGRAMS, path_of

STATES = ("running", "runnable", "waiting", "syscall", "syscall_blocked")


def read(name: str, window: Window | None = None) -> tuple[OverTime, dict[str, int]]:
    """Read a trace once; return its counts over time, and the sums of its goroutine table."""
    trace = open_trace(path_of(name))
    ours, lives = OverTimeAnalysis(), LivesAnalysis(trace)
    read_for(trace, (ours, lives), window or Window())
    stacks = Stacks(trace.tables, SourceMap(Repository.scan(PROGRAMS)), trace.version)
    groups = lives.result(trace, stacks).groups
    return ours.result(trace, stacks), {state: sum(getattr(group.times, state) for group in groups) for state in STATES}


@pytest.mark.parametrize("name", NAMES)
def test_rows_sum_to_the_goroutine_table_whatever_their_number(name: str) -> None:
    found, totals = read(name)
    for n in (1, 7, 20, 2048):
        rows = list(over_time_table([("", found)], n, traces=False).rows)
        assert 0 < len(rows) <= n
        assert {state: sum(row[f"{state}_ns"] for row in rows) for state in STATES} == totals
        for before, after in pairwise(rows):
            assert before["start_ns"] + before["length_ns"] == after["start_ns"]
        assert (rows[0]["start_ns"], sum(row["length_ns"] for row in rows)) == (0, found.length_ns)
        for row in rows:
            assert row["parallelism"] == row["running_ns"] / row["length_ns"]
            assert 0 <= row["utilisation"] <= 1
            assert max(row["stw_ns"], row["gc_ns"]) <= row["length_ns"]


@pytest.mark.parametrize("name", NAMES[::3])
def test_gc_heap_and_gomaxprocs_are_those_of_a_plain_walk(name: str) -> None:
    found, _ = read(name)
    trace = open_trace(path_of(name))
    heaps, goals, procs = [], [], []
    gc, since, cycles = 0, 0, 0
    for chunk in trace.chunks():
        for time, kind, _, _, _, value, *_ in chunk.rows():
            if kind == Ev.HEAP_ALLOC:
                heaps.append((time, value))
            elif kind == Ev.HEAP_GOAL:
                goals.append(value)
            elif kind == Ev.PROCS_CHANGE:
                procs.append((time, value))
            elif kind == Ev.GC_BEGIN:
                since, cycles = time, cycles + 1
            elif kind == Ev.GC_END:
                gc += time - (since or trace.start_ns)
                since = 0
    gc += trace.start_ns + trace.duration_ns - since if since else 0
    assert sum(part.gc for part in found.bins) == gc
    assert bool(cycles) == bool(gc)
    assert found.bins[-1].goal == (goals[-1] if goals else None)
    heap = [part.heap for part in found.bins if part.heap is not None]
    assert max(heap, default=None) == max((value for _, value in heaps), default=None)
    for time, value in heaps:
        known = found.bins[(time - trace.start_ns) // found.width_ns].heap
        assert known is not None
        assert known >= value
    if len({value for _, value in procs}) == 1:
        assert sum(part.procs or 0 for part in found.bins) == procs[0][1] * found.length_ns


def test_a_window_counts_only_what_is_inside() -> None:
    window = Window(300_000_017, 700_000_001)
    found, totals = read("gcpause-go1.26", window)
    whole, _ = read("gcpause-go1.26")
    assert (found.start_ns, found.length_ns) == (300_000_017, 399_999_984)
    assert {state: sum(getattr(part, state) for part in found.bins) for state in STATES} == totals
    (before,) = (part for i, part in enumerate(whole.bins) if i == found.start_ns // whole.width_ns)
    assert found.bins[0].goal == before.goal
    halves = (read("gcpause-go1.26", Window(0, 300_000_017))[0], read("gcpause-go1.26", Window(700_000_001))[0])
    for name in ("gc", "stw", "running"):
        apart = [sum(getattr(part, name) for part in one.bins) for one in (found, *halves)]
        assert sum(apart) == sum(getattr(part, name) for part in whole.bins)


def test_a_changed_gomaxprocs_counts_from_then_on() -> None:
    """The program of the trace sets GOMAXPROCS to 1 and 2 in turns."""
    found, _ = read("tour-go1.27")
    values = [part.procs / found.width_ns for part in found.bins[:-1] if part.procs]
    assert len(values) == len(found.bins) - 1
    assert {1, 2} == {value for value in values if value == round(value)}
    assert any(1 < value < 2 for value in values)
