"""How long goroutines run between two events, compared with a slow and simple walk over the events, in all builds."""

from __future__ import annotations

from collections import defaultdict
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.analysis.histogram import bucket
from gotracer_ci.trace.observers.stretches import BLOCKED, CALLS, CREATES, RETURNED, UNBLOCKS, UNKNOWN, WOKEN
from gotracer_ci.trace.spec import Ev, GoState
from tests.builds import BUILDS, Build, new_stretches, open_trace
from tests.trace.conftest import TRACES
from tests.trace.test_kernel import ENDS

Event = tuple[int, int]
NEW = [path for path in TRACES if path.stem[-2:] >= "22" and not path.stem.startswith("cgocallback")]
"""Those that have every event. In older ones, and after a callback from C, some system calls have no beginning."""
STOPS = {Ev.GO_BLOCK, Ev.GO_STOP, Ev.GO_SYSCALL_BEGIN, *ENDS}


class Walk:
    """The running time of each goroutine since its last event."""

    def __init__(self) -> None:
        self.found: defaultdict[tuple[Event, Event], list[int]] = defaultdict(list)
        self.events: dict[int, Event] = {}
        self.ran: dict[int, int] = {}
        self.since: dict[int, int] = {}
        self.assists: set[int] = set()

    def count(self, g: int, now: int) -> None:
        if g in self.since:
            self.ran[g] = self.ran.get(g, 0) + (now - self.since[g]) * (g not in self.assists)
            self.since[g] = now

    def meets(self, g: int, now: int, kind: int, stack: int) -> None:
        if g in self.assists:
            return
        self.count(g, now)
        if g in self.events and self.events[g][1] and stack:
            self.found[self.events[g], (kind, stack)].append(self.ran[g])
        self.events[g] = (kind, stack)
        self.ran[g] = 0


def walked(opened: Any) -> dict[tuple[Event, Event], list[int]]:
    walk = Walk()
    last: dict[int, Event] = {}
    own: dict[int, int] = {}
    for chunk in opened.chunks(None, ()):
        for now, number, _, _, g, a, b, entry, at in chunk.rows():
            kind = Ev(number)
            if kind in STOPS:
                # without a stack of its own, a stop is where the goroutine was last seen
                own[g] = at = at or own.get(g, 0)
            if kind in (Ev.GO_STATUS, Ev.GO_STATUS_STACK) and b >> 8 == 0 and b & 0xFF == GoState.RUNNING:
                walk.since[a] = opened.start_ns
            elif kind is Ev.GO_STATUS_STACK and b & 0xFF == GoState.WAITING and a not in last:
                last[a] = (WOKEN, at)
            elif kind is Ev.GC_MARK_ASSIST_ACTIVE:
                walk.assists.add(a)
            elif kind is Ev.GC_MARK_ASSIST_BEGIN:
                walk.count(g, now)
                walk.assists.add(g)
            elif kind is Ev.GC_MARK_ASSIST_END:
                walk.count(g, now)
                walk.assists.discard(g)
            elif kind is Ev.GO_UNBLOCK and g in walk.since:
                walk.meets(g, now, UNBLOCKS, at)
            elif kind in (Ev.GO_CREATE, Ev.GO_CREATE_BLOCKED):
                walk.meets(g, now, CREATES, at)
                own[a] = entry
                if kind is Ev.GO_CREATE_BLOCKED:
                    last[a] = (WOKEN, entry)
            elif kind in (Ev.GO_SWITCH, Ev.GO_SWITCH_DESTROY):
                walk.meets(g, now, UNBLOCKS, 0)
            elif kind in (Ev.GO_BLOCK, Ev.GO_SYSCALL_BEGIN):
                walk.meets(g, now, BLOCKED if kind is Ev.GO_BLOCK else CALLS, at)
                if g not in walk.assists:
                    last[g] = (WOKEN if kind is Ev.GO_BLOCK else RETURNED, at)
            if kind is Ev.GO_START or kind is Ev.GO_SYSCALL_END:
                who = a if kind is Ev.GO_START else g
                walk.since[who] = now
                if who in last:
                    walk.events[who] = last.pop(who)
            elif kind in STOPS:
                walk.count(g, now)
                walk.since.pop(g, None)
            if kind in ENDS:
                for each in (walk.events, walk.ran, last, own):
                    each.pop(g, None)
                walk.assists.discard(g)
    return dict(walk.found)


@pytest.mark.parametrize("path", NEW, ids=lambda path: path.stem)
def test_stretches_are_those_of_a_plain_walk(path: Path, decoder: Build) -> None:
    stretches = new_stretches()
    for _ in open_trace(str(path)).chunks((), (stretches,)):
        pass
    found = {(first, last): tuple(row) for first, last, *row in stretches.rows()}
    expected = {}
    for pair, lengths in walked(open_trace(str(path))).items():
        counts: dict[int, int] = {}
        for length in lengths:
            counts[bucket(length)] = counts.get(bucket(length), 0) + 1
        expected[pair] = (len(lengths), sum(lengths), max(lengths), counts)
    assert found == expected
    assert all(first[0] != UNKNOWN != last[0] for first, last in found)


def test_only_the_first_stretches_are_measured(decoder: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    def measured() -> int:
        stretches = new_stretches()
        for _ in open_trace(str(NEW[0])).chunks((), (stretches,)):
            pass
        return sum(count for _, _, count, *_ in stretches.rows())

    assert measured() > 7
    monkeypatch.setattr(import_module(type(new_stretches()).__module__), "MOST", 7)
    assert measured() == 7


def test_of_too_many_goroutines_the_others_stretches_stay_right(monkeypatch: pytest.MonkeyPatch) -> None:
    def measured() -> dict[tuple[Event, Event], dict[int, int]]:
        stretches = new_stretches()
        for _ in open_trace(path).chunks((), (stretches,)):
            pass
        return {(first, last): counts for first, last, *_, counts in stretches.rows()}

    path = str(next(path for path in NEW if path.stem.startswith("orders")))
    with BUILDS["uncompiled"]().active():
        every = measured()
        monkeypatch.setattr(import_module(type(new_stretches()).__module__), "_SLOTS", 8)
        few = measured()
    assert (
        0
        < sum(sum(counts.values()) for counts in few.values())
        < sum(sum(counts.values()) for counts in every.values())
    )
    for pair, counts in few.items():
        assert all(number <= every[pair].get(length, 0) for length, number in counts.items())
