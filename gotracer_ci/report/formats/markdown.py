"""Markdown of the whole report, for job summaries, within a number of bytes."""

from __future__ import annotations

from collections.abc import Sequence

from gotracer_ci.report import markup, regressions, sections, view
from gotracer_ci.report.links import NO_LINKS, Links
from gotracer_ci.report.model import Report
from gotracer_ci.report.reproduce import commands
from gotracer_ci.text import plural

_DETAILS = 10
"""Without a baseline this many findings have details; regressions all have them."""


def render(report: Report, budget: int | None = None, links: Links = NO_LINKS) -> str:
    """Return the report. To keep within a budget of bytes it loses details first, then rows, and counts the missing.

    The headline stays even if it exceeds the budget.
    """
    shown = view.shorten(report)
    rows = len(shown.all)
    detailed = shown.regressions if report.comparison else shown.all[:_DETAILS]
    is_single = regressions.only(report) is not None
    details = [sections.detail(report, finding, links, is_single=is_single) for finding in detailed]

    text = sections.fitted(
        lambda *what: _written(report, shown, links, *what),
        rows,
        details,
        lambda text: budget is None or len(text.encode()) <= budget,
    )
    return text or sections.heading(report)


def _written(report: Report, shown: view.Shown, links: Links, rows: int, details: Sequence[str], brief: bool) -> str:
    """brief: without the traces, what is better, and most remarks."""
    worse = shown.regressions[:rows]
    others = shown.others[: rows - len(worse)]
    left_out = len(shown.all) - len(worse) - len(others)
    rest = sections.rest(shown, "Set `top` to 0 to list them all.")
    blocks = [sections.heading(report)]
    if worse:
        blocks += [regressions.shown(report, worse, links, brief=brief), *details]
    if report.comparison is None:
        blocks += [sections.others(report, others, links), *filter(None, [rest]), *details] if others else []
    elif others or rest:
        title = plural(len(shown.others) + sum(map(len, shown.rest.values())), "other finding")
        table = sections.others(report, others, links) if others else ""
        blocks.append(markup.folded(title, "\n".join(filter(None, [table, rest]))))
    if left_out:
        blocks.append(f"{plural(left_out, 'more finding')} left out here.\n")
    if not brief and view.gone(report):
        blocks.append(markup.folded("Fixed or better", sections.gone(report, view.gone(report))))
    if remarks := sections.remarks(report, 10 if brief else None):
        blocks.append(remarks)
    if not brief:
        if shown.all:
            blocks += filter(None, [sections.where_to_look(shown.all[0], links)])
            blocks.append(markup.folded("How to reproduce", markup.fence(commands(report, links), "sh")))
        blocks.append(_traces(report))
    if report.comparison:
        blocks.append(f"<sub>Compared with {markup.escape(view.reference(report.comparison), markup.CELL)}</sub>\n")
    return "\n".join(blocks)


def _traces(report: Report) -> str:
    lines = [view.trace_line(trace) for trace in report.traces]
    lines += [f"base: {view.trace_line(trace)}" for trace in report.base_traces]
    title = plural(len(report.traces), "trace")
    title += f" and {plural(len(report.base_traces), 'base trace')}" if report.base_traces else ""
    return markup.folded(title, markup.bullets(lines))
