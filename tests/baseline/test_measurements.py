"""The limits of groups: which groups are compared, and how much each may grow."""

from __future__ import annotations

import pytest

from gotracer_ci.baseline.measurements import Conditions, common, compared
from gotracer_ci.findings import Key, Statistics
from gotracer_ci.limits import MB, MS, limit_of
from tests.conftest import LIMITS

SECOND = 1000 * MS


@pytest.mark.parametrize(
    ("rule", "kind", "before", "wall", "limit"),
    [
        ("BlockedOnSyscall", "read", 10 * MS, SECOND, 20 * MS),
        ("MutexContention", "sync.(*Mutex).Lock", 0, SECOND, 5 * MS),
        ("MutexContention", "sync.(*Mutex).Lock", 0, SECOND // 10, 5 * MS),
        ("MutexContention", "sync.(*Mutex).Lock", 0, 60 * SECOND, 300 * MS),
        ("HighSchedulingLatency", "", 10 * MS, SECOND, 50 * MS),
        ("GCAssist", "", 0, 10 * SECOND, 200 * MS),
        ("GCPauseSpike", "GC mark termination", 10 * MS, SECOND, 50 * MS),
        ("ProcessorStarvation", "", 10 * MS, SECOND, 40 * MS),
        ("GoroutineLeakGrowth", "goroutines at the end", 10, 60 * SECOND, 13),
        ("HeapGrowthSpike", "bytes allocated", 8 * MB, SECOND, 14 * MB),
        ("HeapGrowthSpike", "peak live heap", 8 * MB, SECOND, 24 * MB),
        ("GCPauseSpike", "stop-the-world count", 10, SECOND, 25),
        ("GCPauseSpike", "GC cycles", 10, SECOND, 20),
    ],
)
def test_limits(rule: str, kind: str, before: float, wall: int, limit: float) -> None:
    found = limit_of(LIMITS, Key(rule, kind, "main.work"))
    assert found
    assert found.of_run(wall).above(before) == pytest.approx(limit)


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ("LongWait", "chan receive"),
        ("LongWait", "sync.(*WaitGroup).Wait"),
        ("HeapGrowthSpike", "live heap"),
        ("GoroutineLeakGrowth", "growth"),
        ("SomeOthers", ""),
    ],
)
def test_groups_without_a_limit_are_not_compared(rule: str, kind: str) -> None:
    assert limit_of(LIMITS, Key(rule, kind, "main.work")) is None


def test_a_group_with_an_unexpected_unit_is_not_compared() -> None:
    key = Key("GCPauseSpike", "GC cycles", "")
    assert set(compared({key: Statistics("count", 1, 7, 7, 7)}, LIMITS)) == {key}
    assert not compared({key: Statistics("ns", 1, 7, 7, 7)}, LIMITS)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (Conditions("1.26", 4), True),
        (Conditions("1.26", 4, "linux/amd64"), True),
        (Conditions("1.26", 4, "linux/arm64"), False),
        (Conditions("1.26", 2, "linux/amd64"), False),
        (Conditions("1.25", 4, "linux/amd64"), False),
        (Conditions("", 4), False),
    ],
)
def test_environments(other: Conditions, same: bool) -> None:
    mine = Conditions("1.26", 4, "linux/amd64")
    assert mine.matches(other) is other.matches(mine) is same


def test_conditions_that_differ_between_traces_match_nothing() -> None:
    mixed = common([Conditions("1.26", 4), Conditions("1.26", 2)])
    assert mixed == Conditions("1.26", 0)
    assert not mixed.matches(mixed)
