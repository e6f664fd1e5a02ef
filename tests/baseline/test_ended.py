"""Fewer goroutines at once: less parallelism, or goroutines that end earlier."""

from __future__ import annotations

import pytest

from gotracer_ci.baseline.compare import compare
from gotracer_ci.baseline.measurements import Conditions, TraceGroups
from gotracer_ci.baseline.records import Part
from gotracer_ci.baseline.update import update
from gotracer_ci.baseline.verdicts import Level, Status, Verdict
from gotracer_ci.findings import Key, Statistics
from gotracer_ci.limits import MS
from tests.conftest import LIMITS

PEAK = Key("ConcurrencyChange", "goroutines at once", "main.New.func")
CREATED = Key("GoroutineCreationGrowth", "goroutines created", "main.New.func")
LEFT = Key("GoroutineLeak", "goroutines left", "main.New")


def trace(created: int, peak: int, left: int) -> TraceGroups:
    groups = {key: Statistics("count", n, n, n, n) for key, n in ((CREATED, created), (PEAK, peak), (LEFT, left)) if n}
    return TraceGroups(Conditions("1.27", 4), 1000 * MS, groups)


def judged(before: tuple[int, int, int], now: tuple[int, int, int]) -> Verdict:
    part = Part((), {})
    for job in range(3):
        part = update(part, [trace(*before)], f"job {job}", "", LIMITS)
    return compare([trace(*now)] * 3, part, "b.json", LIMITS).verdicts[PEAK]


@pytest.mark.parametrize("now", [(7, 2, 2), (7, 1, 0), (9, 1, 1)])
def test_what_was_left_and_is_closed_now_is_no_change(now: tuple[int, int, int]) -> None:
    """One after the other is created, and was only ended by the end of the program."""
    found = judged((7, 7, 7), now)
    assert (found.status, found.level) == (Status.KNOWN, Level.CONFIRMED)
    assert found.evidence.endswith("in 3 of 3 traces (fewer are left at the end)")


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ((60, 8, 0), (60, 1, 0)),  # a goroutine for each item, and a limit
        ((8, 8, 0), (1, 1, 0)),
        ((8, 8, 8), (1, 1, 1)),  # workers for the whole life of the program
        ((60, 20, 3), (60, 4, 0)),  # three that were left do not explain it
    ],
)
def test_less_parallelism_is_worse(before: tuple[int, int, int], now: tuple[int, int, int]) -> None:
    found = judged(before, now)
    assert (found.status, found.level) == (Status.WORSE, Level.CONFIRMED)
