"""List all verdicts of a comparison, those that changed first, then the closest to their limits."""

from __future__ import annotations

from typing import Final, NamedTuple

from gotracer_ci.baseline.verdicts import Level, Status, Verdict
from gotracer_ci.report import view
from gotracer_ci.report.model import Report
from gotracer_ci.report.strip import Strip, strip
from gotracer_ci.report.view import is_regression

MOST: Final = 500
"""So many verdicts are shown; a run of a large program has thousands, nearly all of them within their limits."""
_ORDER: Final = (
    Status.NEW,
    Status.WORSE,
    Status.FIXED,
    Status.BETTER,
    Status.UNKNOWN,
    Status.NOT_IN_BASE,
    Status.KNOWN,
)


class Line(NamedTuple):
    """A verdict as people see it. tone: regression, suspected, good or same. finding: a fingerprint, "" if none."""

    verdict: Verdict
    word: str
    tone: str
    where: str
    finding: str
    strip: Strip | None


class Lines(NamedTuple):
    """The first verdicts. words: the words for them, in order. left_out: how many more there are."""

    lines: tuple[Line, ...]
    words: tuple[str, ...]
    left_out: int


def lines(report: Report) -> Lines:
    """Return the verdicts of a report; none without a comparison."""
    verdicts = sorted(report.comparison.verdicts.values(), key=_rank) if report.comparison else []
    found = {finding.key for finding in report.findings}
    shown = tuple(
        Line(
            verdict,
            view.word(verdict),
            _tone(verdict),
            view.where(report, verdict),
            verdict.key.fingerprint if verdict.key in found else "",
            strip(verdict),
        )
        for verdict in verdicts[:MOST]
    )
    return Lines(shown, tuple(dict.fromkeys(line.word for line in shown)), max(0, len(verdicts) - MOST))


def _rank(verdict: Verdict) -> tuple[bool, int, bool, float, tuple[str, ...]]:
    """Regressions, then what is better; of the others first those that are closest to their limits."""
    is_open = verdict.level in (Level.INCONCLUSIVE, Level.INSUFFICIENT)
    closeness = max(verdict.now, default=0.0) / verdict.limit if verdict.limit > 0 else 0.0
    status = _ORDER.index(verdict.status)
    return (is_open, status, verdict.level is not Level.CONFIRMED, -closeness, verdict.key)


def _tone(verdict: Verdict) -> str:
    if is_regression(verdict):
        return "regression" if verdict.level is Level.CONFIRMED else "suspected"
    is_good = verdict.status in (Status.FIXED, Status.BETTER) and verdict.level in (Level.CONFIRMED, Level.SUSPECTED)
    return "good" if is_good else "same"
