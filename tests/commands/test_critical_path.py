"""`--critical-path` in real processes: its formats, what it selects, and its errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from gotracer_ci.tables import goroutines, regions, tasks, tests
from tests.conftest import Run, complaints, path_of

CAUSES, TASKS, OLD = path_of("causes-go1.27"), path_of("annotations-go1.26"), path_of("annotations-go1.21")
TESTS = path_of("orders-go1.27")
SCHEMAS = {"goroutines": goroutines, "regions": regions, "tasks": tasks, "tests": tests}


def rows(run: Run, command: str, *arguments: str) -> list[dict[str, Any]]:
    done = run(command, *arguments, "--critical-path", "-f", "json")
    assert (done.returncode, done.stderr) == (0, b"")
    found = json.loads(done.stdout)
    jsonschema.validate(found, SCHEMAS[command].json_schema())
    return list(found["rows"])


def several(run: Run, command: str, number: int, *arguments: str) -> list[dict[str, Any]]:
    done = run(command, *arguments, "--critical-path", str(number), "-f", "json")
    assert done.returncode == 0
    return list(json.loads(done.stdout)["rows"])


@pytest.mark.parametrize(
    "arguments",
    [
        ("regions", CAUSES),
        ("tasks", OLD),
        ("tests", TESTS),
        ("goroutines", CAUSES, "--goroutine", "1", "--from", "1ms", "--to", "50ms"),
    ],
)
def test_parts_and_stretches_sum_to_the_duration(run: Run, arguments: tuple[str, ...]) -> None:
    parts, stretches = rows(run, *arguments), rows(run, *arguments, "--stretches")
    (duration,) = {row["duration_ns"] for row in (*parts, *stretches)}
    assert sum(row["time_ns"] for row in parts) == sum(row["length_ns"] for row in stretches) == duration
    assert [row["time_ns"] for row in parts] == sorted((row["time_ns"] for row in parts), reverse=True)
    times = [row["start_ns"] for row in stretches]
    assert times == sorted(times)
    assert sum(row["stretches"] for row in parts) == len(stretches)


def test_the_longest_ones_are_shown_and_can_be_selected(run: Run) -> None:
    each = json.loads(run("tasks", TASKS, "--each", "-f", "json").stdout)["rows"]
    longest = [row for row in each if row["type"] == "request"][:3]
    paths = several(run, "tasks", 3, TASKS, "--type", "request")
    shown = {row["task"]: (row["begin_ns"], row["duration_ns"]) for row in paths}
    assert shown == {row["task"]: (row["begin_ns"], row["duration_ns"]) for row in longest}
    (one,) = {(row["task"], row["name"]) for row in rows(run, "tasks", TASKS, "--task", "4")}
    assert one == (4, "request")
    assert {row["name"] for row in rows(run, "regions", CAUSES, "--type", "t*r")} == {"timer"}
    assert {row["trace"] for row in rows(run, "regions", CAUSES, TASKS)} == {CAUSES, TASKS}
    assert {row["trace"] for row in rows(run, "regions", CAUSES, TASKS, "--type", "timer")} == {CAUSES}


def test_a_window_cuts_what_is_shown(run: Run) -> None:
    """The region sleeps and computes for 30 ms; a part of it has a path, too."""
    found = rows(run, "regions", CAUSES, "--type", "chain", "--from", "5ms", "--to", "10ms")
    assert {(row["begin_ns"], row["duration_ns"]) for row in found} == {(5_000_000, 5_000_000)}
    assert {(row["group"], row["doing"]) for row in found} == {("main.produce", "sleep")}


def test_the_longest_stretches_are_shown_in_order_of_time(run: Run) -> None:
    every = rows(run, "tasks", TASKS, "--stretches")
    few = rows(run, "tasks", TASKS, "--stretches", "--top", "5")
    longest = sorted(every, key=lambda row: -row["length_ns"])[:5]
    assert few == sorted(longest, key=lambda row: row["start_ns"])


def test_stdin_and_gzipped_files_are_read_again(run: Run) -> None:
    plain = run("regions", CAUSES, "--critical-path", "-f", "csv")
    piped = run("regions", "-", "--critical-path", "-f", "csv", stdin=Path(CAUSES).read_bytes())
    assert plain.stdout == piped.stdout != b""


def test_a_truncated_trace_has_paths_up_to_the_damage(run: Run, tmp_path: Path) -> None:
    cut = tmp_path / "cut.trace"
    cut.write_bytes(Path(path_of("tour-go1.27")).read_bytes()[:-2000])
    done = run("regions", str(cut), "--critical-path", "-f", "json")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("tasks", TASKS, "--stretches"), "--stretches shows a critical path: add --critical-path"),
        (("tasks", TASKS, "--critical-path", "--each"), "--critical-path shows paths: leave out --each"),
        (("tasks", TASKS, "--critical-path", "--task", "99"), "--task 99: no trace has a task with this ID"),
        (("tasks", TASKS, "--critical-path", "--type", "reqest"), "did you mean"),
        (("regions", TASKS, "--critical-path", "--merge"), "--critical-path: leave out --each, --merge"),
        (("tests", TESTS, "--critical-path", "--slowest", "2"), "leave out --slowest"),
        (("goroutines", TASKS, "--critical-path"), "--critical-path is that of one goroutine: add --goroutine ID"),
        (("goroutines", TASKS, "--critical-path", "--goroutine", "9999"), "no trace has a goroutine with this ID"),
        (
            ("goroutines", TASKS, "--critical-path", "--goroutine", "1", "--from", "1h"),
            "--goroutine 1: no trace has it between --from and --to",
        ),
        (("goroutines", TASKS, "--critical-path", "--goroutine", "1", "--each"), "leave out options that select"),
    ],
)
def test_wrong_usage_is_one_clear_line(run: Run, arguments: tuple[str, ...], problem: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert problem in complaints(done)[0]
