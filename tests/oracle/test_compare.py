"""Parts of the suite: differences are found and named, and a coarse clock changes only times."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.reader import Trace
from tests.oracle.coarse import coarse
from tests.oracle.compare import compare
from tests.oracle.goroutines import ours
from tests.oracle.utilisation import is_miscounted, possible, windows
from tests.trace.conftest import ROOT
from tests.trace.lines import lines

TRACES = ROOT / "testdata" / "traces"
TRACE = TRACES / "cgocallback-go1.27.trace"
SAMPLED = ("tour-go1.22", "tour-go1.25", "tour-go1.27", "allocfree-go1.23")


def _reader(
    directory: Path, printed: list[str], error: str = "", summaries: dict[int, dict[str, Any]] | None = None
) -> Path:
    """Return a fake oracle that prints these lines, these summaries of goroutines or else ours, and no annotations."""
    (directory / "-stacks").write_text("\n".join(printed) + "\n", encoding="utf-8")
    found = (ours(TRACE) if summaries is None else summaries).values()
    opened = open_trace(str(TRACE))
    idle = "".join(f"{line}\n" for line in _idle(opened))
    (directory / "-utilization").write_text(idle, encoding="utf-8")
    (directory / "-goroutines").write_text("".join(f"{json.dumps(one)}\n" for one in found), encoding="utf-8")
    for option in ("-regions", "-tasks"):
        (directory / option).touch()
    program = directory / "reader"
    program.write_text(f"#!/bin/sh\ncat {directory}/$1\n{error and f'echo {error} >&2; exit 1'}\n", encoding="utf-8")
    program.chmod(0o755)
    return program


def _idle(trace: Trace) -> Iterator[str]:
    """Yield what Go prints of the utilisation of a trace in which the collector does nothing."""
    for _ in trace.chunks():
        pass
    yield f"step\t{trace.start_ns}\t1"
    yield f"step\t{trace.start_ns + trace.duration_ns}\t0"
    yield from (f"mmu\t{window}\t1" for window in windows(trace))


def test_equal_lines_are_counted(tmp_path: Path) -> None:
    events = list(lines(open_trace(str(TRACE))))
    found = compare(_reader(tmp_path, events), TRACE)
    assert (found.events, found.generations, found.damage, found.difference) == (len(events), 1, "", [])
    assert found.goroutines == len(ours(TRACE))
    assert found.utilisation > 50


def test_another_utilisation_is_a_difference(tmp_path: Path) -> None:
    reader = _reader(tmp_path, list(lines(open_trace(str(TRACE)))))
    printed = tmp_path / "-utilization"
    printed.write_text(printed.read_text(encoding="utf-8").replace("\t1\nmmu", "\t0.5\nmmu", 1), encoding="utf-8")
    assert "MMU" in compare(reader, TRACE).difference[0]


@pytest.mark.parametrize(
    ("state", "generations", "expected"),
    [("Waiting", 1, True), ("Runnable", 1, True), ("Running", 1, False), ("Syscall", 1, False), ("Waiting", 2, False)],
)
def test_go_miscounts_an_assist_from_before_the_trace_that_does_not_run(
    state: str, generations: int, expected: bool
) -> None:
    """Later generations tell of assists whose beginnings have been seen."""
    sync = "Sync\t5\t-1\t-1\t-1\t1\t-\t-"
    status = f'StateTransition\t6\t3\t1\t1\tGoroutine\t15\tUndetermined\t{state}\t""\t-\t-'
    assist = 'RangeActive\t7\t3\t1\t1\t"GC mark assist"\tGoroutine\t15\t-\t-'
    assert is_miscounted([*[sync] * generations, status, assist]) is expected


def test_a_longer_window_loses_no_less_time_than_a_shorter_one() -> None:
    assert possible([(10, 0.5), (20, 0.9), (40, 0.5)]) == [(10, 0.5), (20, 0.75), (40, 0.5)]


def test_a_goroutine_with_another_summary_is_a_difference(tmp_path: Path) -> None:
    summaries = ours(TRACE)
    summaries[1]["Exec"] += 1
    found = compare(_reader(tmp_path, list(lines(open_trace(str(TRACE)))), summaries=summaries), TRACE)
    (difference,) = found.difference
    assert difference.startswith("goroutine 1:")


@pytest.mark.parametrize("option", ["-regions", "-tasks"])
def test_an_annotation_that_only_go_has_is_a_difference(option: str, tmp_path: Path) -> None:
    (tmp_path / option).write_text('{"ID": 1, "Goroutine": 7}\n', encoding="utf-8")
    found = compare(_reader(tmp_path, list(lines(open_trace(str(TRACE))))), TRACE)
    assert found.difference[0].startswith(f"{option[1:-1]}:\n- Go's:")


@pytest.mark.parametrize(
    ("change", "event"),
    [
        (lambda ours: ours[:10] + ours[11:], 11),
        (lambda ours: ours[:20] + ours[19:], 21),
        (lambda ours: [*ours[:30], ours[30] + "x", *ours[31:]], 31),
        (lambda ours: ours[:-1], 238),
        (lambda ours: [*ours, ours[-1]], 239),
    ],
    ids=["one missing", "one twice", "another stack", "ends early", "ends late"],
)
def test_the_first_difference_is_named(change: Callable[[list[str]], list[str]], event: int, tmp_path: Path) -> None:
    found = compare(_reader(tmp_path, change(list(lines(open_trace(str(TRACE)))))), TRACE)
    assert found.difference[0] == f"event {event}:"
    assert found.events == event - 1


def test_damage_reported_by_one_reader_is_a_difference(tmp_path: Path) -> None:
    events = list(lines(open_trace(str(TRACE))))
    assert compare(_reader(tmp_path, events, "error: broken"), TRACE).difference


@pytest.mark.parametrize("name", SAMPLED)
def test_a_clock_of_one_tick_changes_nothing(name: str, tmp_path: Path) -> None:
    trace = TRACES / f"{name}.trace"
    coarse(trace, tmp_path / "trace", 1)
    assert list(lines(open_trace(str(tmp_path / "trace")))) == list(lines(open_trace(str(trace))))


@pytest.mark.parametrize("name", SAMPLED)
def test_a_coarse_clock_creates_ties(name: str, tmp_path: Path) -> None:
    """An event at the same time as the previous one is moved by 1 ns (see `kernel`)."""
    before, after = open_trace(str(TRACES / f"{name}.trace")), tmp_path / "trace"
    coarse(TRACES / f"{name}.trace", after, 10_000)
    ties = []
    for trace in (before, open_trace(str(after))):
        times = [row[0] for chunk in trace.chunks() for row in chunk.rows()]
        ties.append(sum(b - a == 1 for a, b in pairwise(times)))
        assert trace.damage is None
    assert ties[1] > len(times) / 2 > ties[0]
