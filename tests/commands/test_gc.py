"""`gotracer-ci gc` in real processes: its formats, options and errors."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from gotracer_ci.tables.gc import json_schema
from tests.conftest import ROOT, Run, complaints, path_of

PAUSES, OLD = path_of("gcpause-go1.26"), path_of("gcpause-go1.21")


def document(run: Run, *arguments: str) -> dict[str, Any]:
    done = run("gc", *arguments, "-f", "json", cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, b"")
    found: dict[str, Any] = json.loads(done.stdout)
    jsonschema.validate(found, json_schema())
    return found


@pytest.mark.parametrize("options", [(), ("--stw",), ("--heap",), ("--mmu",), ("--windows", "10ms")], ids=" ".join)
def test_documents_follow_the_published_schema(options: tuple[str, ...], run: Run) -> None:
    """One trace of each format: each row names its trace, and the old format does not say where a stop began."""
    found = document(run, PAUSES, OLD, *options)
    rows = found["rows"]
    assert {row["trace"] for row in rows} == {PAUSES, OLD}
    assert (found["counted"] is None) == (options in [(), ("--stw",), ("--heap",)])
    if options == ("--stw",):
        assert {row["place"] for row in rows if row["trace"] == OLD} == {None}
        assert "main.fillBuffers" in {row["place"] for row in rows if row["trace"] == PAUSES}
        assert [row["length_ns"] for row in rows] != sorted(row["length_ns"] for row in rows)
    if options == ("--windows", "10ms"):
        assert [row["utilisation"] for row in rows] == sorted(row["utilisation"] for row in rows)
    if options == ():
        assert [row["cycle"] for row in rows if row["trace"] == OLD] == list(range(1, 21))
        assert all(row["stop_begin_ns"] and row["stop_end_ns"] for row in rows if not row["open"])


def test_counted_work(run: Run) -> None:
    """Less work leaves more to the program, and a single P is never better off than the system."""
    every, stw = document(run, PAUSES, "--mmu"), document(run, PAUSES, "--mmu", "--count", "stw")
    assert (every["counted"], stw["counted"]) == (["stw", "background", "assist", "sweep"], ["stw"])
    pairs = list(zip(every["rows"], stw["rows"], strict=True))
    assert all(less["mmu"] >= more["mmu"] for more, less in pairs)
    assert any(less["mmu"] > more["mmu"] for more, less in pairs)
    for row in every["rows"]:
        assert 0 <= row["mmu"] <= row["p99_9"] <= row["p99"] <= row["p95"] <= 1
    alone = document(run, PAUSES, "--windows", "20ms", "--count", "assist", "--per-p")["rows"]
    assert {row["p"] for row in alone} == {0, 1}
    assert all(row["stw"] == row["background"] == row["sweep"] == 0 for row in alone)
    assert document(run, OLD, "--mmu", "--all-stw", "--count", "stw", "--top", "1")["rows"][0]["mmu"] == 0


def test_a_part_of_a_trace(run: Run) -> None:
    rows = document(run, PAUSES, "--stw", "--from", "50ms", "--to", "100ms")["rows"]
    assert rows
    assert all(50_000_000 <= row["start_ns"] < 100_000_000 for row in rows)
    curve = document(run, PAUSES, "--mmu", "--from", "50ms", "--to", "100ms")["rows"]
    assert curve[-1]["window_ns"] == 50_000_000


@pytest.mark.parametrize("command", [("gc", "--mmu"), ("goroutines",), ("profile", "--type", "wall", "-f", "folded")])
def test_a_window_outside_the_trace_is_told(command: tuple[str, ...], run: Run) -> None:
    for options in (("--from", "900s"), ("--to", "2020-01-01T00:00:00Z")):
        done = run(*command, path_of("tour-go1.27"), *options)
        assert done.returncode == 0
        assert b"--from and --to have no part of it: it is 1.3 s long" in done.stderr
    assert b"no part" not in run(*command, path_of("tour-go1.27"), "--from", "1s").stderr


def test_tables_for_people_and_csv(run: Run) -> None:
    """People see a whole curve, and of other tables the first 20 rows. A trace without cycles has a header only."""
    text = run("gc", PAUSES).stdout.decode().splitlines()
    assert len(text) == 22
    assert text[-1] == "10 more cycles: --top 0 shows all"
    assert len(run("gc", PAUSES, "--mmu").stdout.splitlines()) > 100
    (header,) = run("gc", path_of("hang-go1.27")).stdout.decode().splitlines()
    assert header.split()[:3] == ["CYCLE", "START", "MARK"]
    rows = list(csv.DictReader(io.StringIO(run("gc", PAUSES, "-f", "csv").stdout.decode(), newline="")))
    assert [int(row["mark_ns"]) for row in rows] == [row["mark_ns"] for row in document(run, PAUSES)["rows"]]


def test_a_truncated_trace_shows_what_it_has(run: Run, tmp_path: Path) -> None:
    cut = tmp_path / "cut.trace"
    cut.write_bytes(Path(path_of("generations-go1.26")).read_bytes()[:-2000])
    done = run("gc", cut, "--stw")
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) > 1
    (problem,) = complaints(done)
    assert "cut.trace" in problem


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--mmu", "--stw"), "--stw and --mmu are different tables: choose one"),
        (("--per-p",), "--count, --per-p and --all-stw define the utilisation: add --mmu or --windows"),
        (("--mmu", "--count", "asist"), "'asist' is not one of stw, background, assist, sweep; did you mean assist?"),
        (("--windows", "0s"), "--windows must be longer than 0s"),
        (("--sort", "mark_n"), "--sort mark_n: no such column; did you mean mark_ns or start_ns?"),
    ],
    ids=str,
)
def test_wrong_usage(options: tuple[str, ...], problem: str, run: Run) -> None:
    done = run("gc", PAUSES, *options)
    assert (done.returncode, done.stdout) == (2, b"")
    assert problem in complaints(done)[0]
