"""The HTML page: one file that people can read, search and send to each other.

Rows are rendered here and the script only hides them, so that no data is ever inside a script. The page's policy allows
only this style sheet and this script, by their hashes, and no connections but those to a server that it comes from.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from itertools import groupby
from operator import is_
from typing import Any, Final, NamedTuple

from jinja2 import Template
from markupsafe import Markup

from gotracer_ci import text
from gotracer_ci.baseline.verdicts import Verdict
from gotracer_ci.findings import Finding, Frame
from gotracer_ci.report import groups, labels, reproduce, safe, verdict_list, view
from gotracer_ci.report.model import Report
from gotracer_ci.report.picture import packed
from gotracer_ci.report.strip import Strip, strip
from gotracer_ci.report.templates import FOLDER, environment
from gotracer_ci.report.worst import Words, regression, words

DETAILED = 500
"""This many findings have their stack and occurrences; with thousands the page would be slow to open."""

_AROUND_NS = 20_000
_STREAMS: Final = Markup("<!-- streams -->\n")
"""Where the streams belong. Nothing else of the page has this text: all others are escaped."""
_latest: list[tuple[tuple[str, int | None, list[Any]], tuple[str, str]]] = []
"""What the page without its streams was made of, and what is before and after them: rendering it takes long."""
_PROFILES = {"BlockedOnSyscall": "syscall", "HighSchedulingLatency": "sched", "MutexContention": "sync"}
"""The profile in which a rule's stacks are; those of the others are in the one of all waits."""
_OWNERS = {"std": "the standard library", "dependency": "dependencies"}


class Moment(NamedTuple):
    """A part of the timeline, in ns from the trace's start: the worst occurrence, and the time around it.

    occurrences: all, as `START,LENGTH,GOROUTINE …`.
    """

    start: int
    length: int
    first: int
    last: int
    occurrences: str


@dataclass(frozen=True, slots=True)
class Row:
    """A finding as the template shows it.

    words, strip: of a regression. trace: the path of the worst occurrence's trace, if there are several. detailed:
    whether the stack and occurrences are shown. moment: of the worst occurrence, if it is in the timeline. stack:
    consecutive frames of one owner, leaf first.
    """

    finding: Finding
    verdict: Verdict | None
    severity: str
    word: str
    words: Words | None
    strip: Strip | None
    place: str
    trace: str
    detailed: bool
    moment: Moment | None
    stack: tuple[tuple[str, tuple[Frame, ...]], ...]


TABS = (
    ("findings", "Findings", False),
    ("timeline", "Timeline", True),
    ("flames", "Flame graphs", True),
    ("goroutines", "Goroutines", True),
    ("annotations", "Tasks & regions", True),
    ("heap", "GC & heap", True),
    ("compare", "Compare", False),
    ("traces", "Traces & rules", False),
)
"""The ID of each panel, its title, and whether it needs pictures."""
_STYLES = (
    "report.css",
    "timeline.css",
    "charts.css",
)
_SCRIPTS = (
    "blob.js",
    "format.js",
    "names.js",
    "dom.js",
    "router.js",
    "timeline-colors.js",
    "timeline-model.js",
    "timeline-names.js",
    "timeline-draw.js",
    "timeline-pinned.js",
    "timeline-waits.js",
    "timeline-rows.js",
    "timeline-selection.js",
    "timeline-panel.js",
    "timeline-search.js",
    "timeline-table.js",
    "timeline-windows.js",
    "timeline-input.js",
    "timeline.js",
    "timeline-moves.js",
    "timeline-tab.js",
    "table.js",
    "plot.js",
    "flames-model.js",
    "flames-range.js",
    "flames-draw.js",
    "flames-table.js",
    "flames.js",
    "goroutines-tables.js",
    "goroutines.js",
    "durations.js",
    "annotations-tables.js",
    "annotations.js",
    "heap-plots.js",
    "heap.js",
    "moment.js",
    "filters.js",
    "traces.js",
    "findings.js",
    "print.js",
    "report.js",
)
"""In this order they are one program; each declares names that those after it use."""


def render(report: Report, windows: str = "") -> str:
    """Return the page. windows: the URL of the server's that finer windows of the timeline come from, "" in a file."""
    before, after = _around(report, windows)
    return "".join((before, *_streams(report), after))


def _around(report: Report, windows: str) -> tuple[str, str]:
    """Return what is before and after the streams; kept for the next page of the same report with other streams."""
    worst = None if report.pictures is None else report.pictures.worst
    parts = [getattr(report, field.name) for field in fields(report) if field.name != "pictures"]
    if _latest:
        known, page = _latest[0]
        if known[:2] == (windows, worst) and all(map(is_, known[2], parts)):
            return page
    before, _, after = _page(report, windows).rpartition(_STREAMS)
    _latest[:] = [((windows, worst, parts), (before, after))]
    return before, after


