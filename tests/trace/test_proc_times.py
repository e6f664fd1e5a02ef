"""Who was on the Ps while goroutines were runnable: in all builds, and however waits overlap."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from tests.builds import BUILDS, new_proc_times, open_trace
from tests.conftest import path_of

TRACES = ("blockedread-go1.19", "starvation-go1.21", "tour-go1.26", "crowd-go1.27")
NO_GOROUTINE = 0


def rows_of(name: str, waits: list[tuple[int, int, int]]) -> list[tuple[Any, ...]]:
    times = new_proc_times(waits)
    for _ in open_trace(path_of(name)).chunks((), (times,)):
        pass
    return list(times.rows())


def span(name: str) -> tuple[int, int]:
    trace = open_trace(path_of(name))
    for _ in trace.chunks((), ()):
        pass
    return trace.start_ns, trace.start_ns + trace.duration_ns


def totals(rows: list[tuple[Any, ...]], start: int, end: int) -> dict[tuple[Any, ...], tuple[int, int]]:
    """Return (total, longest slice) between two times, by goroutine, entry, state, stack and P."""
    found: defaultdict[tuple[Any, ...], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for _, entry, is_call, stack, proc, first, last, total, longest in rows:
        if first < end and last > start:
            if first < start or last > end:
                total = longest = min(last, end) - max(first, start)
            before = found[entry, is_call, stack, proc]
            found[entry, is_call, stack, proc] = before[0] + total, max(before[1], longest)
    return found


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("name", TRACES)
def test_waits_that_overlap_have_what_each_has_alone(name: str, build: str) -> None:
    start, end = span(name)
    part = (end - start) // 7
    windows = [(start + i * part, start + j * part) for i, j in ((0, 3), (1, 2), (1, 6), (2, 3), (5, 7))]
    waits = [(NO_GOROUTINE, first, last) for first, last in windows]
    with BUILDS[build]().active():
        together = rows_of(name, waits)
        alone = [rows_of(name, [wait]) for wait in waits]
    assert together
    for (first, last), rows in zip(windows, alone, strict=True):
        assert totals(together, first, last) == totals(rows, first, last)


@pytest.mark.parametrize("name", TRACES)
def test_all_builds_find_the_same(name: str) -> None:
    start, end = span(name)
    middle = (start + end) // 2
    waits = [(NO_GOROUTINE, start, middle), (NO_GOROUTINE, start + 1, end)]
    found = []
    for build in BUILDS.values():
        with build().active():
            found.append(rows_of(name, waits))
    assert found[0]
    assert all(rows == found[0] for rows in found)


def test_rows_of_a_goroutine_come_together() -> None:
    start, end = span("tour-go1.26")
    numbers = [row[0] for row in rows_of("tour-go1.26", [(NO_GOROUTINE, start, (start + end) // 2)])]
    assert numbers == sorted(numbers)
