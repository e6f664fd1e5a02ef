"""SARIF of real traces, checked with the same three validators as in tests/report."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gotracer_ci import pipeline
from gotracer_ci.report.alerts import alerts
from gotracer_ci.report.formats import render
from gotracer_ci.report.model import Report
from gotracer_ci.settings import Settings
from tests.conftest import NAMES, PROGRAMS, ROOT, Run, path_of
from tests.report.conftest import multitool
from tests.report.sarif_gates import against_schema, by_us, by_validator
from tests.source.conftest import Go, go

__all__ = ["go", "multitool"]

BASELINE = ROOT / "testdata" / "baseline.json"
COMPARED = "service-leak-go1.27"


def _report(*traces: str | Path, root: Path = ROOT, baseline: Path | None = None, rule: tuple[str, ...] = ()) -> Report:
    return pipeline.run(Settings(traces=tuple(map(str, traces)), root=root, baseline=baseline, rule=rule)).report


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a log for each committed trace, one for all of them, and one with a comparison."""
    directory = tmp_path_factory.mktemp("logs")
    every = [path_of(name) for name in NAMES]
    reports = {name: _report(trace) for name, trace in zip(NAMES, every, strict=True)}
    reports |= {"all": _report(*every), "compared": _report(path_of(COMPARED), baseline=BASELINE)}
    for name, report in reports.items():
        (directory / f"{name}.sarif").write_text(render("sarif", report), encoding="utf-8")
    return directory


def _files(logs: Path) -> list[Path]:
    return sorted(logs.glob("*.sarif"))


def test_logs_match_the_schema(logs: Path, multitool: Path) -> None:
    assert against_schema(_files(logs), multitool) == []


def test_the_validator_finds_no_problem(logs: Path, multitool: Path) -> None:
    """In the log of all traces, the one with a comparison, and every eighth of the others: each takes 0.3 s."""
    names = ["all", "compared", *NAMES[::8]]
    assert by_validator([logs / f"{name}.sarif" for name in names], multitool) == []


@pytest.mark.parametrize("name", [*NAMES, "all", "compared"])
def test_github_would_accept_and_show_a_log(name: str, logs: Path) -> None:
    log = json.loads((logs / f"{name}.sarif").read_text(encoding="utf-8"))
    lines = {path.relative_to(ROOT).as_posix(): len(path.read_bytes().splitlines()) for path in _sources()}
    assert by_us(log, lines) == []
    assert log["runs"][0]["invocations"][0]["executionSuccessful"] is True


def _sources() -> Iterator[Path]:
    return (path for path in PROGRAMS.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", ["tour-go1.19", "service-leak-go1.27", "vendored-runner-go1.27"])
def test_one_trace_gives_the_same_bytes_in_another_process(name: str, logs: Path, run: Run) -> None:
    again = run("analyze", path_of(name), "--root", ROOT, "-f", "sarif", cwd=ROOT, PYTHONHASHSEED="7")
    assert again.stdout == (logs / f"{name}.sarif").read_bytes()


def test_with_a_baseline_only_new_findings_are_included(logs: Path) -> None:
    report = _report(path_of(COMPARED), baseline=BASELINE)
    (run,) = json.loads((logs / "compared.sarif").read_text(encoding="utf-8"))["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["GoroutineLeak"]
    assert [finding.key.rule for finding in alerts(report)] == ["GoroutineLeak"]
    assert len(report.findings) > 1


def test_blank_lines_above_a_finding_do_not_change_its_fingerprint(go: Go, tmp_path: Path) -> None:
    """The same program, built and traced before and after inserting blank lines above its code."""
    found = {}
    for name, blank in (("before", ""), ("after", "\n" * 7)):
        root = tmp_path / name
        shutil.copytree(PROGRAMS, root)
        source = root / "leak" / "main.go"
        text = source.read_text(encoding="utf-8")
        source.write_text(text.replace("\nfunc ", f"\n{blank}func ", 1), encoding="utf-8")
        go(root, "run", "./leak", str(tmp_path / f"{name}.trace"))
        # a rule that counts: the findings of others depend on the machine's load
        report = _report(tmp_path / f"{name}.trace", root=root, rule=("GoroutineLeakGrowth",))
        ((result,),) = (run["results"] for run in json.loads(render("sarif", report))["runs"])
        found[name] = result

    place, moved = (result["locations"][0]["physicalLocation"] for result in found.values())
    assert found["after"]["partialFingerprints"] == found["before"]["partialFingerprints"]
    assert moved["artifactLocation"] == place["artifactLocation"]
    assert moved["region"]["startLine"] == place["region"]["startLine"] + 7
