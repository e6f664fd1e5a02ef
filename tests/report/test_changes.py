"""The text of the pull request that proposes an update of the baseline."""

from __future__ import annotations

from dataclasses import replace

from gotracer_ci.baseline.verdicts import LimitChange, ProgramChange, Status
from gotracer_ci.report.changes import render
from gotracer_ci.report.model import Report
from tests.report.factory import RULES, TRACES, comparison_of, finding, report_of, verdict


def update(findings: int, name: str) -> Report:
    """Return a report on an update that raises so many values."""
    found = [finding(function=f"{name}{i}", kind=name) for i in range(findings)]
    verdicts = [verdict(one.key, Status.WORSE) for one in found]
    limits = tuple(LimitChange(one.key, "ns", 740e6, 1_500e6) for one in found)
    compared = comparison_of("b.json", 5, verdicts, warnings=(name,) * findings)
    changed = (ProgramChange("example.com/shop", 6, 1, 0, limits),)
    return report_of(TRACES, RULES, RULES, tuple(found), replace(compared, is_update=True, changed=changed))


def test_it_lists_raised_values_and_then_all_limits() -> None:
    text = render(update(2, "main.f"))
    assert "**Review this before you merge.** 2 values above the old limits" in text
    assert "- `example.com/shop`: 6 jobs (1 new); 2 limits raised" in text
    assert text.index("Review this") < text.index("| Limit | Before | After | Change |")


def test_github_accepts_it_however_long_the_names_are() -> None:
    """With shorter ones, 50 values are listed."""
    assert "10 more values left out here" in render(update(60, "main.f"))
    text = render(update(60, "main.`|<!--" * 200))
    assert 10_000 < len(text) < 65_536
    assert "more values left out here" in text
