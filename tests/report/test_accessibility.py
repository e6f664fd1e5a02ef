"""axe-core finds nothing serious in any tab: in both color schemes, wide and on a phone, with everything open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from gotracer_ci import pipeline
from gotracer_ci.report.formats import render
from gotracer_ci.report.model import Report
from gotracer_ci.settings import Settings
from tests.conftest import ROOT, path_of
from tests.report import factory
from tests.report.accessibility import violations
from tests.report.pages import new_page

BASELINE = ROOT / "testdata/baseline.json"
REPORTS = {"compared": factory.compared_report(), "plain": factory.plain_report(), "empty": factory.large_report(0, 0)}


@pytest.fixture(params=["light", "dark"])
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    scheme: Literal["light", "dark"] = request.param
    page = new_page(chromium, color_scheme=scheme)
    yield page
    page.close()


def show(page: Page, report: Report, directory: Path) -> None:
    file = directory / "report.html"
    file.write_text(render("html", report), encoding="utf-8")
    page.goto(file.as_uri())


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_is_accessible(page: Page, name: str, tmp_path: Path) -> None:
    show(page, REPORTS[name], tmp_path)
    check(page, at_least=2)


def check(page: Page, at_least: int) -> None:
    """Check every tab, wide and on a phone, and what is around the last one. at_least: how many there are."""
    tabs = page.locator("#tabs [role=tab]:visible").all()
    assert len(tabs) >= at_least
    for tab in tabs:
        tab.click()
        page.evaluate("document.querySelectorAll('details').forEach((element) => { element.open = true; })")
        for width in (1_400, 360):
            page.set_viewport_size({"width": width, "height": 740})
            within = "" if tab == tabs[-1] else f"#{tab.get_attribute('aria-controls')}"
            assert violations(page, within) == []


def test_every_picture_is_accessible(page: Page, tmp_path: Path) -> None:
    """Of two programs: one has a regression, the other tasks, regions, logs and CPU samples."""
    file = tmp_path / "report.html"
    traces = (path_of("tour-go1.27"), path_of("service-leak-go1.27"))
    pipeline.run(Settings(traces=traces, root=ROOT, baseline=BASELINE, outputs={"html": file}))
    page.goto(file.as_uri())
    check(page, at_least=8)


def test_axe_finds_what_is_wrong(page: Page, tmp_path: Path) -> None:
    show(page, REPORTS["plain"], tmp_path)
    page.evaluate(
        "document.querySelectorAll('h1, #findings').forEach((e) => e.append(document.createElement('button')))"
    )
    both = violations(page)
    assert [problem.partition(":")[0] for problem in both] == ["button-name (critical)"] * 2
    assert violations(page, "#findings") == both[1:]
