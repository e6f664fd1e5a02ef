"""The table for people: plain text with aligned columns in a pipe, drawn by rich on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TextIO

from gotracer_ci.baseline.verdicts import Verdict
from gotracer_ci.findings import Finding
from gotracer_ci.report import labels, reproduce, sides, view
from gotracer_ci.report.labels import explained, place
from gotracer_ci.report.model import Report
from gotracer_ci.report.safe import clean
from gotracer_ci.text import plural, times, timestamp

WIDE = 120
"""A terminal with at least this many columns has messages beside the other cells, not below them."""
_DIM = "dim"
_GOOD = "green"
_STYLES = {"error": "bold red", "warn": "yellow", "info": "cyan", "none": _DIM}


class _Row(NamedTuple):
    """The cells of a first line, the lines below its message, and how a terminal shows its severity."""

    cells: tuple[str, ...]
    more: list[str]
    style: str


def render(report: Report) -> str:
    """Return plain text without colors. Nothing is wrapped or truncated, so that it can be searched and compared."""
    rows = list(_rows(report))
    header = _header(report)
    widths = [max(len(row[i]) for row in [header, *(cells for cells, _, _ in rows)]) for i in range(len(header) - 1)]
    lines = [*_first(report), *([""] if rows and _first(report) else [])]
    if rows:
        lines.append(_line(header, widths))
        indent = " " * (sum(widths) + 2 * len(widths))
        for cells, more, _ in rows:
            lines.append(_line(cells, widths))
            lines += [indent + line for line in more]
    footer = _footer(report)
    return "\n".join([*lines, *([""] if rows and footer else []), *footer, ""])


def draw(report: Report, stream: TextIO) -> None:
    """Write the report to a terminal, as wide as that is. rich leaves out colors the terminal or the user rejects."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    console = Console(file=stream, markup=False, highlight=False, emoji=False)
    rows = list(_rows(report))
    for line in _first(report):
        console.print(Text(line, style="bold"))
    if console.width < WIDE:
        for cells, more, style in rows:
            title = "  ".join(filter(None, cells[:-1]))
            console.print(Text(title, style=style))
            for line in (cells[-1], *more, ""):
                console.print(Padding(Text(line), (0, 0, 0, 2), expand=False))
    elif rows:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for name in _header(report):
            table.add_column(name, no_wrap=name not in ("VERDICT", "MESSAGE"), overflow="fold")
        for cells, more, style in rows:
            message = Text(cells[-1]).append("".join(f"\n{line}" for line in more), style="dim")
            severity = Text(cells[0], style=style)
            table.add_row(severity, *(Text(cell) for cell in cells[1:-1]), message)
        console.print(table)
    for line in _footer(report):
        console.print(Text(line))


def _header(report: Report) -> tuple[str, ...]:
    verdict = ("VERDICT",) if report.comparison else ()
    return ("SEVERITY", *verdict, "RULE", "TIMESTAMP", "MESSAGE")


def _rows(report: Report) -> Iterator[_Row]:
    """The findings, and after a rule's last one what `top` leaves out of the rule.

    Of two sides only what differs: what got worse, and then what improved.
    """
    shown = view.shorten(report)
    if report.is_diff:
        yield from (_row(report, finding) for finding in shown.regressions)
        for verdict, left_out in sides.improved(view.gone(report), report.top):
            yield from _improved(report, verdict, left_out)
        return
    last = {finding.key.rule: finding for finding in shown.all}
    for finding in shown.all:
        rule = finding.key.rule
        yield _row(report, finding)
        if finding is last[rule] and rule in shown.rest:
            empty = ("",) if report.comparison else ()
            line = f"{view.rest_line(shown.rest[rule])}: --top 0 shows all"
            yield _Row(("", *empty, clean(rule), "", line), [], _DIM)


def _row(report: Report, finding: Finding) -> _Row:
    verdict = report.verdict(finding)
    often = f"[{times(finding.statistics.count)}] " if finding.statistics.count > 1 else ""
    word = view.status(report, finding)
    words = (word.upper() if view.is_regression(verdict) or finding.absolute else word,)
    cells = (
        view.severity(report, finding).label.upper(),
        *(words if report.comparison else ()),
        clean(finding.key.rule),
        timestamp(finding.timestamp_ns),
        often + clean(finding.message),
    )
    where = place(finding)
    groups = labels.groups(finding)
    at = [f"at {where}"] if where else []
    more = [", ".join([*at, *([f"in goroutines of {groups}"] if groups else [])])] if at or groups else []
    if verdict is not None and verdict.flagged:
        more.append(clean(verdict.evidence))
        more += [f"to confirm: {clean(verdict.more)}"] if verdict.more else []
        more += [f"effects: {effects}"] if (effects := view.effects(report, finding)) else []
    more += [sentence.removesuffix(".") for sentence in explained(finding)]
    command = reproduce.more(report, finding)
    more += [f"more: {command}"] if command else []
    counts = report.comparison is None or view.is_regression(verdict) or finding.absolute
    return _Row(cells, more, _STYLES[view.severity(report, finding).label] if counts else _DIM)


def _improved(report: Report, verdict: Verdict, left_out: int) -> Iterator[_Row]:
    rule, where = clean(verdict.key.rule), view.where(report, verdict)
    kind = f", {verdict.key.kind}" if verdict.key.place else ""
    yield _Row(("", view.word(verdict), rule, "", clean(f"{where}{kind}")), [clean(verdict.evidence)], _GOOD)
    if left_out:
        yield _Row(("", "", rule, "", f"… and {left_out:,} more: --top 0 shows all"), [], _DIM)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    *columns, message = cells
    return "  ".join([*(cell.ljust(width) for cell, width in zip(columns, widths, strict=True)), message]).rstrip()


def _first(report: Report) -> list[str]:
    """Return the lines above the table: what became of two sides."""
    return [view.headline(report)] if report.is_diff else []


def _footer(report: Report) -> list[str]:
    remarks = [f"note: {line}" for line in view.remarks(report)]
    if report.is_diff:
        says_more = report.failing or view.reason(report)
        return [*([view.conclusion(report)] if says_more else []), *remarks]
    lines = []
    read = plural(len(report.traces), "trace")
    if not report.findings and report.comparison is None:
        lines.append(f"No findings in {read}: {plural(len(report.rules), 'rule')} found nothing to flag.")
    else:
        lines.append(f"{view.headline(report)}. {view.conclusion(report)}")
    return lines + remarks
