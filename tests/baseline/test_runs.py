"""Whole runs against a baseline file: renames, updates, and programs that it does not know. On real traces."""

from __future__ import annotations

from pathlib import Path

from gotracer_ci.baseline import schema
from gotracer_ci.baseline.records import Baseline, Part
from gotracer_ci.report import view
from gotracer_ci.report.formats import render
from tests.test_pipeline import analysed, baseline

__all__ = ["baseline"]


def test_a_renamed_type_is_no_regression(tmp_path: Path) -> None:
    """The same trace with the names that its functions had in the baseline's jobs."""
    path = tmp_path / "baseline.json"
    assert analysed("service-lock-go1.27", baseline=path, update_baseline=True).exit_code == 0
    (name, part), *_ = schema.load(path).parts.items()
    renamed = {key._replace(place=key.place.replace("service", "shop")): group for key, group in part.groups.items()}
    assert renamed.keys() != part.groups.keys()
    schema.save(path, Baseline({name: Part(part.entries, renamed)}))
    outcome = analysed("service-lock-go1.27", baseline=path, strict=True)
    assert outcome.exit_code == 0
    assert view.headline(outcome.report).startswith("no regressions")
    assert not view.gone(outcome.report)


def test_an_update_is_compared_with_the_file_as_it_was(baseline: Path) -> None:
    outcome = analysed("service-leak-go1.27", "orders-go1.27", baseline=baseline, update_baseline=True, strict=True)
    assert outcome.exit_code == 0
    comparison = outcome.report.comparison
    assert comparison
    (raised, added, *_) = comparison.warnings
    assert raised.startswith("example.com/programs/service: this update adds GoroutineLeak goroutines left")
    assert raised.endswith("(confirmed); later runs no longer report it")
    assert added.startswith("this update adds the program example.com/programs/orders (test) with ")
    text = render("human", outcome.report)
    assert "1 new" in text
    assert "an update never fails, but this one raises 1 value above the old limits" in text
    after = analysed("service-leak-go1.27", "orders-go1.27", baseline=baseline, strict=True)
    assert after.report.comparison
    assert not after.report.comparison.flagged


def test_an_update_without_regressions_warns_about_nothing(baseline: Path) -> None:
    outcome = analysed("service-again-go1.27", baseline=baseline, update_baseline=True)
    assert outcome.report.comparison
    assert not any("raises" in line for line in outcome.report.comparison.warnings)
    assert view.conclusion(outcome.report) == "The run passes."


def test_findings_of_an_unknown_program_are_shown_and_do_not_count(baseline: Path) -> None:
    """A package that joins the workflow, or is renamed, is no regression."""
    outcome = analysed("service-again-go1.27", "orders-go1.27", baseline=baseline, strict=True)
    assert outcome.exit_code == 0
    orders = [f for f in outcome.report.findings if f.key.program == "example.com/programs/orders (test)"]
    assert orders
    assert {view.word(outcome.report.verdict(finding)) for finding in orders} == {"not in the baseline"}
    assert f"{len(orders)} not in the baseline" in view.headline(outcome.report)
    alone = analysed("orders-go1.27", baseline=baseline)
    assert view.headline(alone.report).startswith("could not be compared with the baseline")
    assert view.reason(alone.report) == "it has no data for this program"
    assert any(
        "the baseline has no data for the program example.com/programs/orders (test)" in note
        for note in outcome.report.notes
    )
