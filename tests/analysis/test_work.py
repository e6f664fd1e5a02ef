"""How often each test, task or region ran, and which part of the waits belongs to which test."""

from __future__ import annotations

from collections import Counter

import pytest

from gotracer_ci.analysis.ran_tests import RanTest, RanTests
from gotracer_ci.analysis.work import MOST, outermost, work
from gotracer_ci.findings import Share
from gotracer_ci.trace.tables import Tables
from tests.conftest import NAMES, facts_of, measured


def ran(*tests: tuple[str, int]) -> RanTests:
    """Return tests, each (function, place of its parent)."""
    found = [
        RanTest(f"#{i}", parent, False, False, i, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, True, 0, function)
        for i, (function, parent) in enumerate(tests)
    ]
    return RanTests(tuple(found), len(found), "", True)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith(("crowd", "hang", "orders"))])
def test_each_test_function_ran_once_and_has_its_parts(name: str) -> None:
    facts = facts_of(name)
    assert (
        facts.tests.work
        == {
            "crowd": {"TestAlone": 1, "TestCrowd": 1},
            "hang": {"TestDrain": 1, "TestPairs": 1},
            "orders": {"TestTake": 1},
        }[name.partition("-")[0]]
    )
    assert set(facts.tests.work) <= set(facts.tests.names)
    assert {test for group in facts.intervals for test in group.by_test} == set(facts.tests.work)


@pytest.mark.parametrize("name", NAMES)
def test_parts_are_not_more_than_the_whole(name: str) -> None:
    for found in measured(name):
        parts = found.by_test.values()
        assert sum(part.events for part in parts) <= found.statistics.count
        assert sum(part.total for part in parts) <= found.statistics.total
        assert all(part.events > 0 for part in parts)


def test_the_waits_of_a_test_are_its_part() -> None:
    """Its subtests count as it does: all waits for the lock of these orders are in subtests of one test."""
    lock = next(found for found in measured("orders-go1.27") if found.key.rule == "MutexContention")
    assert lock.by_test == {"TestTake": Share(lock.statistics.count, lock.statistics.total)}


def test_tasks_or_regions_are_the_work_of_a_program_without_tests() -> None:
    assert facts_of("annotations-go1.26").tests.work == {"task request": 5, "task session": 1}
    regions = ("abandoned", "first", "handed over", "second", "third", "twice")
    assert facts_of("regions-go1.27").tests.work == {f"region {name}": 1 for name in regions}
    assert facts_of("service-go1.27").tests.work == {}


def test_another_round_of_the_same_tests_tells_their_names() -> None:
    """With -count=3 the second test is known in one round, the third in none: subtests belong to their parents."""
    found = ran(
        ("TestA", -1),
        ("", -1),
        ("", -1),
        ("TestA", -1),
        ("TestB", -1),
        ("TestA.func1", 3),
        ("", -1),
        ("TestA", -1),
        ("", -1),
    )
    owners = outermost(found)
    assert owners == ["TestA", "TestB", "", "TestA", "TestB", "TestA", "", "TestA", "TestB"]
    assert work(owners, found, Counter(), (), Tables()) == {"TestA": 3, "TestB": 3}


def test_an_order_that_does_not_repeat_tells_nothing() -> None:
    for functions in (
        ["TestA", "", "TestB", ""],
        ["TestA", "TestB", "TestA", "TestC"],
        ["TestA", "", "TestA", "TestC", "TestA", "TestD"],
    ):
        assert outermost(ran(*((function, -1) for function in functions))) == functions


def test_a_stack_that_misnames_a_test_changes_no_other_name() -> None:
    """A stack can lack the function of a test, and then names one that the test called."""
    names = [f"Test{i}" for i in range(20)]
    rounds = [*names, "IsSpace", *names[1:], "TestBorrowed", *names[1:]]
    assert outermost(ran(*((function, -1) for function in rounds))) == names * 3
    assert outermost(ran(("IsSpace", -1), ("TestA", -1), ("TestA.func1", 1))) == ["", "TestA", "TestA"]


def test_the_work_is_bounded() -> None:
    found = ran(*((f"Test{i}", -1) for i in range(2 * MOST)))
    assert len(work(outermost(found), found, Counter(), (), Tables())) == MOST
