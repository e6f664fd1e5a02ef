"""`gotracer-ci regions` in real processes: its formats, filters, errors, and the sums that it promises."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from gotracer_ci.tables.regions import json_schema
from tests.conftest import ROOT, Run, path_of

TRACE, OLD, MISUSED = path_of("annotations-go1.26"), path_of("annotations-go1.19"), path_of("regions-go1.27")
PARTS = ("running_ns", "runnable_ns", "waiting_ns", "syscall_ns", "syscall_blocked_ns")


def document(run: Run, *arguments: str) -> dict[str, Any]:
    done = run("regions", *arguments, "-f", "json", cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, b"")
    found: dict[str, Any] = json.loads(done.stdout)
    jsonschema.validate(found, json_schema())
    return found


def rows(run: Run, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document(run, *arguments)["rows"]
    return found


def test_groups_are_the_sums_of_their_regions(run: Run) -> None:
    groups, regions = rows(run, TRACE, "--reasons"), rows(run, TRACE, "--each", "--reasons")
    assert [(group["type"], group["place"], group["count"], group["open"]) for group in groups] == [
        ("load", "main.handle", 5, 0),
        ("query", "main.query", 10, 0),
        ("render", "main.handle.func2", 10, 0),
        ("no task", "main.main.func1", 1, 0),
        ("left open", "main.abandon", 1, 1),
    ]
    for group in groups:
        same = [region for region in regions if region["type"] == group["type"]]
        assert group["total_ns"] == sum(region["duration_ns"] for region in same)
        for part in PARTS:
            assert group[part] == sum(region[part] for region in same)
        lengths = sorted(region["duration_ns"] for region in same if region["end_ns"] is not None)
        expected = [lengths[(p * len(lengths) + 99) // 100 - 1] if lengths else None for p in (50, 90, 99, 100)]
        assert [group[f"{name}_ns"] for name in ("p50", "p90", "p99", "max")] == expected
    for row in (*groups, *regions):
        assert sum(row[part] for part in PARTS) == row["total_ns" if "count" in row else "duration_ns"]
        assert sum(row["waiting_by_reason_ns"].values()) == row["waiting_ns"]


def test_ranges_are_columns_that_only_ranges_shows(run: Run) -> None:
    trace = path_of("tour-go1.26")
    names = ("stw_ns", "assist_ns", "assist_total_ns", "sweep_ns")
    (stopped,) = [row for row in rows(run, trace, "--ranges") if row["stw_ns"]]
    its = rows(run, trace, "--ranges", "--each", "--go-compat")  # a goroutine inherits a region without a type
    (go,) = [row for row in its if row["stw_ns"] and row["type"]]
    assert [go[name] for name in names] == [stopped["stw_ns"], None, stopped["assist_total_ns"], stopped["sweep_ns"]]
    assert stopped["type"] == go["type"]
    for row in rows(run, trace):
        assert not row.keys() & set(names)


def test_inherited_regions_are_rows_that_only_inherited_shows(run: Run) -> None:
    trace = path_of("tour-go1.26")
    plain, every = rows(run, trace), rows(run, trace, "--inherited")
    assert [row for row in every if not row.pop("inherited")] == plain
    groups = [row for row in rows(run, trace, "--inherited") if row["inherited"]]
    single = [row for row in rows(run, trace, "--inherited", "--each", "--ranges") if row["inherited"]]
    assert {row["type"] for row in single} <= {row["type"] for row in plain}
    assert sum(row["count"] for row in groups) == len(single) > 0
    assert sum(row["total_ns"] for row in groups) == sum(row["duration_ns"] for row in single)
    assert any(row["assist_total_ns"] for row in single)


def test_the_times_are_those_of_the_program(run: Run) -> None:
    """Its queries sleep for 3 ms, and a load has two of them, one after the other."""
    by_type = {group["type"]: group for group in rows(run, OLD, TRACE, "--merge", "--reasons")}
    assert by_type["query"]["count"] == 20
    assert by_type["query"]["waiting_by_reason_ns"]["sleep"] >= 20 * 3_000_000
    assert by_type["load"]["total_ns"] >= by_type["query"]["total_ns"]


def test_go_s_definitions_have_go_s_groups(run: Run) -> None:
    groups = document(run, TRACE, "--go-compat")
    assert groups["definitions"] == "go"
    assert {row["place"].partition(" ")[0] for row in groups["rows"]} == {
        "main.main", "main.handle.func2", "main.main.func1.2",
    }  # fmt: skip
    assert all(row["runnable_created_ns"] is None for row in groups["rows"])


def test_filters(run: Run) -> None:
    every = rows(run, TRACE, "--each")
    assert every == sorted(every, key=lambda row: -row["duration_ns"])
    assert len(rows(run, TRACE, "--each", "--type", "?uer*")) == 10
    assert len(rows(run, TRACE, "--each", "--place", "main.handle*")) == 15
    assert {row["goroutine"] for row in rows(run, TRACE, "--each", "--goroutine", "5")} == {5}
    limited = rows(run, TRACE, "--each", "--min", "3ms", "--max", "6ms")
    assert limited == [row for row in every if 3_000_000 <= row["duration_ns"] <= 6_000_000] != []
    assert sum(group["count"] for group in rows(run, TRACE, "--min", "3ms", "--max", "6ms")) == len(limited)
    early = rows(run, TRACE, "--each", "--to", "10ms")
    assert all((row["end_ns"] or 0) <= 10_000_000 for row in early)
    assert len(early) < len(every)


def test_misused_regions_have_their_own_times(run: Run) -> None:
    found = {row["type"]: row for row in rows(run, MISUSED, "--each")}
    assert found["abandoned"]["end_ns"] is None
    assert found["first"]["begin_ns"] < found["third"]["begin_ns"] < found["first"]["end_ns"]


def test_csv_has_the_same_values_and_no_regions_are_a_header(run: Run) -> None:
    done = run("regions", TRACE, "-f", "csv")
    found = list(csv.DictReader(io.StringIO(done.stdout.decode(), newline="")))
    assert [(row["type"], int(row["total_ns"])) for row in found] == [
        (row["type"], row["total_ns"]) for row in rows(run, TRACE)
    ]
    done = run("regions", path_of("idle-go1.27"), "-f", "csv")
    assert (done.returncode, done.stdout.count(b"\n")) == (0, 1)


def test_a_truncated_trace_shows_what_it_has(run: Run, tmp_path: Path) -> None:
    cut = tmp_path / "cut.trace"
    data = Path(path_of("tour-go1.22")).read_bytes()
    cut.write_bytes(data[: len(data) - 100])
    done = run("regions", cut)
    assert done.returncode == 2
    assert b"left open" in done.stdout
    assert done.stderr.decode().startswith(f"gotracer-ci: {cut}: ")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--type", "qurey"), "--type qurey: nothing has this name; did you mean query"),
        (("--sort", "sum"), "--sort sum: no such column"),
        (("--min", "2s", "--max", "1s"), "--max must not be less than --min"),
        (("--go-compat", "--from", "1ms"), "--go-compat: Go has only whole traces"),
        (("--go-compat", "--inherited"), "--go-compat: Go always has inherited regions"),
        (("--merge", "--each"), "--merge sums groups: leave out --each"),
    ],
)
def test_mistakes_are_one_line(options: tuple[str, ...], problem: str, run: Run) -> None:
    done = run("regions", TRACE, *options)
    assert (done.returncode, done.stdout) == (2, b"")
    assert problem in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1
