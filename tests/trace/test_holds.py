"""Hold times, compared with a slow and simple walk over the same events, in all builds."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.analysis.histogram import bucket
from gotracer_ci.trace.observers.holds import NESTED
from gotracer_ci.trace.spec import Ev, GoState
from tests.builds import BUILDS, Build, new_holds, open_trace, trace_of
from tests.trace.conftest import TRACES
from tests.trace.hostile import RUNS, event, stack, string, trace
from tests.trace.test_kernel import ENDS
from tests.trace.writer import batch

LOCKING = [path for path in TRACES if path.stem.partition("-")[0] in ("lockcontention", "orders", "tour", "service")]
TABLES = [bytes([Ev.STACKS]) + b"".join(stack(k, k) for k in range(1, 11)), bytes([Ev.STRINGS]) + string(1)]
RUNNABLE = {Ev.GO_UNBLOCK, Ev.GO_STOP, Ev.GO_CREATE, Ev.GO_SYSCALL_END_BLOCKED}


def site_of(tables: Any, stack: int) -> int:
    """Return the number of the innermost function outside sync, if the stack is in a lock of sync."""
    names = [name for name, _, _ in tables.stack(stack)]
    outside = next((name for name in names if not name.startswith(("sync.", "internal/sync."))), "")
    locks = [name for name in names if name.startswith(("sync.(*Mutex).", "sync.(*RWMutex)."))]
    return tables.intern_string(outside.encode()) if outside and locks else -1


def is_locks(tables: Any, reason: int) -> bool:
    return bool(tables.string(reason) == "sync")


def observed(opened: Any) -> dict[int, Any]:
    holds = new_holds(partial(is_locks, opened.tables), partial(site_of, opened.tables))
    for _ in opened.chunks((), (holds,)):
        pass
    return {stack: tuple(row) for stack, *row in holds.rows()}


def walked(opened: Any) -> dict[int, list[int]]:
    """Return the lengths of the holds by the stack of the wait, from a plain walk over the events."""
    waits: dict[int, int] = {}
    granted: dict[int, int] = {}
    runnable: dict[int, int] = {}
    held: defaultdict[int, dict[int, tuple[int, int, list[int]]]] = defaultdict(dict)
    found: defaultdict[int, list[int]] = defaultdict(list)
    for chunk in opened.chunks(None, ()):
        for now, number, _, _, g, a, b, _, at in chunk.rows():
            kind = Ev(number)
            if kind in (Ev.GO_STATUS, Ev.GO_STATUS_STACK) and b >> 8 == 0 and b & 0xFF == GoState.RUNNABLE:
                runnable[a] = opened.start_ns
            elif kind is Ev.GO_BLOCK and is_locks(opened.tables, a) and site_of(opened.tables, at) >= 0:
                waits[g] = at
            elif kind is Ev.GO_UNBLOCK:
                if a in waits:
                    granted[a] = waits.pop(a)
                    held[a].pop(site_of(opened.tables, granted[a]), None)
                    hold = held[g].pop(site_of(opened.tables, at), None)
                    if hold:
                        stack, begin, pauses = hold
                        found[stack].append(now - begin - sum(pauses))
            elif kind is Ev.GO_START:
                for _, _, pauses in held[a].values():
                    pauses.append(now - runnable[a])
                if a in granted:
                    stack = granted.pop(a)
                    held[a][site_of(opened.tables, stack)] = (stack, now, [])
            elif kind in ENDS:
                held.pop(g, None)
            if kind in RUNNABLE:
                runnable[g if kind in (Ev.GO_STOP, Ev.GO_SYSCALL_END_BLOCKED) else a] = now
    return dict(found)


@pytest.mark.parametrize("path", LOCKING, ids=lambda path: path.stem)
def test_hold_times_are_those_of_a_plain_walk(path: Path, decoder: Build) -> None:
    found = observed(open_trace(str(path)))
    expected = {}
    for at, lengths in walked(open_trace(str(path))).items():
        counts: dict[int, int] = {}
        for length in lengths:
            counts[bucket(length)] = counts.get(bucket(length), 0) + 1
        expected[at] = (len(lengths), sum(lengths), max(lengths), counts)
    assert found == expected
    assert found or not path.stem.startswith(("lockcontention", "orders", "service-lock"))


def contended(*events: bytes) -> dict[int, Any]:
    """Return the holds of a trace in which goroutine 1 runs, and 2 and 3 exist, with these events 10 ns apart.

    Each odd stack waits at a site, and the next even one ends waits there.
    """
    create = b"".join(event(Ev.GO_CREATE, g, 0, 0, after=10) for g in (2, 3))
    opened = trace_of("made", trace(batch(1, 1, 100, RUNS + create + b"".join(events)), tables=TABLES))
    holds = new_holds(lambda reason: reason > 0, lambda stack: (stack - 1) // 2)
    for _ in opened.chunks((), (holds,)):
        pass
    assert opened.damage is None
    return {stack: (count, total) for stack, count, total, *_ in holds.rows()}


def blocks(at: int, *, to: int, seq: int) -> bytes:
    return event(Ev.GO_BLOCK, 1, at, after=10) + event(Ev.GO_START, to, seq, after=10)


def stops(*, to: int, seq: int) -> bytes:
    return event(Ev.GO_STOP, 1, 0, after=10) + event(Ev.GO_START, to, seq, after=10)


def unblocks(g: int, seq: int, at: int) -> bytes:
    return event(Ev.GO_UNBLOCK, g, seq, at, after=10)


def test_of_too_many_goroutines_the_others_holds_stay_right(monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(next(path for path in LOCKING if path.stem.startswith("lockcontention")))
    with BUILDS["uncompiled"]().active():
        every = observed(open_trace(path))
        monkeypatch.setattr(import_module(type(new_holds(bool, int)).__module__), "_SLOTS", 8)
        few = observed(open_trace(path))
    assert 0 < sum(row[0] for row in few.values()) < sum(row[0] for row in every.values())
    for wait, (*_, counts) in few.items():
        assert all(number <= every[wait][-1].get(length, 0) for length, number in counts.items())


def test_a_hold_leaves_out_the_time_runnable(decoder: Build) -> None:
    """1 waits, 2 gives it the lock, 3 waits for it, and 1 is preempted before it gives the lock to 3."""
    events = blocks(1, to=2, seq=1) + unblocks(1, 1, 2) + stops(to=3, seq=1)
    events += blocks(1, to=1, seq=2) + stops(to=2, seq=2) + stops(to=1, seq=3) + unblocks(3, 2, 2)
    assert contended(events) == {1: (1, 10 + 10)}


def test_a_goroutine_that_waits_again_had_not_got_the_lock(decoder: Build) -> None:
    events = blocks(1, to=2, seq=1) + unblocks(1, 1, 2) + stops(to=1, seq=2)
    events += blocks(1, to=2, seq=2) + unblocks(1, 3, 2) + stops(to=3, seq=1)
    events += blocks(1, to=1, seq=4) + unblocks(3, 2, 2)
    assert contended(events) == {1: (1, 10)}


def test_another_lock_does_not_end_a_hold(decoder: Build) -> None:
    events = blocks(1, to=2, seq=1) + unblocks(1, 1, 2) + stops(to=3, seq=1)
    events += blocks(5, to=1, seq=2) + unblocks(3, 2, 6)
    assert contended(events) == {}


def test_of_nested_locks_the_last_are_known(decoder: Build) -> None:
    """A goroutine gets five locks, each after a wait, and gives them back in reverse order, each to a waiting one."""
    assert NESTED == 4
    events = b""
    for n in range(5):
        events += blocks(2 * n + 1, to=2, seq=n + 1) + unblocks(1, 2 * n + 1, 0) + stops(to=1, seq=2 * n + 2)
    for n in range(5):
        events += stops(to=3, seq=2 * n + 1) + blocks(9 - 2 * n, to=1, seq=11 + n) + unblocks(3, 2 * n + 2, 10 - 2 * n)
    assert sorted(contended(events)) == [3, 5, 7, 9]
