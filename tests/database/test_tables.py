"""The tables of a database: sound, complete, and the same figures as the commands' tables."""

from __future__ import annotations

import sqlite3
from collections import Counter
from typing import Any

import pytest

from gotracer_ci.analysis.gc import CollectorAnalysis
from gotracer_ci.analysis.lives import LivesAnalysis
from gotracer_ci.analysis.logs import LogsAnalysis
from gotracer_ci.analysis.reading import read
from gotracer_ci.analysis.region_times import RegionsAnalysis
from gotracer_ci.analysis.tasks import TasksAnalysis
from gotracer_ci.analysis.wakes import WakesAnalysis
from gotracer_ci.database.schema import INTERVAL, STACK, TABLES
from gotracer_ci.database.views import VIEWS
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.open import open_trace
from tests.conftest import PROGRAMS, findings, path_of
from tests.database.conftest import CHOICE

numbered = pytest.mark.parametrize(("number", "name"), list(enumerate(CHOICE, 1)), ids=CHOICE)


def found(name: str, analysis: Any, **options: Any) -> Any:
    trace = open_trace(path_of(name))
    return read(trace, SourceMap(Repository.scan(PROGRAMS)), analysis(trace, **options))


def test_sqlite_finds_no_fault(database: sqlite3.Connection) -> None:
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_values_are_what_the_columns_say(table: Any, database: sqlite3.Connection) -> None:
    """Tables are not STRICT, so this holds because it is written like that. No table is empty."""
    assert database.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0]
    for column in table.columns:
        types = {kind for (kind,) in database.execute(f"SELECT DISTINCT typeof({column.name}) FROM {table.name}")}
        known = {"text" if column.kind == "text" else "integer"}
        assert types <= known | ({"null"} if column.optional else set()), column.name
        if column.kind == "flag":
            values = database.execute(f"SELECT DISTINCT {column.name} FROM {table.name}")
            assert {value for (value,) in values} <= {0, 1}


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_each_view_has_rows(view: Any, database: sqlite3.Connection) -> None:
    assert database.execute(f"SELECT * FROM {view.name} LIMIT 1").fetchone()


@numbered
def test_goroutines_are_those_of_the_command(number: int, name: str, database: sqlite3.Connection) -> None:
    lives = found(name, LivesAnalysis, each=True)
    rows = database.execute(
        "SELECT g.goid, g.name, g.duration_ns, g.running_ns, g.runnable_ns, g.waiting_ns, g.syscall_ns,"
        " g.syscall_blocked_ns, c.goid, g.still_open, g.before_start FROM goroutine g"
        " LEFT JOIN goroutine c ON c.id = g.creator_id WHERE g.trace_id = ? ORDER BY g.id",
        (number,),
    ).fetchall()
    assert rows == [
        (
            life.id,
            life.name or None,
            life.total_ns,
            *life.times[:5],
            None if life.creator < 0 else life.creator,
            life.ended_ns is None,
            life.created_ns is None,
        )
        for life in lives.lives
    ]


@numbered
def test_intervals_fill_each_goroutine_and_sum_to_its_times(
    number: int, name: str, database: sqlite3.Connection
) -> None:
    ends: dict[int, int] = {}
    sums: Counter[tuple[int, str]] = Counter()
    query = f"SELECT goroutine_id, state, start_ns, duration_ns FROM {INTERVAL.name} WHERE trace_id = ?"
    for goroutine, state, start, duration in database.execute(f"{query} ORDER BY start_ns, id", (number,)):
        assert ends.get(goroutine, start) == start
        ends[goroutine] = start + duration
        sums[goroutine, state] += duration
    for goroutine, start, duration, *times in database.execute(
        "SELECT id, start_ns, duration_ns, running_ns, runnable_ns, waiting_ns, syscall_ns, syscall_blocked_ns"
        " FROM goroutine WHERE trace_id = ?",
        (number,),
    ):
        assert ends.get(goroutine, start) == start + duration
        states = ("running", "runnable", "waiting", "syscall", "syscall_blocked")
        assert [sums[goroutine, state] for state in states] == times


