"""`gotracer-ci tests` in real processes: its formats, names from a log, and errors."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from gotracer_ci.tables.tests import json_schema
from tests.conftest import ROOT, Run, complaints, path_of

ORDERS, HANG = path_of("orders-go1.27"), path_of("hang-go1.27")
LOG = "=== RUN   TestTake\n=== RUN   TestTake/tea\n=== RUN   TestTake/coffee\n"


def test_json_and_csv_have_the_same_rows(run: Run) -> None:
    done = run("tests", ORDERS, HANG, "-f", "json", cwd=ROOT)
    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, b"")
    jsonschema.validate(found, json_schema())
    assert [row["trace"] for row in found["rows"]] == [ORDERS] * 3 + [HANG] * 4
    begins = [row["begin_ns"] for row in found["rows"][:3]]
    assert begins == sorted(begins)
    rows = list(csv.DictReader(io.StringIO(run("tests", ORDERS, HANG, "-f", "csv").stdout.decode(), newline="")))
    assert [list(row.values()) for row in rows] == [
        ["" if value is None else str(value) for value in row.values()] for row in found["rows"]
    ]


def test_names_come_from_the_log(run: Run, tmp_path: Path) -> None:
    (tmp_path / "test.log").write_text(LOG, encoding="utf-8")
    done = run("tests", ORDERS, "--json-log", "test.log", "-f", "json")
    rows = json.loads(done.stdout)["rows"]
    assert [(row["test"], row["parent"], row["package"]) for row in rows] == [
        ("TestTake", None, "example.com/programs/orders"),
        ("TestTake/tea", "TestTake", "example.com/programs/orders"),
        ("TestTake/coffee", "TestTake", "example.com/programs/orders"),
    ]


def test_the_slowest_are_those_that_were_active_longest(run: Run) -> None:
    every = json.loads(run("tests", HANG, "-f", "json").stdout)["rows"]
    slowest = json.loads(run("tests", HANG, "-f", "json", "--slowest", "2").stdout)["rows"]
    assert slowest == sorted(every, key=lambda row: -row["active_ns"])[:2]


@pytest.mark.parametrize(
    ("traces", "options", "problem"),
    [
        ((ORDERS,), ("--json-log", "no.log"), "no.log: no such file"),
        ((ORDERS,), ("--json-log", "empty.log"), "empty.log: names no test; write it with go test -json"),
        ((HANG,), ("--json-log", "test.log"), "not the log of this trace's run: tests in the log: 3, in the trace: 4"),
        ((ORDERS, HANG), ("--json-log", "test.log"), "has the names of one trace's tests, but there are 2 traces"),
        ((ORDERS,), ("--slowest", "3", "--top", "2"), "--slowest sorts and limits the rows"),
        ((ORDERS,), ("--sort", "wal"), "--sort wal: no such column; did you mean wall_ns"),
    ],
)
def test_mistakes_are_one_line(
    traces: tuple[str, ...], options: tuple[str, ...], problem: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "test.log").write_text(LOG, encoding="utf-8")
    (tmp_path / "empty.log").write_text("", encoding="utf-8")
    done = run("tests", *traces, *options)
    assert (done.returncode, done.stdout) == (2, b"")
    assert problem in complaints(done)[0]
    assert done.stderr.count(b"\n") == 1


def test_a_truncated_trace_shows_what_it_has(run: Run, tmp_path: Path) -> None:
    data = Path(HANG).read_bytes()
    (tmp_path / "cut.trace").write_bytes(data[: len(data) - 200])
    (tmp_path / "test.log").write_text("".join(f"=== RUN   TestX{i}\n" for i in range(50)), encoding="utf-8")
    done = run("tests", "cut.trace", "-f", "json", "--from", "0s")
    assert done.returncode == 2
    assert json.loads(done.stdout)["traces"][0]["damage"]
