"""JUnit XML for systems that show test results: a suite for each rule, a case for each finding.

Only a finding that fails the run is a failure. A rule without findings has one passing case, because several systems
treat a file without cases as a broken run. Cases have no duration, because a trace has none for them.
"""

from __future__ import annotations

from xml.etree import ElementTree

from gotracer_ci.findings import Finding
from gotracer_ci.report import view
from gotracer_ci.report.labels import WHOLE, at, details
from gotracer_ci.report.model import Report
from gotracer_ci.report.safe import clean, clean_lines


def render(report: Report) -> str:
    findings = view.arrange(report).all
    failing = {finding.key for finding in report.failing}
    root = ElementTree.Element("testsuites", name="gotracer-ci")
    names = dict.fromkeys([*(rule.name for rule in report.rules), *(finding.key.rule for finding in findings)])
    total = 0
    for name in names:
        mine = [finding for finding in findings if finding.key.rule == name]
        failures = sum(finding.key in failing for finding in mine)
        counts = {"tests": str(len(mine) or 1), "failures": str(failures), "errors": "0", "skipped": "0"}
        suite = ElementTree.SubElement(root, "testsuite", {"name": clean(name), **counts})
        for finding in mine:
            _case(report, suite, finding, failed=finding.key in failing)
        if not mine:
            ElementTree.SubElement(suite, "testcase", name="no findings", classname=clean(name))
        total += failures
    root.set("tests", str(sum(len(suite) for suite in root)))
    root.set("failures", str(total))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _case(report: Report, suite: ElementTree.Element, finding: Finding, *, failed: bool) -> None:
    """Add a case. Its name is the finding's key, so that systems can follow its history over runs."""
    rule, kind, place, program = (clean(part) for part in finding.key)
    name = f"{kind} in {place or WHOLE}" + (program and f" of {program}")
    case = ElementTree.SubElement(suite, "testcase", name=name, classname=rule)
    if finding.location:
        case.set("file", clean(finding.location.path))
        case.set("line", str(finding.location.line))
    verdict = report.verdict(finding)
    lines = [] if failed else [clean(finding.message)]  # a failure has it as an attribute
    if verdict:
        lines.append(f"{view.word(verdict)}: {clean(verdict.evidence)}")
        lines.append(clean(view.to_confirm(verdict)))
    lines += [*details(finding), *clean_lines(finding.suggestion), *(f"  at {at(f)}" for f in finding.stack)]
    text = "\n".join(line for line in lines if line)
    if failed:
        label = view.severity(report, finding).label
        failure = ElementTree.SubElement(case, "failure", message=clean(finding.message), type=label)
        failure.text = text
    else:
        ElementTree.SubElement(case, "system-out").text = text
