"""Runs that did other work than their baseline: other tests, another -count, benchmarks that run for a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from gotracer_ci.baseline import schema
from gotracer_ci.baseline.verdicts import Level, Status, Verdict
from gotracer_ci.pipeline import Outcome
from tests.baseline.suite import Suite, suite
from tests.source.conftest import go

__all__ = ["go", "suite"]

OLD = "run=First|Second"
NUMBERS = ("count", "bytes")


@pytest.fixture
def two_tests(suite: Suite, tmp_path: Path) -> Path:
    """Return a baseline that does not know TestLarge."""
    path = tmp_path / "baseline.json"
    assert suite.judge(suite.trace(OLD), baseline=path, update=True).exit_code == 0
    return path


def note_of(outcome: Outcome, start: str) -> str:
    assert outcome.report.comparison
    (line,) = [line for line in outcome.report.comparison.warnings if line.startswith(start)]
    return line


def is_quiet(outcome: Outcome) -> bool:
    """Report whether no number got worse, not even for a suspicion. One trace cannot tell about times."""
    assert outcome.report.comparison
    worse = outcome.report.comparison.regressions(strict=True)
    return not [verdict for verdict in worse if verdict.unit in NUMBERS]


def better(outcome: Outcome) -> list[Verdict]:
    """Return the numbers that got better."""
    assert outcome.report.comparison
    verdicts = outcome.report.comparison.verdicts.values()
    return [v for v in verdicts if v.status in (Status.FIXED, Status.BETTER) and v.unit in NUMBERS]


def test_a_baseline_holds_the_tests(two_tests: Path) -> None:
    (part,) = schema.load(two_tests).parts.values()
    assert part.tests == {"TestFirst", "TestSecond"}
    assert [entry.tests for entry in part.entries] == [5]


def test_a_new_test_is_no_regression(suite: Suite, two_tests: Path) -> None:
    """It keeps goroutines of its own and of shared code, and allocates many times as much."""
    outcome = suite.judge(suite.trace("skip=Pool"), baseline=two_tests)
    assert is_quiet(outcome)
    assert outcome.report.comparison
    verdicts = {(key.kind, key.place): verdict for key, verdict in outcome.report.comparison.verdicts.items()}
    assert verdicts["goroutines at the end", "example.com/suite.TestLarge"].status is Status.UNKNOWN
    assert verdicts["goroutines at the end", "example.com/suite.work"].status is Status.UNKNOWN
    allocated = verdicts["bytes allocated", ""]
    assert (allocated.status, allocated.level) == (Status.WORSE, Level.INSUFFICIENT)
    assert note_of(outcome, "the baseline does not know TestLarge (6 tests and subtests, 5 in the baseline's jobs): ")


def test_a_known_test_that_leaks_fails_beside_a_new_one(suite: Suite, two_tests: Path) -> None:
    outcome = suite.judge(suite.trace("run=First|Second|Large", LEAK="1"), baseline=two_tests)
    assert "example.com/suite.work" in {finding.key.place for finding in outcome.report.failing}


def test_another_count_is_no_regression(suite: Suite, two_tests: Path) -> None:
    outcome = suite.judge(suite.trace(OLD, "count=9"), baseline=two_tests)
    assert is_quiet(outcome)
    assert "9\N{MULTIPLICATION SIGN} the work of its reference (runs of each test)" in note_of(outcome, "this run did ")


def test_a_lower_count_is_not_better(suite: Suite, tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    suite.judge(suite.trace(OLD, "count=9", LEAK="1"), baseline=path, update=True)
    gone = better(suite.judge(suite.trace(OLD, LEAK="1"), baseline=path))
    assert gone
    assert {verdict.level for verdict in gone} == {Level.INSUFFICIENT}


def test_fewer_tests_fix_nothing(suite: Suite, tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    suite.judge(suite.trace("skip=Pool"), baseline=path, update=True)
    outcome = suite.judge(suite.trace(OLD), baseline=path)
    assert {verdict.level for verdict in better(outcome)} == {Level.INSUFFICIENT}
    assert "may only be missing" in note_of(outcome, "this run shows nothing of TestLarge (5 tests")


def test_the_same_tests_are_compared_as_ever(suite: Suite, two_tests: Path) -> None:
    same = suite.judge(suite.trace(OLD), baseline=two_tests)
    assert is_quiet(same)
    assert same.report.comparison
    assert not any("tests" in line for line in same.report.comparison.warnings)
    assert suite.judge(suite.trace(OLD, LEAK="1"), baseline=two_tests).exit_code == 1


@pytest.mark.parametrize("benchmark", ["BenchmarkN", "BenchmarkLoop"])
def test_a_faster_benchmark_is_no_regression(suite: Suite, tmp_path: Path, benchmark: str) -> None:
    """It allocates more in the same time."""
    path = tmp_path / "baseline.json"
    options = ("run=^$", f"bench={benchmark}$", "benchtime=60ms")
    suite.judge(suite.trace(*options, SLOW="1"), baseline=path, update=True)
    outcome = suite.judge(suite.trace(*options), baseline=path)
    assert is_quiet(outcome)
    assert "-benchtime 100x" in note_of(outcome, "benchmarks ran for a time")


def test_a_benchmark_with_a_fixed_number_of_iterations_is_compared(suite: Suite, tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    options = ("run=^$", "bench=BenchmarkN$", "benchtime=300x")
    suite.judge(suite.trace(*options), baseline=path, update=True)
    outcome = suite.judge(suite.trace(*options, LARGE="1"), baseline=path)
    assert "bytes allocated" in {finding.key.kind for finding in outcome.report.failing}
    assert outcome.report.comparison
    assert not any(line.startswith("benchmarks") for line in outcome.report.comparison.warnings)
