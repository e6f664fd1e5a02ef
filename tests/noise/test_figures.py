"""Percentages and their intervals."""

from __future__ import annotations

import pytest

from tests.noise.figures import figure


def test_programs_weigh_the_same_however_many_jobs_they_have() -> None:
    found = figure([[1.0], [0.0] * 9])

    assert found
    assert found.value == 50


def test_the_interval_is_of_jobs_and_holds_the_value() -> None:
    few, many = figure([[0.0, 1.0] * 3]), figure([[0.0, 1.0] * 30])

    assert few
    assert many
    assert few.low < many.low < 50 < many.high < few.high


@pytest.mark.parametrize(("share", "low", "high"), [(0.0, 0, 22.09), (1.0, 77.91, 100)])
def test_jobs_that_all_agree_leave_room_for_others(share: float, low: float, high: float) -> None:
    """Of twelve jobs with a chance of 22 % each, none shows it with a chance of 5 %."""
    assert figure([[share] * 12]) == (100 * share, low, high)


def test_without_jobs_there_is_no_figure() -> None:
    assert figure([[], []]) is None
