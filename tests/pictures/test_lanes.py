"""The lanes in the HTML report: every record is what the trace has, in full or in a window, within the room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.analysis.lanes import LanesAnalysis
from gotracer_ci.analysis.reading import read
from gotracer_ci.pictures.lanes import lanes
from gotracer_ci.report.picture import unpacked
from gotracer_ci.report.safe import clean
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.observers.lanes import RETURNED, RUNS, STAYS
from gotracer_ci.trace.open import open_trace
from tests.conftest import NAMES, PROGRAMS, path_of
from tests.drawn import calls_of, report_of, stack_of, summaries_of
from tests.streams import Decoded, decoded
from tests.trace.slices import Walk


def lanes_of(report: Any) -> Decoded:
    assert report.pictures
    return decoded(unpacked(report.pictures.lanes))


def records(stream: Decoded, lane: int) -> list[dict[str, int]]:
    """Return the records of a lane, each with its start and only the columns that it has."""
    columns = stream.blocks[f"lane-{lane}"]
    for_all = ("gap", "length", "slices", "goroutine", "node")
    exact = iter(zip(*(columns[name] for name in ("kind", "reason", "queued", "waker")), strict=True))
    idle = iter(columns["idle"])
    found: list[dict[str, int]] = []
    at = stream.header["from_ns"]
    for values in zip(*(columns[name] for name in for_all), strict=True):
        record = {**dict(zip(for_all, values, strict=True)), "start": at + values[0]}
        if record["slices"] == 1:
            record |= dict(zip(("kind", "reason", "queued", "waker"), next(exact), strict=True))
        else:
            record["idle"] = next(idle)
        at = record["start"] + record["length"]
        found.append(record)
    assert [*exact, *idle] == []
    return found


@pytest.mark.parametrize("name", NAMES)
def test_the_records_are_the_slices_of_the_trace(name: str, tmp_path: Path) -> None:
    report = report_of(tmp_path, name)
    stream, calls, (summary,) = lanes_of(report), calls_of(report), summaries_of(report)
    trace = open_trace(path_of(name))
    walk = Walk(trace)
    header = stream.header
    assert (header["from_ns"], header["to_ns"]) == (0, trace.duration_ns)
    assert header["procs"] == sorted(walk.slices)
    busy = 0
    for lane, proc in enumerate(header["procs"]):
        left = iter(walk.slices[proc])
        for record in records(stream, lane):
            of = [next(left) for _ in range(record["slices"])]
            longest = max(of, key=lambda each: each.end - each.start)
            assert record["start"] == of[0].start - trace.start_ns
            assert record["length"] == of[-1].end - of[0].start
            assert record["goroutine"] == longest.goroutine
            functions = [function for function, _, _ in trace.tables.stack(longest.stack)]
            assert stack_of(calls, record["node"]) == (functions if any(functions) else [])
            busy += record["length"] - record.get("idle", 0)
            if len(of) > 1:
                assert longest.end - longest.start <= header["resolution_ns"]
                assert record["length"] <= header["run_ns"]
                continue
            assert header["reasons"][record["reason"]] == clean(trace.tables.string(of[0].reason))
            assert (record["kind"], record["queued"], record["waker"]) == (of[0].ending, of[0].queued, of[0].waker)
        assert next(left, None) is None
    states = ("running", "syscall", "runnable")
    assert header["totals"] == {state: sum(summary.blocks["states"][state]) for state in states}
    # a P is known for all but calls that began before the trace
    assert busy <= header["totals"]["running"] + header["totals"]["syscall"] == walk.running + walk.syscall


def found_in(name: str, window: tuple[int, int] | None = None) -> Any:
    source = SourceMap(Repository.scan(PROGRAMS))
    return read(open_trace(path_of(name)), source, LanesAnalysis(100_000, window))


def stream_of(times: Any, room: int) -> Any:
    return lanes(0, times, dict.fromkeys(times.stacks, 1), room)


@pytest.mark.parametrize("name", NAMES[::4])
def test_a_window_has_what_is_inside(name: str) -> None:
    trace = open_trace(path_of(name))
    walk = Walk(trace)
    start, end = trace.duration_ns // 3, trace.duration_ns // 2
    window = decoded(unpacked(stream_of(found_in(name, (start, end)), 1 << 30)))
    assert (window.header["from_ns"], window.header["to_ns"]) == (start, end)
    expected = {
        proc: [each for each in slices if each.start < trace.start_ns + end and each.end > trace.start_ns + start]
        for proc, slices in walk.slices.items()
    }
    assert window.header["procs"] == [proc for proc, slices in sorted(expected.items()) if slices]
    for lane, proc in enumerate(window.header["procs"]):
        left = iter(expected[proc])
        for record in records(window, lane):
            of = [next(left) for _ in range(record["slices"])]
            first, last = of[0].start - trace.start_ns, of[-1].end - trace.start_ns
            assert record["start"] == max(first, start)
            assert record["start"] + record["length"] == min(last, end)
            if len(of) == 1:
                goes_on = RUNS if of[0].ending < RETURNED else STAYS
                assert record["kind"] == (goes_on if last > end else of[0].ending)
        assert next(left, None) is None


def test_a_window_after_the_trace_is_empty() -> None:
    times = found_in("service-go1.27", (10**12, 2 * 10**12))
    window = decoded(unpacked(stream_of(times, 1 << 30)))
    whole = decoded(unpacked(stream_of(found_in("service-go1.27"), 1 << 30)))
    assert window.header["from_ns"] == window.header["to_ns"] == whole.header["to_ns"]
    assert window.header["totals"] == {"running": 0, "syscall": 0, "runnable": 0}
    assert (window.header["procs"], list(window.blocks)) == ([], ["ranges"])


@pytest.mark.parametrize("name", NAMES[::8])
def test_the_lanes_fit_their_room(name: str) -> None:
    times = found_in(name)
    whole = stream_of(times, 1 << 30)
    most = len(whole.deflated)
    for room in (most, most * 3 // 4, most // 2):
        stream = stream_of(times, room)
        fewest = all(block.rows == 1 for block in stream.blocks if block.name != "ranges")
        assert len(stream.deflated) <= room or fewest
        assert stream.header["totals"] == whole.header["totals"]
    assert stream_of(times, most // 2).header["resolution_ns"] > whole.header["resolution_ns"]
