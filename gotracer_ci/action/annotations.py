"""Findings as annotations next to the code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from gotracer_ci.findings import Finding, Severity
from gotracer_ci.github.commands import Annotation
from gotracer_ci.report import view
from gotracer_ci.report.model import Report


def beside_code(report: Report, root: str) -> Iterator[Annotation]:
    """Yield an annotation per finding; with a baseline, only per regression. Findings that fail the run are errors.

    root: the directory, relative to the workspace, that the report's paths are relative to.
    """
    failing = {finding.key for finding in report.failing}
    shown = view.arrange(report)
    for finding in shown.regressions if report.comparison else shown.all:
        level = "warning" if view.severity(report, finding) >= Severity.WARN else "notice"
        yield _annotation(report, finding, "error" if finding.key in failing else level, root)


def _annotation(report: Report, finding: Finding, level: str, root: str) -> Annotation:
    verdict = report.verdict(finding)
    evidence = (verdict.evidence, view.to_confirm(verdict)) if verdict else ()
    lines = [finding.message, *evidence, finding.suggestion]
    title = ": ".join(part for part in (finding.key.rule, view.word(verdict)) if part)
    message = "\n".join(line for line in lines if line)
    place = finding.alert_location
    if place is None:
        return Annotation(level, message, title)
    return Annotation(level, message, title, str(PurePosixPath(root, place.path)), place.line)
