"""Markdown for job summaries and pull requests' comments, within a budget of bytes.

Text from a trace is shown as it is: it makes no markup, no mention, no reference to an issue and no link.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from gotracer_ci.baseline.verdicts import Verdict
from gotracer_ci.findings import Finding
from gotracer_ci.report import view
from gotracer_ci.report.model import Report
from gotracer_ci.report.text import WHOLE, at, clean, clean_lines, duration, place, plural, timestamp

ICONS = {"error": "🔴", "warn": "🟠", "info": "🔵", "none": "⚪"}
MAX_DETAILS = 10
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~&$!]|^[-+#=]|(?<=^\d)[.)])")
_LINKED = re.compile(r"@|#(?=\d)|(?<=\b[Gg][Hh])-(?=\d)|(?<=:)//|(?<=\b[Ww]{3})\.")
_BREAK = "\N{ZERO WIDTH SPACE}"


def render(report: Report, budget: int | None = None) -> str:
    """The report; with a budget of bytes, details go first, then rows, and it says how many were left out.

    The verdict itself always stays, even over the budget.
    """
    shown = view.arrange(report)
    text = _render(report, shown, len(shown.all), details=True)
    if budget is None or _size(text) <= budget:
        return text
    fits, too_many = 0, len(shown.all) + 1
    while too_many - fits > 1:
        rows = (fits + too_many) // 2
        if _size(_render(report, shown, rows, details=False)) <= budget:
            fits = rows
        else:
            too_many = rows
    text = _render(report, shown, fits, details=False)
    return text if _size(text) <= budget else _verdict(report)


def escape(text: str) -> str:
    """Untrusted text as plain words: what Markdown, GitHub's mentions or its autolinks would take is broken up."""
    return _LINKED.sub(lambda match: _apart(match[0]), _SPECIAL.sub(r"\\\1", clean(text).strip()))


def code(text: str) -> str:
    """Untrusted text as a code span; inside one only backticks, and a table's bars, would need an escape."""
    return "`" + (clean(text).replace("`", "'").replace("|", "\N{BROKEN BAR}").strip() or " ") + "`"


def _apart(text: str) -> str:
    return text + _BREAK if text in "@#" else _BREAK + text


def _size(text: str) -> int:
    return len(text.encode())


def _verdict(report: Report) -> str:
    return f"## gotracer-ci: {view.headline(report)}\n\n{_sentence(view.conclusion(report))}\n"


def _render(report: Report, shown: view.Shown, rows: int, *, details: bool) -> str:
    regressions = shown.regressions[:rows]
    others = shown.others[: rows - len(regressions)]
    left_out = len(report.findings) - len(regressions) - len(others)
    blocks = [_verdict(report)]
    if regressions:
        blocks.append(_regression_table(report, regressions))
    if details:
        blocks += [_detail(report, finding) for finding in regressions]
    if others and report.comparison is None:
        blocks.append(_table(report, others))
        if details:
            blocks += [_detail(report, finding) for finding in others[:MAX_DETAILS]]
    elif others:
        blocks.append(_folded(plural(len(others), "other finding"), _table(report, others)))
    if left_out:
        blocks.append(f"{plural(left_out, 'more finding')} left out here.\n")
    if details and view.gone(report):
        blocks.append(_folded("Fixed or better", _gone_table(view.gone(report))))
    if remarks := view.remarks(report):
        blocks.append("".join(f"- {escape(line)}\n" for line in (remarks if details else remarks[:10])))
    if details:
        traces = [view.trace_line(trace) for trace in report.traces]
        traces += [f"base: {view.trace_line(trace)}" for trace in report.base_traces]
        title = plural(len(report.traces), "trace")
        title += f" and {len(report.base_traces):,} of the base commit" if report.base_traces else ""
        blocks.append(_folded(title, "".join(f"- {escape(line)}\n" for line in traces)))
    return "\n".join(blocks)


def _regression_table(report: Report, findings: Sequence[Finding]) -> str:
    lines = ["|  | Rule | Place | Before → now | Change | Confidence |", "|---|---|---|---|---|---|"]
    for finding in findings:
        verdict = report.verdict(finding)
        if verdict is None:
            continue
        cells = (
            f"{ICONS[view.severity(report, finding).label]} {verdict.status}",
            escape(finding.key.rule),
            code(place(finding) or WHOLE),
            view.before_now(verdict),
            view.change(verdict) or "new",
            verdict.level.value,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _table(report: Report, findings: Sequence[Finding]) -> str:
    lines = ["|  | Rule | Place | Message |", "|---|---|---|---|"]
    for finding in findings:
        label = view.severity(report, finding).label
        word = view.word(report.verdict(finding)) or label
        cells = (
            f"{ICONS[label]} {word}",
            escape(finding.key.rule),
            code(place(finding) or WHOLE),
            escape(finding.message),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _gone_table(verdicts: Sequence[Verdict]) -> str:
    lines = ["|  | Rule | Place | Before → now | Change | Confidence |", "|---|---|---|---|---|---|"]
    for verdict in verdicts:
        where = code(view.where(verdict))
        figures = f"{view.before_now(verdict)} | {view.change(verdict)} | {verdict.level}"
        lines.append(f"| {verdict.status} | {escape(verdict.key.rule)} | {where} | {figures} |")
    return "\n".join(lines) + "\n"


def _detail(report: Report, finding: Finding) -> str:
    verdict = report.verdict(finding)
    title = (
        f"<code>{html.escape(clean(finding.key.rule))}</code> at <code>{html.escape(place(finding) or WHOLE)}</code>"
    )
    return _folded(title, "\n\n".join(_paragraphs(finding, verdict)) + "\n")


def _paragraphs(finding: Finding, verdict: Verdict | None) -> Iterator[str]:
    yield escape(finding.message)
    if verdict and verdict.flagged:
        yield escape(". ".join(filter(None, (verdict.evidence, view.to_confirm(verdict)))))
    if finding.detail:
        yield "\\\n".join(escape(line) for line in clean_lines(finding.detail))
    if finding.suggestion:
        yield f"**What to do:** {escape(finding.suggestion)}"
    statistics = finding.statistics
    if statistics.unit == "ns":
        figures = f"{duration(statistics.total)} in all, {duration(statistics.maximum)} at worst"
        yield f"{statistics.count:,} times: {figures}, worst at {timestamp(finding.timestamp_ns)}."
    if finding.stack:
        frames = (at(frame).replace("`", "'") for frame in finding.stack)
        yield "```\n" + "\n".join(frames) + "\n```"


def _folded(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary>\n\n{body}\n</details>\n"


def _sentence(text: str) -> str:
    return f"**{text[0].upper()}{text[1:]}.**"
