"""Alerts: with a comparison the findings that fail the run, or would; without one every finding."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gotracer_ci.baseline.verdicts import Level, Status
from gotracer_ci.findings import Severity
from gotracer_ci.report.alerts import alerts, sentences
from gotracer_ci.report.model import Report

from . import factory

PLAIN, COMPARED = factory.plain_report(), factory.compared_report()
CONFIRMED = ["BlockedOnSyscall", "MutexContention", "GoroutineLeakGrowth"]


def rules(report: Report) -> list[str]:
    return [finding.key.rule for finding in alerts(report)]


@pytest.mark.parametrize("fail_on", list(Severity))
def test_without_a_comparison_every_finding_is_an_alert(fail_on: Severity) -> None:
    assert alerts(replace(PLAIN, fail_on=fail_on)) == PLAIN.findings


def test_findings_below_every_threshold_are_not_alerts() -> None:
    quiet = replace(factory.COUNTER, severity=Severity.NONE)
    assert alerts(replace(PLAIN, findings=(quiet,))) == ()


def test_top_does_not_limit_alerts() -> None:
    twice = (factory.finding(), factory.finding(function="main.f"))
    assert alerts(replace(PLAIN, findings=twice, top=1)) == twice


def test_with_a_comparison_only_confirmed_regressions_are_alerts() -> None:
    assert rules(COMPARED) == CONFIRMED
    assert alerts(COMPARED) == COMPARED.failing
    assert rules(replace(COMPARED, top=1)) == CONFIRMED


def test_with_strict_suspected_regressions_are_alerts_too() -> None:
    assert set(rules(replace(COMPARED, strict=True))) == {*CONFIRMED, "HighSchedulingLatency"}


@pytest.mark.parametrize(
    ("fail_on", "expected"),
    [(Severity.INFO, CONFIRMED), (Severity.WARN, CONFIRMED), (Severity.ERROR, CONFIRMED[:1])],
    ids=lambda value: value.label if isinstance(value, Severity) else "",
)
def test_fail_on_applies_and_regressions_are_at_least_warnings(fail_on: Severity, expected: list[str]) -> None:
    assert rules(replace(COMPARED, fail_on=fail_on)) == expected


def test_a_run_that_never_fails_still_has_alerts() -> None:
    never = replace(COMPARED, fail_on=Severity.NONE)
    assert never.failing == ()
    assert rules(never) == CONFIRMED


def test_without_regressions_there_are_no_alerts() -> None:
    assert COMPARED.comparison
    known = {key: v._replace(status=Status.KNOWN) for key, v in COMPARED.comparison.verdicts.items()}
    assert alerts(replace(COMPARED, comparison=replace(COMPARED.comparison, verdicts=known))) == ()


def test_alerts_are_described_in_sentences() -> None:
    finding = factory.finding()
    verdict = factory.verdict(finding.key, Status.WORSE, Level.SUSPECTED, now=(1_480_000_000,))
    assert sentences(finding, None) == ["waited 1.48 s in all for sync.(*Mutex).Lock, 150 ms at worst."]
    assert sentences(replace(finding, message="why\n\x1b[2J?"), verdict) == [
        "why \N{REPLACEMENT CHARACTER}[2J?",
        "Worse, suspected: 1 of 1 traces above the highest of 5 jobs: 740 → 1,500 ms; suspected.",
        "To confirm: two more traces of this change.",
    ]
