"""The log of pauses: each goroutine's own are in order, and all builds keep the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.trace.observers.holders import SHORTEST
from gotracer_ci.trace.spec import IntervalKind
from tests.builds import Build, groups_of, installed, new_holders, open_trace
from tests.trace.conftest import TRACES

each_trace = pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)


def log_of(path: Path) -> tuple[list[tuple[Any, ...]], dict[int, int]]:
    """Return all pauses, oldest first, and the numbers of those that are to be explained with their goroutines."""
    asked: dict[int, int] = {}
    trace = open_trace(str(path))
    holders = new_holders(asked.__setitem__)
    for _ in trace.chunks((), (holders,)):
        pass
    found = [holders.pause(n) for n in range(holders.pauses())]
    assert None not in found
    assert holders.pause(len(found)) is None
    return found, asked


@each_trace
def test_a_goroutines_pauses_follow_each_other(path: Path) -> None:
    pauses, _ = log_of(path)
    assert pauses
    for kind, _, _, start, end, run, _, _, previous, waker in pauses:
        assert start <= end <= run
        assert waker == -1 or kind == IntervalKind.WAITING
        if previous >= 0:
            assert pauses[previous][5] <= start
        if waker >= 0:
            # who ends a wait is running
            assert pauses[waker][5] <= end


@each_trace
def test_the_longest_wait_of_each_group_is_to_be_explained(path: Path) -> None:
    pauses, asked = log_of(path)
    found = {(pauses[n][1], pauses[n][2]): (pauses[n][3], pauses[n][4] - pauses[n][3], id) for n, id in asked.items()}
    assert len(found) == len(asked)
    assert all(length >= SHORTEST for _, length, _ in found.values())
    for kind, parked, reason, stack, _, _, examples, _ in groups_of(open_trace(str(path))):
        start, length, goroutine, *_, cause, _, flags = examples[0]
        if kind == IntervalKind.WAITING and not parked and cause != -1 and not flags and length >= SHORTEST:
            assert found[reason, stack] == (start, length, goroutine)


@each_trace
def test_all_builds_keep_the_same(path: Path, decoder: Build) -> None:
    found = log_of(path)
    with installed().active():
        assert log_of(path) == found
