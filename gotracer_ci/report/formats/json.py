"""One JSON document with everything that the run found; `schema.py` describes it."""

from __future__ import annotations

import json
from typing import Any

from gotracer_ci.baseline.verdicts import Comparison, Verdict
from gotracer_ci.findings import Finding, Frame, RuleInfo
from gotracer_ci.report import view
from gotracer_ci.report.model import Report, TraceSummary
from gotracer_ci.report.safe import escape_json

SCHEMA_ID = "gotracer-ci/report/v1"


def render(report: Report) -> str:
    """The document, laid out with one trace, rule, verdict or finding a line so that two of them can be compared."""
    members = [f"{compact(name)}: {_value(value)}" for name, value in document(report).items()]
    return "{\n" + ",\n".join(members) + "\n}\n"


def schema() -> dict[str, Any]:
    """Return the published JSON Schema of the document."""
    from gotracer_ci.report.schema import json_schema

    return json_schema()


def document(report: Report) -> dict[str, Any]:
    shown = view.arrange(report)
    return {
        "schema": SCHEMA_ID,
        "version": report.version,
        "conclusion": view.outcome(report),
        "summary": summary(report),
        "fail_on": report.fail_on.label,
        "strict": report.strict,
        "top": report.top,
        "left_out": shown.left_out,
        "folder": report.folder,
        "notes": list(report.notes),
        "traces": [_trace(trace) for trace in report.traces],
        "base_traces": [_trace(trace) for trace in report.base_traces],
        "rules": [_rule(rule) for rule in report.rules],
        "comparison": _comparison(report.comparison) if report.comparison else None,
        "findings": [finding_values(report, finding) for finding in shown.all],
    }


def summary(report: Report) -> dict[str, int]:
    counts = view.summarise(report)
    return {name: getattr(counts, name) for name in counts.__slots__}


def compact(value: object) -> str:
    """JSON on one line, safe to show on a terminal."""
    return escape_json(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False))


def frame_values(frame: Frame) -> dict[str, Any]:
    return {
        "function": frame.function,
        "file": frame.file,
        "line": frame.line,
        "owner": frame.owner,
        "path": frame.path,
    }


def location_values(finding: Finding) -> dict[str, Any] | None:
    at = finding.location
    return None if at is None else {"path": at.path, "line": at.line, "function": at.function, "mapped": at.mapped}


def finding_values(report: Report, finding: Finding) -> dict[str, Any]:
    verdict = report.verdict(finding)
    statistics = finding.statistics
    return {
        "fingerprint": finding.fingerprint,
        "key": finding.key._asdict(),
        "severity": finding.severity.label,
        "verdict": verdict and judgement(verdict),
        "message": finding.message,
        "detail": finding.detail,
        "suggestion": finding.suggestion,
        "location": location_values(finding),
        "trace": finding.trace,
        "timestamp_ns": finding.timestamp_ns,
        "goroutine": finding.goroutine,
        "statistics": {name: getattr(statistics, name) for name in statistics.__slots__},
        "occurrences": [{name: getattr(o, name) for name in o.__slots__} for o in finding.occurrences],
        "stack": [frame_values(frame) for frame in finding.stack],
    }


def _value(value: object) -> str:
    if not isinstance(value, list) or not value:
        return compact(value)
    return "[\n" + ",\n".join(compact(item) for item in value) + "\n]"


def _trace(trace: TraceSummary) -> dict[str, Any]:
    return {name: getattr(trace, name) for name in trace.__slots__}


def _rule(rule: RuleInfo) -> dict[str, Any]:
    thresholds = [{"name": t.name, "value": t.value, "unit": t.unit} for t in rule.thresholds]
    return {"name": rule.name, "summary": rule.summary, "worst": rule.worst.label, "thresholds": thresholds}


def _comparison(comparison: Comparison) -> dict[str, Any]:
    """Verdicts of all groups: those that are fixed or quiet have no finding to stand in."""
    verdicts = [
        {"fingerprint": key.fingerprint, "key": key._asdict(), **judgement(verdict)}
        for key, verdict in sorted(comparison.verdicts.items())
    ]
    return {
        "baseline": comparison.baseline,
        "entries": comparison.entries,
        "base_traces": comparison.base_traces,
        "warnings": list(comparison.warnings),
        "verdicts": verdicts,
    }


def judgement(verdict: Verdict) -> dict[str, Any]:
    return {
        "status": verdict.status.value,
        "level": verdict.level.value,
        "unit": verdict.unit,
        "before": verdict.before,
        "ratio": verdict.ratio,
        "limit": verdict.limit,
        "now": list(verdict.now),
        "base": list(verdict.base),
        "is_older": verdict.is_older,
        "history": list(verdict.history),
        "evidence": verdict.evidence,
        "more": verdict.more,
    }
