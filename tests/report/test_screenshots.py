"""Every tab of a report, wide and on a phone, in both color schemes and printed. The pictures are for people.

They are below build/screenshots, and an artifact of the CI run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from gotracer_ci import pipeline
from gotracer_ci.settings import Settings
from tests.conftest import ROOT, path_of
from tests.report.pages import new_page

SCREENSHOTS = ROOT / "build" / "screenshots"
TRACES = ("service-leak-go1.27", "service-lock-go1.27", "tour-go1.27", "heapgrowth-go1.26")
Scheme = Literal["light", "dark"]
SIZES = {"wide": (1_400, 900), "phone": (360, 740)}


@pytest.fixture(scope="module", params=TRACES)
def report(request: pytest.FixtureRequest) -> Path:
    """Return a report, compared with the baseline if its program is there."""
    name: str = request.param
    baseline = ROOT / "testdata/baseline.json" if name.startswith("service") else None
    file = SCREENSHOTS / f"{name}.html"
    pipeline.run(Settings(traces=(path_of(name),), root=ROOT, baseline=baseline, outputs={"html": file}))
    return file


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_tab_fits_and_is_not_empty(chromium: Browser, report: Path, scheme: Scheme, size: str) -> None:
    width, height = SIZES[size]
    page = opened(chromium, report, scheme, width, height)
    tabs = page.locator("#tabs [role=tab]:visible").all()
    for tab in tabs:
        tab.click()
        name = tab.get_attribute("aria-controls")
        page.wait_for_function("document.fonts.status === 'loaded'")
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        page.screenshot(path=SCREENSHOTS / report.stem / f"{name}-{size}-{scheme}.png", full_page=True)
        assert len(page.locator(f"#{name}").inner_text()) > 20
        assert page.evaluate("document.documentElement.scrollWidth") == width
    page.close()


def test_the_printed_page_has_the_findings(chromium: Browser, report: Path) -> None:
    page = opened(chromium, report, "light", 1_000, 1_400)
    page.emulate_media(media="print")
    page.screenshot(path=SCREENSHOTS / report.stem / "printed.png", full_page=True)
    assert page.locator("#findings").is_visible()
    assert not page.locator("#theme").is_visible()
    page.close()


def opened(chromium: Browser, report: Path, scheme: Scheme, width: int, height: int) -> Page:
    page = new_page(chromium, color_scheme=scheme, viewport={"width": width, "height": height})
    page.goto(report.as_uri())
    return page