def _page(report: Report, windows: str) -> str:
    """Return the page with a mark where its streams belong."""
    shown = view.arrange(report)
    rows = {finding.key: row for finding, row in zip(shown.all, _rows(report, shown), strict=True)}
    return _template().render(
        report=report,
        tabs=list(_tabs(report)),
        worst=rows.get(worst.key) if (worst := regression(report)) else None,
        parts=groups.parts(report),
        rows=rows,
        rules=sorted({row.finding.key.rule for row in rows.values()}),
        words=list(dict.fromkeys(row.word for row in rows.values() if row.word)),
        verdicts=verdict_list.lines(report),
        style=Markup(_style()),  # noqa: S704 (our own file)
        script=Markup(_script()),  # noqa: S704 (our own file)
        policy=policy(windows),
        windows=windows,
        outcome=view.outcome(report),
        streams=_STREAMS,
    )


def _tabs(report: Report) -> Iterator[tuple[str, str, bool]]:
    """Yield the tabs of which there is something to show."""
    for name, title, is_drawn in TABS:
        if (report.pictures or not is_drawn) and (report.comparison or name != "compare"):
            yield name, title, is_drawn


def _streams(report: Report) -> Iterator[str]:
    """Yield the elements with the data of the pictures; base64 has nothing to clean or to escape."""
    if report.pictures is None:
        return
    named = {f"summary-{number}": stream for number, stream in enumerate(report.pictures.summaries)}
    named |= {name: getattr(report.pictures, name) for name in ("calls", "lanes", "tables")}
    for name, stream in named.items():
        yield f'<script type="application/octet-stream" id="data-{name}">{packed(stream)}</script>\n'


@cache
def _template() -> Template:
    return environment().get_template(
        "report.html",
        globals={
            "labels": labels,
            "reproduce": reproduce,
            "safe": safe,
            "text": text,
            "view": view,
            "owners": _OWNERS,
            "profiles": _PROFILES,
        },
    )


def _own(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _rows(report: Report, shown: view.Shown) -> Iterator[Row]:
    several = len(report.traces) > 1
    for number, finding in enumerate(shown.all):
        verdict = report.verdict(finding)
        in_range = several and finding.trace < len(report.traces)
        yield Row(
            finding=finding,
            verdict=verdict,
            severity=view.severity(report, finding).label,
            word=view.status(report, finding),
            words=words(finding, verdict) if verdict and verdict.flagged else None,
            strip=strip(verdict) if verdict and verdict.flagged else None,
            place=labels.place(finding) or labels.WHOLE,
            trace=report.traces[finding.trace].path if in_range else "",
            detailed=number < DETAILED,
            moment=_moment(report, finding),
            stack=_runs(finding),
        )


def _moment(report: Report, finding: Finding) -> Moment | None:
    """Return the worst occurrence and a little time around it, if its trace is the one in the timeline."""
    if report.pictures is None or finding.trace != report.pictures.worst or finding.trace >= len(report.traces):
        return None
    end = max(report.traces[finding.trace].duration_ns, 1)
    occurrences = [(one.start_ns, one.duration_ns, one.goroutine) for one in finding.occurrences]
    # what is counted lasts from its first one on
    start, length, _ = occurrences[0] if occurrences else (finding.timestamp_ns, end - finding.timestamp_ns, 0)
    occurrences = occurrences or [(finding.timestamp_ns, 0, finding.goroutine)]
    around = max(length // 4 if finding.occurrences else length // 50, _AROUND_NS)
    last = min(start + length + around, end)
    every = " ".join(f"{at},{ns},{goroutine}" for at, ns, goroutine in occurrences)
    return Moment(start, length, max(0, min(start, last) - around), last, every)


def _runs(finding: Finding) -> tuple[tuple[str, tuple[Frame, ...]], ...]:
    return tuple((owner, tuple(run)) for owner, run in groupby(finding.stack, key=lambda frame: frame.owner))


def policy(windows: str = "") -> str:
    """Return the Content-Security-Policy of the page (see `render`)."""
    sources = (_hash(_style()), _hash(_script()))
    connections = "connect-src 'self'; " if windows else ""
    return (
        f"default-src 'none'; style-src '{sources[0]}'; script-src '{sources[1]}'; img-src data:; {connections}"
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )


@cache
def _style() -> str:
    return "".join(map(_own, _STYLES))


@cache
def _script() -> str:
    return f'"use strict";\n(() => {{\n{"".join(map(_own, _SCRIPTS))}}})();\n'


def _hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
