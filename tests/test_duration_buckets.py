"""The buckets of durations that tables show."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gotracer_ci.tables.histogram import bucket, lower_bound

LARGEST = 5 * 19


def test_there_are_five_buckets_a_decade() -> None:
    """Each bound is the first whole number that is not below 10^(k/5)."""
    bounds = [lower_bound(index) for index in range(LARGEST)]
    assert bounds[::5] == [0, *(10**decade for decade in range(1, 19))]
    assert bounds[5:11] == [10, 16, 26, 40, 64, 100]
    assert all(before < after for before, after in pairwise(bounds))


@given(st.integers(1, 2**63))
def test_a_duration_is_inside_its_bucket(length: int) -> None:
    index = bucket(length)
    assert lower_bound(index) <= length < lower_bound(index + 1)
    assert Fraction(10) ** index <= length**5 < Fraction(10) ** (index + 1)
