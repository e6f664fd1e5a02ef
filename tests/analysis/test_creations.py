"""Goroutines created and alive at once, by the place that led to them."""

from __future__ import annotations

import pytest

from gotracer_ci.analysis.creations import Number
from tests.conftest import NAMES, facts_of


def numbers(name: str) -> dict[str, Number]:
    return {found.place: found.number for found in facts_of(name).creations}


def test_a_leak_creates_more_and_keeps_all() -> None:
    assert numbers("leak-go1.27") == {"main.spawnWatcher": Number(150, 150)}


def test_workers_that_end_are_not_there_at_once() -> None:
    """The service handles 160 requests with three goroutines at a time."""
    assert numbers("service-go1.27") == {"main.main.func": Number(160, 3)}


def test_a_test_has_its_part() -> None:
    (found,) = facts_of("orders-go1.27").creations
    assert found.by_test == {"TestTake": found.number}
    assert found.number == Number(8, 4)


@pytest.mark.parametrize("name", NAMES)
def test_the_numbers_fit_together(name: str) -> None:
    """No place has more goroutines at the end than it had at once, and parts are not more than the whole."""
    facts = facts_of(name)
    assert sum(found.number.created for found in facts.creations) <= facts.goroutines.created
    by_place = {found.place: found for found in facts.creations}
    for left in facts.goroutines.alive:
        if left.created and left.place in by_place:
            assert left.count <= by_place[left.place].number.peak
    for found in facts.creations:
        assert 1 <= found.number.peak <= found.number.created
        assert sum(part.created for part in found.by_test.values()) <= found.number.created
        assert all(part.peak <= found.number.peak for part in found.by_test.values())
