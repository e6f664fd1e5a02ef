"""The worst regression in a sentence, for the first line of the job summary and of the pull request's comment."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from gotracer_ci.baseline.verdicts import Level, Verdict
from gotracer_ci.findings import Finding
from gotracer_ci.report import markup, view
from gotracer_ci.report.model import Report
from gotracer_ci.report.safe import clean
from gotracer_ci.text import plural, quantity, span

_NAME: Final = 80
_TEXT: Final = 160
_NOW: Final = re.compile(r"\{now(?: (\w+)s)?\}")
"""The value of this run in `Finding.change`, with or without the noun that it counts."""


def sentence(report: Report) -> str:
    """Return Markdown such as "`startAudit` leaves 40 goroutines behind (0 before)".

    It is "" if nothing is worse or misses an objective. It is also "" if the run could not be compared, because the
    first line must say that.
    """
    finding = regression(report)
    return _of(report, finding) if finding else ""


def regression(report: Report) -> Finding | None:
    """Return the finding that the first line of a report is about; None if that line must say something else."""
    regressions = view.arrange(report).regressions
    return regressions[0] if regressions and view.is_decided(report) else None


class Words(NamedTuple):
    """A regression in words: `startAudit`, `leaves 40 goroutines behind (0 before)`. All are clean.

    subject: the function without its package; None for the whole program.
    """

    subject: str | None
    change: str


def words(finding: Finding, found: Verdict) -> Words:
    """Return what a regression does."""
    suspected = "" if found.level is Level.CONFIRMED else f", {found.level}"
    return Words(_subject(finding), _change(finding, found) + suspected)


def _of(report: Report, finding: Finding) -> str:
    found = report.verdict(finding)
    if found is None:
        return markup.escape(finding.message.partition(";")[0], _TEXT)
    programs = {trace.program for trace in report.traces}
    program = f"{markup.code(finding.key.program, _NAME)}: " if finding.key.program and len(programs) > 1 else ""
    subject, change = words(finding, found)
    return (
        f"{program}{'the program' if subject is None else markup.code(subject, _NAME)} {markup.escape(change, _TEXT)}"
    )


def _subject(finding: Finding) -> str | None:
    if not finding.location and not finding.key.place:
        return None
    place = clean(finding.location.function if finding.location else finding.key.place.removeprefix("~"))
    return short(place)


def short(function: str) -> str:
    """Return a function without its package: `(*Cache).Get` for `example.com/shop/store.(*Cache).Get`."""
    name, bracket, types = function.partition("[")
    return (name.rpartition("/")[2].partition(".")[2] or name) + bracket + types


def _change(finding: Finding, found: Verdict) -> str:
    before = quantity(found.before or 0, found.unit)
    now = span(found.now or (0,), found.unit)
    if not finding.change:
        return clean(f"({finding.key.rule}, {finding.key.kind}): {before} → {now}")
    # the number of waits can decide where their time is what is shown otherwise
    value = f"{now} times" if found.unit == "count" and finding.statistics.unit == "ns" else now
    return clean(f"{_NOW.sub(lambda noun: _counted(noun[1], value), finding.change)} ({before} before)")


def _counted(noun: str | None, value: str) -> str:
    if noun is None:
        return value
    return plural(1, noun) if value == "1" else f"{value} {noun}s"
