"""Verdicts in every format: status, level, before and now, ratio, evidence, and what to do."""

from __future__ import annotations

import html
import json
from dataclasses import replace

import pytest

from gotracer_ci.baseline.verdicts import Level, Status, Verdict
from gotracer_ci.findings import Severity
from gotracer_ci.report import schema, view
from gotracer_ci.report.formats import NAMES, render
from gotracer_ci.report.model import Report

from . import factory
from .factory import MS

KEY = factory.finding().key
EVIDENCE = "1 of 1 traces above the highest of 1 job, 2.1 x"
MORE = "2 more traces of this change, made with GOMAXPROCS 4"
SUSPECTED = factory.verdict(KEY, Status.WORSE, Level.SUSPECTED, now=(1_554 * MS,))._replace(
    evidence=EVIDENCE,
    more=MORE,
    base=(745 * MS, 751 * MS),
)


def report_of(*verdicts: Verdict, baseline: str = "b.json", base_traces: int = 0) -> Report:
    comparison = factory.comparison_of(baseline, 1 if baseline else 0, verdicts, (), base_traces)
    bases = (replace(factory.TRACES[0], path="base/1.trace"), replace(factory.TRACES[0], path="base/2.trace"))
    return replace(
        factory.plain_report(),
        findings=(factory.finding(),),
        comparison=comparison,
        base_traces=bases[:base_traces],
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_format_shows_the_whole_verdict(name: str) -> None:
    strict = replace(report_of(SUSPECTED, base_traces=2), strict=True)  # otherwise suspected regressions are not alerts
    text = html.unescape(render(name, strict)).replace("\\", "")
    assert "suspected" in text.lower()
    assert "worse" in text.lower()
    assert EVIDENCE in text
    assert MORE in text  # case matters
    if name in ("json", "ndjson", "sarif"):
        for member in ('"before":740000000', '"now":[1554000000', '"ratio":2.1', '"base":[745000000'):
            assert member in text.replace(" ", "")
    elif name in ("markdown", "html"):  # in other formats the evidence has the values
        assert "740 ms → 1.55 s" in text
        assert "2.1\N{MULTIPLICATION SIGN}" in text


def test_improvements_are_counted_and_shown_only_if_confirmed() -> None:
    """A group of only four events that is missing in one run does not count as fixed."""
    gone = [factory.verdict(KEY._replace(place=f"main.f{i}"), Status.FIXED, level) for i, level in enumerate(Level)]
    better = [factory.verdict(KEY._replace(place=f"main.b{i}"), Status.BETTER, level) for i, level in enumerate(Level)]
    report = report_of(*gone, *better)
    assert [v.key.place for v in view.gone(report)] == ["main.b0", "main.b1", "main.f0", "main.f1"]
    document = json.loads(render("json", report))
    assert (document["summary"]["fixed"], document["summary"]["better"]) == (2, 2)
    assert json.loads(render("sarif", report))["runs"][0]["properties"]["summary"] == document["summary"]
    assert "2 fixed, 2 better" in render("human", report)
    table = render("markdown", report).partition("Fixed or better")[2]
    assert table.count("| fixed") == table.count("| better") == 2
    assert table.count("suspected") == 2
    assert "fixed, suspected" in render("html", report)


def test_groups_that_were_not_compared_are_not_known() -> None:
    report = report_of(factory.verdict(KEY, Status.KNOWN, Level.INCONCLUSIVE))
    summary = view.summarise(report)
    assert (summary.known, summary.undecided) == (0, 1)
    assert "inconclusive" in render("human", report)
    assert "known" not in render("human", report)


@pytest.mark.parametrize(
    ("baseline", "traces", "reference"),
    [
        ("b.json", 0, "b.json (1 of 5 jobs)"),
        ("b.json", 2, "b.json (1 of 5 jobs) and 2 base traces"),
        ("", 1, "1 base trace"),
    ],
)
def test_the_report_names_the_reference(baseline: str, traces: int, reference: str) -> None:
    report = report_of(SUSPECTED, baseline=baseline, base_traces=traces)
    assert f"Compared with {reference}." in render("html", report)
    assert render("html", report).count("base/") == traces
    assert render("markdown", report).count("- base: base/") == traces
    assert len(json.loads(render("json", report))["base_traces"]) == traces


def test_a_truncated_base_trace_is_reported_as_left_out() -> None:
    report = report_of(SUSPECTED, base_traces=1)
    cut = replace(report, base_traces=(replace(report.base_traces[0], damage="cut short"),))
    assert "base trace base/1.trace is damaged: cut short; it was not compared" in render("human", cut)
    assert view.outcome(cut) == "success"  # the traces of the change are complete


def test_the_document_round_trips() -> None:
    older = factory.verdict(KEY, Status.KNOWN)._replace(base=(740.0 * MS,), is_older=True)
    report = report_of(SUSPECTED, older._replace(key=KEY._replace(place="main.older")), base_traces=2)
    read = schema.read(render("json", report), "f.json", {})
    assert (read.comparison, read.base_traces) == (report.comparison, report.base_traces)


def test_a_run_of_several_programs_names_them() -> None:
    key = KEY._replace(program="example.com/shop/cmd/api")
    report = report_of(factory.verdict(key, Status.FIXED))
    assert "`example.com/shop/cmd/api`" not in render("markdown", report)
    several = (replace(factory.TRACES[0], program=key.program), factory.TRACES[1])
    assert "`example.com/shop/cmd/api`<br>`" in render("markdown", replace(report, traces=several))
    finding = replace(factory.finding(), key=key)
    assert "of example.com/shop/cmd/api" in render("junit", replace(report, findings=(finding,)))


def test_a_run_that_could_not_be_compared_fails() -> None:
    report = replace(factory.plain_report(), fail_on=Severity.NONE, uncompared=True)
    assert schema.read(render("json", report), "f.json", {}).uncompared
    assert view.conclusion(report) == "The run fails: it could not be compared with the baseline."
    assert view.outcome(report) == "failure"
    flagged = view.conclusion(replace(report, fail_on=Severity.WARN))
    assert flagged.endswith("the baseline; there are 2 findings at warn or above.")


def test_with_a_higher_fail_on_the_report_names_the_failing_regressions() -> None:
    worse = replace(report_of(factory.verdict(KEY, Status.WORSE)), fail_on=Severity.ERROR)
    failing = replace(worse, findings=(replace(factory.finding(), severity=Severity.ERROR),))
    assert view.conclusion(failing) == "The run fails: 1 regression at error or above."
