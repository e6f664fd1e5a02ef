"""Findings as annotations next to the code, and what is wrong with the run as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from gotracer_ci.findings import Finding, Severity
from gotracer_ci.github.commands import Annotation, remark
from gotracer_ci.report import view
from gotracer_ci.report.model import Report


def of_run(report: Report) -> Iterator[Annotation]:
    """Yield a warning if the run could not be compared with what there is to compare it with."""
    if report.comparison and not view.is_decided(report):
        yield remark("warning", f"{view.headline(report)}. {view.conclusion(report)}")


def beside_code(report: Report) -> Iterator[Annotation]:
    """Yield an annotation per regression and missed objective, or where every finding counts, per finding.

    Those that fail are errors.

    GitHub shows an annotation beside the code only if its path begins at the top of the repository.
    """
    failing = {finding.key for finding in report.failing}
    shown = view.arrange(report)
    listed = shown.regressions if report.comparison else shown.all
    if report.comparison is None and (report.only_regressions or report.uncompared):
        listed = tuple(finding for finding in listed if finding.absolute)  # the others may be as old as the code
    for finding in listed:
        level = "error" if finding.key in failing else _level(report, finding)
        yield _annotation(report, finding, level)


def _level(report: Report, finding: Finding) -> str:
    counts = view.severity(report, finding) >= Severity.WARN and not view.is_weak(report.verdict(finding))
    return "warning" if counts else "notice"


def _annotation(report: Report, finding: Finding, level: str) -> Annotation:
    verdict = report.verdict(finding)
    evidence = (verdict.evidence, view.to_confirm(verdict)) if verdict else ()
    lines = [finding.message, *evidence, finding.suggestion]
    title = ": ".join(part for part in (finding.key.rule, view.status(report, finding)) if part)
    message = "\n".join(line for line in lines if line)
    place = finding.alert_location
    if place is None:
        return Annotation(level, message, title)
    return Annotation(level, message, title, str(PurePosixPath(report.folder, place.path)), place.line)
