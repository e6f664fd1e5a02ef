"""Percentages with confidence intervals, by resampling jobs (bootstrap)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final, NamedTuple

from tests.noise.resample import Cell, Tallies, Tally

_RESAMPLES: Final = 1000
_CONFIDENCE: Final = 0.95


class Figure(NamedTuple):
    """A percentage, and the limits of its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{_short(self.value)} ({_short(self.low)}–{_short(self.high)})"


def figure(programs: Sequence[Sequence[float]]) -> Figure | None:
    """Return the mean over programs of the mean over their jobs.

    Args:
        programs: for each program, each job's share of draws, 0 to 1.

    Jobs are drawn with replacement within each program. If all jobs agree, resampling gives no interval. In that case
    the other limit is the share for which all of these jobs would still agree with a probability of 5 %.
    """
    programs = [jobs for jobs in programs if jobs]
    if not programs:
        return None
    value = _mean([_mean(jobs) for jobs in programs])
    if value in (0, 1):
        reach = 1 - (1 - _CONFIDENCE) ** (1 / sum(map(len, programs)))
        return _percent(value, value * (1 - reach), value + (1 - value) * reach)
    chance = random.Random(0)
    means = sorted(_mean([_mean(chance.choices(jobs, k=len(jobs))) for jobs in programs]) for _ in range(_RESAMPLES))
    cut = round((1 - _CONFIDENCE) / 2 * _RESAMPLES)
    return _percent(value, means[cut], means[-cut - 1])


def shares(tallies: Tallies, cell: Cell, *, confirmed: bool) -> list[float]:
    """Return each judged job's share of draws with a flagged group."""

    def flagged(tally: Tally) -> int:
        return tally.confirmed if confirmed else tally.shown

    return [flagged(tally) / tally.draws for _, tally in sorted(tallies.get(cell, {}).items())]


def _percent(value: float, low: float, high: float) -> Figure:
    return Figure(*(round(100 * share, 2) for share in (value, low, high)))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _short(value: float) -> str:
    return f"{value:.1f}" if value < 10 and value % 1 else f"{value:.0f}"
