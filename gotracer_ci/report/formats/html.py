"""The HTML page: one file that people can read, search and send to each other.

Rows are rendered here and the script only hides them, so that no data is ever inside a script. The page's policy allows
only this style sheet and this script, by their hashes, and no connections.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from gotracer_ci import text
from gotracer_ci.baseline.verdicts import Verdict
from gotracer_ci.findings import Finding, Frame
from gotracer_ci.report import labels, reproduce, safe, view
from gotracer_ci.report.model import Report

DETAILED = 500
"""This many findings have their stack and occurrences; with thousands the page would be slow to open."""

_OWNERS = {"std": "the standard library", "dependency": "dependencies"}


@dataclass(frozen=True, slots=True)
class Row:
    """A finding as the template shows it.

    trace: the path of the worst occurrence's trace, if there are several. detailed: whether the stack and occurrences
    are shown. stack: consecutive frames of one owner, leaf first.
    """

    finding: Finding
    verdict: Verdict | None
    severity: str
    word: str
    place: str
    trace: str
    detailed: bool
    stack: tuple[tuple[str, tuple[Frame, ...]], ...]


def render(report: Report) -> str:
    style, script = _own("report.css"), _own("report.js")
    shown = view.arrange(report)
    rows = list(_rows(report, shown))
    return _template().render(
        report=report,
        rows=rows,
        rules=sorted({row.finding.key.rule for row in rows}),
        words=list(dict.fromkeys(row.word for row in rows if row.word)),
        style=Markup(style),  # noqa: S704 (our own file)
        script=Markup(script),  # noqa: S704 (our own file)
        policy=_policy(style, script),
        outcome=view.outcome(report),
    )


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True, finalize=_clean, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    environment.globals |= {
        "labels": labels,
        "reproduce": reproduce,
        "safe": safe,
        "text": text,
        "view": view,
        "owners": _OWNERS,
    }
    return environment.from_string(_own("report.html"))


def _own(name: str) -> str:
    return (files("gotracer_ci.report") / "html" / name).read_text(encoding="utf-8")


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
            place=labels.place(finding) or labels.WHOLE,
            trace=report.traces[finding.trace].path if in_range else "",
            detailed=number < DETAILED,
            stack=_runs(finding),
        )


def _runs(finding: Finding) -> tuple[tuple[str, tuple[Frame, ...]], ...]:
    return tuple((owner, tuple(run)) for owner, run in groupby(finding.stack, key=lambda frame: frame.owner))


def _clean(value: object) -> object:
    """Clean the value of an expression in the template, before it is escaped."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return safe.clean(value)
    return value


def _policy(style: str, script: str) -> str:
    sources = (_hash(style), _hash(script))
    return (
        f"default-src 'none'; style-src '{sources[0]}'; script-src '{sources[1]}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )


def _hash(content: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
