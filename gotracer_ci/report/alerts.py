"""What goes to systems that keep alerts, GitHub's code scanning and GitLab's code quality, and how it is told there.

They know neither a baseline nor suspicions: whatever is listed is an alert, and what is no longer listed is fixed.
"""

from __future__ import annotations

from dataclasses import replace

from gotracer_ci.baseline.verdicts import Verdict
from gotracer_ci.findings import Finding, Severity
from gotracer_ci.report import view
from gotracer_ci.report.model import Report
from gotracer_ci.report.text import clean


def alerts(report: Report) -> tuple[Finding, ...]:
    """With a comparison what fails the run, or would if failing were not switched off; without one every finding.

    Those with a place and those without; without a comparison cut as everywhere, with one never.
    """
    if report.comparison is None:
        return tuple(finding for finding in view.arrange(report).all if finding.severity)
    return replace(report, fail_on=report.fail_on or Severity.INFO).failing


def sentences(finding: Finding, verdict: Verdict | None) -> list[str]:
    """What happened, what the comparison says of it, and what would confirm that; each on one line, with its end."""
    told = [finding.message]
    if verdict:
        told.append(f"{view.word(verdict).capitalize()}: {verdict.evidence}")
        told.append(view.to_confirm(verdict))
    return [sentence(text) for text in told if text]


def sentence(text: str) -> str:
    cleaned = clean(text)
    return cleaned if cleaned.endswith((".", "!", "?")) else f"{cleaned}."
