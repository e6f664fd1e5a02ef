"""One finding a line, with gotracer's names, for its users' scripts; ours come after."""

from __future__ import annotations

from typing import Any

from gotracer_ci.findings import Finding
from gotracer_ci.report import view
from gotracer_ci.report.formats.json import compact, frame_values, judgement, location_values
from gotracer_ci.report.model import Report


def render(report: Report) -> str:
    return "".join(f"{compact(_line(report, finding))}\n" for finding in view.arrange(report).all)


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
        "stack": [frame_values(frame) for frame in finding.stack],
        "count": finding.statistics.count,
        "fingerprint": finding.fingerprint,
        "total_ns": finding.statistics.total if finding.statistics.unit == "ns" else None,
        "max_ns": finding.statistics.maximum if finding.statistics.unit == "ns" else None,
        "verdict": verdict and view.word(verdict),
        "judgement": verdict and judgement(verdict),
        "location": location_values(finding),
    }
