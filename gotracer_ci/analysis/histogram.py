"""Histograms of lengths as the kernel counts them: steps of 16 ns up to 512 ns, then 16 steps per octave.

A histogram is {bucket: count}. Two of them merge by adding counts. A quantile is right to 3 %.
"""

from __future__ import annotations

from collections.abc import Mapping

from gotracer_ci.trace.observers.groups import BUCKETS

Histogram = dict[int, int]

_STEP = 4  # lengths are counted in units of 16 ns
_LINEAR = 32


def bucket(length_ns: int) -> int:
    """Return the bucket of a length."""
    units = length_ns >> _STEP
    exponent = max(0, units.bit_length() - 5)
    return min(exponent * 16 + (units >> exponent), BUCKETS - 1)


def edges(index: int) -> tuple[int, int]:
    """Return the smallest length of a bucket, and of the next one, in ns."""
    if index < _LINEAR:
        return index << _STEP, (index + 1) << _STEP
    exponent = index // 16 - 1
    return (index - exponent * 16) << exponent << _STEP, (index + 1 - exponent * 16) << exponent << _STEP


def middle(index: int) -> int:
    """Return the middle of a bucket's lengths in ns."""
    return sum(edges(index)) // 2


def merge(into: Histogram, other: Mapping[int, int]) -> None:
    for index, count in other.items():
        into[index] = into.get(index, 0) + count


def quantile(histogram: Mapping[int, int], q: float, maximum: int) -> int:
    """Return the length in ns that the share `q` of the intervals does not exceed, at most the true maximum."""
    left = q * sum(histogram.values())
    for index in sorted(histogram):
        left -= histogram[index]
        if left <= 0:
            return min(middle(index), maximum)
    return maximum


def largest(histogram: Mapping[int, int], n: int, after: int = 0) -> int:
    """Return the sum in ns of the `n` largest lengths after the `after` largest ones. It is right to 3 %."""
    total = 0
    for index in sorted(histogram, reverse=True):
        passed = min(after, histogram[index])
        after -= passed
        taken = min(n, histogram[index] - passed)
        total += taken * middle(index)
        n -= taken
        if n == 0:
            break
    return total
