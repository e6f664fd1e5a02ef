"""One finding per line, for scripts that read gotracer's output: its members come first, with its kind of values.

A severity is in capital letters, a frame is `function`, a line break, a tab and `file:line`, and an empty member
of gotracer's is missing.
"""

from __future__ import annotations

from typing import Any

from gotracer_ci.findings import Finding, Severity
from gotracer_ci.report import view
from gotracer_ci.report.document import OF_FINDING, values
from gotracer_ci.report.labels import explained
from gotracer_ci.report.model import Report
from gotracer_ci.report.safe import compact_json

_OPTIONAL = ("detail", "suggestion", "goroutine_id", "stack", "count")


def render(report: Report) -> str:
    return "".join(f"{compact_json(_line(report, finding))}\n" for finding in view.arrange(report).all)


def _line(report: Report, finding: Finding) -> dict[str, Any]:
    verdict = report.verdict(finding)
    line = {
        "severity": max(view.severity(report, finding), Severity.INFO).name,
        "rule": finding.key.rule,
        "message": finding.message,
        "detail": "\n".join([finding.detail, *explained(finding)]),
        "suggestion": finding.suggestion,
        "timestamp_ns": finding.timestamp_ns,
        "goroutine_id": max(finding.goroutine, 0),
        "stack": [f"{frame.function}\n\t{frame.file}:{frame.line}" for frame in finding.stack],
        "count": finding.statistics.count,
    }
    ours = {
        "fingerprint": finding.fingerprint,
        "total_ns": finding.statistics.total if finding.statistics.unit == "ns" else None,
        "max_ns": finding.statistics.maximum if finding.statistics.unit == "ns" else None,
        "verdict": verdict and view.word(verdict),
        "judgement": values(report, verdict, OF_FINDING),
        "location": values(report, finding.location),
    }
    return {name: value for name, value in line.items() if value or name not in _OPTIONAL} | ours
