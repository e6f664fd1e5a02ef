"""Select and word the findings for systems that keep alerts: GitHub's code scanning and GitLab's code quality.

They know neither baselines nor suspicions: everything listed is an alert, and what is no longer listed is fixed.
"""

from __future__ import annotations

from dataclasses import replace

from gotracer_ci.baseline.verdicts import Verdict
from gotracer_ci.findings import Finding, Severity
from gotracer_ci.report import view
from gotracer_ci.report.labels import explained
from gotracer_ci.report.model import Report
from gotracer_ci.report.safe import clean
from gotracer_ci.text import plural


def alerts(report: Report) -> tuple[Finding, ...]:
    """Return the findings that are alerts, with and without a place.

    With a comparison these are the findings that fail the run, or would if failing were not turned off. Without one, or
    if the report says so, they are all findings above a threshold.
    """
    if report.comparison is None or report.all_alerts:
        return tuple(finding for finding in view.arrange(report).all if finding.severity)
    return replace(report, fail_on=report.fail_on or Severity.INFO).counting


def why_not(report: Report) -> str:
    """Return why the alerts of earlier runs must not be replaced by this report's, or "" if they may be.

    An alert closes when it is no longer listed, so that list must be complete: a regression that this run can only
    suspect may be the one that an earlier run with more traces confirmed.
    """
    if report.all_alerts:
        return ""
    if report.comparison is None:
        return "there is nothing to compare with, so nothing is known to be a regression"
    if not view.is_decided(report):
        return view.headline(report)
    listed = {finding.key for finding in alerts(report)}
    verdicts = report.comparison.verdicts.values()
    if left_out := sum(v.flagged and not v.cause and v.can_be_confirmed and v.key not in listed for v in verdicts):
        return f"{plural(left_out, 'regression')} only suspected: it takes more traces to know which alerts to close"
    return ""


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
    shown += explained(finding)
    return [sentence(text) for text in shown if text]


def sentence(text: str) -> str:
    cleaned = clean(text)
    return cleaned if cleaned.endswith((".", "!", "?")) else f"{cleaned}."
