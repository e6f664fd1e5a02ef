"""One finding per line, with the members that gotracer prints first, for scripts that read its output."""

from __future__ import annotations

from typing import Any

from gotracer_ci.findings import Finding
from gotracer_ci.report import view
from gotracer_ci.report.document import OF_FINDING, values
from gotracer_ci.report.model import Report
from gotracer_ci.report.safe import compact_json


def render(report: Report) -> str:
    return "".join(f"{compact_json(_line(report, finding))}\n" for finding in view.arrange(report).all)


def _line(report: Report, finding: Finding) -> dict[str, Any]:
    verdict = report.verdict(finding)
    return {
        "severity": finding.severity.label,
        "rule": finding.key.rule,
        "message": finding.message,
        "detail": finding.detail,
        "suggestion": finding.suggestion,
        "timestamp_ns": finding.timestamp_ns,
        "goroutine_id": finding.goroutine,
        "stack": values(report, finding.stack),
        "count": finding.statistics.count,
        "fingerprint": finding.fingerprint,
        "total_ns": finding.statistics.total if finding.statistics.unit == "ns" else None,
        "max_ns": finding.statistics.maximum if finding.statistics.unit == "ns" else None,
        "verdict": verdict and view.word(verdict),
        "judgement": values(report, verdict, OF_FINDING),
        "location": values(report, finding.location),
    }
