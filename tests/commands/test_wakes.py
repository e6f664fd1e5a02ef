"""`gotracer-ci wakes` in real processes: its formats, filters and errors."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from gotracer_ci.tables.wakes import json_schema
from tests.conftest import ROOT, Run, complaints, path_of

SERVICE, TOUR = path_of("service-go1.27"), path_of("tour-go1.27")


def test_json_and_csv_have_the_same_rows(run: Run) -> None:
    done = run("wakes", SERVICE, TOUR, "--open", "-f", "json", cwd=ROOT)
    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, b"")
    jsonschema.validate(found, json_schema())
    assert {row["trace"] for row in found["rows"]} == {SERVICE, TOUR}
    assert any(row["waker"] is None for row in found["rows"])
    totals = [row["total_ns"] for row in found["rows"]]
    assert totals == sorted(totals, reverse=True)
    text = run("wakes", SERVICE, TOUR, "--open", "-f", "csv").stdout.decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [list(row.values()) for row in rows] == [
        ["" if value is None else str(value) for value in row.values()] for row in found["rows"]
    ]


def test_filters_and_the_note_about_open_waits(run: Run) -> None:
    done = run("wakes", SERVICE, "--waker", "main.(*service).*", "--reason", "chan receive", "-f", "json", cwd=ROOT)
    rows = json.loads(done.stdout)["rows"]
    assert {(row["reason"], row["waker"]) for row in rows} == {
        ("chan receive", "main.(*service).placeOrder"),
        ("chan receive", "main.(*service).serve"),
    }
    assert done.stderr.decode().startswith(f"note: {SERVICE}: 4 more waits, ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--waiter", "main.mian"), "--waiter main.mian: nothing has this name; did you mean main."),
        (("--reason", "chan recieve"), "--reason chan recieve: nothing has this name; did you mean chan receive"),
        (("--waker", "*" * 60 + "x" * 60), "nothing has this name"),
        (("--sort", "wait"), "--sort wait: no such column; did you mean waits"),
    ],
)
def test_mistakes_are_one_line(options: tuple[str, ...], problem: str, run: Run) -> None:
    done = run("wakes", SERVICE, *options)
    assert (done.returncode, done.stdout) == (2, b"")
    assert problem in complaints(done)[0]
    assert done.stderr.count(b"\n") == 1


def test_a_truncated_trace_shows_what_it_has(run: Run, tmp_path: Path) -> None:
    cut = tmp_path / "cut.trace"
    data = Path(path_of("lockwait-go1.27")).read_bytes()
    cut.write_bytes(data[: len(data) * 2 // 3])
    done = run("wakes", cut, "--open", "-f", "json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["rows"]
    assert json.loads(done.stdout)["traces"][0]["damage"]
