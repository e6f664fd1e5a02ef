"""`gotracer-ci goroutines` in real processes: its formats, filters, errors, and the sums that it promises."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from gotracer_ci.source.names import normalise
from gotracer_ci.tables.goroutines import json_schema
from tests.conftest import NAMES, ROOT, Run, path_of

SERVICE, TOUR, IDLE = path_of("service-go1.27"), path_of("tour-go1.27"), path_of("idle-go1.21")
PARTS = ("running_ns", "runnable_ns", "waiting_ns", "syscall_ns", "syscall_blocked_ns")


def document(run: Run, *arguments: str) -> dict[str, Any]:
    done = run("goroutines", *arguments, "-f", "json", cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, b"")
    found: dict[str, Any] = json.loads(done.stdout)
    jsonschema.validate(found, json_schema())
    return found


def rows(run: Run, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document(run, *arguments)["rows"]
    return found


def total(rows: list[dict[str, Any]], column: str) -> int:
    return sum(row[column] for row in rows)


@pytest.mark.parametrize("by", ["start", "creation"])
def test_percentiles_are_those_of_single_goroutines(by: str, run: Run) -> None:
    """Nearest rank over all goroutines of a group, also those that were never in the state."""
    lives = rows(run, TOUR, "--each")
    groups = rows(run, TOUR, "--by", by)
    found = {(row["group"], row["state"]): row for row in rows(run, TOUR, "--percentiles", "--by", by)}
    for group in groups:
        assert found[group["group"], "total"]["lives"] == group["lives"]
        for name in ("total", "running", "runnable", "runnable_created", "waiting", "syscall", "syscall_blocked"):
            row = found.get((group["group"], name))
            assert (row is None) == (group[f"{name}_ns"] == 0)
        for name in ("p50", "p90", "p99", "max"):
            assert found[group["group"], "total"][f"{name}_ns"] == group[f"total_{name}_ns"]
    if by == "start":
        same = [life for life in lives if life["group"] == groups[0]["group"]]
        assert len(same) == groups[0]["lives"]
        for name in ("running", "waiting"):
            lengths = sorted(life[f"{name}_ns"] for life in same)
            expected = [lengths[(p * len(lengths) + 99) // 100 - 1] for p in (50, 90, 99, 100)]
            row = found[groups[0]["group"], name]
            assert [row[f"{p}_ns"] for p in ("p50", "p90", "p99", "max")] == expected


def test_percentiles_of_reasons_count_every_goroutine(run: Run) -> None:
    """One that never waited for a reason counts with 0; the rows of states are those without --reasons."""
    lives = rows(run, TOUR, "--each", "--reasons", "--system")
    found = rows(run, TOUR, "--percentiles", "--reasons", "--system")
    states = [{name: row[name] for name in row if name != "reason"} for row in found if row["reason"] is None]
    assert states == rows(run, TOUR, "--percentiles", "--system")
    waits = [row for row in found if row["reason"] is not None]
    assert {row["state"] for row in waits} == {"waiting"}
    for row in waits:
        same = [life["waiting_by_reason_ns"] for life in lives if normalise(life["group"]) == normalise(row["group"])]
        lengths = sorted(waited.get(row["reason"], 0) for waited in same)
        assert row["lives"] == len(same)
        expected = [lengths[(p * len(lengths) + 99) // 100 - 1] for p in (50, 90, 99, 100)]
        assert [row[f"{p}_ns"] for p in ("p50", "p90", "p99", "max")] == expected
    known = {(normalise(life["group"]), reason) for life in lives for reason in life["waiting_by_reason_ns"]}
    assert {(normalise(row["group"]), row["reason"]) for row in waits} == known


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--percentiles", "--reasons", "--merge", "--system"),
        ("--each", "--reasons", "--ranges", "--system"),
        ("--by", "creation", "--reasons"),
        ("--go-compat", "--each"),
        ("--goroutine", "1"),
        ("--run-queue", "--system"),
        ("--from", "100ms", "--to", "0.2s"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("trace", [SERVICE, IDLE], ids=lambda path: Path(path).stem)
def test_documents_follow_the_published_schema(trace: str, options: tuple[str, ...], run: Run) -> None:
    found = document(run, trace, *options)
    assert found["rows"]
    assert found["definitions"] == ("go" if "--go-compat" in options else "own")


@pytest.mark.parametrize("name", NAMES[::6])
def test_parts_sum_to_the_total_and_groups_to_their_lives(name: str, run: Run) -> None:
    groups = rows(run, path_of(name), "--system", "--reasons")
    lives = rows(run, path_of(name), "--system", "--each")
    by_creation = rows(run, path_of(name), "--system", "--by", "creation")
    for row in (*groups, *lives, *by_creation):
        assert sum(row[part] for part in PARTS) == row["total_ns"]
        assert row["unknown_ns"] == 0
    assert all(sum(row["waiting_by_reason_ns"].values()) == row["waiting_ns"] for row in groups)
    for column in (*PARTS, "total_ns"):
        assert total(groups, column) == total(lives, column) == total(by_creation, column)
    assert total(groups, "lives") == total(by_creation, "lives") == len(lives)
    assert total(groups, "alive") == sum(life["ended_ns"] is None for life in lives)
    assert sum(row["running_share"] for row in groups) == pytest.approx(1)


def test_percentiles_are_of_the_group_s_lives(run: Run) -> None:
    (group,) = (row for row in rows(run, SERVICE) if row["group"] == "main.main.func1.1")
    lengths = sorted(row["total_ns"] for row in rows(run, SERVICE, "--each") if row["group"] == group["group"])
    assert len(lengths) == group["lives"] == 160
    assert [group[f"total_{name}_ns"] for name in ("p50", "p90", "p99", "max")] == [
        lengths[79], lengths[143], lengths[158], lengths[159],
    ]  # fmt: skip


def test_a_timeline_has_no_gap_and_sums_to_the_life(run: Run) -> None:
    moments = rows(run, TOUR, "--goroutine", "40")
    (life,) = (row for row in rows(run, TOUR, "--each") if row["goroutine"] == 40)
    assert moments[0]["start_ns"] == life["created_ns"]
    for before, after in pairwise(moments):
        assert before["start_ns"] + before["length_ns"] == after["start_ns"]
    for part in PARTS:
        state = part.removesuffix("_ns")
        assert sum(m["length_ns"] for m in moments if m["state"] == state) == life[part]
    assert {m["waker"] for m in moments if m["reason"] == "created"} == {life["creator"]}


def test_several_traces(run: Run) -> None:
    """Each row names its trace; merged, the groups of all traces are sums."""
    apart = rows(run, SERVICE, TOUR)
    merged = rows(run, SERVICE, TOUR, "--merge")
    assert {row["trace"] for row in apart} == {SERVICE, TOUR}
    names = [row["group"] for row in merged]
    assert sorted(names) == sorted({row["group"] for row in apart})
    for row in merged:
        same = [one for one in apart if one["group"] == row["group"]]
        assert row["total_ns"] == total(same, "total_ns")
        assert row["total_max_ns"] == max(one["total_max_ns"] for one in same)


def test_parts_of_a_trace_sum_to_the_whole(run: Run) -> None:
    whole = rows(run, SERVICE, "--system")
    first, rest = rows(run, SERVICE, "--system", "--to", "300ms"), rows(run, SERVICE, "--system", "--from", "0.3s")
    for column in (*PARTS, "created", "total_ns"):
        assert total(first, column) + total(rest, column) == total(whole, column)


def test_filters(run: Run) -> None:
    assert {row["group"] for row in rows(run, TOUR, "--alive")} == {"main.main", "main.forever.func"}
    assert all(row["syscall_blocked_ns"] for row in rows(run, TOUR, "--state", "syscall_blocked", "--each"))
    sync = rows(run, TOUR, "--reason", "sync", "--each")
    assert all(list(row["waiting_by_reason_ns"]) == ["sync"] for row in sync)
    waits = [row["waiting_by_reason_ns"]["sync"] for row in sync]
    assert waits == sorted(waits, reverse=True)
    assert all(row["total_ns"] >= 1_200_000_000 for row in rows(run, TOUR, "--min-total", "1.2s"))
    assert any(row["group"] == "runtime.bgsweep" for row in rows(run, TOUR, "--system"))
    assert not any(row["group"].startswith("runtime.bg") for row in rows(run, TOUR))


def test_rows_are_sorted_and_limited(run: Run) -> None:
    falling = [row["total_ns"] for row in rows(run, SERVICE, "--each", "--sort", "total_ns")]
    rising = [row["total_ns"] for row in rows(run, SERVICE, "--each", "--sort", "+total")]
    assert falling == sorted(falling, reverse=True)
    assert rising == sorted(rising)
    assert len(rows(run, SERVICE, "--each", "--top", "7")) == 7
    text = run("goroutines", SERVICE, "--each").stdout.decode().splitlines()
    assert len(text) == 22
    assert text[-1] == "145 more lives: --top 0 shows all"


def test_csv_has_the_same_values(run: Run) -> None:
    done = run("goroutines", SERVICE, "--reasons", "-f", "csv")
    assert done.stdout.count(b"\r\n") == done.stdout.count(b"\n")
    found = list(csv.DictReader(io.StringIO(done.stdout.decode(), newline="")))
    expected = rows(run, SERVICE, "--reasons")
    assert [row["group"] for row in found] == [row["group"] for row in expected]
    for row, values in zip(found, expected, strict=True):
        assert int(row["running_ns"]) == values["running_ns"]
        for reason, ns in values["waiting_by_reason_ns"].items():
            assert int(row[f"waiting_by_reason_ns[{reason}]"]) == ns


def test_a_file_has_what_stdout_would_have(run: Run, tmp_path: Path) -> None:
    for form in ("human", "json", "csv"):
        done = run("goroutines", SERVICE, "-f", form, "-o", tmp_path / form)
        assert (done.returncode, done.stdout) == (0, b"")
        assert (tmp_path / form).read_bytes() == run("goroutines", SERVICE, "-f", form).stdout


def test_a_truncated_trace_shows_what_it_has(run: Run, tmp_path: Path) -> None:
    cut = tmp_path / "cut.trace"
    data = Path(path_of("lockwait-go1.27")).read_bytes()
    cut.write_bytes(data[: len(data) * 2 // 3])
    done = run("goroutines", cut, "-f", "json")
    found = json.loads(done.stdout)
    assert done.returncode == 2
    assert found["rows"]
    assert found["traces"][0]["damage"]
    assert done.stderr.decode().startswith(f"gotracer-ci: {cut}: ")


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--sort", "rnning"), "--sort rnning: no such column; did you mean running_ns"),
        (("--reason", "chan recieve"), "--reason chan recieve: nothing waited for it; did you mean chan receive"),
        (("--goroutine", "999"), "--goroutine 999: no trace has a goroutine with this ID"),
        (("--from", "1s", "--to", "1s"), "--to must be after --from"),
        (("--from", "2026-02-30T00:00:00Z"), "'2026-02-30T00:00:00Z' is not a time such as 2026-11-26T23:05:01Z"),
        (("--from", "2026-11-26"), "'2026-11-26' is not a time such as 300ms or 1.5s"),
        (("--from", "2026-11-26T00:00:01Z", "--to", "2026-11-26T01:00:00+01:00"), "--to must be after --from"),
        (("--from", "soon"), "'soon' is not a time such as 300ms or 1.5s"),
        (("--to", "9" * 50 + "h"), "is not a time such as 300ms or 1.5s"),
        (("--goroutine", "9" * 30), "Invalid value for '--goroutine'"),
        (("--go-compat", "--to", "1s"), "--go-compat: Go has only whole traces"),
        (("--percentiles", "--each"), "--percentiles shows groups: leave out options that select goroutines"),
        (("--merge", "--each"), "--merge sums groups: leave out --each"),
        (("--over-time", "--each"), "--over-time counts all goroutines: leave out options that select or group them"),
        (("--run-queue", "--each"), "--run-queue: leave out options that select or group goroutines"),
        (("--over-time", "0"), "Invalid value for '--over-time'"),
        (("--goroutine", "1", "--each"), "--goroutine shows intervals: leave out --each"),
    ],
)
def test_mistakes_are_one_line(options: tuple[str, ...], problem: str, run: Run) -> None:
    done = run("goroutines", SERVICE, *options)
    assert (done.returncode, done.stdout) == (2, b"")
    assert problem in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_one_unreadable_trace_does_not_hide_the_others(run: Run, tmp_path: Path) -> None:
    (tmp_path / "no.trace").write_bytes(b"no trace")
    done = run("goroutines", tmp_path / "no.trace", SERVICE)
    assert done.returncode == 2
    assert b"main.main" in done.stdout
    assert done.stderr.count(b"\n") == 1


def test_a_terminal_shows_the_same_text(run: Run) -> None:
    """However narrow it is, nothing is truncated; only the header is bold."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "gotracer_ci", "goroutines", SERVICE]
    conditions = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "COLUMNS": "40", "TERM": "xterm"}
    done = subprocess.run(command, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, env=conditions)
    os.close(theirs)
    text = b""
    while True:
        try:
            text += os.read(ours, 65536)
        except OSError:  # the other end is closed and everything is read
            break
    os.close(ours)
    assert (done.returncode, done.stderr) == (0, b"")
    assert text.startswith(b"\x1b[1m")
    plain = re.sub(rb"\x1b\[[0-9;]*m", b"", text).replace(b"\r\n", b"\n")
    assert plain == run("goroutines", SERVICE).stdout


