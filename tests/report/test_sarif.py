"""SARIF, judged by the official schema, by Microsoft's validator and by GitHub's written limits."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import sarif_om  # type: ignore[import-untyped]

from gotracer_ci.findings import Frame, Severity
from gotracer_ci.report import render, sarif
from gotracer_ci.report.model import Report

from . import factory, sarif_gates
from .hostile import NASTY

LINES = {"store/cache.go": 100, "api/orders.go": 100, "jobs/pool.go": 100}
COMPARED = factory.compared_report()
REPORTS = {
    "compared": COMPARED,
    "plain": factory.plain_report(),
    "hostile": factory.hostile_reports(NASTY),
    "empty": replace(COMPARED, findings=(), comparison=None),
}


def log_of(report: Report) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(render("sarif", report))
    return log


def results(report: Report) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = log_of(report)["runs"][0]["results"]
    return found


@pytest.mark.parametrize("name", REPORTS)
def test_schema_and_validator_have_nothing_to_say(name: str, multitool: Path, tmp_path: Path) -> None:
    file = tmp_path / "log.sarif"
    file.write_text(render("sarif", REPORTS[name]), encoding="utf-8")
    assert sarif_gates.against_schema(file, multitool) == []
    assert sarif_gates.by_validator(file, multitool) == []


@pytest.mark.parametrize("name", ["compared", "plain", "empty"])
def test_github_would_accept_and_show_it(name: str) -> None:
    assert sarif_gates.by_us(log_of(REPORTS[name]), LINES) == []


def test_the_schema_gate_sees_a_bad_enum(multitool: Path, tmp_path: Path) -> None:
    log = log_of(COMPARED)
    log["runs"][0]["results"][0]["baselineState"] = "worse"
    file = tmp_path / "log.sarif"
    file.write_text(json.dumps(log))
    assert sarif_gates.against_schema(file, multitool)


def test_the_validator_gate_sees_a_missing_base(multitool: Path, tmp_path: Path) -> None:
    log = log_of(COMPARED)
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] = "C:\\x.go"
    log["runs"][0]["results"][0]["message"]["text"] = "see [here](77)"
    file = tmp_path / "log.sarif"
    file.write_text(json.dumps(log))
    assert sarif_gates.by_validator(file, multitool)


def _first(log: dict[str, Any]) -> Any:
    return log["runs"][0]["results"][0]


def _uri(log: dict[str, Any], uri: str) -> None:
    _first(log)["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] = uri


BREAKS: dict[str, Callable[[dict[str, Any]], object]] = {
    "not the rule": lambda log: _first(log).update(ruleIndex=6),
    "although it is none": lambda log: _first(log).update(level="none"),
    "no location": lambda log: _first(log).update(locations=[]),
    "./store/cache.go: not a file": lambda log: _uri(log, "./store/cache.go"),
    "/src/x.go: not a file": lambda log: _uri(log, "file:///src/x.go"),
    "no line": lambda log: _first(log)["locations"][0]["physicalLocation"]["region"].update(startLine=101),
    "20 tags": lambda log: log["runs"][0]["tool"]["driver"]["rules"][0]["properties"].update(tags=["t"] * 21),
    "two runs": lambda log: log["runs"].append(copy.deepcopy(log["runs"][0])),
    "links": lambda log: _first(log).pop("relatedLocations"),
}


@pytest.mark.parametrize("problem", BREAKS)
def test_our_own_gate_sees_what_it_is_for(problem: str) -> None:
    log = log_of(COMPARED)
    BREAKS[problem](log)
    assert any(problem in line for line in sarif_gates.by_us(log, LINES))


def test_levels_and_states_follow_the_verdicts() -> None:
    shown = [(r["ruleId"], r["level"], r.get("baselineState")) for r in results(COMPARED)]
    assert shown == [
        ("BlockedOnSyscall", "error", "new"),
        ("MutexContention", "warning", "updated"),
        ("GoroutineLeakGrowth", "warning", "new"),
        ("HighSchedulingLatency", "warning", "updated"),
        ("MutexContention", "warning", "unchanged"),
        ("MutexContention", "warning", "new"),
        ("LongWait", "note", "updated"),
    ]
    assert "automationDetails" not in log_of(COMPARED)["runs"][0]


def test_the_whole_catalogue_is_declared_with_its_help() -> None:
    rules = log_of(COMPARED)["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted(rule.name for rule in COMPARED.rules_known)
    assert all(f"## {heading}" in rules[0]["help"]["markdown"] for heading in factory.HEADINGS)
    assert {rule["id"]: rule["defaultConfiguration"]["level"] for rule in rules}["LongWait"] == "note"


def test_a_result_leads_from_the_outermost_frame_to_its_own_line() -> None:
    result = results(factory.plain_report())[1]
    steps = [step["location"] for step in result["codeFlows"][0]["threadFlows"][0]["locations"]]
    places = [step["physicalLocation"]["artifactLocation"]["uri"] for step in steps]
    assert places == ["api/orders.go", "store/cache.go"]
    assert steps[-1]["physicalLocation"] == result["locations"][0]["physicalLocation"]
    assert [place["id"] for place in result["relatedLocations"]] == [1]
    frames = result["stacks"][0]["frames"]
    assert len(frames) == 6
    assert frames[0] == {
        "location": {"logicalLocations": [{"fullyQualifiedName": "sync.(*Mutex).Lock", "kind": "function"}]},
        "module": "sync",
    }
    assert result["partialFingerprints"] == {"gotracerCi/v1": factory.plain_report().findings[1].fingerprint}


def test_what_has_no_place_is_left_out_aloud() -> None:
    run = log_of(COMPARED)["runs"][0]
    said = [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]
    assert "GCPauseSpike" not in {result["ruleId"] for result in run["results"]}
    assert "Left out: 1 finding without a place in the repository." in said
    assert run["invocations"][0]["executionSuccessful"] is False
    quiet = replace(factory.COUNTER, severity=Severity.NONE)
    assert results(replace(factory.plain_report(), findings=(quiet,))) == []


def test_hostile_paths_are_relative_references() -> None:
    uris = [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in results(REPORTS["hostile"])]
    assert len(uris) == len(NASTY)
    assert all(uri == quote(uri, safe="/%") and uri.startswith("a/") for uri in uris)


def test_githubs_limits_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MAX_RESULTS", 2)
    run = log_of(COMPARED)["runs"][0]
    assert len(run["results"]) == 2
    assert "Left out: 5 findings that would" in json.dumps(run["invocations"])
    own = tuple(Frame(f"p.f{i}", f"f{i}.go", 1, "own", f"f{i}.go") for i in range(30))
    deep = results(replace(factory.plain_report(), findings=(replace(factory.finding(), stack=own),)))[0]
    assert len(deep["relatedLocations"]) == 10
    monkeypatch.setattr(sarif, "MAX_BYTES", 1_000)
    small = log_of(COMPARED)["runs"][0]["results"]
    assert len(small) == 1
    assert "stacks" not in small[0]


def test_only_sarif_objects_are_taken() -> None:
    with pytest.raises(Exception, match="attrs"):
        sarif.to_json({"x": object()})
    assert sarif.to_json(sarif_om.Result(message=sarif_om.Message(text="x"), level="warning")) == (
        '{"message":{"text":"x"},"level":"warning"}'
    )


def test_a_large_log_takes_seconds_not_minutes() -> None:
    report = factory.large_report(500, 20)
    start = time.process_time()
    render("sarif", report)
    assert time.process_time() - start < 5
