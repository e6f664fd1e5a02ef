"""Interval columns hold exactly the time of the lives, and nothing outside their limits, in all builds."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.trace.spec import BEFORE, OPEN, Ev, IntervalKind
from tests.builds import NAME, Build, new_lives, open_trace
from tests.trace.conftest import TRACES

each_trace = pytest.mark.parametrize("path", TRACES[::12], ids=lambda path: path.stem)
_STATES = (IntervalKind.RUNNABLE, IntervalKind.RUNNING, IntervalKind.SYSCALL, IntervalKind.WAITING)


def read(path: Path, window: tuple[int, int] | None = None) -> tuple[list[dict[str, int]], list[dict[str, int]], Any]:
    """Return the intervals, the lives, and the observer of lives over the same reading."""
    module = import_module(f"{NAME}.observers.interval_columns")
    trace = open_trace(str(path))
    columns, lives = module.IntervalColumns(), new_lives(trace)
    intervals: list[dict[str, int]] = []
    ended: list[dict[str, int]] = []
    is_begun = False
    for chunk in trace.chunks((Ev.SYNC,), (columns, lives)):
        if chunk.n and not is_begun:
            is_begun = True
            for observer in (columns, lives) if window else ():
                observer.limit(*(trace.start_ns + time for time in window or ()))
        intervals += records(columns.take(), module.COLUMNS)
        ended += records(columns.take_lives(), module.LIFE_COLUMNS)
    intervals += records(columns.take(), module.COLUMNS)
    ended += records(columns.take_lives(), module.LIFE_COLUMNS)
    return intervals, ended, lives


def records(numbers: Any, names: tuple[str, ...]) -> list[dict[str, int]]:
    width = len(names)
    return [dict(zip(names, numbers[at : at + width], strict=True)) for at in range(0, len(numbers), width)]


@each_trace
@pytest.mark.parametrize("window", [None, (1_000_000, 5_000_000)], ids=["whole", "window"])
def test_states_fill_each_life_without_a_gap(path: Path, window: tuple[int, int] | None, decoder: Build) -> None:
    intervals, ended, lives = read(path, window)
    assert len({life["life"] for life in ended}) == len(ended)
    by_life: dict[int, list[dict[str, int]]] = {life["life"]: [] for life in ended}
    for interval in intervals:
        if interval["kind"] in _STATES:
            by_life[interval["life"]].append(interval)
    for life in ended:
        now = life["start"]
        for interval in by_life[life["life"]]:
            assert (interval["goroutine"], interval["start"]) == (life["goroutine"], now)
            now = interval["end"]
        assert now == life["end"]
        sums = [life[name] for name in ("running", "runnable", "waiting", "syscall", "syscall_blocked")]
        assert sum(sums) == life["end"] - life["start"]
    totals = {record[3]: record[8] for record in lives.records()}
    assert {life["life"]: life["end"] - life["start"] for life in ended} == totals


def test_kinds_that_are_ignored_have_no_records_but_count_in_the_sums(decoder: Build) -> None:
    module = import_module(f"{NAME}.observers.interval_columns")
    whole = read(TRACES[0])
    columns = module.IntervalColumns(sum(1 << kind for kind in IntervalKind if kind != IntervalKind.WAITING))
    intervals, ended = [], []
    for _ in open_trace(str(TRACES[0])).chunks((Ev.SYNC,), (columns,)):
        intervals += records(columns.take(), module.COLUMNS)
        ended += records(columns.take_lives(), module.LIFE_COLUMNS)
    intervals += records(columns.take(), module.COLUMNS)
    ended += records(columns.take_lives(), module.LIFE_COLUMNS)
    assert intervals == [interval for interval in whole[0] if interval["kind"] == IntervalKind.WAITING]
    assert ended == whole[1]


@each_trace
def test_where_and_by_what(path: Path, decoder: Build) -> None:
    intervals, ended, lives = read(path)
    known = {record[3]: record for record in lives.records()}
    for life in ended:
        record = known[life["life"]]
        assert (life["creation"], life["goroutine"], life["creator"]) == (record[1], record[2], record[4])
        assert bool(life["flags"] & BEFORE) == (record[5] < 0)
        assert (life["entry"] or life["stack"]) == record[0]
        times = [life[name] for name in ("running", "runnable", "waiting", "syscall", "syscall_blocked")]
        assert times == [record[9][0], sum(record[9][1:5]), *record[9][5:]]
        creators = [other for other in ended if other["life"] == life["creator_life"]]
        assert [other["goroutine"] for other in creators] == ([life["creator"]] if life["creator"] >= 0 else [])
    blocked = Counter[int]()
    goroutines = {life["life"]: life["goroutine"] for life in ended}
    wakers = [interval for interval in intervals if interval["kind"] == IntervalKind.WAITING and interval["cause"] >= 0]
    assert [goroutines[interval["cause_life"]] for interval in wakers] == [interval["cause"] for interval in wakers]
    for interval in intervals:
        if interval["kind"] == IntervalKind.RUNNING:
            assert interval["proc"] >= -1
        if interval["kind"] == IntervalKind.SYSCALL:
            assert interval["start"] <= interval["lost"] <= interval["end"]
            blocked[interval["life"]] += interval["end"] - interval["lost"]
    assert {life: ns for life, ns in blocked.items() if ns} == {
        record[3]: record[9][7] for record in known.values() if record[9][7]
    }
    assert any(life["flags"] & OPEN for life in ended)
