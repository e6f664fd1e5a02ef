"""Minimum mutator utilisation against brute force in whole numbers and fractions."""

from __future__ import annotations

import random
from array import array
from fractions import Fraction
from itertools import pairwise

import pytest

from gotracer_ci.analysis import mmu
from gotracer_ci.analysis.utilisation import Busy, Series
from gotracer_ci.trace.open import open_trace
from tests.analysis.test_gc import series_of, synthetic
from tests.conftest import NAMES, path_of
from tests.promises.whole import sum_of

CLOSE = 1e-12


def made(seed: int, n: int, whole: int = 12) -> Series:
    """Return a made-up step function: values repeat, are 0 or all, and steps are short and long."""
    rng = random.Random(seed)
    times = [rng.randrange(1000)]
    for _ in range(n):
        times.append(times[-1] + rng.choice((1, 2, 3, rng.randrange(1, 50), rng.randrange(1, 5000))))
    values = [rng.choice((0, whole, whole, rng.randrange(whole + 1))) for _ in range(n)]
    return Series(-1, 1, whole, array("q", times), array("q", values), array("q", [0, 0, 0, 0, 1] * n))


def total(series: Series, start: int, window: int) -> int:
    """Return the sum of a window, by adding up its steps."""
    steps = zip(series.values, series.times, series.times[1:], strict=False)
    return sum(value * max(0, min(end, start + window) - max(begin, start)) for value, begin, end in steps)


def candidates(series: Series, window: int) -> list[int]:
    last = series.times[-1] - window
    found = {*series.times, *(time - window for time in series.times), last}
    return sorted(start for start in found if series.times[0] <= start <= last)


def mean(series: Series, start: int, window: int) -> Fraction:
    return Fraction(total(series, start, window), window * series.whole)


def quantile(every: list[Series], window: int, share: Fraction) -> Fraction:
    """Return the exact quantile of the mean: between its values at the candidates the distribution is linear."""
    segments: list[tuple[Fraction, Fraction, int]] = []
    for series in every:
        starts = candidates(series, window)
        for start, end in pairwise(starts):
            low, high = sorted((mean(series, start, window), mean(series, end, window)))
            segments.append((low, high, (end - start) * series.alike))
    target = share * sum(length for *_, length in segments)

    def mass(value: Fraction, *, below: bool = False) -> Fraction:
        """Return the weight of the windows up to this mean, or below it."""
        inside = Fraction(0)
        for low, high, length in segments:
            if low == high:
                inside += length if (low < value if below else low <= value) else 0
            else:
                inside += length * min(Fraction(1), max(Fraction(0), (value - low) / (high - low)))
        return inside

    values = sorted({value for low, high, _ in segments for value in (low, high)})
    lower, upper = 0, len(values) - 1
    while lower < upper:
        middle = (lower + upper) // 2
        if mass(values[middle]) >= target:
            upper = middle
        else:
            lower = middle + 1
    after = values[lower]
    if lower == 0 or mass(after, below=True) <= target:
        return after
    before = values[lower - 1]
    low, high = mass(before), mass(after, below=True)
    return before + (after - before) * (target - low) / (high - low)


def small_traces() -> list[Series]:
    found = [series for name in NAMES for series in series_of(open_trace(path_of(name)), Busy())]
    return [*series_of(synthetic(), Busy()), *(series for series in found if 8 < len(series.values) <= 120)][::3]


def lengths(series: Series, rng: random.Random, n: int) -> list[int]:
    return [1, series.length, *(int(series.length ** rng.random()) for _ in range(n))]


def test_the_minimum_and_the_percentiles_are_exact() -> None:
    """On traces and on made-up functions: every candidate is summed up in whole numbers."""
    rng = random.Random(1)
    compared = 0
    for series in [*small_traces(), *(made(seed, n) for seed in range(12) for n in (1, 2, 7, 40))]:
        for window in lengths(series, rng, 3):
            found = mmu.point([series], window)
            lowest = min(mean(series, start, window) for start in candidates(series, window))
            assert found.minimum == float(lowest)
            for percent, value in zip(mmu.PERCENTILES, found.percentiles, strict=True):
                share = Fraction(round(1000 - 10 * percent), 1000)
                exact = quantile([series], window, share) if window < series.length else lowest
                assert value == pytest.approx(float(exact), abs=CLOSE)
                compared += 1
    assert compared > 500


