"""Which events are shown: each option against the whole list."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run, complaints, path_of

TRACE = path_of("annotations-go1.26")


def lines(run: Run, *options: str, trace: str = TRACE) -> list[dict[str, Any]]:
    done = run("events", trace, "--as", "jsonl", *options)
    assert (done.returncode, done.stderr) == (0, b"")
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


@pytest.fixture
def every(run: Run) -> list[dict[str, Any]]:
    return lines(run, "--with-stacks")


def functions(event: dict[str, Any]) -> list[str]:
    return [frame["function"] for frame in event["stack"] + event["transition_stack"]]


def is_about(event: dict[str, Any], resource: str, number: int) -> bool:
    return number == event[resource] or (
        event.get("id") == number and resource in (event.get("resource"), event.get("scope"))
    )


def test_options_choose_among_all_events(run: Run, every: list[dict[str, Any]]) -> None:
    chosen: dict[tuple[str, ...], Callable[[dict[str, Any]], bool]] = {
        ("--kind", "log"): lambda event: event["kind"] == "Log",
        ("--kind", "GoBlock", "--kind", "GoUnblock"): lambda event: event["event"] in ("GoBlock", "GoUnblock"),
        ("--goroutine", "1"): lambda event: is_about(event, "goroutine", 1),
        ("--proc", "0"): lambda event: is_about(event, "proc", 0),
        ("--thread", str(every[10]["thread"])): lambda event: event["thread"] == every[10]["thread"],
        ("--stack", "main.*"): lambda event: any(name.startswith("main.") for name in functions(event)),
        ("--from", "10ms", "--to", "20ms"): lambda event: 10_000_000 <= event["time_ns"] <= 20_000_000,
        ("--kind", "GoBlock", "--goroutine", "1"): lambda event: (
            event["event"] == "GoBlock" and is_about(event, "goroutine", 1)
        ),
    }
    for options, fits in chosen.items():
        expected = [event for event in every if fits(event)]
        assert 0 < len(expected) < len(every), options
        assert lines(run, "--with-stacks", *options) == expected, options


def test_context_shows_events_around_each_once(run: Run, every: list[dict[str, Any]]) -> None:
    at = [i for i, event in enumerate(every) if event["kind"] == "Log"]
    around = sorted({j for i in at for j in range(i - 2, i + 3) if 0 <= j < len(every)})
    assert lines(run, "--with-stacks", "--kind", "Log", "--context", "2") == [every[i] for i in around]
    text = run("events", TRACE, "--kind", "Log", "--context", "2").stdout.decode()
    gaps = sum(after - before > 1 for before, after in pairwise(around))
    assert text.splitlines().count("--") == gaps > 0


def test_json_says_what_each_kind_of_event_says(every: list[dict[str, Any]]) -> None:
    by_kind = {event["kind"]: event for event in reversed(every)}
    assert {"Sync", "StateTransition", "Metric", "RangeBegin", "TaskBegin", "RegionBegin", "Log"} <= set(by_kind)
    assert by_kind["Sync"]["time_ns"] == 0
    assert by_kind["Sync"]["wall"].endswith("Z")
    blocked = next(event for event in every if event["event"] == "GoBlock")
    assert (blocked["resource"], blocked["from"], blocked["to"]) == ("goroutine", "Running", "Waiting")
    assert blocked["reason"]
    assert by_kind["TaskBegin"]["type"]
    assert by_kind["Log"]["message"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--kind", "GoBlok"), "--kind GoBlok: no such kind of event; did you mean GoBlock"),
        (("--goroutine", "main"), "--goroutine"),
        (("--from", "2s", "--to", "1s"), "--to must be after --from"),
        (("--from", "2026-11-26T23:05:01Z"), "has no wall-clock times"),
    ],
)
def test_mistakes_are_one_line(options: tuple[str, ...], problem: str, run: Run) -> None:
    done = run("events", path_of("cpusamples-go1.22"), *options)
    assert (done.returncode, done.stdout) == (2, b"")
    assert problem in complaints(done)[0]
    assert done.stderr.count(b"\n") == 1


def test_a_truncated_trace_shows_the_events_before_the_damage(run: Run, tmp_path: Path) -> None:
    whole = Path(path_of("generations-go1.26"))
    cut = tmp_path / "cut.trace"
    cut.write_bytes(whole.read_bytes()[:-40])
    done = run("events", cut)
    assert done.returncode == 2
    assert "truncated" in complaints(done)[0]
    *events, last = done.stdout.decode().splitlines()
    assert "Sync" in last
    assert len(events) > 100
    assert run("events", whole).stdout.decode().splitlines()[: len(events)] == events
