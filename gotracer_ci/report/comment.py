"""The pull request's comment: the headline, what is new or worse, and the rest folded or counted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from gotracer_ci.baseline.verdicts import Level
from gotracer_ci.findings import Finding, Severity
from gotracer_ci.report import markup, regressions, sections, view
from gotracer_ci.report.links import Links
from gotracer_ci.report.model import Report

_ROWS: Final = 50
_DETAILS: Final = 10
_REMARKS: Final = 8
_PROGRAMS: Final = 5
_SHA: Final = 7
_ASIDE: Final = re.compile(r" \(--[a-z][a-z-]*\)")
_FLAG: Final = re.compile(r"(^|[\s(\x22'`>])--([a-z][a-z-]*[a-z])\b", re.MULTILINE)
_RESOLVED: Final = "Everything that an earlier run reported here is resolved."


def is_due(report: Report) -> bool:
    """Whether a report is worth a new comment: something fails the run, or is confirmed to be new or worse."""
    if report.uncompared:  # the unusable baseline is one alarm, and every finding would be another
        return False
    verdicts = map(report.verdict, report.findings)
    return bool(report.failing) or any(v and v.flagged and v.level is Level.CONFIRMED for v in verdicts)


def render(report: Report, links: Links, limit: int) -> str:
    """Return the comment within a limit of UTF-16 code units: it loses details first, then rows, never the headline."""
    listed = _listed(report)
    rows = min(len(listed), _ROWS)
    is_single = regressions.only(report) is not None
    details = [
        sections.detail(report, finding, links, has_commands=False, is_single=is_single)
        for finding in listed[:_DETAILS]
    ]

    text = sections.fitted(
        lambda *what: _written(report, links, listed, *what),
        rows,
        details,
        lambda text: len(text.encode("utf-16-le")) // 2 <= limit,
    )
    return text or sections.heading(report)


def _listed(report: Report) -> Sequence[Finding]:
    """With a comparison the regressions, without one the worst that fail the run, or would unless turned off."""
    shown = view.shorten(report)
    if report.comparison:
        return shown.regressions
    return [finding for finding in shown.others if _counts(report, finding)]


def _counts(report: Report, finding: Finding) -> bool:
    """Whether a finding of a run without a comparison is listed."""
    return finding.severity >= _limit(report) and (finding.absolute or not report.only_regressions)


def _limit(report: Report) -> Severity:
    return Severity.WARN if report.fail_on is Severity.NONE else report.fail_on


def _written(
    report: Report, links: Links, listed: Sequence[Finding], rows: int, details: Sequence[str], brief: bool
) -> str:
    """brief: only the headline, the rows and the footer."""
    blocks = [sections.heading(report, _RESOLVED if view.is_resolved(report) else "")]
    if programs := sorted({trace.program for trace in report.traces if trace.program}):
        more = f" and {len(programs) - _PROGRAMS} more" if len(programs) > _PROGRAMS else ""
        blocks.append(", ".join(markup.code(name) for name in programs[:_PROGRAMS]) + f"{more}\n")
    if rows:
        if report.comparison:
            blocks.append(regressions.shown(report, listed[:rows], links, brief=brief))
        else:
            blocks.append(sections.others(report, listed[:rows], links))
    blocks += details
    if not brief:
        if listed:
            blocks.append(_next_steps(report, listed, links))
            blocks += filter(None, [sections.where_to_look(listed[0], links)])
        if gone := view.gone(report):
            blocks.append(markup.folded(_better(report), sections.gone(report, gone[:_ROWS])))
        if remarks := sections.remarks(report, _REMARKS):
            blocks.append(remarks)
    if rest := _rest(report, rows):
        blocks.append(f"Findings not shown here: {', '.join(rest)}.\n")
    blocks.append(f"<sub>{' · '.join(_footer(report, links))}</sub>\n")
    return _without_flags("\n".join(blocks))


def _next_steps(report: Report, listed: Sequence[Finding], links: Links) -> str:
    """Say what to do on the pull request. Commands are in the summary, for those who have a checkout and a shell."""
    summary = markup.link("summary of the run", links.run)
    steps = ["Push a fix, and the next run updates this comment."]
    if any(verdict and verdict.can_be_confirmed for verdict in map(report.verdict, listed)):
        steps.append("Run the job again to see whether a suspicion stays, or add traces of the base commit to it.")
    if report.comparison and report.comparison.baseline:
        steps.append(
            f"If a change is intended, accept it: the {summary} has a command for each finding, and the commands that "
            "reproduce this. Commit the changed baseline to this pull request; it counts once it is merged."
        )
    else:
        steps.append(f"The {summary} says how to reproduce this.")
    return f"**On this pull request:** {' '.join(steps)}\n"


def _without_flags(text: str) -> str:
    """Return the text with the names of flags as inputs of the action have them. A comment is no command line."""
    return _FLAG.sub(r"\1\2", _ASIDE.sub("", text))


def _better(report: Report) -> str:
    """Return `3 fixed, 1 better`, and how many are shown if not all are."""
    summary = view.summarise(report)
    parts = [f"{count:,} {name}" for name, count in (("fixed", summary.fixed), ("better", summary.better)) if count]
    shown = f" ({_ROWS} shown)" if summary.fixed + summary.better > _ROWS else ""
    return ", ".join(parts) + shown


def _rest(report: Report, rows: int) -> list[str]:
    """Count the findings that have no row and are not in the headline."""
    if report.comparison:
        listed = len(view.arrange(report).regressions)
        others = sum(report.verdict(finding) is None and not finding.absolute for finding in report.findings)
        which = "not compared"
    else:
        listed = sum(_counts(report, finding) for finding in report.findings)
        others = len(report.findings) - listed
        which = "not compared" if report.only_regressions else f"below {_limit(report).label}"
    counts = ((listed - rows, "more like these"), (others, which))
    return [f"{count:,} {words}" for count, words in counts if count > 0]


def _footer(report: Report, links: Links) -> Iterator[str]:
    if links.commit:
        yield f"Commit {markup.link(markup.code(links.commit[:_SHA]), links.of_commit)}"
    if report.comparison:
        yield f"compared with {markup.escape(view.reference(report.comparison), markup.CELL)}"
    if links.run:
        yield markup.link(f"summary of run {links.number}", links.run)
    yield markup.escape(f"gotracer-ci {report.version}", markup.CELL)
