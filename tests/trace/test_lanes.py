"""Lanes: every record is what a slow and simple walk over the events finds, with any budget, in all builds."""

from __future__ import annotations

import pickle
from array import array
from functools import cache
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.trace.observers.slices import FINEST
from tests.builds import Build, installed, new_lanes, open_trace
from tests.trace.conftest import TRACES
from tests.trace.slices import Slice, Walk

each_trace = pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
BUDGETS = (1, 300, 100_000)


@cache
def walked(path: Path) -> Walk:
    with installed().active():
        return Walk(open_trace(str(path)))


def read(path: Path, *lanes: Any) -> Any:
    """Read a trace for these observers and return it."""
    trace = open_trace(str(path))
    for _ in trace.chunks((), lanes):
        pass
    return trace


def records(slices: Any, p: int) -> list[tuple[int, ...]]:
    """Return (start, length, slices, goroutine, stack, …) for each record of a P.

    Of one with a single slice the rest is ending, reason, queued and waker, else the time that nothing was on the P.
    """
    stacks, reasons = (array("q", range(max(indices, default=0) + 1)) for indices in slices.named())
    columns: dict[str, list[int]] = {}
    for run in slices.runs(p, 0, stacks, reasons):
        for name, numbers in run.items():
            columns.setdefault(name, []).extend(numbers)
    gap, length, count, goroutine, stack = (columns[name] for name in ("gap", "length", "slices", "goroutine", "stack"))
    exact = zip(*(columns[name] for name in ("ending", "reason", "queued", "waker")), strict=True)
    idle = ((each,) for each in columns["idle"])
    starts = [end - each for end, each in zip(accumulate(map(sum, zip(gap, length, strict=True))), length, strict=True)]
    found = [
        (*record, *next(exact if record[2] == 1 else idle))
        for record in zip(starts, length, count, goroutine, stack, strict=True)
    ]
    assert not [*exact, *idle]
    return found


def check(found: list[tuple[int, ...]], expected: list[Slice], slices: Any) -> None:
    """Check that the records stand for exactly these slices, in order."""
    left = iter(expected)
    resolution, span = slices.resolution(), slices.span()
    alone = []
    for start, length, n, goroutine, stack, *rest in found:
        of = [next(left) for _ in range(n)]
        alone.append(of[0].end - of[0].start > resolution)
        assert (start, start + length) == (of[0].start, of[-1].end)
        longest = max(of, key=lambda each: each.end - each.start)
        assert (goroutine, stack) == (longest.goroutine, longest.stack)
        if n == 1:
            assert tuple(rest) == (of[0].ending, of[0].reason, of[0].queued, of[0].waker)
        else:
            assert longest.end - longest.start <= resolution
            assert length <= span
            assert length - rest[0] == sum(each.end - each.start for each in of)
    assert next(left, None) is None
    # nothing is coarser than it must be
    for (before, is_alone), (after, follows_alone) in pairwise(zip(found, alone, strict=True)):
        assert is_alone or follows_alone or after[0] + after[1] - before[0] > span


@each_trace
@pytest.mark.parametrize("budget", BUDGETS)
def test_the_records_are_the_slices(path: Path, budget: int, decoder: Build) -> None:
    walk, lanes = walked(path), new_lanes(budget)
    read(path, lanes)
    slices = lanes.slices()
    procs = slices.sorted()
    assert procs == sorted(walk.slices)
    assert slices.count() <= max(budget, 2 * (max(procs) + 1), 16)
    assert budget != BUDGETS[-1] or slices.resolution() == FINEST
    for p in procs:
        check(records(slices, p), walk.slices[p], slices)
    assert lanes.totals() == (walk.running, walk.syscall, walk.runnable)


@each_trace
def test_pickled_records_can_be_made_fewer(path: Path, decoder: Build) -> None:
    walk, lanes = walked(path), new_lanes(100_000)
    read(path, lanes)
    slices = pickle.loads(pickle.dumps(lanes.slices()))
    assert slices.__reduce__()[1] == lanes.slices().__reduce__()[1]
    n, before = slices.count(), FINEST
    for most in (n, n * 3 // 4, n // 3, n // 20):
        slices.shrink(most)
        assert slices.count() <= max(most, len(walk.slices))
        for p in slices.sorted():
            check(records(slices, p), walk.slices[p], slices)
        assert most == n or slices.resolution() > before
        before = slices.resolution()
    slices.shrink(0)
    assert slices.count() == len(walk.slices)
