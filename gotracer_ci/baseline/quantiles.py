"""Quantiles of the lengths of single events, with the bounds that their number allows.

How long a lock is held, or how long a piece of code runs, hardly varies from run to run. A low quantile leaves out what
the machine adds. Events of a constant length give narrow bounds, and those of a varying length ask for more of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import sqrt
from typing import Final, NamedTuple

from gotracer_ci.analysis.histogram import Histogram, edges, merge
from gotracer_ci.limits import Limit

FEWEST: Final = 20
"""Events that a trace needs."""
_Z: Final = 2.0
"""Standard errors from the quantile to each bound."""


class Bounds(NamedTuple):
    """Where a quantile is, in ns. each: events in a trace."""

    low: float
    usual: float
    high: float
    each: float


def bounds(traces: Iterable[Mapping[int, int]], q: float) -> Bounds | None:
    """Return the bounds of a quantile over all traces together; None with fewer than 20 events a trace.

    The standard error of the share of events below a quantile is √(q (1 − q) / n).

    Args:
        traces: the histogram of each trace: bucket → number of events, see `analysis.histogram`.
        q: 0 to 1.
    """
    every = [*traces]
    pooled: Histogram = {}
    for histogram in every:
        merge(pooled, histogram)
    events = sum(pooled.values())
    if not every or events < FEWEST * len(every):
        return None
    error = _Z * sqrt(q * (1 - q) / events)
    low, usual, high = quantiles(pooled, (max(q - error, 0.5 / events), q, min(q + error, 1 - 0.5 / events)))
    return Bounds(low, usual, high, events / len(every))


def fastest(traces: Iterable[Mapping[int, int]], q: float) -> Bounds | None:
    """Return the lowest bounds of any trace; otherwise as `bounds`. A neighbour may slow a whole trace down."""
    every = [*traces]
    found = bounds(every, q)
    if found is None:
        return None
    each = [one for trace in every if (one := bounds([trace], q))]
    low, usual, high = (min(values) for values in zip(*(one[:3] for one in each), strict=True))
    return Bounds(low, usual, high, found.each)


def highest(traces: Iterable[Mapping[int, int]], limit: Limit) -> float:
    """Return what a baseline stores of a job: the upper bound of the quantile in ns; 0 with too few events."""
    found = (fastest if limit.by_speed else bounds)(traces, limit.quantile)
    return found.high if found else 0.0


def quantiles(histogram: Mapping[int, int], wanted: Iterable[float]) -> list[float]:
    """Return quantiles in ns, interpolated linearly in their buckets. The histogram must not be empty.

    Args:
        wanted: from 0 to 1, in ascending order.
    """
    buckets = sorted(histogram)
    events = sum(histogram.values())
    found = []
    i, below = 0, 0
    for q in wanted:
        while i < len(buckets) - 1 and below + histogram[buckets[i]] < q * events:
            below += histogram[buckets[i]]
            i += 1
        start, end = edges(buckets[i])
        found.append(start + (end - start) * min(1.0, max(0.0, (q * events - below) / histogram[buckets[i]])))
    return found
