"""SARIF, checked with the official schema, Microsoft's validator and GitHub's documented limits."""

from __future__ import annotations

import copy
import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import sarif_om  # type: ignore[import-untyped]

from gotracer_ci.findings import Frame, Severity
from gotracer_ci.report.formats import render, sarif
from gotracer_ci.report.model import Report

from . import factory, sarif_gates
from .hostile import NASTY

Write = Callable[[dict[str, Any]], list[Path]]

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


def notes(report: Report) -> list[str]:
    (invocation,) = log_of(report)["runs"][0]["invocations"]
    return [note["message"]["text"] for note in invocation["toolExecutionNotifications"]]


def results(report: Report) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = log_of(report)["runs"][0]["results"]
    return found


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes a log to a file."""

    def write_log(log: dict[str, Any]) -> list[Path]:
        file = tmp_path / "log.sarif"
        file.write_text(json.dumps(log), encoding="utf-8")
        return [file]

    return write_log


def test_a_log_matches_the_schema_and_the_validator(multitool: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.sarif" for name in REPORTS]
    for file in files:
        file.write_text(render("sarif", REPORTS[file.stem]), encoding="utf-8")
    uploaded = tmp_path / "uploaded.sarif"
    uploaded.write_text(sarif.render(COMPARED, "traces/linux", lambda path, line: f"{line:x}:1"), encoding="utf-8")
    assert sarif_gates.against_schema([*files, uploaded], multitool) == []
    assert sarif_gates.by_validator([*files, uploaded], multitool) == []


@pytest.mark.parametrize("name", ["compared", "plain", "empty"])
def test_github_would_accept_and_show_it(name: str) -> None:
    assert sarif_gates.by_us(log_of(REPORTS[name]), LINES) == []


SCHEMA_BREAKS: dict[str, Callable[[dict[str, Any]], object]] = {
    "'worse' is not one of": lambda log: _first(log).update(baselineState="worse"),
    "'message' is a required property": lambda log: _first(log).pop("message"),
    "is not of type 'integer'": lambda log: _first(log).update(ruleIndex="0"),
}


@pytest.mark.parametrize("problem", SCHEMA_BREAKS)
def test_the_schema_check_detects_problems(problem: str, multitool: Path, write: Write) -> None:
    log = log_of(COMPARED)
    SCHEMA_BREAKS[problem](log)
    assert any(problem in line for line in sarif_gates.against_schema(write(log), multitool))


VALIDATOR_BREAKS: dict[str, Callable[[dict[str, Any]], object]] = {
    "SARIF1002": lambda log: _uri(log, "C:\\x.go"),
    "SARIF1007": lambda log: _physical(log)["region"].update(endLine=1),
    "SARIF2017": lambda log: _physical(log).pop("region"),
    "GH1015": lambda log: _first(log).update(locations=[]),
    "GH2012": lambda log: _rule(log).pop("help"),
}


def test_the_validator_check_detects_problems(multitool: Path, tmp_path: Path) -> None:
    """In one run, because each takes seconds; the last file is cut, so that the validator does not look at it."""
    files = [tmp_path / f"broken-{number}.sarif" for number in range(len(VALIDATOR_BREAKS))]
    for file, spoil in zip(files, VALIDATOR_BREAKS.values(), strict=True):
        log = log_of(COMPARED)
        spoil(log)
        file.write_text(json.dumps(log), encoding="utf-8")
    cut = tmp_path / "cut.sarif"
    cut.write_text(json.dumps(log_of(COMPARED))[:3_000], encoding="utf-8")
    problems = sarif_gates.by_validator([*files, cut], multitool)
    assert f"{cut}: the validator did not look" in problems[0]
    for file, problem in zip(files, VALIDATOR_BREAKS, strict=True):
        assert any(problem in line and file.as_uri() in line for line in problems), problems


def _first(log: dict[str, Any]) -> Any:
    return log["runs"][0]["results"][0]


def _rule(log: dict[str, Any]) -> Any:
    return log["runs"][0]["tool"]["driver"]["rules"][0]


def _physical(log: dict[str, Any]) -> Any:
    return _first(log)["locations"][0]["physicalLocation"]


def _uri(log: dict[str, Any], uri: str) -> None:
    _physical(log)["artifactLocation"]["uri"] = uri


BREAKS: dict[str, Callable[[dict[str, Any]], object]] = {
    "not the rule": lambda log: _first(log).update(ruleIndex=6),
    "although it is none": lambda log: _first(log).update(level="none"),
    "no location": lambda log: _first(log).update(locations=[]),
    "./store/cache.go: not a file": lambda log: _uri(log, "./store/cache.go"),
    "/src/x.go: not a file": lambda log: _uri(log, "file:///src/x.go"),
    "has no line 101": lambda log: _physical(log)["region"].update(startLine=101),
    "without a slash": lambda log: log["runs"][0].update(automationDetails={"id": "traces"}),
    "no help": lambda log: _rule(log)["help"].update(text=""),
    "name or description too long": lambda log: _rule(log)["fullDescription"].update(text="x" * 1_025),
    "two results at one place": lambda log: log["runs"][0]["results"].append(_first(log)),
    "over 25,000 results": lambda log: log["runs"][0].update(results=[_first(log)] * 25_001),
    "over 25,000 rules": lambda log: log["runs"][0]["tool"]["driver"].update(rules=[_rule(log)] * 25_001),
    "over 1,000 locations": lambda log: _first(log).update(locations=[_first(log)["locations"][0]] * 1_001),
    "over 10,000 steps": lambda log: _first(log)["codeFlows"][0]["threadFlows"][0].update(locations=[{}] * 10_001),
    "over 20 runs": lambda log: log.update(runs=log["runs"] * 21),
    "20 tags": lambda log: _rule(log)["properties"].update(tags=["t"] * 21),
    "two runs": lambda log: log["runs"].append(copy.deepcopy(log["runs"][0])),
    "links": lambda log: _first(log).pop("relatedLocations"),
}


@pytest.mark.parametrize("problem", BREAKS)
def test_our_own_check_detects_problems(problem: str) -> None:
    log = log_of(COMPARED)
    BREAKS[problem](log)
    assert any(problem in line for line in sarif_gates.by_us(log, LINES))


def test_only_regressions_are_results_and_the_rest_is_counted() -> None:
    shown = [(r["ruleId"], r["level"], r.get("baselineState")) for r in results(COMPARED)]
    assert shown == [
        ("BlockedOnSyscall", "error", "new"),
        ("MutexContention", "warning", "updated"),
        ("GoroutineLeakGrowth", "warning", "new"),
    ]
    assert "Only regressions that count are listed; left out: 5 other findings." in notes(COMPARED)
    assert all("baselineState" not in result for result in results(factory.plain_report()))


def test_findings_of_one_rule_at_one_line_are_one_result() -> None:
    first = factory.finding(kind="sync.(*RWMutex).RLock")
    worse = replace(factory.finding(severity=Severity.ERROR), message="waited 2 s", suggestion="Wait less.")
    elsewhere = factory.finding(kind="sync.(*RWMutex).RLock", function="main.f", line=42)
    report = replace(factory.plain_report(), findings=(worse, first, elsewhere))

    result, other = results(report)

    assert result["level"] == "error"
    assert result["message"]["text"].startswith(
        "waited 2 s. waited 1.48 s in all for sync.(*RWMutex).RLock, 150 ms at worst. Wait less. Hold the lock for"
    )
    assert result["partialFingerprints"] == {"gotracerCi/v1": min(worse, first, key=lambda f: f.key).fingerprint}
    assert other["locations"][0]["physicalLocation"]["region"]["startLine"] == 42
    assert sarif_gates.by_us(log_of(report), LINES) == []


def test_category_and_line_hash_are_only_for_a_direct_upload() -> None:
    assert "automationDetails" not in log_of(COMPARED)["runs"][0]
    assert "primaryLocationLineHash" not in render("sarif", COMPARED)
    hashes = {("store/cache.go", 88): "c129715d7a2bc9a3:1"}

    run = json.loads(sarif.render(COMPARED, "traces/linux/", lambda path, line: hashes.get((path, line))))["runs"][0]

    assert run["automationDetails"] == {"id": "traces/linux/"}
    prints = [result["partialFingerprints"].get("primaryLocationLineHash") for result in run["results"]]
    assert prints == ["c129715d7a2bc9a3:1", None, None]


def test_all_rules_are_declared_with_their_help() -> None:
    rules = log_of(COMPARED)["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted(rule.name for rule in COMPARED.rules_known)
    assert all(f"## {heading}" in rules[0]["help"]["markdown"] for heading in factory.HEADINGS)
    assert {rule["id"]: rule["defaultConfiguration"]["level"] for rule in rules}["LongWait"] == "note"


def test_a_results_code_flow_ends_at_its_line() -> None:
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


def test_a_finding_without_a_location_is_left_out_with_a_note() -> None:
    report = factory.plain_report()
    assert "GCPauseSpike" not in {result["ruleId"] for result in results(report)}
    assert "Left out: 1 finding without a place in the repository." in notes(report)
    quiet = replace(factory.COUNTER, severity=Severity.NONE)
    assert results(replace(factory.plain_report(), findings=(quiet,))) == []


def test_a_run_with_a_damaged_trace_is_not_successful() -> None:
    plain = factory.plain_report()
    cut = replace(plain.traces[0], damage="the file ends inside a batch")
    for report in (replace(plain, traces=(cut,)), replace(plain, base_traces=(cut,)), COMPARED):
        assert log_of(report)["runs"][0]["invocations"][0]["executionSuccessful"] is False
    assert log_of(plain)["runs"][0]["invocations"][0]["executionSuccessful"] is True


def test_hostile_paths_are_relative_references() -> None:
    uris = [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in results(REPORTS["hostile"])]
    assert len(uris) == len(NASTY)
    assert all(uri == quote(uri, safe="/%") and uri.startswith("a/") for uri in uris)


def test_githubs_limits_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MAX_RESULTS", 2)
    run = log_of(COMPARED)["runs"][0]
    assert len(run["results"]) == 2
    assert "Left out: 1 finding that would" in json.dumps(run["invocations"])
    own = tuple(Frame(f"p.f{i}", f"f{i}.go", 1, "own", f"f{i}.go") for i in range(30))
    deep = results(replace(factory.plain_report(), findings=(replace(factory.finding(), stack=own),)))[0]
    assert len(deep["relatedLocations"]) == 10
    monkeypatch.setattr(sarif, "MAX_BYTES", 1_000)
    small = log_of(COMPARED)["runs"][0]["results"]
    assert len(small) == 1
    assert "stacks" not in small[0]


def test_only_sarif_objects_are_serialized() -> None:
    with pytest.raises(Exception, match="attrs"):
        sarif.to_json({"x": object()})
    assert sarif.to_json(sarif_om.Result(message=sarif_om.Message(text="x"), level="warning")) == (
        '{"message":{"text":"x"},"level":"warning"}'
    )


def test_a_large_log_is_within_githubs_limits(multitool: Path, write: Write) -> None:
    """The schema and the validator check only a part here; `check_large_sarif.py` checks a whole log of 5,000."""
    report = factory.large_report(2_000, 20)
    text = render("sarif", report)
    log = json.loads(text)
    own = {frame.path for finding in report.findings for frame in finding.stack if frame.path}
    assert len(gzip.compress(text.encode(), 6)) < 10_000_000 * 2_000 / 5_000
    assert sarif_gates.by_us(log, dict.fromkeys(own, 100)) == []
    assert len(log["runs"][0]["results"]) == 2_000
    assert all(len(result["stacks"][0]["frames"]) == 20 for result in log["runs"][0]["results"])
    del log["runs"][0]["results"][50:]
    assert sarif_gates.against_schema(write(log), multitool) == []
    assert sarif_gates.by_validator(write(log), multitool) == []
