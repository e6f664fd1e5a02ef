"""`gotracer-ci tasks` in real processes: its formats, filters, errors, and the events of a task."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from gotracer_ci.tables.tasks import json_schema
from tests.conftest import ROOT, Run, path_of

TRACE, OLD = path_of("annotations-go1.26"), path_of("annotations-go1.19")


def document(run: Run, *arguments: str) -> dict[str, Any]:
    done = run("tasks", *arguments, "-f", "json", cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, b"")
    found: dict[str, Any] = json.loads(done.stdout)
    jsonschema.validate(found, json_schema())
    return found


def rows(run: Run, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document(run, *arguments)["rows"]
    return found


def test_types_are_the_sums_of_their_tasks(run: Run) -> None:
    """The program handles five requests in one session, and never ends one task."""
    types, tasks = rows(run, TRACE), rows(run, TRACE, "--each")
    assert [(row["type"], row["count"], row["incomplete"]) for row in types] == [
        ("session", 1, 0), ("request", 5, 0), ("abandoned", 1, 1),
    ]  # fmt: skip
    for row in types:
        same = [task for task in tasks if task["type"] == row["type"]]
        assert row["total_ns"] == sum(task["duration_ns"] for task in same)
        assert row["self_ns"] == sum(task["self_ns"] for task in same)
        lengths = sorted(task["duration_ns"] for task in same if task["complete"])
        expected = [lengths[(p * len(lengths) + 99) // 100 - 1] if lengths else None for p in (50, 90, 99, 100)]
        assert [row[f"{name}_ns"] for name in ("p50", "p90", "p99", "max")] == expected


def test_a_task_says_what_belongs_to_it(run: Run) -> None:
    tasks = {task["task"]: task for task in rows(run, OLD, "--each")}
    session, *requests, abandoned = (tasks[id] for id in sorted(tasks))
    assert (session["parent"], session["children"], session["regions"]) == (None, 6, 0)
    for request in requests:
        found = [request[name] for name in ("type", "parent", "goroutines", "regions", "logs", "children", "place")]
        assert found == ["request", session["task"], 3, 5, 3, 0, "main.handle"]
        assert request["self_ns"] == request["duration_ns"] >= 8_000_000
    children = [*requests, abandoned]
    assert session["self_ns"] < session["duration_ns"] - sum(task["duration_ns"] for task in children[:-1]) + 1
    assert (abandoned["complete"], abandoned["end_ns"], abandoned["end_goroutine"]) == (False, None, None)


def test_the_events_of_a_task_are_those_of_its_tree(run: Run) -> None:
    events = rows(run, TRACE, "--task", "2")
    assert [event["event"] for event in events[:4]] == ["task begin", "log", "region begin", "region begin"]
    assert events[-1]["event"] == "task end"
    assert events[0]["elapsed_ns"] == 0
    assert all(after["time_ns"] - before["time_ns"] == after["elapsed_ns"] for before, after in pairwise(events))
    durations = [event["duration_ns"] for event in events if event["event"] == "region end"]
    expected = [row["end_ns"] - row["begin_ns"] for row in regions_of(run, task=2)]
    assert sorted(durations) == sorted(expected)
    assert [event["message"] for event in events if event["name"] == "sql"] == [
        'SELECT * FROM "users"', 'SELECT * FROM "orders"',
    ]  # fmt: skip
    tree = rows(run, TRACE, "--task", "1")
    assert {event["depth"] for event in tree} == {0, 1}
    assert [event for event in tree if event["task"] == 2 and event["event"] == "log"] != []
    assert {event["name"] for event in rows(run, TRACE, "--task", "0")} == {"no task"}


def regions_of(run: Run, *, task: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("regions", TRACE, "--each", "-f", "json").stdout)["rows"]
    return [row for row in found if row["task"] == task]


def test_a_histogram_holds_each_complete_task_once(run: Run) -> None:
    every = [task for task in rows(run, TRACE, OLD, "--each") if task["complete"]]
    for options in ((), ("--type", "request"), ("--merge",)):
        buckets = rows(run, TRACE, OLD, "--histogram", *options)
        kinds = {(row.get("trace"), row["type"]) for row in buckets}
        for trace, kind in kinds:
            lengths = [task["duration_ns"] for task in every if task["type"] == kind and trace in (None, task["trace"])]
            of_kind = [row for row in buckets if (row.get("trace"), row["type"]) == (trace, kind)]
            assert all(before["to_ns"] == after["from_ns"] for before, after in pairwise(of_kind))
            assert of_kind[0]["count"] > 0
            assert of_kind[-1]["count"] > 0
            for row in of_kind:
                assert row["count"] == sum(row["from_ns"] <= length < row["to_ns"] for length in lengths)
                assert row["share"] == row["count"] / len(lengths)
            assert sum(row["count"] for row in of_kind) == len(lengths)
        expected = {"request"} if "--type" in options else {"request", "session"}
        assert {kind for _, kind in kinds} == expected


def test_logs_are_those_of_all_tasks(run: Run) -> None:
    """The list holds each log that the tasks and the background show, once and in order."""
    for trace in (TRACE, OLD):
        logs = rows(run, trace, "--logs")
        times = [log["time_ns"] for log in logs]
        assert times == sorted(times)
        expected = []
        for task in [0, *sorted(task["task"] for task in rows(run, trace, "--each"))]:
            shown = [event for event in rows(run, trace, "--task", str(task)) if event["event"] == "log"]
            expected += [event for event in shown if event["task"] == task]  # without those of its children
        names = ("time_ns", "task", "goroutine", "message", "place")
        assert sorted([*(log[name] for name in names), log["category"] or ""] for log in logs) == sorted(
            [*(event[name] for name in names), event["name"]] for event in expected
        )
        assert len(logs) > 15
        selected = rows(run, trace, "--logs", "--log", "sql")
        assert selected == [log for log in logs if log["category"] == "sql"]
        late = rows(run, trace, "--logs", "--from", f"{times[3]}ns", "--to", f"{times[9]}ns")
        assert late == [log for log in logs if times[3] <= log["time_ns"] < times[9]]
    assert {row["trace"] for row in rows(run, TRACE, OLD, "--logs")} == {TRACE, OLD}


def test_filters(run: Run) -> None:
    every = rows(run, TRACE, "--each")
    assert every == sorted(every, key=lambda row: -row["duration_ns"])
    assert {row["type"] for row in rows(run, TRACE, "--type", "*s*")} == {"session", "request"}
    assert [row["type"] for row in rows(run, TRACE, "--each", "--incomplete")] == ["abandoned"]
    assert len(rows(run, TRACE, "--each", "--complete")) == 6
    limited = rows(run, TRACE, "--each", "--min", "1ms", "--max", "20ms")
    assert {row["type"] for row in limited} == {"request"}
    assert {row["type"] for row in rows(run, TRACE, "--log", "naïve")} == {"abandoned"}
    assert {row["type"] for row in rows(run, TRACE, "--log", "render")} == {"request"}
    assert {row["trace"] for row in rows(run, TRACE, OLD)} == {TRACE, OLD}
    assert [row["count"] for row in rows(run, TRACE, OLD, "--merge", "--type", "request")] == [10]


def test_go_counts_the_background(run: Run) -> None:
    found = rows(run, TRACE, "--go-compat", "--each")
    assert [row["task"] for row in found if row["type"] is None] == [0]
    ours = {row["task"]: row["duration_ns"] for row in rows(run, TRACE, "--each")}
    assert {row["task"]: row["duration_ns"] for row in found if row["task"]} == ours


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--type", "reqest"), "--type reqest: nothing has this name; did you mean request"),
        (("--task", "99"), "--task 99: no trace has a task with this ID"),
        (("--task", "1", "--each"), "--task shows one task: leave out options that select or group tasks"),
        (("--logs", "--type", "request"), "--logs shows logs: leave out options that select or group tasks"),
        (("--histogram", "--each"), "--histogram counts the tasks of each type: leave out --each"),
        (("--min", "2s", "--max", "1s"), "--max must not be less than --min"),
        (("--go-compat", "--log", "x"), "--go-compat: Go has only whole traces"),
        (("--merge", "--each"), "--merge sums types: leave out --each"),
    ],
)
def test_mistakes_are_one_line(options: tuple[str, ...], problem: str, run: Run) -> None:
    done = run("tasks", TRACE, *options)
    assert (done.returncode, done.stdout) == (2, b"")
    assert problem in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
