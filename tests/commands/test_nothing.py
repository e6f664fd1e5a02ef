"""Tables without rows, in real processes: a note says why, the table stays one, and an unknown ID is an error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import ROOT, Run, path_of

TASKS, IDLE, TESTS = (path_of(name) for name in ("annotations-go1.26", "idle-go1.27", "orders-go1.27"))


@pytest.mark.parametrize(
    ("arguments", "note"),
    [
        (("tests",), "has no tests: go test -trace FILE records them"),
        (("tests", "--critical-path"), "has no tests: go test -trace FILE records them"),
        (("tasks",), "has no tasks: trace.NewTask of runtime/trace marks them"),
        (("tasks", "--each"), "has no tasks: trace.NewTask"),
        (("tasks", "--critical-path"), "has no tasks: trace.NewTask"),
        (("tasks", "--histogram"), "has no complete tasks: trace.NewTask"),
        (("tasks", "--logs"), "has no logs: trace.Log and trace.Logf of runtime/trace write them"),
        (("regions",), "has no regions: trace.WithRegion and trace.StartRegion of runtime/trace mark them"),
        (("regions", "--go-compat"), "has no regions: trace.WithRegion"),
        (("gc",), "has no cycles of the garbage collector"),
        (("gc", "--windows", "1ms"), "has no windows that lose time to the garbage collector"),
    ],
)
def test_a_trace_without_such_things_is_a_table_without_rows_and_a_note(
    arguments: tuple[str, ...], note: str, run: Run
) -> None:
    done = run(arguments[0], IDLE, *arguments[1:], cwd=ROOT)
    assert (done.returncode, done.stdout.count(b"\n")) == (0, 1)
    assert done.stderr.decode().startswith(f"note: {IDLE}: {note}")
    assert done.stderr.count(b"\n") == 1
    done = run(arguments[0], IDLE, *arguments[1:], "-f", "json", cwd=ROOT)
    assert json.loads(done.stdout)["rows"] == []


def test_several_traces_without_such_things_are_one_note(run: Run) -> None:
    done = run("tests", IDLE, TASKS, "-f", "csv")
    assert done.stderr == b"note: no trace has tests: go test -trace FILE records them\n"
    assert run("tests", IDLE, TESTS, "-f", "csv").stderr == b""


@pytest.mark.parametrize(
    ("arguments", "note"),
    [
        (("goroutines", "--min-total", "5h"), "no goroutines fit --min-total"),
        (("goroutines", "--state", "syscall_blocked", "--alive"), "no goroutines fit --state and --alive"),
        (("goroutines", "--goroutine", "1", "--state", "syscall"), "no intervals fit --goroutine and --state"),
        (("regions", "--goroutine", "1", "--min", "5h"), "no regions fit --goroutine and --min"),
        (("regions", "--max", "1ns"), "no regions fit --max"),
        (("tasks", "--incomplete", "--min", "1h", "--max", "2h"), "no tasks fit --incomplete, --min and --max"),
        (("tasks", "--log", "nope"), "no tasks fit --log"),
        (("tasks", "--logs", "--log", "nope"), "no logs fit --log"),
        (("tests", "--from", "1ms"), "no tests fit --from"),
        (("tests", "--from", "1h"), f"{TASKS}: --from and --to have no part of it: it is 44.8 ms long"),
        (("profile", "--type", "syscall", "-f", "top", "--to", "1us"), "no intervals of type syscall fit --to"),
        (("profile", "--type", "cpu", "-f", "top"), f"{TASKS}: has no CPU samples: "),
        (("events", "--kind", "GoSyscallBegin"), "no events fit --kind"),
        (("events", "--as", "wire", "--kind", "GoSyscallBegin"), "no events fit --kind"),
        (("events", "--as", "jsonl", "--proc", "99", "--from", "1h"), "no events fit --proc and --from"),
    ],
)
def test_options_that_nothing_fits_are_named(arguments: tuple[str, ...], note: str, run: Run) -> None:
    done = run(arguments[0], TASKS, *arguments[1:], cwd=ROOT)
    assert done.returncode == 0
    assert done.stdout.count(b"\n") <= 1
    assert f"note: {note}" in done.stderr.decode()


@pytest.mark.parametrize(
    "arguments",
    [
        ("goroutines",),
        ("goroutines", "--critical-path"),
        ("regions",),
        ("regions", "--each"),
        ("regions", "--critical-path"),
        ("regions", "--go-compat"),
        ("regions", "--inherited"),
        ("events",),
        ("events", "--as", "jsonl"),
    ],
)
def test_a_goroutine_that_no_trace_has_is_an_error(arguments: tuple[str, ...], run: Run) -> None:
    done = run(arguments[0], TASKS, "--goroutine", "999", *arguments[1:])
    assert (done.returncode, done.stdout) == (2, b"")
    problem = "no trace has a goroutine with this ID; gotracer-ci goroutines --each lists them"
    assert done.stderr.decode() == f"gotracer-ci: --goroutine 999: {problem}\n"


def test_a_goroutine_that_only_one_of_the_traces_has_is_found(run: Run, tmp_path: Path) -> None:
    done = run("regions", IDLE, TASKS, "--goroutine", "5", "-o", tmp_path / "regions.csv", "-f", "csv")
    assert done.returncode == 0
    assert (tmp_path / "regions.csv").read_text(encoding="utf-8").count("\n") > 1


def test_a_name_that_nothing_has_brings_those_that_there_are(run: Run) -> None:
    done = run("regions", TASKS, "--place", "nope")
    assert done.returncode == 2
    assert "--place nope: nothing has this name; there are main.abandon, main.handle, " in done.stderr.decode()
    done = run("wakes", TASKS, "--reason", "nope")
    assert "; there are " in done.stderr.decode()
