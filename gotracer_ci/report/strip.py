"""Lay out a strip: a dot for each of the baseline's jobs, oldest first, and for each trace of the run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from gotracer_ci.baseline.verdicts import Verdict
from gotracer_ci.text import plural, quantity, span

_MOST: Final = 10
_WIDE: Final = 100
_WIDTH: Final = 132
_HEIGHT: Final = 34
_MARGIN: Final = 5
_STEP: Final = 12
_GAP: Final = 10


class Dot(NamedTuple):
    """The centre of a dot, in units of the picture."""

    x: float
    y: float


class Strip(NamedTuple):
    """What to draw, in units of the picture, whose origin is at the top left.

    limit: the height of the line that had to be exceeded; None without one. label: the same in words.
    """

    width: int
    height: int
    before: tuple[Dot, ...]
    now: tuple[Dot, ...]
    limit: float | None
    label: str


def strip(verdict: Verdict) -> Strip | None:
    """Return the strip of a verdict, or None if nothing was measured now.

    Without the values of jobs, the dots are those of the base traces, or else one for what was usual. Heights are
    proportional and start at zero, or logarithmic if the largest value is more than a hundred times the smallest.
    """
    before = (verdict.history or verdict.base or (() if verdict.before is None else (verdict.before,)))[-_MOST:]
    now = verdict.now[:_MOST]
    if not now:
        return None
    limits = (verdict.limit,) if 0 < verdict.limit < math.inf else ()
    heights = _heights((*before, *now, *limits))
    step = min(_STEP, (_WIDTH - 2 * _MARGIN - _GAP) / max(1, len(before) + len(now) - 1))
    right = _WIDTH - _MARGIN - step * (len(now) - 1)
    first = right - step * len(before) - (_GAP if before else 0)
    return Strip(
        _WIDTH,
        _HEIGHT,
        tuple(Dot(round(first + step * i, 1), heights[i]) for i in range(len(before))),
        tuple(Dot(round(right + step * i, 1), heights[len(before) + i]) for i in range(len(now))),
        heights[-1] if limits else None,
        _label(verdict, before, now),
    )


def _heights(values: Sequence[float]) -> list[float]:
    top = max(values)
    least = min((value for value in values if value > 0), default=0.0)
    if top <= 0:
        shares = [0.0] * len(values)
    elif top > _WIDE * least:
        low, high = math.log(least) - 1, math.log(top)
        shares = [(math.log(value) - low) / (high - low) if value > 0 else 0.0 for value in values]
    else:
        shares = [max(value, 0.0) / top for value in values]
    return [round(_HEIGHT - _MARGIN - share * (_HEIGHT - 2 * _MARGIN), 1) for share in shares]


def _label(verdict: Verdict, before: Sequence[float], now: Sequence[float]) -> str:
    if verdict.history:
        were = f"{plural(len(before), 'job')} of the baseline: {span(before, verdict.unit)}"
    elif verdict.base:
        were = f"{plural(len(before), 'base trace')}: {span(before, verdict.unit)}"
    else:
        were = f"before: {span(before, verdict.unit)}" if before else "not there before"
    return f"{were}; limit: {quantity(verdict.limit, verdict.unit)}; this run: {span(now, verdict.unit)}"
