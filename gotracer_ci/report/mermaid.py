"""Draw a regression as a bar chart that GitHub renders itself: the baseline's jobs, then the traces of this run."""

from __future__ import annotations

import re
from typing import Final

from gotracer_ci.baseline.verdicts import Verdict
from gotracer_ci.findings import Finding
from gotracer_ci.report import markup
from gotracer_ci.report.chart import chart
from gotracer_ci.report.safe import clean
from gotracer_ci.report.worst import short
from gotracer_ci.text import axis, plural, quantity

_LEAST: Final = 3
_JOBS: Final = 8
_TRACES: Final = 5
_WIDE: Final = 100
_HUGE: Final = 1e15
_TITLE: Final = 60
_ROOM: Final = 1.1
_SPECIAL: Final = re.compile(r"[^\w .,:()*/+\[\]-]")
"""Everything else could end the title's quotes, or start a directive or an entity."""


def figure(finding: Finding, verdict: Verdict) -> str:
    """Return a Mermaid chart and a sentence that says what it shows, or "" if numbers and inline bars say as much.

    The chart is linear: where one value is more than a hundred times another, only one bar would be visible.
    """
    earlier, now = (verdict.history or verdict.base)[-_JOBS:], verdict.now[:_TRACES]
    values = (*earlier, *now)
    if len(earlier) < _LEAST or not chart(verdict) or not max(values) < _HUGE or min(values) < 0:
        return ""
    if max(values) > _WIDE * min(value for value in values if value > 0):
        return ""
    has_limit = 0 < verdict.limit <= max(values)
    unit, numbers = axis((_ROOM * max(values), verdict.limit, *values), verdict.unit)
    top, limit, *bars = numbers
    name = f'"{unit}" ' if unit else ""
    what = "job" if verdict.history else "base"
    names = [f'"{what} {number + 1}"' for number in range(len(earlier))]
    names += [f'"now {number + 1}"' for number in range(len(now))] if len(now) > 1 else ['"now"']
    lines = [
        # low, and in colors that are visible on light and dark backgrounds
        "---",
        "config:",
        "  xyChart: {height: 220}",
        '  themeVariables: {xyChart: {plotColorPalette: "#5a8bc9, #cf222e"}}',
        "---",
        "xychart-beta",
        f'  title "{_title(finding)}"',
        f"  x-axis [{', '.join(names)}]",
        f"  y-axis {name}0 --> {top}",
        f"  bar [{', '.join(bars)}]",
        *([f"  line [{', '.join([limit] * len(bars))}]"] if has_limit else []),
    ]
    before = f"{plural(len(earlier), 'job')} of the baseline" if verdict.history else plural(len(earlier), "base trace")
    caption = f"{before}, then {plural(len(now), 'trace')} of this run."
    line = f" The line is the limit: {quantity(verdict.limit, verdict.unit)}." if has_limit else ""
    return f"{markup.fence(chr(10).join(lines), 'mermaid')}\n\n<sub>{caption}{line}</sub>"


def _title(finding: Finding) -> str:
    place = finding.location.function if finding.location else finding.key.place.removeprefix("~")
    title = f"{finding.key.rule} at {short(place)}" if place else finding.key.rule
    return markup.short(_SPECIAL.sub("'", clean(title)), _TITLE)
