"""What an update changes in the baseline, for the pull request that proposes it."""

from __future__ import annotations

from typing import Final

from gotracer_ci.report import markup, sections, view
from gotracer_ci.report.model import Report
from gotracer_ci.text import plural

_ROWS: Final = 50


def render(report: Report) -> str:
    """Return Markdown: a table of what the update raises above the old limits, what it adds, and remarks."""
    comparison = report.comparison
    if comparison is None:
        return ""
    verdicts = comparison.verdicts
    raised = [f for f in report.findings if f.key in comparison.flagged and not verdicts[f.key].cause]
    run = markup.link("One more job", report.links.run)
    blocks = [f"{run} for the trace baseline, compared with the file as it was: {view.headline(report)}.\n"]
    if raised:
        blocks.append(
            f"**Review this before you merge.** {plural(len(raised), 'value')} above the old limits: once this is "
            "merged, runs no longer report them.\n"
        )
        blocks.append(sections.regressions(report, raised[:_ROWS], report.links))
        if len(raised) > _ROWS:
            blocks.append(f"{plural(len(raised) - _ROWS, 'more value')} left out here.\n")
    if comparison.added:
        left_out = len(comparison.added) - _ROWS
        body = markup.bullets(comparison.added[:_ROWS]) + (f"- {left_out:,} more\n" if left_out > 0 else "")
        blocks.append(markup.folded(f"Adds {plural(len(comparison.added), 'group')} or programs", body))
    if remarks := sections.remarks(report, _ROWS):
        blocks.append(remarks)
    return "\n".join(blocks)
