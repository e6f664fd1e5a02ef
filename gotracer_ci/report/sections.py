"""Sections that the job summary and the pull request's comment share: tables, and the details of a finding."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from gotracer_ci.baseline.verdicts import Level, Verdict
from gotracer_ci.findings import Finding
from gotracer_ci.report import labels, markup, view
from gotracer_ci.report.chart import chart
from gotracer_ci.report.labels import WHOLE, at, details, place
from gotracer_ci.report.links import Links
from gotracer_ci.report.model import Report
from gotracer_ci.report.reproduce import accept, more
from gotracer_ci.report.worst import sentence as worst_regression
from gotracer_ci.text import duration, plural, timestamp

_ICONS: Final = {"error": "🔴", "warn": "🟠", "info": "🔵", "none": "⚪"}
_JUDGED: Final = ("Finding", "Place", "Before → now")
"""No more columns: a comment has room for about 780 pixels."""
_FRAMES: Final = 25
_LINES: Final = 12
_CAUSE: Final = 3
_NAME: Final = 44
"""The most characters in a line of a place in a table: browsers do not break code that has no spaces."""


def heading(report: Report, sentence: str = "") -> str:
    """Return the worst regression, or else the headline, and whether the run passes, or another sentence.

    It is short.
    """
    worst = worst_regression(report)
    if worst:
        return f"## gotracer-ci: {worst}\n\n**{view.headline(report)}. {view.conclusion(report)}**\n"
    return f"## gotracer-ci: {view.headline(report)}\n\n**{sentence or view.conclusion(report)}**\n"


def regressions(report: Report, findings: Sequence[Finding], links: Links) -> str:
    """Return a table of regressions and missed objectives, with a chart where the baseline's jobs say more."""
    rows = []
    for finding in findings:
        found = report.verdict(finding)
        if found is None:
            rows.append(_missed(report, finding, links))
            continue
        rows.append(
            (
                _finding(f"{_icon(report, finding)} {view.word(found)}", finding.key.rule),
                _linked_place(finding, links),
                "<br>".join(filter(None, (before_now(found), chart(found)))),
            )
        )
        effects = report.comparison.effects(finding.fingerprint) if report.comparison else []
        rows += [_effect(effect) for effect in effects]
    return markup.table(_JUDGED, rows)


def status(report: Report, finding: Finding) -> str:
    """Return a colored dot, the verdict and the rule."""
    return f"{_icon(report, finding)} {view.status(report, finding)}: {markup.escape(finding.key.rule, markup.CELL)}"


def _icon(report: Report, finding: Finding) -> str:
    return _ICONS[view.severity(report, finding).label]


def _finding(word: str, rule: str) -> str:
    return f"{word}<br>{markup.escape(rule, markup.CELL)}"


def before_now(found: Verdict) -> str:
    """Return `740 ms → 1.5 s (2.03×)`."""
    change = view.change(found)
    return view.before_now(found) + (f" ({change})" if change else "")


def _missed(report: Report, finding: Finding, links: Links) -> tuple[str, str, str]:
    """A row for what misses an objective, which has no verdict."""
    word = f"{_icon(report, finding)} {view.MISSED}"
    message = markup.escape(finding.message, 2 * markup.CELL)
    return (_finding(word, finding.key.rule), _linked_place(finding, links), message)


def _effect(found: Verdict) -> tuple[str, str, str]:
    """A row for an effect of the regression above."""
    word = "↳ effect" if found.level is Level.CONFIRMED else f"↳ effect, {found.level}"
    return (_finding(word, found.key.rule), markup.escape(found.key.kind, markup.CELL), before_now(found))


def others(report: Report, findings: Sequence[Finding], links: Links) -> str:
    """Return a table of other findings, with their messages."""
    rows = []
    for finding in findings:
        label = view.severity(report, finding).label
        word = view.word(report.verdict(finding))
        rows.append(
            (
                # a colored dot would make a known finding look like a regression
                _finding(f"{_ICONS['none'] if word else _ICONS[label]} {word or label}", finding.key.rule),
                _linked_place(finding, links),
                markup.escape(finding.message, 2 * markup.CELL),
            )
        )
    return markup.table(("Finding", "Place", "Message"), rows)


def rest(shown: view.Shown, hint: str = "") -> str:
    """Return how much of each rule `top` leaves out, one line each; "" for nothing."""
    lines = [f"{rule}: {view.rest_line(findings)}" for rule, findings in shown.rest.items()]
    return markup.bullets(lines) + f"\n{hint}\n" if lines and hint else markup.bullets(lines)


def gone(report: Report, verdicts: Sequence[Verdict]) -> str:
    """Return a table of what is fixed or better."""
    rows = (
        (
            _finding(view.word(found), found.key.rule),
            "<br>".join(markup.code(line, _NAME) for line in view.where_lines(report, found)),
            before_now(found),
        )
        for found in verdicts
    )
    return markup.table(_JUDGED, rows)


