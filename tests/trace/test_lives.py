"""The lives of goroutines: their parts lose no time, whatever part of a trace is read, in all builds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.trace.observers.lengths import KEPT
from gotracer_ci.trace.observers.lives import MAX_GROUPS
from gotracer_ci.trace.observers.parts import PARTS
from gotracer_ci.trace.observers.reasons import MAX_REASONS, OTHER
from gotracer_ci.trace.spec import LARGEST, MAX_TIME, Ev, GoState
from tests.builds import Build, new_lives, open_trace, trace_of
from tests.trace.conftest import TRACES
from tests.trace.hostile import RUNS, event, on_thread, split, stack, string, trace
from tests.trace.test_kernel import walk
from tests.trace.writer import batch, case

TEXTS = Path(__file__).with_name("text")
SYSCALL, BLOCKED, WAITING = PARTS.index("syscall"), PARTS.index("syscall_blocked"), PARTS.index("waiting")
each_trace = pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)


def lives_of(opened: Any, window: tuple[int, int] | None = None, *, each: bool = True) -> Any:
    """Read a trace with the active build. window: ns from its start."""
    lives = new_lives(opened, each=each)
    for chunk in opened.chunks((Ev.SYNC,), (lives,)):
        if chunk.n and window:
            lives.limit(*(opened.start_ns + time for time in window))
            window = None
    return lives


@each_trace
def test_no_time_is_lost(path: Path, decoder: Build) -> None:
    """A life's parts sum to its length, a group is the sum of its lives, and all lives are what a plain walk gives."""
    opened = open_trace(str(path))
    lives = lives_of(opened)
    records = lives.records()
    assert len(records) == sum(opened.totals()[name] for name in ("goroutines_at_start", "goroutines_created"))
    members: dict[tuple[int, int], list[Any]] = {}
    for record in records:
        assert sum(record[9]) == record[8]
        assert sum(record[10].values()) == record[9][WAITING]
        members.setdefault(record[:2], []).append(record)
    assert {group[:2] for group in lives.groups()} == set(members)
    for entry, creation, counts, times, waits, lengths, buckets in lives.groups():
        _, _, _, _, _, created, _, ended, total, parts, waited = zip(*members[entry, creation], strict=True)
        assert counts == (len(total), sum(time >= 0 for time in created), ended.count(-1), max(total))
        assert times == tuple(map(sum, zip(*parts, strict=True)))
        assert waits == sum(map(Counter, waited), Counter())
        assert (lengths, buckets) == (sorted(total), {})
    expected = walk(open_trace(str(path)))
    running, *runnable, waiting, syscall, blocked = map(sum, zip(*(group[3] for group in lives.groups()), strict=True))
    assert running == expected[GoState.RUNNING][1]
    assert sum(runnable) == expected[GoState.RUNNABLE][1]
    assert waiting == expected[GoState.WAITING][1]
    assert syscall + blocked == expected[GoState.SYSCALL][1]
    assert lives_of(open_trace(str(path)), each=False).groups() == lives.groups()


@pytest.mark.parametrize("path", TRACES[::3], ids=lambda path: path.stem)
def test_two_halves_make_a_whole(path: Path, decoder: Build) -> None:
    opened = open_trace(str(path))
    whole = lives_of(opened).groups()
    third = opened.duration_ns // 3
    halves = [lives_of(open_trace(str(path)), window) for window in ((0, third), (third, opened.duration_ns + 1))]
    sums: Counter[Any] = Counter()
    created = 0
    for half in halves:
        for record in half.records():
            assert sum(record[9]) == record[8]
        for entry, creation, counts, times, *_ in half.groups():
            created += counts[1]
            sums.update({(entry, creation, part): ns for part, ns in enumerate(times)})
    for entry, creation, _, times, *_ in whole:
        assert tuple(sums[entry, creation, part] for part in range(len(PARTS))) == times
    assert created == sum(group[2][1] for group in whole)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("abandoned-in-known-syscall", (100, 18)),  # stolen in the next generation
        ("steal-self", (1, 1)),
        ("sitting-in-a-syscall", (0, 111)),  # since before the trace, without a P
    ],
)
def test_a_system_call_is_blocked_from_the_loss_of_its_p_on(
    name: str, expected: tuple[int, int], decoder: Build
) -> None:
    data = case((TEXTS / f"{name}.txt").read_text(encoding="utf-8")).data
    (record,) = lives_of(trace_of(name, data)).records()
    assert (record[9][SYSCALL], record[9][BLOCKED]) == expected


