"""The sentence about the worst regression, with the words of each rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gotracer_ci.baseline.verdicts import Level, Status
from gotracer_ci.findings import Finding
from gotracer_ci.report.formats import render
from gotracer_ci.report.model import Report
from gotracer_ci.report.worst import sentence
from tests.report import factory
from tests.report.factory import COUNTER, MS, TRACES

LOCK = replace(factory.finding(), change="waits {now} in sync.(*Mutex).Lock")
LEAK = replace(COUNTER, change="leaves {now goroutines} behind")


def report_of(
    finding: Finding, now: tuple[float, ...], before: float | None, unit: str, level: Level = Level.CONFIRMED
) -> Report:
    verdict = factory.verdict(finding.key, Status.WORSE, level, before=before, now=now, unit=unit)
    comparison = factory.comparison_of("b.json", 5, [verdict])
    return replace(factory.report_of(TRACES, factory.RULES, factory.RULES, (finding,)), comparison=comparison)


@pytest.mark.parametrize(
    ("report", "text"),
    [
        (report_of(LEAK, (40.0,), 0, "count"), "`(*Pool).Start` leaves 40 goroutines behind (0 before)"),
        (report_of(LEAK, (1.0,), None, "count"), "`(*Pool).Start` leaves 1 goroutine behind (0 before)"),
        (report_of(LEAK, (1.0, 3.0), 0, "count"), "`(*Pool).Start` leaves 1–3 goroutines behind (0 before)"),
        (
            report_of(LOCK, (1500.0 * MS,), 740 * MS, "ns"),
            "`(*Cache).Get` waits 1.5 s in sync.(\\*Mutex).Lock (740 ms before)",
        ),
        (
            report_of(LOCK, (1500.0 * MS,), 740 * MS, "ns", Level.SUSPECTED),
            "`(*Cache).Get` waits 1.5 s in sync.(\\*Mutex).Lock (740 ms before), suspected",
        ),
        (
            report_of(LOCK, (80.0,), 20, "count"),
            "`(*Cache).Get` waits 80 times in sync.(\\*Mutex).Lock (20 before)",
        ),
        (
            report_of(replace(LOCK, change=""), (9.0 * MS,), 3 * MS, "ns"),
            "`(*Cache).Get` (MutexContention, sync.(\\*Mutex).Lock): 3 ms → 9 ms",
        ),
        (
            report_of(replace(factory.PAUSE, change="is stopped for {now}"), (9.0 * MS,), 3 * MS, "ns"),
            "the program is stopped for 9 ms (3 ms before)",
        ),
    ],
)
def test_the_sentence_has_the_values_before_and_now(report: Report, text: str) -> None:
    assert sentence(report) == text
    assert render("markdown", report).startswith(f"## gotracer-ci: {text}\n\n**1 ")


def test_a_missed_objective_comes_first() -> None:
    missed = replace(LOCK, key=LOCK.key._replace(rule="Objective"), message="task x missed; 3 times", absolute=True)
    report = report_of(LOCK, (1500.0 * MS,), 740 * MS, "ns")
    assert sentence(replace(report, findings=(LOCK, missed))) == "task x missed"


def test_without_a_regression_or_a_comparison_there_is_no_sentence() -> None:
    report = report_of(LOCK, (1500.0 * MS,), 740 * MS, "ns")
    assert sentence(replace(report, findings=())) == ""
    assert sentence(replace(report, comparison=None)) == ""
    assert report.comparison
    elsewhere = replace(report.comparison, elsewhere="Go 1.22")
    assert sentence(replace(report, comparison=elsewhere)) == ""
