"""Wakes: each wait is counted once, and however many places there are, the sums are right, in all builds."""

from __future__ import annotations

from collections import Counter
from typing import Any

from gotracer_ci.trace.observers.wakes import GOROUTINE, MAX_WAITS, MAX_WAKES, OPEN, RUNTIME
from gotracer_ci.trace.spec import LARGEST, MAX_TIME, Ev, GoState
from tests.builds import Build, new_lives, new_wakes, open_trace, trace_of
from tests.trace.conftest import TRACES
from tests.trace.hostile import RUNS, event, on_thread, split, stack, string, trace
from tests.trace.test_kernel import walk
from tests.trace.writer import batch


def wakes_of(opened: Any) -> Any:
    wakes = new_wakes(opened)
    for _ in opened.chunks((), (wakes,)):
        pass
    return wakes


def test_all_waits_are_counted(decoder: Build) -> None:
    """By reason they last as long as those of the lives, and there are as many as a plain walk finds."""
    for path in TRACES[::3]:
        opened = open_trace(str(path))
        wakes, lives = new_wakes(opened), new_lives(opened, each=False)
        for _ in opened.chunks((), (wakes, lives)):
            pass
        expected: Counter[str] = Counter()
        for *_, waits, _, _ in lives.groups():
            expected.update({lives.reasons()[reason]: ns for reason, ns in waits.items()})
        found: Counter[str] = Counter()
        for reason, *_, total, _ in wakes.rows():
            found[wakes.reasons()[reason]] += total
        assert +found == +expected, path.stem
        assert sum(row[5] for row in wakes.rows()) == walk(open_trace(str(path)))[GoState.WAITING][0], path.stem
        assert not wakes.is_merged()


def test_what_ended_a_wait(decoder: Build) -> None:
    """Goroutine 1 wakes goroutine 2 at a stack, the runtime wakes goroutine 1, and goroutine 2 waits to the end."""
    tables = [bytes([Ev.STACKS]) + stack(1, 1) + stack(2, 2), bytes([Ev.STRINGS]) + string(1)]
    waits = event(Ev.GO_STATUS, 2, (1 << 64) - 1, GoState.WAITING) + event(Ev.GO_UNBLOCK, 2, 1, 2, after=10)
    waits += event(Ev.GO_BLOCK, 1, 1, after=10) + event(Ev.GO_START, 2, 2) + event(Ev.GO_BLOCK, 1, 1)
    waits += event(Ev.GO_UNBLOCK, 1, 1, 0, after=7) + event(Ev.GO_START, 1, 2) + event(Ev.GO_LABEL, 0, after=5)
    wakes = wakes_of(trace_of("waits", trace(batch(1, 1, 100, RUNS + waits), tables=tables)))
    rows = {row[3]: row for row in wakes.rows()}
    assert len(wakes.rows()) == 3
    # goroutine 2 had no stack when it waited; the next one says which goroutine it was
    assert rows[GOROUTINE][1:] == (1, 1, GOROUTINE, 2, 1, rows[GOROUTINE][6], rows[GOROUTINE][6])
    assert rows[RUNTIME][1:] == (1, 0, RUNTIME, 0, 1, 9, 9)
    assert rows[OPEN][1:5] == (1, 0, OPEN, 0)


def test_the_longest_of_several_waits(decoder: Build) -> None:
    """The runtime ends three waits at one place, after 20, 50 and 30 ns."""
    waits = b"".join(
        event(Ev.GO_BLOCK, 0, 0) + event(Ev.GO_UNBLOCK, 1, 2 * k - 1, 0, after=length) + event(Ev.GO_START, 1, 2 * k)
        for k, length in enumerate((20, 50, 30), 1)
    )
    (row,) = wakes_of(trace_of("waits", trace(batch(1, 1, 100, RUNS + waits)))).rows()
    assert row[5:] == (3, 100, 50)


def test_many_places_are_bounded(fast_decoder: Build) -> None:
    """Each wait and each waker has its own stack: beyond the most, both lose it, but nothing else."""
    most = max(MAX_WAITS, MAX_WAKES)
    n = most + 100
    stacks = split(bytes([Ev.STACKS]), (stack(k, k) for k in range(1, n + 1)), 1 << 30)
    strings = bytes([Ev.STRINGS]) + string(1)
    waits = (
        event(Ev.GO_START, 2, 2 * k - 1)
        + event(Ev.GO_BLOCK, 1, k)
        + event(Ev.GO_START, 1, k)
        + event(Ev.GO_UNBLOCK, 2, 2 * k, k)
        + event(Ev.GO_STOP, 1, 1)
        for k in range(1, n + 1)
    )
    begin = event(Ev.GO_CREATE, 2, 0, 0) + event(Ev.GO_STOP, 1, 1)
    made = trace(batch(1, 1, 100, RUNS + begin), *on_thread(waits, 1 << 30), tables=[*stacks, strings])
    opened = trace_of("many", made)
    wakes = wakes_of(opened)
    assert opened.damage is None
    assert wakes.is_merged()
    rows = wakes.rows()
    assert len({row[1] for row in rows}) <= MAX_WAITS + 1
    assert len({row[4] for row in rows}) <= MAX_WAKES + 1
    assert len(rows) == most + 1
    assert rows[-1][1] == rows[-1][4] == 0
    assert sum(row[5] for row in rows) == n
    assert sum(row[6] for row in rows) == walk(trace_of("many", made))[GoState.WAITING][1]


def test_sums_saturate(decoder: Build) -> None:
    """Three waits of a hundred years are more than 64 bits."""
    waits = b"".join(event(Ev.GO_STATUS, k, (1 << 64) - 1, GoState.WAITING) for k in range(2, 5))
    opened = trace_of("long", trace(batch(1, 1, 100, RUNS + waits), batch(1, 1, MAX_TIME - 10, event(Ev.GO_LABEL, 0))))
    (row,) = wakes_of(opened).rows()
    assert row[5:] == (3, LARGEST, row[7])
    assert row[7] < LARGEST
