"""Critical paths: against a brute force that asks for each moment who is on the path, and on known causes."""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path as FilePath
from typing import NamedTuple

import pytest

from gotracer_ci.analysis import critical_path
from gotracer_ci.analysis.critical_path import (
    DEEP,
    DEEPEST,
    CriticalPath,
    CriticalPathsAnalysis,
    Path,
    read_paths,
)
from gotracer_ci.analysis.lives import Life, LivesAnalysis, reason_of
from gotracer_ci.analysis.reading import Window, read, read_for
from gotracer_ci.analysis.region_times import RegionsAnalysis
from gotracer_ci.analysis.stacks import Stack, Stacks
from gotracer_ci.analysis.tasks import TasksAnalysis
from gotracer_ci.analysis.wakes import source_of
from gotracer_ci.errors import TraceError
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.observers.timeline import Timeline
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import OPEN, Ev, GoState
from tests.conftest import PROGRAMS, path_of
from tests.trace.hostile import RUNS, event, on_thread, stack, string, trace
from tests.trace.writer import batch

TRACES = (
    "annotations-go1.19", "waits-go1.21", "lockcontention-go1.19", "orders-go1.22", "service-lock-go1.23",
    "lockwait-go1.22", "tour-go1.24", "chanwait-go1.25", "tour-go1.26", "causes-go1.27",
)  # fmt: skip
WINDOWS = 10
STATES = {GoState.RUNNING: "running", GoState.RUNNABLE: "runnable", GoState.SYSCALL: "syscall"}
Key = tuple[str, str, str | None]


class State(NamedTuple):
    """A row of `Timeline`."""

    life: int
    kind: int
    reason: int
    stack: int
    start: int
    end: int
    lost: int
    cause: int
    cause_stack: int
    flags: int


class Known(NamedTuple):
    """A trace as plain lists. states: by life. start, end: on the trace's clock."""

    states: dict[int, list[State]]
    lives: list[Life]
    stacks: Stacks
    reasons: dict[State, str]
    start: int
    end: int


def source() -> SourceMap:
    return SourceMap(Repository.scan(PROGRAMS))


@cache
def known(name: str) -> Known:
    """Read every goroutine's timeline with an observer of its own."""
    trace = open_trace(path_of(name))
    lives = read(trace, source(), LivesAnalysis(trace, each=True, places=True)).lives
    trace = open_trace(path_of(name))
    timelines = [Timeline(id) for id in sorted({life.id for life in lives})]
    for _ in trace.chunks((), timelines):
        pass
    states: dict[int, list[State]] = {}
    for timeline in timelines:
        for row in timeline.rows():
            states.setdefault(row[0], []).append(State(*row))
    stacks = Stacks(trace.tables, source(), trace.version)
    reasons = {one: reason_of(trace.tables, one.reason, one.stack) for same in states.values() for one in same}
    return Known(states, list(lives), stacks, reasons, trace.start_ns, trace.start_ns + trace.duration_ns)


def life_of(found: Known, goroutine: int, time: int) -> Life | None:
    """Return who has this ID just before a time."""
    for life in found.lives:
        start = found.start + (life.created_ns or 0)
        end = found.end if life.ended_ns is None else found.start + life.ended_ns
        if life.id == goroutine and start <= time <= end:
            return life
    return None


def state_at(found: Known, life: Life, time: int) -> State | None:
    return next((one for one in found.states.get(life.number, ()) if one.start <= time < one.end), None)


def who(found: Known, life: Life, time: int, last: int) -> Key:
    """Return what is on the path of a goroutine at a moment. last: the end of its window."""
    end, stack = last, Stack()
    for depth in range(DEEPEST + 1):
        state = state_at(found, life, time)
        if state is None:
            born = found.start + (life.created_ns or 0)
            creator = life_of(found, life.creator, born) if time < born else None
            if creator is None or depth == DEEPEST:
                return life.name, "unknown" if creator is None else DEEP, None
            end, stack, life = min(end, born), life.creation, creator
            continue
        is_woken = state.kind == GoState.WAITING and state.cause >= 0
        if is_woken and not source_of(found.reasons[state], found.stacks[state.cause_stack]):
            waker = life_of(found, state.cause, min(state.end, last))
        else:
            waker = None
        if waker is None or depth == DEEPEST:
            is_cut = state.kind == GoState.RUNNING and state.end > end and stack.frames
            doing = DEEP if waker else doing_of(found, state)
            return life.name, doing, (stack if is_cut else found.stacks[state.stack]).label
        stack = found.stacks[state.cause_stack] if state.end <= end else Stack()
        end, life = min(end, state.end), waker
    raise AssertionError("unreachable")


def doing_of(found: Known, state: State) -> str:
    if state.kind in STATES:
        return STATES[GoState(state.kind)]
    reason = found.reasons[state] or "unknown"
    is_timer = state.cause < 0 and not state.flags & OPEN and reason in ("chan receive", "select")
    return f"{reason} (timer)" if is_timer else reason


