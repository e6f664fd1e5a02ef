"""Profiles lose no time: their sums are those of the goroutines' lives, on every committed trace."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import pytest

from gotracer_ci.analysis.lives import LivesAnalysis, reason_of
from gotracer_ci.analysis.profile import GO_TYPES, RUNNING, TYPES, ProfileAnalysis, StackProfile, total
from gotracer_ci.analysis.reading import Window, read_for
from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.events.names import CHANGES
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.names import normalise
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.spec import Ev, GoState
from tests.conftest import NAMES, path_of
from tests.profiles import go_profile_of, profile_of

STATES = ("running", "runnable", "waiting", "syscall", "syscall_blocked")
each_trace = pytest.mark.parametrize("name", NAMES)


def by(profile: StackProfile, *fields: str) -> Counter[Any]:
    sums: Counter[Any] = Counter()
    for sample in profile.samples:
        key = tuple(getattr(sample, field) for field in fields)
        sums[key if len(key) > 1 else key[0]] += sample.ns
    return sums


@each_trace
def test_wall_is_the_sum_of_all_lives(name: str) -> None:
    """By group and state, from the same reading; and each other type is the part of it that it should be."""
    trace = open_trace(path_of(name))
    lives = LivesAnalysis(trace)
    profiles = {kind: ProfileAnalysis(trace, kind) for kind in TYPES}
    read_for(trace, (lives, *profiles.values()))
    stacks = Stacks(trace.tables, SourceMap(None), trace.version)
    expected: Counter[tuple[str, str]] = Counter()
    reasons: Counter[str] = Counter()
    for group in lives.result(trace, stacks).groups:
        for state in STATES:
            expected[normalise(group.name), state] += getattr(group.times, state)
        reasons.update(group.waits)
    found = {kind: profile.result(trace, stacks) for kind, profile in profiles.items()}
    wall: Counter[tuple[str, str]] = Counter()
    for (group, state), ns in by(found["wall"], "group", "state").items():
        wall[normalise(group), state] += ns
    assert +wall == +expected
    assert by(found["sched"], "state").total() == by(found["wall"], "state")["runnable"]
    assert +by(found["block"], "reason") == +reasons
    assert by(found["net"], "reason").total() == reasons["network"]
    chosen = {
        reason for reason in reasons if reason == "forever" or any(w in reason for w in ("chan", "sync", "select"))
    }
    assert by(found["sync"], "reason").total() == sum(reasons[reason] for reason in chosen)
    calls = by(found["wall"], "state")
    assert by(found["syscall"], "state").total() == calls["syscall"] + calls["syscall_blocked"]
    assert all(sample.ns >= 0 and sample.number >= 0 for profile in found.values() for sample in profile.samples)


class Stretch(NamedTuple):
    """One interval, from a plain walk. began: its first event, which can be later than the trace's start."""

    life: int
    state: GoState
    go_reason: str
    reason: str
    start: int
    began: int
    end: int
    is_old: bool
    is_open: bool


class Walk:
    """A plain walk over the events of a trace."""

    def __init__(self, name: str) -> None:
        self.stretches: list[Stretch] = []
        self.first_run: dict[int, int] = {}
        self.ids: dict[int, list[int]] = {}
        self._trace = open_trace(path_of(name))
        self._open: dict[int, Stretch] = {}
        self._own: dict[int, int] = {}
        now = 0
        for chunk in self._trace.chunks():
            for now, number, _, _, g, a, b, _, stack in chunk.rows():
                self._event(now, Ev(number), g, a, b, stack)
        for stretch in self._open.values():
            self.stretches.append(stretch._replace(end=now, is_open=True))

    def _event(self, now: int, event: Ev, g: int, a: int, b: int, stack: int) -> None:
        if event in (Ev.GO_STATUS, Ev.GO_STATUS_STACK):
            if b >> 8 == 0:
                self._begin(a, now, GoState(b & 0xFF), 0, stack, self._trace.start_ns)
            return
        if event not in CHANGES:
            return
        old, new = CHANGES[event]
        of = a if old in ("NotExist", "Waiting", "Runnable") else g
        if old != "NotExist":
            self.stretches.append(self._open.pop(of)._replace(end=now))
        if new == "NotExist":
            return
        own = event in (Ev.GO_STOP, Ev.GO_BLOCK, Ev.GO_SYSCALL_BEGIN)
        reason = a if event in (Ev.GO_STOP, Ev.GO_BLOCK) else 0
        self._begin(of, now, GoState[new.upper()], reason, stack if own else 0, now, is_new=old == "NotExist")

    def _begin(
        self, of: int, now: int, state: GoState, reason: int, stack: int, start: int, *, is_new: bool = False
    ) -> None:
        is_old = start != now
        if is_new or is_old:
            self.ids.setdefault(of, []).append(len(self.stretches) + len(self._open))
            self._own[of] = 0
        self._own[of] = stack or self._own[of]
        life = self.ids[of][-1]
        if state is GoState.RUNNING:
            self.first_run.setdefault(life, now)
        why = reason_of(self._trace.tables, reason, self._own[of]) if state is GoState.WAITING and not is_new else ""
        self._open[of] = Stretch(
            life, state, self._trace.tables.string(reason), why, start, now, 0, is_old, is_open=False
        )


