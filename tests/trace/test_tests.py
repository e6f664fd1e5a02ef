"""Tests and their goroutines, however many there are, in all builds."""

from __future__ import annotations

from functools import partial
from typing import Any

from gotracer_ci.trace.observers.tests import BENCHMARK, KEPT, NAMES, NO_TEST, PAUSED, ROUNDS, SUBTESTS, TEST
from gotracer_ci.trace.spec import Ev
from tests.builds import Build, new_tests, open_trace, trace_of
from tests.trace.conftest import TRACES
from tests.trace.hostile import RUNS, event, on_thread, stack, string, trace
from tests.trace.writer import batch

TABLES = [bytes([Ev.STACKS]) + b"".join(stack(k, k) for k in range(1, 6)), bytes([Ev.STRINGS]) + string(1)]
KINDS = {1: TEST, 2: BENCHMARK, 3: ROUNDS}
TELLS = {3: NAMES, 4: PAUSED, 5: SUBTESTS}
FIRST: dict[str, Any] = {}


def read(opened: Any, kinds: dict[int, int], tells: dict[int, int]) -> Any:
    """Read a trace. kinds, tells: what its stacks mean, by index."""
    tests = new_tests(lambda stack: kinds.get(stack, NO_TEST), lambda stack: tells.get(stack, 0))
    for _ in opened.chunks((), (tests,)):
        pass
    assert opened.damage is None
    return tests


def kind(tables: Any, stack: int) -> int:
    return TEST if tables.stack(stack)[-1][0] == "testing.tRunner" else NO_TEST


def made(events: bytes) -> Any:
    """Return a trace in which goroutine 1 runs and does these events, 10 ns apart each."""
    return trace_of("made", trace(batch(1, 1, 100, RUNS + events), tables=TABLES))


def create(g: int, entry: int, at: int = 0) -> bytes:
    return event(Ev.GO_CREATE, g, entry, at, after=10)


def switch(kind: Ev, *arguments: int, to: int, seq: int) -> bytes:
    """The running goroutine stops or ends, and goroutine `to` runs."""
    return event(kind, *arguments, after=10) + event(Ev.GO_START, to, seq, after=10)


def test_all_builds_find_the_same(decoder: Build) -> None:
    for path in TRACES:
        if path.stem.partition("-")[0] in ("crowd", "hang", "orders"):
            opened = open_trace(str(path))
            tests = new_tests(partial(kind, opened.tables), lambda stack: stack & 7)
            for _ in opened.chunks((), (tests,)):
                pass
            assert FIRST.setdefault(path.stem, tests.rows()) == tests.rows()
            assert tests.rows()


def test_what_a_test_did(decoder: Build) -> None:
    """It has a name from a stack, starts a goroutine, which starts one too, waits for its turn and for a subtest."""
    events = create(2, 1) + switch(Ev.GO_STOP, 1, 0, to=2, seq=1)
    events += create(3, 0, 3) + switch(Ev.GO_BLOCK, 1, 4, to=3, seq=1)
    events += create(4, 0) + event(Ev.GO_UNBLOCK, 2, 2, 0, after=10) + switch(Ev.GO_DESTROY, to=2, seq=3)
    events += create(5, 1) + switch(Ev.GO_BLOCK, 1, 5, to=5, seq=1)
    events += event(Ev.GO_UNBLOCK, 2, 4, 0, after=10) + switch(Ev.GO_DESTROY, to=2, seq=5)
    events += switch(Ev.GO_DESTROY, to=1, seq=1)
    test, subtest = read(made(events), KINDS, TELLS).rows()
    begin, end = test[5:7]
    assert test[:5] == (TEST, -1, 0, 3, 2)
    assert subtest[:5] == (TEST, 0, 0, 0, 5)
    assert test[7] == end - begin
    # waiting for its turn: from its block to its wake by goroutine 3; the same for the subtest
    assert test[8:10] == (30, 20)
    assert test[10] == 20 + 30 + 20 + 10
    assert test[11:] == (0, 2, 1, 1)
    assert subtest[7:] == (40, 0, 0, 20, 0, 0, 0, 0)


def test_the_rounds_of_a_benchmark_are_one_row(decoder: Build) -> None:
    events = create(2, 2) + switch(Ev.GO_STOP, 1, 0, to=2, seq=1) + switch(Ev.GO_DESTROY, to=1, seq=1)
    events += create(3, 3) + switch(Ev.GO_STOP, 1, 0, to=3, seq=1)
    events += create(4, 0) + switch(Ev.GO_DESTROY, to=1, seq=2)
    (benchmark,) = read(made(events), KINDS, TELLS).rows()
    assert (benchmark[0], benchmark[4], benchmark[12:]) == (BENCHMARK, 2, (1, 1, 1))
    assert benchmark[6] - benchmark[5] == benchmark[7]
    # where no benchmark has begun, it is nothing
    assert read(made(create(2, 3)), KINDS, TELLS).rows() == []


def test_a_benchmark_whose_rounds_run_has_not_ended(decoder: Build) -> None:
    events = create(2, 2) + switch(Ev.GO_STOP, 1, 0, to=2, seq=1) + switch(Ev.GO_DESTROY, to=1, seq=1)
    events += create(3, 3) + switch(Ev.GO_STOP, 1, 0, to=3, seq=1) + event(Ev.GO_LABEL, 0, after=10)
    opened = made(events)
    (benchmark,) = read(opened, KINDS, TELLS).rows()
    assert (benchmark[6], benchmark[13]) == (-1, -1)
    assert benchmark[7] == opened.start_ns + opened.duration_ns - benchmark[5]


def test_many_tests_are_bounded(fast_decoder: Build) -> None:
    """Beyond `KEPT` tests, further ones are goroutines of the test that starts them."""
    n = KEPT + 1_000
    first = create(2, 1) + switch(Ev.GO_STOP, 1, 0, to=2, seq=1)
    subtests = (event(Ev.GO_CREATE, k, 1, 0) for k in range(3, n + 3))
    tests = read(
        trace_of("many", trace(batch(1, 1, 100, RUNS + first), *on_thread(subtests, 1 << 30), tables=TABLES)),
        KINDS,
        TELLS,
    )
    rows = tests.rows()
    assert (len(rows), tests.ran()) == (KEPT, n + 1)
    assert rows[0][12] == rows[0][14] == n + 1 - KEPT
    assert {row[1] for row in rows[1:]} == {0}