@numbered
def test_wakes_are_those_of_the_command_and_of_the_intervals(
    number: int, name: str, database: sqlite3.Connection
) -> None:
    expected: Counter[tuple[str, str | None]] = Counter()
    for wake in found(name, WakesAnalysis).wakes:
        expected[wake.reason, None if wake.is_open else wake.source or "goroutine"] += wake.total_ns
    by_wake = dict.fromkeys(expected, 0)
    for reason, waker, total in database.execute(
        "SELECT reason, waker, sum(total_ns) FROM wake WHERE trace_id = ? GROUP BY reason, waker", (number,)
    ):
        by_wake[reason, waker] = total
    assert by_wake == expected
    by_interval = database.execute(
        "SELECT reason, waker, sum(duration_ns) FROM interval WHERE trace_id = ? AND state = 'waiting' GROUP BY 1, 2",
        (number,),
    )
    assert {(reason, waker): total for reason, waker, total in by_interval} == expected


@numbered
def test_the_rest_is_what_the_commands_show(number: int, name: str, database: sqlite3.Connection) -> None:
    def rows(query: str) -> list[tuple[Any, ...]]:
        return database.execute(query, (number,)).fetchall()

    collected = found(name, CollectorAnalysis, heap=True)
    assert rows("SELECT start_ns, mark_ns, live_bytes, assist_ns FROM gc_cycle WHERE trace_id = ? ORDER BY id") == [
        (cycle.start_ns, cycle.mark_ns, cycle.live, cycle.assist) for cycle in collected.cycles
    ]
    assert rows("SELECT start_ns, duration_ns, kind FROM stw WHERE trace_id = ? ORDER BY 1, 2") == [
        (stop.start_ns, stop.length_ns, stop.kind) for stop in collected.stops
    ]
    assert rows("SELECT time_ns, heap_bytes, goal_bytes FROM heap WHERE trace_id = ? ORDER BY id") == list(
        collected.heap
    )
    tasks = found(name, TasksAnalysis).tasks
    assert rows(
        "SELECT t.task, t.type, p.task, t.duration_ns, NOT t.still_open AND NOT t.before_start FROM task t"
        " LEFT JOIN task p ON p.id = t.parent_id WHERE t.trace_id = ? ORDER BY t.id"
    ) == [(task.id, task.type or None, task.parent, task.duration_ns, task.complete) for task in tasks]
    regions = found(name, RegionsAnalysis, each=True).regions
    assert rows(
        "SELECT r.type, g.goid, r.duration_ns, coalesce(t.task, 0) FROM region r"
        " JOIN goroutine g ON g.id = r.goroutine_id"
        " LEFT JOIN task t ON t.id = r.task_id WHERE r.trace_id = ? ORDER BY r.id"
    ) == [(region.type, region.goroutine, region.duration_ns, max(region.task, 0)) for region in regions]
    logs = found(name, LogsAnalysis).logs
    assert rows("SELECT time_ns, category, message FROM log WHERE trace_id = ? ORDER BY id") == [
        (log.time_ns, log.category, log.message) for log in logs
    ]
    assert rows("SELECT fingerprint, place, total FROM finding WHERE trace_id = ? ORDER BY id") == [
        (finding.fingerprint, finding.key.place, finding.statistics.total) for finding in own_findings(name)
    ]


def own_findings(name: str) -> list[Any]:
    """Return the findings of one trace, with its program in their keys."""
    from dataclasses import replace

    from tests.conftest import facts_of

    program = facts_of(name).program
    return [replace(finding, key=finding.key._replace(program=program)) for finding in findings(name)]


def test_stacks_are_the_traces_own(database: sqlite3.Connection) -> None:
    """A stack's text has its frames, leaf first."""
    trace = open_trace(path_of(CHOICE[0]))
    for _ in trace.chunks(()):
        pass
    texts = dict(database.execute("SELECT stack_id, text FROM stack_text WHERE trace_id = 1"))
    assert (
        database.execute(f"SELECT count(*) FROM {STACK.name} WHERE trace_id = 1").fetchone()[0]
        == len(trace.tables.stacks) - 1
    )
    for index in range(1, len(trace.tables.stacks)):
        frames = trace.tables.stack(index)
        assert texts.get(index, "") == "\n".join(f"{function} ({file}:{line})" for function, file, line in frames)
