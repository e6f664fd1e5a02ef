"""Draw a chart on one line: the values of the baseline's jobs, and those of this run."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gotracer_ci.baseline.verdicts import Verdict

_BARS = "▁▂▃▅▆▇"
_MOST = 10
_WIDE = 100
_ARROW = "\N{NO-BREAK SPACE}→\N{NO-BREAK SPACE}"


def chart(verdict: Verdict) -> str:
    """Return `▃▃▂▃▃ → ▇▇▇`: a bar for each job, oldest first (without a baseline, for each base trace), and each trace.

    Bars are proportional and start at zero. If the largest value is more than a hundred times the smallest they are
    logarithmic, because all but one bar would be empty. Returns "" if two numbers say as much.
    """
    before, now = (verdict.history or verdict.base)[-_MOST:], verdict.now[:_MOST]
    values = (*before, *now)
    if len(before) < 2 or not now or max(before) <= 0 or max(values) <= min(values):
        return ""
    return f"{_bars(before, values)}{_ARROW}{_bars(now, values)}"


def _bars(values: Sequence[float], every: Sequence[float]) -> str:
    top, least = max(every), min(value for value in every if value > 0)
    if top > _WIDE * least:
        low, high = math.log(least), math.log(top)
        shares = ((math.log(value) - low) / (high - low) if value > 0 else 0.0 for value in values)
    else:
        shares = (max(value, 0.0) / top for value in values)
    return "".join(_BARS[round(share * (len(_BARS) - 1))] for share in shares)
