"""Sums over all windows of a step function, in all builds; `tests.analysis.test_mmu` has brute force."""

from __future__ import annotations

from array import array
from importlib import import_module
from typing import Any

import pytest

from tests.builds import NAME, Build

TIMES, VALUES = array("q", [0, 10, 20, 40]), array("q", [4, 0, 4])


def windows(length: int, *, weight: int = 1) -> Any:
    found = import_module(f"{NAME}.windows").Windows(4 * length)
    found.add(TIMES, VALUES, length, weight)
    return found


def test_the_minimum_and_where_the_sum_turns(decoder: Build) -> None:
    """Windows in which the function has its largest value are left out."""
    found = windows(15)
    assert found.minimum() == 20
    assert sorted(set(found.ends())) == [(20, 5), (20, 10), (40, 0), (60, 20)]
    assert windows(40).ends() == [(120, 0), (120, 0)]


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
    found = import_module(f"{NAME}.windows").Windows(2 * (long - 5))
    found.add(array("q", [0, long // 2, long]), array("q", [2, 1]), long - 5, 1)
    assert found.minimum() == 2 * (long // 2 - 5) + long // 2