def test_many_lives_are_bounded(fast_decoder: Build) -> None:
    """Beyond `KEPT` lives there are no records, and lengths are counted by bucket; the sums stay exact."""
    n = KEPT + 1_000
    one = event(Ev.GO_CREATE, 2, 0, 0) + event(Ev.GO_STOP, 0, 0) + event(Ev.GO_START, 2, 1)
    one += event(Ev.GO_DESTROY)
    begin_and_end = (one + event(Ev.GO_START, 1, k) for k in range(1, n + 1))
    data = trace(batch(1, 1, 100, RUNS), *on_thread(begin_and_end, 1 << 30))
    opened = trace_of("many", data)
    lives = lives_of(opened)
    assert opened.damage is None
    assert len(lives.records()) == KEPT
    ((*_, counts, times, _, lengths, buckets),) = lives.groups()
    assert counts[:3] == (n + 1, n, 1)
    expected = walk(trace_of("many", data))
    assert (times[0], times[1] + times[3]) == (expected[GoState.RUNNING][1], expected[GoState.RUNNABLE][1])
    assert len(lengths) == KEPT
    assert sum(buckets.values()) == n + 1 - KEPT


def test_many_groups_are_bounded(fast_decoder: Build) -> None:
    """Beyond `MAX_GROUPS` pairs of stacks lives lose their creation stack; beyond twice as many, all have one group."""
    n = 2 * MAX_GROUPS + 100
    stacks = split(bytes([Ev.STACKS]), (stack(k, k) for k in range(1, n + 1)), 1 << 30)
    strings = bytes([Ev.STRINGS]) + string(1)
    created = (event(Ev.GO_CREATE, k + 1, k, k) for k in range(1, n + 1))
    opened = trace_of("many", trace(batch(1, 1, 100, RUNS), *on_thread(created, 1 << 30), tables=[*stacks, strings]))
    groups = lives_of(opened).groups()
    assert opened.damage is None
    assert sum(group[2][0] for group in groups) == n + 1
    assert len(groups) <= 2 * MAX_GROUPS + 1
    assert max(group[2][0] for group in groups) >= 100


def test_many_reasons_are_bounded(decoder: Build) -> None:
    """The last number stands for all reasons that have none of their own."""
    strings = bytes([Ev.STRINGS]) + b"".join(string(k) for k in range(1, 61))
    waits = (
        event(Ev.GO_BLOCK, k, 0) + event(Ev.GO_UNBLOCK, 1, 2 * k - 1, 0) + event(Ev.GO_START, 1, 2 * k)
        for k in range(1, 61)
    )
    lives = lives_of(trace_of("many", trace(batch(1, 1, 100, RUNS), *on_thread(waits, 1 << 20), tables=[strings])))
    (record,) = lives.records()
    assert len(lives.reasons()) == MAX_REASONS
    assert lives.reasons()[-1] == OTHER
    assert sum(record[10].values()) == record[9][WAITING] == 60


def test_sums_saturate(decoder: Build) -> None:
    """Three lives of a hundred years are more than 64 bits."""
    n = 3
    created = b"".join(event(Ev.GO_CREATE, k, 0, 0) for k in range(2, 2 + n))
    late = event(Ev.GO_STOP, 0, 0)
    opened = trace_of("long", trace(batch(1, 1, 100, RUNS + created), batch(1, 1, MAX_TIME - 10, late)))
    ((*_, counts, times, _, lengths, _),) = lives_of(opened, each=False).groups()
    assert counts[0] == n + 1
    assert times[1] == LARGEST < sum(lengths)
