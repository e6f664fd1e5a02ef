"""The tables in the HTML report: on every committed trace, their rows are those of the commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.analysis.life_columns import WAITS, wait_class
from gotracer_ci.analysis.lives import Life, LivesAnalysis
from gotracer_ci.analysis.logs import LogsAnalysis
from gotracer_ci.analysis.reading import read_for
from gotracer_ci.analysis.region_times import Region, RegionsAnalysis
from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.analysis.tasks import Task, TasksAnalysis
from gotracer_ci.report.safe import clean
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.spec import Ev
from tests.conftest import NAMES, PROGRAMS, path_of
from tests.drawn import calls_of, report_of, stack_of, summaries_of, tables_of
from tests.streams import Decoded


@pytest.mark.parametrize("name", NAMES)
def test_the_rows_are_those_of_the_commands(name: str, tmp_path: Path) -> None:
    report = report_of(tmp_path, name)
    tables, calls, (summary,) = tables_of(report), calls_of(report), summaries_of(report)
    assert set(tables.header["left_out"].values()) == {0}
    trace = open_trace(path_of(name))
    of_lives, of_tasks = LivesAnalysis(trace, each=True, places=True, ranges=True), TasksAnalysis(trace)
    of_regions, of_logs = RegionsAnalysis(trace, each=True), LogsAnalysis(trace)
    read_for(trace, (of_lives, of_tasks, of_regions, of_logs))
    stacks = Stacks(trace.tables, SourceMap(Repository.scan(PROGRAMS)), trace.version)
    lives, tasks = of_lives.result(trace, stacks), of_tasks.result(trace, stacks)
    regions, logs = of_regions.result(trace, stacks), of_logs.result(trace, stacks)
    assert [without(row, "group", "node") for row in tables.rows("goroutines")] == [
        goroutine(life, tables) for life in lives.lives
    ]
    for row, life in zip(tables.rows("goroutines"), lives.lives, strict=True):
        known = life.creation.functions if life.creation.known else []
        assert stack_of(calls, row["node"]) == known
        group = summary.rows("groups")[row["group"]]
        assert summary.text(group["name"]) == life.name
    assert tables.rows("tasks") == [task_row(task, tables) for task in tasks.tasks]
    found = [without(row, "depth", "node") for row in tables.rows("regions")]
    assert sorted(map(str, found)) == sorted(str(region_row(region, tables)) for region in regions.regions)
    check_depths(tables.rows("regions"))
    assert [log_row(row, tables) for row in tables.rows("logs")] == [
        (log.time_ns, log.task, log.goroutine, clean(log.category), clean(log.message)) for log in logs.logs
    ]
    check_groups(summary, tables)
    check_tests(tables, report.tables)
    check_samples(tables, calls, name)


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def number(tables: Decoded, text: str) -> int:
    found: int = tables.header["strings"].index(text)
    return found


def goroutine(life: Life, tables: Decoded) -> dict[str, Any]:
    waits = dict.fromkeys(WAITS, 0)
    for reason, ns in life.waits.items():
        waits[wait_class(reason)] += ns
    return {
        "id": life.id,
        "name": number(tables, life.name),
        "creator": life.creator,
        "created": -1 if life.created_ns is None else life.created_ns,
        "ended": -1 if life.ended_ns is None else life.ended_ns,
        "total": life.total_ns,
        "running": life.times.running,
        "runnable": life.times.runnable,
        "syscall": life.times.syscall,
        "syscall_blocked": life.times.syscall_blocked,
        "assist": life.ranges.assist,
        **waits,
    }


def task_row(task: Task, tables: Decoded) -> dict[str, Any]:
    return {
        "id": task.id,
        "type": number(tables, task.type),
        "parent": task.parent or 0,
        "start": task.begin_ns or 0,
        "length": task.duration_ns,
        "goroutine": task.begin_goroutine,
        "open": task.end_ns is None,
        "before": task.begin_ns is None,
    }


def region_row(region: Region, tables: Decoded) -> dict[str, Any]:
    end = 0 if region.end_ns is None else region.end_ns
    return {
        "type": number(tables, region.type),
        "task": region.task,
        "goroutine": region.goroutine,
        "start": max(0, end - region.duration_ns) if region.begin_ns is None else region.begin_ns,
        "length": region.duration_ns,
        "open": int(region.end_ns is None),
        "before": int(region.begin_ns is None),
        "running": region.times.running,
        "runnable": region.times.runnable,
        "waiting": region.times.waiting,
        "syscall": region.times.syscall + region.times.syscall_blocked,
    }


def log_row(row: dict[str, Any], tables: Decoded) -> tuple[int, int, int, str, str]:
    return (row["at"], row["task"], row["goroutine"], tables.text(row["category"]), tables.text(row["message"]))


def check_depths(regions: list[dict[str, Any]]) -> None:
    """Each region is as deep as there are others of its goroutine around it; of equal ones the first is outside."""
    spans = [(row["goroutine"], row["start"], row["start"] + row["length"]) for row in regions]
    for number, (goroutine, start, end) in enumerate(spans):
        around = [
            other
            for other, (of, first, last) in enumerate(spans)
            if of == goroutine and first <= start and end <= last and (other < number or (first, last) != (start, end))
        ]
        assert regions[number]["depth"] == len({*around} - {number})


def check_groups(summary: Decoded, tables: Decoded) -> None:
    """The goroutines of a group have its times."""
    goroutines = tables.rows("goroutines")
    for i, group in enumerate(summary.rows("groups")):
        own = [row for row in goroutines if row["group"] == i]
        assert len(own) == group["lives"]
        for column in ("total", "running", "runnable", "syscall", "syscall_blocked"):
            assert sum(row[column] for row in own) == group[column]
        assert sum(row[wait] for row in own for wait in WAITS) == group["waiting"]


def check_tests(tables: Decoded, table: Any) -> None:
    rows = [(tables.text(row["name"]), row["start"], row["length"], row["goroutine"]) for row in tables.rows("tests")]
    assert rows == [(row["test"], row["begin_ns"], row["wall_ns"], row["goroutine"]) for row in table.tests]
    for row, test in zip(tables.rows("tests"), table.tests, strict=True):
        assert bool(row["depth"]) == (test["parent"] is not None)
        assert tables.text(row["outcome"]) == ("unfinished" if test["end_ns"] is None else "")


def check_samples(tables: Decoded, calls: Decoded, name: str) -> None:
    trace = open_trace(path_of(name))
    samples = []
    for chunk in trace.chunks():
        for time, kind, _, _, g, *_, stack in chunk.rows():
            if kind == Ev.CPU_SAMPLE:
                samples.append((time - trace.start_ns, g, [function for function, _, _ in trace.tables.stack(stack)]))
    rows = tables.rows("cpu")
    assert [(row["at"], row["goroutine"], stack_of(calls, row["node"])) for row in rows] == samples
