"""Findings by rule and cause."""

from __future__ import annotations

from dataclasses import replace

from gotracer_ci.baseline.verdicts import Status
from gotracer_ci.report import view
from gotracer_ci.report.groups import parts
from gotracer_ci.report.verdict_list import MOST, lines

from . import factory
from .pages import analysed


def test_every_finding_is_in_one_group() -> None:
    for report in (factory.plain_report(), factory.compared_report(), analysed("service-leak-go1.27")):
        found = [
            finding
            for part in parts(report)
            for group in part.groups
            for cause, effects in group.findings
            for finding in (cause, *effects)
        ]
        assert sorted(f.key for f in found) == sorted(f.key for f in report.findings)


def test_an_effect_is_below_its_cause() -> None:
    report = analysed("service-leak-go1.27")
    (worse, *_) = parts(report)
    assert worse.heading == "Got worse"
    (group,) = worse.groups
    ((cause, effects),) = group.findings
    assert [finding.key for finding in view.arrange(report).regressions] == [cause.key]
    assert effects
    for effect in effects:
        verdict = report.verdict(effect)
        assert verdict
        assert verdict.cause == cause.fingerprint
        assert effect.key.rule != cause.key.rule


def test_a_group_says_how_much_it_has() -> None:
    groups = {group.rule: group for part in parts(factory.compared_report())[1:] for group in part.groups}
    assert groups["MutexContention"].extent == "2 findings, 2.38 s in all"
    assert groups["MutexContention"].summary == "MutexContention finds what its name says."
    assert groups["GCPauseSpike"].extent == "1 finding"


def test_all_verdicts_are_listed_regressions_first() -> None:
    report = factory.compared_report()
    found = lines(report)
    assert report.comparison
    assert {line.verdict.key for line in found.lines} == report.comparison.verdicts.keys()
    assert [line.word for line in found.lines][:3] == ["new", "new", "worse"]
    assert [line.tone for line in found.lines][-1] == "same"
    assert {line.word: line.tone for line in found.lines if line.tone != "same"} == {
        "new": "regression", "worse": "regression", "worse, suspected": "suspected", "better": "good", "fixed": "good",
    }  # fmt: skip
    shown = {finding.fingerprint for finding in report.findings}
    assert {line.finding for line in found.lines} - {""} <= shown


def test_of_thousands_those_closest_to_their_limits_are_listed() -> None:
    report = factory.compared_report()
    key = factory.COUNTER.key
    known = [
        factory.verdict(key._replace(place=str(n)), Status.KNOWN, now=(float(n),), unit="count")._replace(limit=2e4)
        for n in range(MOST + 100)
    ]
    found = lines(replace(report, comparison=factory.comparison_of("b.json", 5, known)))
    assert len(found.lines) == MOST
    assert found.left_out == 100
    assert found.lines[0].verdict.key.place == str(MOST + 99)
