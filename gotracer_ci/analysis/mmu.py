"""Minimum mutator utilisation: how little of any window of some length is left to the program."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from gotracer_ci.analysis.utilisation import Series
from gotracer_ci.trace.moving import MovingWindows
from gotracer_ci.trace.steps import total

PERCENTILES: Final = (99.9, 99.0, 95.0)
_LARGEST_SHARE: Final = (100 - min(PERCENTILES)) / 100
WORST: Final = 10
_POINTS: Final = 100
_SHORTEST_NS: Final = 1_000
ALWAYS_NS: Final = (1_000_000, 10_000_000, 100_000_000)


class Point(NamedTuple):
    """The windows of one length. minimum: the lowest mean utilisation of one.

    percentiles: by `PERCENTILES`, the utilisation that so many percent of the windows have at least.
    """

    window_ns: int
    minimum: float
    percentiles: tuple[float, ...]


class Worst(NamedTuple):
    """A window. start_ns: from the trace's start. p: whose, −1 for the system. taken: its share by cause."""

    start_ns: int
    window_ns: int
    utilisation: float
    p: int
    taken: tuple[float, ...]


def curve(series: Sequence[Series], lengths: Iterable[int]) -> list[Point]:
    """Return the `point` of each length of windows."""
    windows = MovingWindows()
    return [point(series, length, windows) for length in lengths]


def point(series: Sequence[Series], window: int, windows: MovingWindows | None = None) -> Point:
    """Return the minimum and the percentiles of the mean utilisation, over the windows of all series alike.

    A window that is longer than a series is all of it.

    Args:
        windows: whose memory is used.
    """
    windows = windows or MovingWindows()
    whole = max(one.whole for one in series)
    fitting = [one for one in series if window < one.length]
    means = [_mean(one) for one in series if window >= one.length]
    if not fitting:
        return Point(window, min(means), (min(means),) * len(PERCENTILES))
    every = sum((one.length - window) * one.alike for one in fitting)
    windows.begin(window * whole, every * _LARGEST_SHARE)
    for one in fitting:
        windows.add(one.times, one.values, window, one.alike)
    minimum = windows.minimum() / (window * whole)
    quantiles = (windows.quantile((100 - percent) / 100) / (window * whole) for percent in PERCENTILES)
    return Point(window, min((minimum, *means)), tuple(quantiles))


def default_windows(duration: int, shortest_stop: int | None, points: int = _POINTS) -> list[int]:
    """Return lengths from a tenth of the shortest stop, at least 1 µs, to the trace's, and 1, 10 and 100 ms, ns."""
    first = min(max(_SHORTEST_NS, (shortest_stop or 0) // 10), duration)
    steps = (round(first * (duration / first) ** (i / (points - 1))) for i in range(points))
    return sorted({min(step, duration) for step in steps} | {at for at in ALWAYS_NS if first <= at <= duration})


def worst(series: Iterable[Series], window: int, count: int = WORST) -> list[Worst]:
    """Return the windows with the lowest utilisation that have no moment in common, those of one series apart.

    Only windows that lose time are among them.
    """
    found = [one for each in series for one in _worst(each, min(window, each.length), count)]
    return sorted(found, key=lambda one: (one.utilisation, one.start_ns, one.p))[:count]


def _worst(series: Series, window: int, count: int) -> list[Worst]:
    most = window * series.whole
    windows = MovingWindows()
    windows.begin(most)
    windows.add(series.times, series.values, window, 1)
    found = windows.apart(series.times, series.values, window, count)
    return [Worst(start, window, sum_ / most, series.p, series.taken(start, window)) for sum_, start in found]


def _mean(series: Series) -> float:
    return total(series.times, series.values, series.times[0], series.length) / (series.length * series.whole)
