"""The summaries in the HTML report: on every committed trace, their sums are those of the tables."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.analysis import mmu
from gotracer_ci.analysis.gc import CollectorAnalysis
from gotracer_ci.analysis.reading import read
from gotracer_ci.analysis.stacks import is_system
from gotracer_ci.analysis.utilisation import Busy
from gotracer_ci.pipeline import run
from gotracer_ci.settings import Settings
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.spec import Ev
from tests.conftest import NAMES, PROGRAMS, path_of
from tests.drawn import report_of, summaries_of
from tests.streams import Decoded

STATES = ("running", "runnable", "waiting", "syscall", "syscall_blocked")


@pytest.mark.parametrize("name", NAMES)
def test_the_sums_are_those_of_the_tables(name: str, tmp_path: Path) -> None:
    report = report_of(tmp_path, name)
    (summary,) = summaries_of(report)
    assert report.tables
    assert (summary.header["trace"], summary.header["base"]) == (0, False)
    assert (summary.header["path"], summary.header["duration_ns"]) == (
        report.traces[0].path,
        report.traces[0].duration_ns,
    )
    check_states(summary, report.tables.over_time)
    check_groups(summary, report.tables.goroutines)
    check_cycles(summary, report.tables.gc)
    check_heap(summary, name)
    check_utilisation(summary, name)


def check_states(summary: Decoded, parts: Any) -> None:
    states = summary.blocks["states"]
    assert len(states["running"]) * summary.header["states"]["width_ns"] >= summary.header["duration_ns"]
    for column in (*STATES, "stw", "gc"):
        assert sum(states[column]) == sum(part[f"{column}_ns"] for part in parts)
    assert sum(summary.blocks["stw"]["length"]) == sum(states["stw"])


def check_groups(summary: Decoded, table: Any) -> None:
    groups = summary.rows("groups")
    for state in STATES:
        assert sum(group[state] for group in groups) == sum(summary.blocks["states"][state])
    assert all(group["total"] == sum(group[state] for state in STATES) for group in groups)
    assert [group["total"] for group in groups] == sorted((group["total"] for group in groups), reverse=True)
    assert all(bool(group["system"]) == is_system(summary.text(group["name"])) for group in groups)
    check_group_states(summary, groups)
    own = [group for group in groups if not group["system"]]
    for column in ("lives", "created", "alive"):
        assert sum(group[column] for group in own) == sum(row[column] for row in table)
    assert sum(group["running"] for group in own) == sum(row["running_ns"] for row in table)
    assert max((g["longest"] for g in own), default=0) == max((row["total_max_ns"] for row in table), default=0)


def check_group_states(summary: Decoded, groups: list[dict[str, Any]]) -> None:
    """The states over time of each group sum to its times, and are those of all goroutines where all have them."""
    header, states = summary.header["group_states"], summary.blocks["group_states"]
    parts = header["parts"]
    assert 0 <= parts * header["width_ns"] - summary.header["duration_ns"] < header["width_ns"]
    assert {len(column) for column in states.values()} == {parts * len(header["groups"])}
    assert header["groups"] == list(range(min(64, len(groups))))
    for i, number in enumerate(header["groups"]):
        group = {**groups[number], "syscall": groups[number]["syscall"] + groups[number]["syscall_blocked"]}
        for state, column in states.items():
            assert sum(column[i * parts : (i + 1) * parts]) == group[state]
            assert min(column[i * parts : (i + 1) * parts], default=0) >= 0
    if len(header["groups"]) == len(groups):
        ratio = header["width_ns"] // summary.header["states"]["width_ns"]
        for state in ("running", "runnable", "waiting"):
            of_all = summary.blocks["states"][state]
            for part in range(parts):
                at = part * ratio
                assert sum(states[state][part::parts]) == sum(of_all[at : at + ratio])


def check_cycles(summary: Decoded, table: Any) -> None:
    columns = {
        "number": "cycle",
        "start": "start_ns",
        "length": "mark_ns",
        "stop1": "stop_begin_ns",
        "stop2": "stop_end_ns",
        "assist": "assist_ns",
        "dedicated": "dedicated_ns",
        "fractional": "fractional_ns",
        "idle": "idle_ns",
        "live": "live_bytes",
        "goal": "goal_bytes",
        "open": "open",
    }
    expected = [{name: -1 if row[of] is None else row[of] for name, of in columns.items()} for row in table]
    assert summary.rows("gc") == expected
    assert summary.header["left_out"] == {"gc": 0, "stw": 0}


def check_utilisation(summary: Decoded, name: str) -> None:
    """Each point of the curve is that of the command for windows of this length; the worst windows are the same."""
    trace = open_trace(path_of(name))
    busy = Busy()
    analysis = CollectorAnalysis(trace, busy=busy)
    read(trace, SourceMap(None), analysis)
    series = busy.series(trace.start_ns, trace.start_ns, trace.start_ns + trace.duration_ns, trace.gomaxprocs_at_start)
    expected = [mmu.point(series, row["window"]) for row in summary.rows("mmu")] if series else []
    assert [list(row.values())[1:] for row in summary.rows("mmu")] == [
        [round(share * 1_000_000) for share in (point.minimum, *point.percentiles)] for point in expected
    ]
    assert bool(expected) == bool(trace.gomaxprocs_at_start)
    worst = [one for length in summary.header["windows"] for one in mmu.worst(series, length)]
    assert [list(row.values()) for row in summary.rows("windows")] == [
        [one.window_ns, one.start_ns, *(round(share * 1_000_000) for share in (one.utilisation, *one.taken))]
        for one in worst
    ]


def check_heap(summary: Decoded, name: str) -> None:
    """Compare with a plain walk: each point is a moment of the trace, and none of the extremes is missing."""
    trace = open_trace(path_of(name))
    now, goal = -1, -1
    moments, procs = [], []
    for chunk in trace.chunks():
        for time, kind, _, _, _, value, *_ in chunk.rows():
            if kind == Ev.HEAP_ALLOC:
                now = value
            elif kind == Ev.HEAP_GOAL:
                goal = value
            elif kind == Ev.PROCS_CHANGE:
                procs.append((time - trace.start_ns, value))
            if kind in (Ev.HEAP_ALLOC, Ev.HEAP_GOAL):
                moments.append((time - trace.start_ns, now, goal))
    points = [tuple(row.values()) for row in summary.rows("heap")]
    assert not Counter(points) - Counter(moments)
    assert [point[0] for point in points] == sorted(point[0] for point in points)
    width = summary.header["states"]["width_ns"]
    for part in range(0, summary.header["duration_ns"], width):
        real = [moment for moment in moments if part <= moment[0] < part + width]
        shown = [point for point in points if part <= point[0] < part + width]
        assert bool(real) == bool(shown)
        if real:
            assert (shown[0], shown[-1]) == (real[0], real[-1])
            assert {min(m[1] for m in real), max(m[1] for m in real)} <= {point[1] for point in shown}
    expected = [(0, trace.gomaxprocs_at_start or -1)]
    for at, value in procs:
        if value != expected[-1][1]:
            expected.append((at, value))
    assert [(row["at"], row["value"]) for row in summary.rows("procs")] == expected


def test_several_traces_and_those_of_the_base_commit(tmp_path: Path) -> None:
    """Each trace has the summary that it has alone, in the report's order."""
    names = ("service-go1.27", "tour-go1.21", "service-again-go1.27")
    alone = [summaries_of(report_of(tmp_path, name))[0].blocks for name in names]
    found = summaries_of(report_of(tmp_path, *names[:2], base=(path_of(names[2]),)))
    assert [summary.blocks for summary in found] == alone
    assert [(summary.header["trace"], summary.header["base"]) for summary in found] == [(0, 0), (1, 0), (2, 1)]


def test_a_damaged_trace_has_a_summary_up_to_the_damage(tmp_path: Path) -> None:
    data = Path(path_of("gcpause-go1.26")).read_bytes()
    broken = tmp_path / "broken.trace"
    broken.write_bytes(data[: len(data) * 9 // 10])
    page = tmp_path / "report.html"
    report = run(Settings(traces=(str(broken),), root=PROGRAMS, outputs={"html": page})).report
    (summary,) = summaries_of(report)
    assert 0 < summary.header["duration_ns"] == report.traces[0].duration_ns
    assert sum(summary.blocks["states"]["running"]) == sum(summary.blocks["groups"]["running"]) > 0
