"""Findings and measurements of the committed traces, by rule and by key."""

from __future__ import annotations

from gotracer_ci.findings import Finding, Key
from gotracer_ci.rules.registry import all_rules
from tests.conftest import described, facts_of, findings, line_of, measured

MS = 1_000_000
S = 1000 * MS
MUTEX = "sync.(*Mutex).Lock"
RULES = {rule.name: rule for rule in all_rules()}


def of_rule(name: str, rule: str) -> list[Finding]:
    return [finding for finding in findings(name) if finding.key.rule == rule]


def finding_of(name: str, key: Key) -> Finding:
    """Return the finding of a group, whatever its severity."""
    (found,) = (m for m in measured(name) if m.key == key)
    return described(facts_of(name), found)


def has_line(finding: Finding, path: str, text: str) -> bool:
    """Report whether a finding is shown at a line with this text. Line numbers may change."""
    at = finding.location
    return at is not None and at.path == path and at.mapped == "exact" and text in line_of(path, at.line)