def brute(found: Known, goroutine: int, start: int, end: int) -> tuple[int, Counter[Key]]:
    """Return the length of a path, and its parts: what is on it between two moments at which anything changes."""
    life = [one for one in found.lives if one.id == goroutine and found.start + (one.created_ns or 0) < end][-1]
    start = max(start, found.start + (life.created_ns or 0))
    end = end if life.ended_ns is None else min(end, found.start + life.ended_ns)
    moments = {start, end}
    for same in found.states.values():
        moments.update(time for one in same for time in (one.start, one.end) if start < time < end)
    moments.update(found.start + (one.created_ns or 0) for one in found.lives)
    ordered = sorted(time for time in moments if start <= time <= end)
    parts: Counter[Key] = Counter()
    for first, last in pairwise(ordered):
        parts[who(found, life, first, end)] += last - first
    return end - start, parts


def path_in(name: str, goroutine: int, start: int, end: int) -> CriticalPath | None:
    """Return the path that is found. start, end: ns from the trace's start."""
    trace = open_trace(path_of(name))
    (path,) = read(trace, source(), CriticalPathsAnalysis(trace, [Path(goroutine)]), Window(start, end))
    return path


@pytest.mark.parametrize("name", TRACES)
def test_a_path_is_what_a_brute_force_finds_at_each_moment(name: str) -> None:
    """A hundred windows in all, of goroutines that exist in them: the parts are the same, and sum to the window."""
    found = known(name)
    chance = random.Random(name)
    for _ in range(WINDOWS):
        start, end = sorted(chance.sample(range(found.end - found.start), 2))
        there = [
            life.id for life in found.lives
            if (life.created_ns or 0) < end and (life.ended_ns is None or life.ended_ns > start)
        ]  # fmt: skip
        goroutine = chance.choice(there)
        path = path_in(name, goroutine, start, end)
        length, parts = brute(found, goroutine, found.start + start, found.start + end)
        assert path is not None
        assert path.duration_ns == length == sum(part.ns for part in path.parts)
        assert {(part.group, part.doing, part.place): part.ns for part in path.parts} == dict(parts)
        assert sum(one.length_ns for one in path.stretches) == length
        assert all(one.start_ns + one.length_ns == after.start_ns for one, after in pairwise(path.stretches))


CAUSES = "causes-go1.27"
MS = 1_000_000


@cache
def regions() -> dict[str, CriticalPath]:
    """Return the paths of the program's regions and of its task, by type."""
    trace = open_trace(path_of(CAUSES))
    trace.is_read_again = True
    spans, tasks = RegionsAnalysis(trace, each=True), TasksAnalysis(trace)
    read_for(trace, (spans, tasks))
    stacks = Stacks(trace.tables, source(), trace.version)
    asked = {one.type: (one.goroutine, one.begin_ns, one.end_ns) for one in spans.result(trace, stacks).regions}
    asked |= {one.type: (one.end_goroutine, one.begin_ns, one.end_ns) for one in tasks.result(trace, stacks).tasks}
    windows = [
        Path(goroutine, trace.start_ns + (begin or 0), trace.start_ns + (end or 0))
        for goroutine, begin, end in asked.values()
    ]
    found = read_paths(trace, source(), windows)
    assert all(found)
    return {name: path for name, path in zip(asked, found, strict=True) if path}


@pytest.mark.parametrize(
    ("name", "causes"),
    [
        ("chain", [("main.produce", "sleep", "main.produce", 20), ("main.produce", "running", "main.produce", 10)]),
        ("lock", [("main.updateInventory", "sleep", "main.updateInventory", 20)]),
        ("channel", [("main.compute", "running", "main.compute", 20)]),
        ("network", [("main.main", "network", "main.read", 20)]),
        ("timer", [("main.main", "chan receive (timer)", "main.wait", 20)]),
        ("job", [("main.worker", "sleep", "main.prepare", 10), ("main.worker", "running", "main.handle", 10)]),
    ],
)
def test_the_planted_cause_is_named_with_its_time(name: str, causes: list[tuple[str, str, str, int]]) -> None:
    """See the program: what main waited for took at least so many milliseconds, and nearly all of its time."""
    path = regions()[name]
    total = 0
    for group, doing, function, ms in causes:
        same = [part for part in path.parts if (part.group, part.doing) == (group, doing)]
        ns = sum(part.ns for part in same if function in part.longest.stack.functions)
        assert ms * MS <= ns < 2 * ms * MS
        total += ns
    assert total > 0.95 * path.duration_ns


def test_a_stretch_says_what_waited_for_it() -> None:
    chain, lock = regions()["chain"], regions()["lock"]
    (longest,) = (one for one in chain.stretches if one.doing == "sleep")
    assert longest.depth == 2
    assert longest.behind
    assert (longest.behind.reason, longest.behind.stack.label) == ("chan receive", "main.chain")
    (longest,) = (one for one in lock.stretches if one.doing == "sleep")
    assert longest.behind
    assert (longest.behind.reason, longest.behind.stack.label) == ("sync", "main.order")


