"""The regressions of a comment or job summary: lines for one, a table for several, and a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gotracer_ci.findings import Finding
from gotracer_ci.report import labels, markup, mermaid, sections, view
from gotracer_ci.report.chart import chart
from gotracer_ci.report.links import Links
from gotracer_ci.report.model import Report


def only(report: Report) -> Finding | None:
    """Return the regression or missed objective of a run that has exactly one."""
    regressions = view.arrange(report).regressions
    return regressions[0] if report.comparison and len(regressions) == 1 else None


def shown(report: Report, findings: Sequence[Finding], links: Links, *, brief: bool) -> str:
    """Return the regressions, worst first. brief: without the picture, causes and advice."""
    if finding := only(report):
        return "\n\n".join(_single(report, finding, links, brief=brief)) + "\n"
    table = sections.regressions(report, findings, links)
    picture = "" if brief else next(filter(None, (_picture(report, finding) for finding in findings)), "")
    return f"{table}\n{picture}\n" if picture else table


def _single(report: Report, finding: Finding, links: Links, *, brief: bool) -> Iterator[str]:
    """Yield paragraphs: place and values, picture, cause, effects, and what to do."""
    found = report.verdict(finding)
    picture = "" if brief else _picture(report, finding)
    lines = [
        sections.status(report, finding),
        *sections.place_lines(finding, links),
        "" if found else markup.escape(finding.message, 2 * markup.CELL),
        sections.before_now(found) if found else "",
        chart(found) if found and not picture else "",
    ]
    yield "\\\n".join(filter(None, lines))
    if brief:
        return
    if picture:
        yield picture
    if cause := "\\\n".join(map(markup.escape, sections.cause(finding))):
        yield f"**Cause:** {cause}" if labels.explained(finding) else cause
    if effects := view.effects(report, finding):
        yield f"**Effects:** {markup.escape(effects)}"
    if advice := sections.to_do(finding):
        yield advice


def _picture(report: Report, finding: Finding) -> str:
    found = report.verdict(finding)
    return mermaid.figure(finding, found) if found else ""
