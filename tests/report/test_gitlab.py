"""GitLab's Code Quality report: its documented members, and what GitLab rejects."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings

from gotracer_ci.findings import Severity
from gotracer_ci.report.formats import render
from gotracer_ci.report.model import Report

from . import factory
from .hostile import NASTY, texts

# from GitLab's documentation; its parser requires less
SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!/|\./|[A-Za-z]:)."},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
        "additionalProperties": False,
    },
}
COMPARED = factory.compared_report()
REPORTS = {
    "compared": COMPARED,
    "plain": factory.plain_report(),
    "hostile": factory.hostile_reports(NASTY),
    "empty": replace(COMPARED, findings=()),
}


def entries(report: Report) -> list[dict[str, Any]]:
    text = render("gitlab", report)
    assert text.startswith("[")  # GitLab's parser fails on a byte order mark
    found: list[dict[str, Any]] = json.loads(text)
    jsonschema.validate(found, SCHEMA)
    assert len({entry["fingerprint"] for entry in found}) == len(found)
    return found


@pytest.mark.parametrize("name", REPORTS)
def test_the_report_matches_gitlabs_schema(name: str) -> None:
    assert bool(entries(REPORTS[name])) == (name != "empty")


def test_only_regressions_are_listed() -> None:
    new, worse, counter = entries(COMPARED)
    assert worse == {
        "description": "waited 1.48 s in all for sync.(*Mutex).Lock, 150 ms at worst. "
        "Worse: 3 of 3 traces above the highest of 5 jobs: 740 → 1,500 ms; confirmed.",
        "check_name": "MutexContention",
        "fingerprint": factory.finding().fingerprint,
        "severity": "minor",
        "location": {"path": "store/cache.go", "lines": {"begin": 41}},
    }
    assert (new["check_name"], new["severity"]) == ("BlockedOnSyscall", "major")
    assert (counter["check_name"], counter["severity"]) == ("GoroutineLeakGrowth", "minor")


def test_without_a_comparison_all_findings_with_a_location_are_listed() -> None:
    report = factory.plain_report()
    assert [entry["check_name"] for entry in entries(report)] == ["BlockedOnSyscall", "MutexContention"]
    assert [finding.key.rule for finding in report.findings if not finding.location] == ["GCPauseSpike"]
    info = replace(factory.finding(), severity=Severity.INFO)
    assert entries(replace(report, findings=(info,)))[0]["severity"] == "info"


def test_paths_are_relative_to_the_repositorys_top() -> None:
    report = factory.compared_report()
    paths = [entry["location"]["path"] for entry in json.loads(render("gitlab", report))]
    below = [entry["location"]["path"] for entry in json.loads(render("gitlab", replace(report, folder="a/b")))]
    assert paths
    assert below == [f"a/b/{path}" for path in paths]


def test_an_unknown_line_becomes_the_first() -> None:
    place = factory.finding(line=0)
    assert entries(replace(factory.plain_report(), findings=(place,)))[0]["location"]["lines"] == {"begin": 1}


@settings(max_examples=50)
@given(text=texts)
def test_hostile_text_stays_text(text: str) -> None:
    (entry,) = entries(factory.hostile_report(text))
    assert "\n" not in entry["description"]