def test_no_window_is_below_the_minimum_and_one_attains_it() -> None:
    rng = random.Random(2)
    for series in (series for name in NAMES for series in series_of(open_trace(path_of(name)), Busy())):
        up_to = sum_of(series)
        for window in lengths(series, rng, 3)[1:]:
            least = mmu.point([series], window).minimum
            starts = (rng.randint(series.times[0], series.times[-1] - window) for _ in range(3000))
            lowest = min(up_to(start + window) - up_to(start) for start in starts)
            assert lowest / (window * series.whole) >= least
            edges = candidates(series, window)
            assert min(up_to(start + window) - up_to(start) for start in edges) / (window * series.whole) == least


def test_a_longer_window_of_several_whole_ones_is_not_lower() -> None:
    """It need not rise with each length, but MMU(k·w) ≥ MMU(w)."""
    for name in NAMES:
        (series,) = series_of(open_trace(path_of(name)), Busy())
        for window in (10_000, 300_000, 7_000_000):
            least = [mmu.point([series], k * window).minimum for k in (1, 2, 3, 10) if k * window <= series.length]
            assert all(one >= least[0] for one in least)


def test_several_series_count_alike() -> None:
    """The minimum is the lowest of any, and percentiles are of the windows of all Ps, those alike included."""
    every = [made(3, 30, 1), made(4, 5, 1)._replace(alike=3), made(5, 2, 1)]
    for window in (3, 100, min(series.length for series in every) - 1):
        found = mmu.point(every, window)
        assert found.minimum == min(mmu.point([series], window).minimum for series in every)
        for percent, value in zip(mmu.PERCENTILES, found.percentiles, strict=True):
            share = Fraction(round(1000 - 10 * percent), 1000)
            assert value == pytest.approx(float(quantile(every, window, share)), abs=CLOSE)


def test_a_short_series_counts_as_a_whole() -> None:
    long, short = made(6, 50), made(7, 1)
    window = short.length + 1
    assert mmu.point([long, short], window).minimum == min(
        mmu.point([long], window).minimum, short.values[0] / short.whole
    )
    assert mmu.point([short], window).percentiles == (short.values[0] / short.whole,) * 3


def test_worst_windows() -> None:
    """Greedy: each is the lowest that has no moment in common with those before; its causes sum to what is lost."""
    for series in [*small_traces(), *(made(seed, 25) for seed in range(10))]:
        window = max(1, series.length // 30)
        found = mmu.worst([series], window)
        chosen: list[int] = []
        for one in found:
            edges = {*candidates(series, window), *(c + side for c in chosen for side in (-window, window))}
            free = [
                start
                for start in edges
                if series.times[0] <= start <= series.times[-1] - window
                and all(abs(start - other) >= window for other in chosen)
            ]
            least = min(mean(series, start, window) for start in free)
            assert one.utilisation == float(least)
            assert one.start_ns == min(start for start in free if mean(series, start, window) == least)
            chosen.append(one.start_ns)
        assert len(found) == mmu.WORST or all(
            mean(series, start, window) == 1
            for start in candidates(series, window)
            if all(abs(start - other) >= window for other in chosen)
        )


def test_causes_of_worst_windows() -> None:
    for name in NAMES:
        for per_p in (False, True):
            series = series_of(open_trace(path_of(name)), Busy(per_p=per_p))
            for one in mmu.worst(series, 1_000_000):
                assert sum(one.taken) == pytest.approx(1 - one.utilisation, abs=1e-9)
    (worst, *_) = mmu.worst(series_of(synthetic(), Busy()), 1400)
    assert worst == mmu.Worst(
        909, 1400, (90 + 110 + 45 + 205) / 1400, -1, (200 / 1400, 0.5 * 1000 / 1400, 0.5 * 500 / 1400, 0.0)
    )


def test_default_windows() -> None:
    windows = mmu.default_windows(2_000_000_000, 55_000)
    assert (windows[0], windows[-1]) == (5_500, 2_000_000_000)
    assert {1_000_000, 10_000_000, 100_000_000} <= set(windows)
    assert 100 <= len(windows) <= 103
    assert windows == sorted(set(windows))
    assert mmu.default_windows(500, None) == [500]
    assert mmu.default_windows(1_500, 5)[0] == 1_000
