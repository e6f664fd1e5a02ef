"""The worst regression in a sentence, for the first line of the job summary and of the pull request's comment."""

from __future__ import annotations

import re
from typing import Final

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
    regressions = view.arrange(report).regressions
    if not regressions or not view.is_decided(report):
        return ""
    return _of(report, regressions[0])


def _of(report: Report, finding: Finding) -> str:
    found = report.verdict(finding)
    if found is None:
        return markup.escape(finding.message.partition(";")[0], _TEXT)
    programs = {trace.program for trace in report.traces}
    program = f"{markup.code(finding.key.program, _NAME)}: " if finding.key.program and len(programs) > 1 else ""
    suspected = "" if found.level is Level.CONFIRMED else f", {found.level}"
    return f"{program}{_subject(finding)} {_change(finding, found)}{suspected}"


def _subject(finding: Finding) -> str:
    """The function without its package, or the program if there is none."""
    if not finding.location and not finding.key.place:
        return "the program"
    place = clean(finding.location.function if finding.location else finding.key.place.removeprefix("~"))
    name, bracket, types = place.partition("[")
    short = name.rpartition("/")[2].partition(".")[2] or name
    return markup.code(short + bracket + types, _NAME)


def _change(finding: Finding, found: Verdict) -> str:
    before = quantity(found.before or 0, found.unit)
    now = span(found.now or (0,), found.unit)
    if not finding.change:
        return markup.escape(f"({finding.key.rule}, {finding.key.kind}): {before} → {now}", _TEXT)
    # the number of waits can decide where their time is what is shown otherwise
    value = f"{now} times" if found.unit == "count" and finding.statistics.unit == "ns" else now
    return markup.escape(f"{_NOW.sub(lambda noun: _counted(noun[1], value), finding.change)} ({before} before)", _TEXT)


def _counted(noun: str | None, value: str) -> str:
    if noun is None:
        return value
    return plural(1, noun) if value == "1" else f"{value} {noun}s"
