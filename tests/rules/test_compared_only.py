"""Rules without thresholds: numbers of waits, and durations of tests and regions."""

from __future__ import annotations

import pytest

from gotracer_ci.findings import Severity
from gotracer_ci.rules import (
    concurrency_change,
    goroutine_creation_growth,
    region_duration_growth,
    test_duration_growth,
    wait_count_growth,
)
from gotracer_ci.rules.rule import Measured, Rule
from gotracer_ci.rules.sync_waits import COND, MUTEX
from tests.conftest import NAMES, described, facts_of, measured

CREATED, AT_ONCE = goroutine_creation_growth.RULE, concurrency_change.RULE
COUNTS, TESTS, REGIONS = wait_count_growth.RULE, test_duration_growth.RULE, region_duration_growth.RULE


def found(name: str, rule: Rule) -> dict[tuple[str, str], Measured]:
    return {(one.key.kind, one.key.place): one for one in measured(name) if one.key.rule == rule.name}


@pytest.mark.parametrize("rule", [COUNTS, TESTS, REGIONS, CREATED, AT_ONCE], ids=lambda rule: rule.name)
@pytest.mark.parametrize("name", NAMES)
def test_they_report_nothing_by_themselves(name: str, rule: Rule) -> None:
    assert all(one.severity is Severity.NONE for one in found(name, rule).values())


@pytest.mark.parametrize(
    ("name", "kind", "place", "number", "message"),
    [
        # 160 orders, with as many answers, and 32 of them with one query more
        ("service-go1.27", "chan receive", "main.(*service).placeOrder", 160, "waited 160 times in chan receive"),
        ("service-go1.27", "sleep", "main.queryDatabase", 192, "slept 192 times"),
        ("service-again-go1.27", "sleep", "main.queryDatabase", 192, "slept 192 times"),
        ("heapgrowth-go1.19", "sleep", "main.main.func", 160, "slept 160 times"),
    ],
)
def test_waits_are_counted(name: str, kind: str, place: str, number: int, message: str) -> None:
    one = found(name, COUNTS)[kind, place]
    assert (one.statistics.unit, one.statistics.count, one.statistics.total) == ("count", number, number)
    finding = described(facts_of(name), one)
    assert finding.message.endswith(message)
    assert finding.location


@pytest.mark.parametrize("name", NAMES)
def test_locks_and_the_test_runner_are_not_counted(name: str) -> None:
    for kind, place in found(name, COUNTS):
        assert kind != MUTEX
        assert not place.startswith(("~", "testing."))
    assert COND not in {kind for kind, _ in found("lockwait-go1.27", COUNTS)}


@pytest.mark.parametrize("name", NAMES)
def test_the_parts_of_tests_are_no_more_than_the_whole(name: str) -> None:
    for rule in (COUNTS, REGIONS):
        for one in found(name, rule).values():
            assert sum(share.events for share in one.by_test.values()) <= one.statistics.count


@pytest.mark.parametrize("version", ["1.22", "1.27"])
def test_a_test_lasts_as_long_as_its_waits(version: str) -> None:
    """TestTake sleeps under a lock, so that four goroutines wait for it nearly all of the time."""
    name = f"orders-go{version}"
    ((key, one),) = found(name, TESTS).items()
    assert key == ("test", "example.com/programs/orders_test.TestTake")
    slept = found(name, COUNTS)["sleep", "example.com/programs/orders.(*Stock).Take"]
    assert dict(slept.by_test) == {"TestTake": (80, 80)}
    assert one.statistics.unit == "each"
    assert one.statistics.total >= 80 * 2_000_000
    finding = described(facts_of(name), one)
    assert finding.message.startswith("TestTake took 1")
    assert "asleep at example.com/programs/orders.(*Stock).Take" in finding.detail
    assert finding.location
    assert finding.location.path.endswith("orders_test.go")


def test_a_region_is_compared_by_its_median() -> None:
    one = found("annotations-go1.26", REGIONS)["query", "main.query"]
    assert one.statistics.count == 10
    lengths = sorted(interval.length_ns for interval in one.worst)
    assert one.statistics.total <= lengths[0] * 1.03
    finding = described(facts_of("annotations-go1.26"), one)
    assert finding.message.startswith('region "query" at main.query took ')
    assert finding.message.endswith(" (the median of 10)")
    assert "ended by" not in finding.detail


@pytest.mark.parametrize("name", NAMES)
def test_created_goroutines_are_counted(name: str) -> None:
    facts = facts_of(name)
    created, at_once = found(name, CREATED), found(name, AT_ONCE)
    assert created.keys() == {(goroutine_creation_growth.KIND, group.place) for group in facts.creations}
    for (_, place), one in created.items():
        peak = at_once[concurrency_change.KIND, place]
        assert 1 <= peak.statistics.total <= one.statistics.total == peak.statistics.count
        assert sum(share.events for share in one.by_test.values()) <= one.statistics.total


def test_a_service_has_as_many_goroutines_as_orders() -> None:
    name = "service-go1.27"
    one = found(name, CREATED)["goroutines created", "main.main.func"]
    assert one.statistics.total >= 160
    finding = described(facts_of(name), one)
    assert f"led to {one.statistics.total} goroutines" in finding.message
    assert finding.location