def detail(
    report: Report, finding: Finding, links: Links, *, has_commands: bool = True, is_single: bool = False
) -> str:
    """Return everything about a finding, folded.

    has_commands: with the command that accepts it. is_single: without what is already in the lines of a single
    regression.
    """
    title = f"{markup.code_html(finding.key.rule)} at {markup.code_html(place(finding) or WHOLE)}"
    paragraphs = list(_paragraphs(report, finding, links, is_single=is_single))
    if has_commands and (command := more(report, finding)):
        paragraphs.append(f"**More:**\n\n{markup.fence(command, 'sh')}")
    if has_commands and (command := accept(report, finding)):
        paragraphs.append(f"To accept it, which counts once the file is merged:\n\n{markup.fence(command, 'sh')}")
    return markup.folded(title, "\n\n".join(paragraphs))


def where_to_look(finding: Finding, links: Links) -> str:
    """Return how to open the HTML report at a finding, "" outside a workflow."""
    if links.artifact:
        how = f"Download the [artifact]({links.artifact}), unzip it, and open `report.html`."
    elif links.artifacts:
        how = f"If the workflow uploads `gotracer-ci/`, the [artifacts]({links.artifacts}) have a `report.html`."
    else:
        return ""
    return f"**Timeline and more:** {how} Add `#f={finding.fingerprint}` to its address to see the first finding.\n"


def remarks(report: Report, most: int | None = None) -> str:
    """Return what a reader must know besides the findings, "" for nothing. most: the number of lines, damage first."""
    lines = view.remarks(report)
    left_out = 0 if most is None else len(lines) - most
    return markup.bullets(lines[:most]) + (f"- {plural(left_out, 'more remark')}\n" if left_out > 0 else "")


def fitted(
    write: Callable[[int, Sequence[str], bool], str], rows: int, details: Sequence[str], fits: Callable[[str], bool]
) -> str | None:
    """Return the longest text that fits, or None. It loses details first, then everything but rows, then rows.

    Args:
        write: returns the text for a number of rows and some details; the last argument is whether to be brief.
    """
    text = write(rows, details, False)
    if fits(text):
        return text
    number = _most_that_fit(len(details), lambda n: fits(write(rows, details[:n], False)))
    text = write(rows, details[:number], False)
    if fits(text):
        return text
    text = write(_most_that_fit(rows, lambda n: fits(write(n, (), True))), (), True)
    return text if fits(text) else None


def _most_that_fit(number: int, fits: Callable[[int], bool]) -> int:
    """The largest number that fits, from 0 to `number`; every smaller one must fit too. 0 if none does."""
    least, too_many = 0, number + 1
    while too_many - least > 1:
        middle = (least + too_many) // 2
        if fits(middle):
            least = middle
        else:
            too_many = middle
    return least


def _linked_place(finding: Finding, links: Links) -> str:
    """A place for a table."""
    return "<br>".join(place_lines(finding, links, _NAME))


def place_lines(finding: Finding, links: Links, limit: int = markup.CELL) -> Iterator[str]:
    """Yield the function without the path of its package, because the file has it, and the linked file and line."""
    location = finding.location
    if location is None:
        yield markup.code(place(finding) or WHOLE, limit)
        return
    name, bracket, types = location.function.partition("[")
    yield markup.code(name.rpartition("/")[2] + bracket + types, limit)
    where = f"{location.path}:{location.line}" if location.line else location.path
    yield markup.link(markup.code(_last(where, limit), limit), links.line(location.path, location.line))


def _last(path: str, limit: int) -> str:
    """Return a path, without its first directories if it is longer than the limit."""
    while len(path) > limit and "/" in path[2:]:
        path = f"…/{path[2:].partition('/')[2]}"
    return path


def to_do(finding: Finding) -> str:
    return f"**What to do:** {markup.escape(finding.suggestion)}" if finding.suggestion.strip() else ""


def cause(finding: Finding) -> list[str]:
    """Return what is known about the cause, or else the first lines that describe the finding."""
    return labels.explained(finding) or details(finding)[:_CAUSE]


def _paragraphs(report: Report, finding: Finding, links: Links, *, is_single: bool) -> Iterator[str]:
    yield markup.escape(finding.message)
    found = report.verdict(finding)
    if found and found.flagged:
        yield "**Compared:** " + markup.escape(". ".join(filter(None, (found.evidence, view.to_confirm(found)))))
    known = cause(finding) if is_single else ()
    if lines := [line for line in details(finding) if line not in known]:
        yield "\\\n".join(markup.escape(line) for line in lines[:_LINES])
    if not is_single and (advice := to_do(finding)):
        yield advice
    if groups := labels.groups(finding):
        yield f"**Goroutines:** of {markup.escape(groups)}"
    statistics = finding.statistics
    if statistics.unit == "ns":
        figures = f"{duration(statistics.total)} in total, {duration(statistics.maximum)} at most"
        often = "Once" if statistics.count == 1 else f"{statistics.count:,} times"
        yield f"{often}: {figures}, the longest at {timestamp(finding.timestamp_ns)}."
    if links.artifacts:
        yield f"**In `report.html`:** `#f={finding.fingerprint}`"
    if finding.stack:
        frames = [
            markup.link_html(at(frame), links.line(frame.path, frame.line) if frame.path else "")
            for frame in finding.stack[:_FRAMES]
        ]
        if len(finding.stack) > _FRAMES:
            frames.append(f"{plural(len(finding.stack) - _FRAMES, 'more frame')}")
        yield markup.preformatted(frames)
