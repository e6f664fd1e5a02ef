"""The charts that GitHub renders: Mermaid accepts them, draws a bar for each value, and they fit into a comment."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Browser

from gotracer_ci.baseline.verdicts import Status, Verdict
from gotracer_ci.report import comment, mermaid
from tests.report import factory
from tests.report.factory import MS
from tests.report.github_browser import WIDTH, show
from tests.report.github_page import LINKS
from tests.report.hostile import NASTY

FINDING = factory.finding()
JOBS = tuple(float(value) * MS for value in (700, 740, 730, 760, 720))
WORSE = factory.verdict(FINDING.key, Status.WORSE)._replace(history=JOBS)
TRACE_BARS = ".mermaid svg g.plot g[class^=bar-plot] rect"


def test_jobs_come_before_traces_and_the_limit_is_a_line() -> None:
    figure = mermaid.figure(FINDING, WORSE)
    assert '  title "MutexContention at (*Cache).Get"\n' in figure
    assert '  x-axis ["job 1", "job 2", "job 3", "job 4", "job 5", "now 1", "now 2", "now 3"]\n' in figure
    assert '  y-axis "s" 0 --> 1.76\n  bar [0.7, 0.74, 0.73, 0.76, 0.72, 1.5, 1.55, 1.6]\n  line [1.11, 1.11,' in figure
    caption = "<sub>5 jobs of the baseline, then 3 traces of this run. The line is the limit: 1.11 s.</sub>"
    assert figure.endswith(caption)


def test_base_traces_stand_in_for_a_baseline() -> None:
    figure = mermaid.figure(FINDING, WORSE._replace(history=(), base=JOBS[:3], now=(1_500.0 * MS,), limit=0))
    assert '["base 1", "base 2", "base 3", "now"]' in figure
    assert "line [" not in figure
    assert figure.endswith("<sub>3 base traces, then 1 trace of this run.</sub>")


def test_only_the_newest_jobs_and_the_first_traces_are_drawn() -> None:
    figure = mermaid.figure(FINDING, WORSE._replace(history=(1.0 * MS, *JOBS, *JOBS), now=(1_500.0 * MS,) * 9))
    assert f"  bar [0.73, 0.76, 0.72, 0.7, 0.74, 0.73, 0.76, 0.72{', 1.5' * 5}]\n" in figure


@pytest.mark.parametrize(
    "verdict",
    [
        WORSE._replace(history=JOBS[:2]),
        WORSE._replace(history=(0.0,) * 5),
        WORSE._replace(history=(1.0, 2.0, 3.0)),
        WORSE._replace(history=(-1.0, 2.0, 3.0), now=(9.0,)),
        WORSE._replace(now=(1e300,), history=(1e299,) * 3),
        WORSE._replace(now=()),
    ],
    ids=["two jobs", "no bars", "a wide range", "negative", "huge", "nothing"],
)
def test_what_numbers_say_as_well_is_not_drawn(verdict: Verdict) -> None:
    assert mermaid.figure(FINDING, verdict) == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_comment_with_a_chart_fits(chromium: Browser, scheme: str) -> None:
    """With the longest rules, and a long function and path."""
    report = factory.compared_report()
    assert report.comparison
    assert FINDING.location
    verdicts = {**report.comparison.verdicts, FINDING.key: WORSE}
    function = "example.com/shop/internal/orders.(*HandlerWithALongTypeName).ServeTheWholeOrderOverHTTP.func1.2"
    path = "internal/services/orders/handlers/http/v2/a_rather_long_file_name_for_order_handlers.go"
    location = FINDING.location._replace(function=function, path=path, line=1234)
    findings = (replace(report.findings[0], location=location), *report.findings[1:])
    report = replace(report, findings=findings, comparison=replace(report.comparison, verdicts=verdicts))
    text = comment.render(report, LINKS, 65_000)
    page = show(chromium, text, "dark" if scheme == "dark" else "light")
    assert page.locator(TRACE_BARS).count() == 8
    for table in page.locator("table").all():
        if table.is_visible():
            assert table.evaluate("(table) => table.scrollWidth") <= WIDTH
    assert page.evaluate("document.documentElement.scrollWidth") == WIDTH + 32
    page.close()


def test_mermaid_accepts_hostile_names(chromium: Browser) -> None:
    places = [*NASTY, '"] %%{init: {}}%%', "---\nconfig:", "`" * 9, "界" * 99, "#quot; &quot; <b>", "\\", "%% x"]
    assert FINDING.location
    findings = [replace(FINDING, location=FINDING.location._replace(function=f"main.{place}")) for place in places]
    figures = [mermaid.figure(finding, WORSE) for finding in findings]
    page = show(chromium, "\n\n".join(figures))
    assert page.locator(TRACE_BARS).count() == 8 * len(places)
    titles = page.locator(".mermaid svg .chart-title").all_text_contents()
    assert len(titles) == len(places)
    assert all(title.startswith("MutexContention at ") for title in titles)
    page.close()
