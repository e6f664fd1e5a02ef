"""Select and word the findings for systems that keep alerts: GitHub's code scanning and GitLab's code quality.

They know neither baselines nor suspicions: everything listed is an alert, and what is no longer listed is fixed.
"""

from __future__ import annotations

from dataclasses import replace

from gotracer_ci.baseline.verdicts import Verdict
from gotracer_ci.findings import Finding, Severity
from gotracer_ci.report import view
from gotracer_ci.report.model import Report
from gotracer_ci.report.safe import clean


def alerts(report: Report) -> tuple[Finding, ...]:
    """Return the findings that are alerts, with and without a place.

    With a comparison these are the findings that fail the run, or would if failing were not turned off. Without one
    they are all findings above a threshold.
    """
    if report.comparison is None:
        return tuple(finding for finding in view.arrange(report).all if finding.severity)
    return replace(report, fail_on=report.fail_on or Severity.INFO).failing


def placed(report: Report) -> Report:
    """Return the report as these systems need it: with anchors as locations, and paths from the repository's root."""
    return replace(report, findings=tuple(_placed(finding, report.folder) for finding in report.findings))


def _placed(finding: Finding, folder: str) -> Finding:
    place = finding.alert_location
    if not folder:
        return replace(finding, location=place)
    return replace(
        finding,
        location=place._replace(path=f"{folder}/{place.path}") if place else None,
        stack=tuple(f._replace(path=f"{folder}/{f.path}") if f.path else f for f in finding.stack),
    )


def sentences(finding: Finding, verdict: Verdict | None) -> list[str]:
    """Return what happened, what the comparison says about it and what would confirm that, each on one line."""
    shown = [finding.message]
    if verdict:
        shown.append(f"{view.word(verdict).capitalize()}: {verdict.evidence}")
        shown.append(view.to_confirm(verdict))
    return [sentence(text) for text in shown if text]


def sentence(text: str) -> str:
    cleaned = clean(text)
    return cleaned if cleaned.endswith((".", "!", "?")) else f"{cleaned}."