STATE = {"net": GoState.WAITING, "sync": GoState.WAITING, "syscall": GoState.SYSCALL, "sched": GoState.RUNNABLE}


def belongs(kind: str, reason: str) -> bool:
    if kind == "net":
        return reason == "network"
    return kind != "sync" or any(word in reason for word in ("chan", "sync", "select"))


@each_trace
def test_the_difference_to_go_s_is_explained(name: str) -> None:
    """Ours is Go's and what was open, before the trace, or before a first run, and reasons that Go does not have.

    Each figure is also that of a plain walk over the events.
    """
    walk = Walk(name)
    last = {life: lives[-1] for lives in walk.ids.values() for life in lives}
    for kind in GO_TYPES:
        ours, theirs, explained = 0, 0, Counter[str]()
        for part in walk.stretches:
            if part.state != STATE[kind]:
                continue
            own = (
                part.end - part.start
                if belongs(kind, part.reason) or (kind == "sync" and part.reason == "forever")
                else 0
            )
            first_run = walk.first_run.get(last[part.life], 0)
            go = max(0, part.end - max(part.began, first_run)) if belongs(kind, part.go_reason) else 0
            go = 0 if part.is_open else go
            ours += own
            theirs += go
            causes = {
                "open": part.is_open,
                "before": part.is_old,
                "before the first run": part.end <= first_run,
                "shared ID": last[part.life] != part.life,
                "reason": part.reason != part.go_reason,
            }
            if own != go:
                explained[next(cause for cause, holds in causes.items() if holds)] += own - go
        assert ours == sum(sample.ns for sample in profile_of(name, kind).samples)
        assert theirs == sum(sample.ns for sample in go_profile_of(name, kind).samples)
        assert ours - theirs == explained.total()


@pytest.mark.parametrize("name", NAMES[::5])
@pytest.mark.parametrize("kind", ["wall", "sched", "syscall"])
def test_parts_of_a_trace_sum_to_the_whole(name: str, kind: str) -> None:
    whole = profile_of(name, kind)
    third = whole.duration_ns // 3
    first, rest = profile_of(name, kind, Window(0, third)), profile_of(name, kind, Window(third))
    fields = ("group", "state", "reason") if kind == "wall" else ("stack", "group", "state", "reason", "waker")
    assert +(by(first, *fields) + by(rest, *fields)) == +by(whole, *fields)
    assert by(total([first, rest]), *fields) == by(whole, *fields)


def test_running_time_is_where_the_cpu_samples_are() -> None:
    """The stacks of a group's running time are those of its CPU samples, in proportion; without samples it is one."""
    wall, cpu = profile_of("cpusamples-go1.24", "wall"), profile_of("cpusamples-go1.24", "cpu")
    sampled = {sample.group for sample in cpu.samples}
    running = [sample for sample in wall.samples if sample.state == "running"]
    assert sampled
    for group in {sample.group for sample in running}:
        stacks = {sample.stack for sample in running if sample.group == group}
        if group in sampled:
            assert stacks == {sample.stack for sample in cpu.samples if sample.group == group}
            busiest = max((s for s in cpu.samples if s.group == group), key=lambda sample: sample.number)
            most = max(s.ns for s in running if s.group == group)
            assert most == max(s.ns for s in running if s.stack == busiest.stack and s.group == group)
        else:
            assert {stack[0][0] for stack in stacks} == {RUNNING}


def test_cpu_samples_have_the_length_of_their_rate() -> None:
    for rate in (100, 250, 7):
        for sample in profile_of("cpusamples-go1.22", "cpu", cpu_rate=rate).samples:
            assert sample.ns == sample.number * 10**9 // rate


def test_closed_leaves_out_what_began_before_or_is_open() -> None:
    """In a trace that hangs, nearly everything."""
    every, closed = profile_of("hang-go1.27", "block"), profile_of("hang-go1.27", "block", closed=True)
    assert any(sample.is_open for sample in every.samples)
    assert not any(sample.is_open for sample in closed.samples)
    assert closed.still_open == every.still_open
    assert every.open_ns == sum(sample.ns for sample in every.samples if sample.is_open) > 0


def test_a_runnable_goroutine_is_where_it_goes_on_and_has_its_waker() -> None:
    samples = profile_of("lockwait-go1.27", "sched", places=True).samples
    (woken,) = (s for s in samples if s.place == "main.(*ledger).add" and s.reason == "unblocked" and s.waker)
    assert woken.waker == "main.(*ledger).holdTooLong"
    created = [sample for sample in samples if sample.reason == "created" and sample.group.startswith("main.")]
    assert {len(sample.stack) for sample in created} == {1}
    assert all(sample.stack[0][0] == sample.group for sample in created)
