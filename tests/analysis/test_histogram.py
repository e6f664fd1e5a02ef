"""Histograms: the error of a bucket is at most a few percent."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gotracer_ci.analysis.histogram import Histogram, bucket, largest, merge, middle, quantile
from gotracer_ci.trace.observers.groups import BUCKETS

LAST = next(length for length in (1 << n for n in range(20, 63)) if bucket(length) == BUCKETS - 1)
LENGTHS = st.integers(0, LAST - 1) | st.integers(0, 600)
Q = st.floats(0.01, 1)


def counted(lengths: list[int]) -> Histogram:
    counts: Histogram = {}
    for length in lengths:
        merge(counts, {bucket(length): 1})
    return counts


def test_buckets_have_the_documented_steps() -> None:
    """16 ns up to 512 ns, then 16 per octave. The last bucket has all lengths of more than a day."""
    assert [bucket(length) for length in (0, 15, 16, 511, 512, 543, 544, 1023, 1024)] == [
        0,
        0,
        1,
        31,
        32,
        32,
        33,
        47,
        48,
    ]
    assert LAST > 24 * 3600 * 10**9 / 2
    assert bucket(2**62) == BUCKETS - 1


@given(LENGTHS)
def test_the_middle_of_a_bucket_is_near_its_lengths(length: int) -> None:
    """Within half a step: 8 ns, or 5 % above 512 ns."""
    at = middle(bucket(length))
    assert bucket(at) == bucket(length)
    assert abs(at - length) <= (0.05 * length if length >= 512 else 8)


def test_middles_rise() -> None:
    """Quantiles and sums rely on the order of the buckets."""
    middles = [middle(index) for index in range(BUCKETS)]
    assert all(before < after for before, after in pairwise(middles))


@given(st.lists(LENGTHS, min_size=1, max_size=60), Q)
def test_a_quantile_is_right_to_five_per_cent(lengths: list[int], q: float) -> None:
    """Compared with the sorted lengths: the smallest one that the share q does not exceed."""
    ordered = sorted(lengths)
    exact = next(length for rank, length in enumerate(ordered, 1) if rank >= q * len(ordered) - 1e-9)
    found = quantile(counted(lengths), q, ordered[-1])
    assert abs(found - exact) <= max(8, 0.05 * exact)
    assert found <= ordered[-1]


@given(st.lists(LENGTHS, min_size=1, max_size=60), Q, Q)
def test_quantiles_rise_with_q(lengths: list[int], one: float, other: float) -> None:
    counts = counted(lengths)
    low, high = sorted((one, other))
    assert quantile(counts, low, max(lengths)) <= quantile(counts, high, max(lengths)) <= max(lengths)


@given(st.lists(LENGTHS, max_size=40), st.lists(LENGTHS, max_size=40))
def test_merging_equals_counting_together(some: list[int], others: list[int]) -> None:
    """So the traces of a run and the stacks of a place can be merged in any order."""
    merged = counted(some)
    merge(merged, counted(others))
    assert merged == counted(some + others)
    assert sum(merged.values()) == len(some) + len(others)


@given(st.lists(LENGTHS, min_size=1, max_size=60), st.integers(1, 60))
def test_the_sum_of_the_largest(lengths: list[int], n: int) -> None:
    exact = sum(sorted(lengths)[-n:])
    assert abs(largest(counted(lengths), n) - exact) <= 0.05 * exact + 8 * min(n, len(lengths))