def made(events: Sequence[bytes]) -> CriticalPath:
    """Return the path of goroutine 1 in a trace of these events, which begins with it on the only P."""
    tables = [bytes([Ev.STACKS]) + b"".join(stack(k, k) for k in range(1, 3)), bytes([Ev.STRINGS]) + string(1)]
    data = trace(batch(1, 1, 100, RUNS), *on_thread(events, sum(map(len, events))), tables=tables)
    opened = Trace("made", memoryview(data))
    (path,) = read(opened, source(), CriticalPathsAnalysis(opened, [Path(1)]))
    assert opened.damage is None
    assert path is not None
    assert sum(part.ns for part in path.parts) == path.duration_ns
    return path


def blocks(*, to: int, seq: int) -> bytes:
    return event(Ev.GO_BLOCK, 1, 1, after=7) + event(Ev.GO_START, to, seq)


def test_a_chain_of_ten_thousand_goroutines_is_followed_thirty_waits_deep() -> None:
    """Each goroutine waits for the next one; the last one wakes the one before it, and so on."""
    last = 10_000
    events = [event(Ev.GO_CREATE, k, 0, 0) for k in range(2, last + 1)]
    events += [blocks(to=k, seq=1) for k in range(2, last + 1)]
    for k in range(last - 1, 0, -1):
        first = 2 if k > 1 else 1
        events += [event(Ev.GO_UNBLOCK, k, first, 2), blocks(to=k, seq=first + 1)]
    path = made(events)
    assert max(one.depth for one in path.stretches) == DEEPEST
    (deep,) = (part for part in path.parts if part.doing == DEEP)
    assert deep == path.parts[0]


def test_two_goroutines_that_wake_each_other_are_on_the_path_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """While one of them waits the other one runs, so no wait is followed twice."""
    events = [event(Ev.GO_CREATE, 2, 0, 0), blocks(to=2, seq=1)]
    for k in range(1, 2_000, 2):
        events += [event(Ev.GO_UNBLOCK, 1, k, 2), blocks(to=1, seq=k + 1)]
        events += [event(Ev.GO_UNBLOCK, 2, k + 1, 2), blocks(to=2, seq=k + 2)]
    path = made(events)
    assert {one.depth for one in path.stretches} == {0, 1}
    assert sum(part.stretches for part in path.parts) == len(path.stretches) > 2_000
    monkeypatch.setattr(critical_path, "KEPT", 1_000)
    few = made(events)
    assert few.parts == path.parts
    assert (len(few.stretches), few.left_out) == (1_000, len(path.stretches) - 1_000)
    assert min(one.length_ns for one in few.stretches) == sorted(one.length_ns for one in path.stretches)[-1_000]


def test_after_too_many_steps_waits_are_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(critical_path, "MAX_STEPS", 10)
    path = path_in("annotations-go1.26", 1, 0, 40 * MS)
    assert path
    assert sum(part.ns for part in path.parts) == path.duration_ns
    assert DEEP in {part.doing for part in path.parts}


def test_a_window_with_too_many_intervals_is_refused() -> None:
    trace = open_trace(path_of("tour-go1.27"))
    with pytest.raises(TraceError, match="more than 100 intervals in the window"):
        read(trace, source(), CriticalPathsAnalysis(trace, [Path(1)], most=100))


@pytest.mark.parametrize("name", ["generations-go1.25", "generations-go1.26", "tour-go1.27", "annotations-go1.21"])
def test_windows_are_the_same_in_a_part_of_the_trace(name: str) -> None:
    """Reading again begins with the window's generation: times stay, only reasons from before it can be missing."""
    opened = open_trace(path_of(name))
    opened.is_read_again = True
    read(opened, source(), LivesAnalysis(opened))
    begin, length = opened.start_ns, opened.duration_ns
    spans = [(length * k // 7, length * (k + 1) // 7) for k in range(7)]
    again = read_paths(opened, source(), [Path(1, begin + start, begin + end) for start, end in spans])
    for (start, end), path in zip(spans, again, strict=True):
        whole = path_in(name, 1, start, end)
        assert path is not None
        assert whole is not None
        assert [one[:3] for one in path.stretches] == [one[:3] for one in whole.stretches]


def test_a_trace_that_has_changed_is_not_read_again(tmp_path: FilePath) -> None:
    copy = tmp_path / "copy.trace"
    shutil.copy(path_of(CAUSES), copy)
    opened = open_trace(str(copy))
    opened.is_read_again = True
    read(opened, source(), LivesAnalysis(opened))
    os.truncate(copy, 1000)
    with pytest.raises(TraceError, match="has changed since it was read"):
        read_paths(opened, source(), [Path(1, opened.start_ns, opened.start_ns + MS)])