def test_counts_over_time(run: Run) -> None:
    """Without a number there are 20 parts at most, and what follows the option is a trace. All rows are shown."""
    twenty, few = rows(run, "--over-time", SERVICE), rows(run, SERVICE, "--over-time", "6")
    assert (len(twenty), len(few)) == (20, 6)
    groups = rows(run, SERVICE, "--system")
    for column in PARTS:
        assert total(twenty, column) == total(few, column) == total(groups, column)
    text = run("goroutines", SERVICE, "--over-time", "30").stdout.decode().splitlines()
    assert len(text) == 31
    several = rows(run, SERVICE, TOUR, "--over-time=4", "--from", "100ms", "--to", "0.3s", "--sort", "running")
    assert {row["trace"] for row in several} == {SERVICE, TOUR}
    assert sum(row["length_ns"] for row in several) == 2 * 200_000_000
    running = [row["running_ns"] for row in several]
    assert running == sorted(running, reverse=True)


def test_a_window_can_be_on_the_wall_clock(run: Run) -> None:
    found = document(run, SERVICE, "--system")
    began = found["traces"][0]["started"]
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", began)
    start = datetime.fromisoformat(began[:19] + "+00:00").astimezone(timezone(timedelta(hours=-5)))
    second = began[19:29]
    at = [f"{(start + timedelta(seconds=k)).isoformat()[:19]}{second}-05:00" for k in (-3, 0, 1)]
    assert rows(run, SERVICE, "--system", "--from", at[0], "--to", at[2]) == found["rows"]
    assert rows(run, SERVICE, "--from", "0.2s", "--to", at[2]) == rows(run, SERVICE, "--from", "200ms")
    limited = document(run, SERVICE, "--from", at[1], "--over-time", "1")
    assert (limited["from_ns"], limited["from_time"], limited["to_time"]) == (0, began, None)
    before = run("goroutines", SERVICE, "--to", at[1], "-f", "json", cwd=ROOT)
    assert json.loads(before.stdout)["rows"] == []
    assert before.stderr.decode() == f"note: {SERVICE}: --from and --to have no part of it: it is 983 ms long\n"
    curves = [json.loads(run("gc", SERVICE, "--mmu", "-f", "json", *to).stdout) for to in (("--to", at[2]), ())]
    assert curves[0]["rows"] == curves[1]["rows"] != []
    assert run("gc", SERVICE, "--mmu", "-f", "csv", "--to", at[1]).stdout.count(b"\n") == 1


def test_an_old_trace_has_no_wall_clock(run: Run) -> None:
    done = run("goroutines", IDLE, SERVICE, "--from", "2026-11-21T00:00:00Z")
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert f"{IDLE}: has no wall-clock times" in done.stderr.decode()
    assert b"main.main" in done.stdout
