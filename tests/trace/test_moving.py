"""Sums over all windows of a step function, in all builds; `tests.analysis.test_mmu` has brute force."""

from __future__ import annotations

import random
from array import array
from importlib import import_module
from typing import Any

import pytest

from tests.builds import NAME, Build

TIMES, VALUES = array("q", [0, 10, 20, 40]), array("q", [4, 0, 4])


def make(most: int, lowest: float | None = None) -> Any:
    found = import_module(f"{NAME}.moving").MovingWindows()
    found.begin(most, lowest)
    return found


def windows(length: int, *, weight: int = 1) -> Any:
    found = make(4 * length)
    found.add(TIMES, VALUES, length, weight)
    return found


def test_the_minimum_and_the_lowest_windows_that_are_apart(decoder: Build) -> None:
    """Windows in which the function has its largest value are left out."""
    found = windows(15)
    assert found.minimum() == 20
    assert found.apart(TIMES, VALUES, 15, 9) == [(20, 5)]
    assert windows(5).apart(TIMES, VALUES, 5, 9) == [(0, 10), (0, 15)]
    assert windows(6).apart(TIMES, VALUES, 6, 9) == [(0, 10), (8, 16)]
    assert windows(6).apart(TIMES, VALUES, 6, 1) == [(0, 10)]
    assert windows(40).apart(TIMES, VALUES, 40, 9) == [(120, 0)]


def test_quantiles(decoder: Build) -> None:
    """Of 25 beginnings, the sum falls from 40 to 20 in 5, stays for 5, rises to 60 in 10, and stays for 5."""
    found = windows(15)
    assert [found.quantile(share) for share in (0.0, 0.1, 0.2)] == [20, 20, 20]
    # up to 30 there are 2.5 + 5 + 2.5
    assert found.quantile(0.4) == pytest.approx(30)
    assert found.quantile(0.6) == pytest.approx(40)
    assert found.quantile(0.9) == 60
    assert windows(15, weight=7).quantile(0.4) == pytest.approx(30)
    assert windows(40).quantile(0.5) == 120


def test_sums_of_64_bits(decoder: Build) -> None:
    long = 1 << 61
    found = make(2 * (long - 5))
    found.add(array("q", [0, long // 2, long]), array("q", [2, 1]), long - 5, 1)
    assert found.minimum() == 2 * (long // 2 - 5) + long // 2


@pytest.mark.parametrize("seed", range(20))
def test_only_the_lowest_windows_give_the_same_low_quantiles(seed: int, decoder: Build) -> None:
    """Most segments lie above what is asked for and are dropped, which changes no quantile up to there."""
    rng = random.Random(seed)
    length, share = rng.choice((7, 500, 20_000)), rng.choice((0.001, 0.05, 0.3))
    times = array("q", sorted(rng.sample(range(100_000), 300)))
    values = array("q", [rng.choice((0, 3, 4, 4)) for _ in times[1:]])
    count = times[-1] - times[0] - length
    every, lowest = make(4 * length), make(4 * length, share * count)
    for found in (every, lowest):
        found.add(times, values, length, 1)
    assert lowest.minimum() == every.minimum()
    for asked in (share, share / 5, share / 50):
        assert lowest.quantile(asked) == pytest.approx(every.quantile(asked), rel=1e-9, abs=1e-6)
