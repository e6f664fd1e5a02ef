"""GitLab's Code Quality report: one JSON list of alerts.

GitLab stops at the first entry it rejects, such as one without a file, so findings without a place in the repository
are left out. It compares the reports of two branches by their fingerprints.
"""

from __future__ import annotations

from typing import Any

from gotracer_ci.findings import Finding, Location, Severity
from gotracer_ci.report import view
from gotracer_ci.report.alerts import alerts, placed, sentences
from gotracer_ci.report.model import Report
from gotracer_ci.report.safe import clean, compact_json

_SEVERITIES = {Severity.INFO: "info", Severity.WARN: "minor", Severity.ERROR: "major"}


def render(report: Report) -> str:
    """Return the list with one alert per line."""
    report = placed(report)
    entries = [_entry(report, finding, place) for finding in alerts(report) if (place := finding.location)]
    return "[" + ",".join(f"\n{compact_json(entry)}" for entry in entries) + "\n]\n"


def _entry(report: Report, finding: Finding, place: Location) -> dict[str, Any]:
    return {
        "description": " ".join(sentences(finding, report.verdict(finding))),
        "check_name": clean(finding.key.rule),
        "fingerprint": finding.fingerprint,
        "severity": _SEVERITIES[view.severity(report, finding)],
        "location": {"path": clean(place.path), "lines": {"begin": max(place.line, 1)}},
    }
