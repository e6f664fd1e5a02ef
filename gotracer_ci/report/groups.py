"""Group the findings that people see by rule, and what a regression causes below it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gotracer_ci.findings import Finding
from gotracer_ci.report import view
from gotracer_ci.report.model import Report
from gotracer_ci.text import plural, quantity


class Group(NamedTuple):
    """Findings of one rule, worst first, each with the regressions that it causes, which may be of other rules.

    summary: what the rule finds. extent: how many there are, and how much in all.
    """

    rule: str
    summary: str
    extent: str
    findings: tuple[tuple[Finding, tuple[Finding, ...]], ...]


class Part(NamedTuple):
    """Groups under one heading, "" without one."""

    heading: str
    groups: tuple[Group, ...]


def parts(report: Report) -> list[Part]:
    """Return all findings: what got worse or misses an objective, and then the others."""
    shown = view.arrange(report)
    if not report.comparison:
        return [Part("", _by_rule(report, shown.all, {}))]
    effects: dict[str, list[Finding]] = {}
    for finding in shown.effects:
        verdict = report.verdict(finding)
        effects.setdefault(verdict.cause if verdict else "", []).append(finding)
    causes = {finding.fingerprint for finding in shown.regressions}
    alone = [finding for cause, found in effects.items() if cause not in causes for finding in found]
    found = (
        Part("Got worse", _by_rule(report, (*shown.regressions, *alone), effects)),
        Part("Other findings", _by_rule(report, shown.others, {})),
    )
    return [part for part in found if part.groups]


def _by_rule(report: Report, findings: Iterable[Finding], effects: dict[str, list[Finding]]) -> tuple[Group, ...]:
    summaries = {rule.name: rule.summary for rule in report.rules_known or report.rules}
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.key.rule, []).append(finding)
    return tuple(
        Group(
            rule,
            summaries.get(rule, ""),
            _extent(found),
            tuple((finding, tuple(effects.get(finding.fingerprint, ()))) for finding in found),
        )
        for rule, found in by_rule.items()
    )


def _extent(findings: Sequence[Finding]) -> str:
    """Return `3 places, 4.5 s`; only the number if their totals do not add up."""
    number = plural(len(findings), "finding")
    units = {finding.statistics.unit for finding in findings}
    if len(findings) == 1 or units != {"ns"}:
        return number
    return f"{number}, {quantity(sum(finding.statistics.total for finding in findings), 'ns')} in all"
