"""Percentages and their intervals."""

from __future__ import annotations

import pytest

from tests.noise.figures import figure


def test_programs_have_equal_weight() -> None:
    found = figure([[1.0], [0.0] * 9])

    assert found
    assert found.value == 50


def test_the_interval_is_over_jobs_and_contains_the_value() -> None:
    few, many = figure([[0.0, 1.0] * 3]), figure([[0.0, 1.0] * 30])

    assert few
    assert many
    assert few.low < many.low < 50 < many.high < few.high


@pytest.mark.parametrize(("share", "low", "high"), [(0.0, 0, 22.09), (1.0, 77.91, 100)])
def test_jobs_that_all_agree_still_have_an_interval(share: float, low: float, high: float) -> None:
    """With a probability of 22 % per job, twelve jobs show nothing with a probability of 5 %."""
    assert figure([[share] * 12]) == (100 * share, low, high)


def test_without_jobs_the_figure_is_none() -> None:
    assert figure([[], []]) is None
