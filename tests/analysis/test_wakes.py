"""Who waited for whom, on all committed traces and on programs whose waits are known."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from gotracer_ci.analysis.lives import GoroutineLives, LivesAnalysis
from gotracer_ci.analysis.reading import read_for
from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.analysis.wakes import POLLER, RUNTIME, TIMER, WakeFacts, WakesAnalysis
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.tables.wakes import select, wakes_table
from gotracer_ci.trace.open import open_trace
from tests.conftest import NAMES, PROGRAMS, path_of

MS = 1_000_000


@cache
def read(name: str) -> tuple[WakeFacts, GoroutineLives]:
    """Return the wakes and the lives of a trace."""
    trace = open_trace(path_of(name))
    wakes, lives = WakesAnalysis(trace), LivesAnalysis(trace)
    read_for(trace, (wakes, lives))
    stacks = Stacks(trace.tables, SourceMap(Repository.scan(PROGRAMS)), trace.version)
    return wakes.result(trace, stacks), lives.result(trace, stacks)


def table(name: str, waiter: str | None = None) -> list[tuple[str, str, str | None, int]]:
    """Return the rows of the command as (waiter, reason, waker, waits)."""
    made = wakes_table([("", read(name)[0])], merge=False, traces=False, still_open=True, system=False)
    rows = select(made, waiter, None, None).rows
    return [(row["waiter"], row["reason"], row["waker"], row["waits"]) for row in rows]


def waited(facts: WakeFacts) -> Counter[str]:
    return sum((Counter({wake.reason: wake.total_ns}) for wake in facts.wakes), Counter())


@pytest.mark.parametrize("name", NAMES)
def test_by_reason_waits_last_as_long_as_in_the_table_of_goroutines(name: str) -> None:
    wakes, lives = read(name)
    assert waited(wakes) == sum((Counter(group.waits) for group in lives.groups), Counter())
    assert not wakes.is_merged


@pytest.mark.parametrize("name", ["waits-go1.21", "waits-go1.27"])
def test_wakers_are_those_of_the_program(name: str) -> None:
    """Each primitive is kept for 20 ms by one goroutine, and another one waits for it: see the program."""
    rows = table(name)
    assert ("main.wantMutex", "sync", "main.primitives.func1", 1) in rows
    assert ("main.wantWriteLock", "sync", "main.primitives.func3", 1) in rows
    assert ("main.relock", "sync.(*Cond).Wait", "main.relock.func1", 1) in rows
    assert {waker for waiter, reason, waker, _ in rows if reason == "sleep"} == {TIMER}
    (lock,) = (wake for wake in read(name)[0].wakes if wake.waiter.place == "main.wantMutex")
    assert 15 * MS < lock.total_ns == lock.longest_ns


def test_a_deadline_wakes_and_a_goroutine_that_only_runs_the_poller_does_not() -> None:
    """Of the wakes of readers, those in SetReadDeadline have a place; no other goroutine is a waker."""
    found = [
        wake
        for name in NAMES
        for wake in read(name)[0].wakes
        if wake.reason in ("network", "sleep") and not wake.is_open
    ]
    named = [wake for wake in found if not wake.source]
    assert {wake.source for wake in found} == {"", POLLER, TIMER}
    assert named
    assert {wake.waker.functions[0].rpartition(".")[0] for wake in named} <= {"internal/poll"}
    assert any("internal/poll.(*FD).SetReadDeadline" in wake.waker.functions for wake in named)


def test_what_no_goroutine_ends_is_a_timer_the_poller_or_the_runtime() -> None:
    alone = {(wake.reason, wake.source) for name in NAMES for wake in read(name)[0].wakes if wake.source}
    assert alone >= {("chan receive", TIMER), ("sleep", TIMER), ("network", POLLER), ("system goroutine wait", RUNTIME)}
    assert {source for reason, source in alone if reason in ("sync", "sync.(*Cond).Wait", "chan send")} <= {RUNTIME}


def test_a_wait_without_a_stack_names_its_goroutine() -> None:
    """The service's workers waited before the trace began; where is unknown."""
    rows = table("service-go1.27", "~main.(*service).serve")
    assert rows == [("~main.(*service).serve", "unknown", "main.(*service).placeOrder", 4)]


def test_open_waits_are_left_out_by_default() -> None:
    facts = [("", read("forever-go1.27")[0])]
    every, ended = (
        wakes_table(facts, merge=False, traces=False, still_open=still_open, system=True)
        for still_open in (True, False)
    )
    rows = [row for row in every.rows if row["waker"] is None]
    assert any(row["reason"] == "forever" for row in rows)
    assert [row for row in every.rows if row["waker"] is not None] == list(ended.rows)


def test_waits_of_the_runtime_are_left_out_by_default() -> None:
    facts = [("", read("tour-go1.27")[0])]
    every, others = (
        wakes_table(facts, merge=False, traces=False, still_open=True, system=system) for system in (True, False)
    )
    runtime = [row for row in every.rows if row["waiter"].startswith("~runtime")]
    assert {row["waiter"] for row in runtime} >= {"~runtime.gcBgMarkWorker"}
    assert [row for row in every.rows if row not in runtime] == list(others.rows)


def test_merged_traces_are_sums() -> None:
    facts = [(name, read(name)[0]) for name in ("service-go1.27", "service-again-go1.27")]
    merged = wakes_table(facts, merge=True, traces=False, still_open=True, system=True)
    apart = wakes_table(facts, merge=False, traces=True, still_open=True, system=True)
    for row in merged.rows:
        same = [
            one
            for one in apart.rows
            if [one[k] for k in ("waiter", "reason", "waker")] == [row["waiter"], row["reason"], row["waker"]]
        ]
        assert row["waits"] == sum(one["waits"] for one in same)
        assert row["total_ns"] == sum(one["total_ns"] for one in same)
        assert row["max_ns"] == max(one["max_ns"] for one in same)
