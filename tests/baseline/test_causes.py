"""Effects of a regression: they are shown below it, counted with it, and accepted with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gotracer_ci import text
from gotracer_ci.baseline.verdicts import Comparison
from gotracer_ci.pipeline import Outcome
from gotracer_ci.report import view
from gotracer_ci.report.formats import render
from tests.baseline.suite import Suite, suite
from tests.source.conftest import go

__all__ = ["go", "suite"]

PLACE = "example.com/suite.visit"
LOCK = "MutexContention"


@pytest.fixture
def locked(suite: Suite, tmp_path: Path) -> tuple[Outcome, str, Path]:
    """Return a strict run with a new lock in visit, its trace, and the baseline without the lock."""
    path = tmp_path / "baseline.json"
    suite.judge(suite.trace("run=Pool"), baseline=path, update=True)
    trace = suite.trace("run=Pool", LOCK="1")
    return suite.judge(trace, baseline=path), trace, path


def comparison_of(outcome: Outcome) -> Comparison:
    assert outcome.report.comparison
    return outcome.report.comparison


def test_the_latency_of_a_new_lock_is_its_effect(locked: tuple[Outcome, str, Path]) -> None:
    report = locked[0].report
    regressions = comparison_of(locked[0]).regressions(strict=True)
    assert [v.key.rule for v in regressions if v.key.place == PLACE and v.key.kind != "preempted"] == [LOCK]
    (lock,) = [finding for finding in report.failing if finding.key.rule == LOCK]
    effects = comparison_of(locked[0]).effects(lock.fingerprint)
    assert ("HighSchedulingLatency", "unblocked", PLACE) in {verdict.key[:3] for verdict in effects}
    assert view.summarise(report).suspected == len(regressions)
    line = view.effects(report, lock)
    assert "HighSchedulingLatency unblocked 0 s →" in line
    assert f"effects: {line}" in render("human", report)
    assert "HighSchedulingLatency" in render("markdown", report)
    assert f'{text.plural(len(effects), "effect")} <span class="muted">{line}</span>' in render("html", report)
    assert f'"cause":"{lock.fingerprint}"' in render("json", report)


def test_effects_are_accepted_with_their_cause(suite: Suite, locked: tuple[Outcome, str, Path]) -> None:
    outcome, trace, path = locked
    (lock,) = [finding for finding in outcome.report.failing if finding.key.rule == LOCK]
    accepted = {lock.key, *(verdict.key for verdict in comparison_of(outcome).effects(lock.fingerprint))}
    suite.judge(trace, baseline=path, accept=((lock.fingerprint, "visits are counted"),))
    after = suite.judge(trace, baseline=path)
    assert not [key for key in accepted if comparison_of(after).verdicts[key].flagged]
    assert not comparison_of(after).effects(lock.fingerprint)


def test_latency_elsewhere_stands_alone(locked: tuple[Outcome, str, Path]) -> None:
    effects = [v for v in comparison_of(locked[0]).verdicts.values() if v.cause]
    assert {verdict.key.place for verdict in effects} <= {PLACE, ""}
