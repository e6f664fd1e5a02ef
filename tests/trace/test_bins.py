"""Counts over time: the bins lose no time, each has what happened in it, and they are bounded, in all builds."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.trace.observers.bins import BINS, SUMS
from gotracer_ci.trace.observers.parts import PARTS
from gotracer_ci.trace.spec import LARGEST, MAX_TIME, Ev
from tests.builds import Build, new_bins, new_lives, open_trace, trace_of
from tests.trace.conftest import TRACES
from tests.trace.hostile import RUNS, event, trace
from tests.trace.writer import batch

STATES = ("runnable", "running", "syscall", "waiting", "syscall_blocked")


def bins_of(opened: Any, window: tuple[int, int] | None = None) -> tuple[int, list[list[int]]]:
    """Read a trace with the active build; return the width in ns and the sums. window: ns from its start."""
    bins = new_bins()
    begun = False
    for chunk in opened.chunks((Ev.SYNC,), (bins,)):
        if chunk.n and not begun:
            begun = True
            if window:
                bins.limit(*(opened.start_ns + time for time in window))
            bins.begin(opened.start_ns)
    shift, sums = bins.result(opened.start_ns + opened.duration_ns)
    return 1 << shift, sums


def times_of(path: Path, window: tuple[int, int]) -> list[int]:
    """Return the times in each of `STATES` inside a window, as the lives of goroutines have them."""
    opened = open_trace(str(path))
    lives = new_lives(opened, each=False)
    begun = False
    for chunk in opened.chunks((Ev.SYNC,), (lives,)):
        if chunk.n and not begun:
            begun = True
            lives.limit(*(opened.start_ns + time for time in window))
    sums = [sum(column) for column in zip(*(group[3] for group in lives.groups()), strict=True)] or [0] * len(PARTS)
    running, *runnable, waiting, syscall, blocked = sums
    return [sum(runnable), running, syscall, waiting, blocked]  # as `STATES`


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
def test_each_bin_has_what_happened_in_it(path: Path, decoder: Build) -> None:
    """A bin has the times that the goroutine table has for this part of the trace, and all bins those of the whole."""
    opened = open_trace(str(path))
    width, sums = bins_of(opened)
    states = [sums[SUMS.index(name)] for name in STATES]
    used = -(-opened.duration_ns // width)
    assert BINS // 2 < used <= BINS
    assert [sum(column) for column in states] == times_of(path, (0, opened.duration_ns))
    for i in (0, 1, used // 3, used - 1):
        assert [column[i] for column in states] == times_of(path, (i * width, (i + 1) * width))


def test_a_window_has_its_own_bins(decoder: Build) -> None:
    path = next(path for path in TRACES if path.stem == "gcpause-go1.26")
    _, whole = bins_of(open_trace(str(path)))
    edges = (0, 300_000_017, 700_000_001, LARGEST // 2)
    parts = [bins_of(open_trace(str(path)), window)[1] for window in pairwise(edges)]
    for column, *apart in zip(whole, *parts, strict=True):
        assert sum(column) == sum(map(sum, apart))


def test_hundred_years_have_as_many_bins_and_their_sums_saturate(decoder: Build) -> None:
    """5,000 goroutines for a bin of 26 days are more than 64 bits."""
    n = 5000
    created = b"".join(event(Ev.GO_CREATE, k, 0, 0) for k in range(2, 2 + n))
    late = event(Ev.GO_STOP, 0, 0)
    opened = trace_of("long", trace(batch(1, 1, 100, RUNS + created), batch(1, 1, MAX_TIME - 10, late)))
    width, sums = bins_of(opened)
    used = -(-opened.duration_ns // width)
    assert used <= BINS
    assert sums[SUMS.index("runnable")][1 : used - 1] == [LARGEST] * (used - 2)
    assert sums[SUMS.index("running")][1 : used - 1] == [width] * (used - 2)
