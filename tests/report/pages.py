"""Open reports in a real browser, from a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from gotracer_ci import pipeline
from gotracer_ci.report.formats import render
from gotracer_ci.report.model import Report
from gotracer_ci.settings import Settings
from tests.conftest import ROOT, path_of

FRAMES = """{
  const ask = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (draw) => {
    let isDue = true;
    const once = (time) => {
      if (isDue) {
        isDue = false;
        draw(time);
      }
    };
    setTimeout(() => once(performance.now()), 500);
    return ask(once);
  };
}"""
"""Frames that come after half a second at the latest: at times a browser without a screen stops making them."""
BASELINE = ROOT / "testdata" / "baseline.json"


@dataclass
class Opened:
    """A page with its console messages and requests."""

    page: Page
    directory: Path
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def show(self, report: Report, state: str = "") -> Page:
        """Open a report from a file. state: the hash."""
        return self.show_html(render("html", report), state)

    def show_html(self, html: str, state: str = "") -> Page:
        file = self.directory / "report.html"
        file.write_text(html, encoding="utf-8")
        self.page.goto(file.as_uri() + state)
        assert self.requests == [file.as_uri()]
        return self.page


def new_page(browser: Browser, **options: Any) -> Page:
    """Return a page in which there is always a next frame. options: as Playwright has them."""
    page = browser.new_page(**options)
    page.add_init_script(FRAMES)
    return page


@cache
def analysed(*names: str, baseline: Path | None = BASELINE, base: tuple[str, ...] = ()) -> Report:
    """Return the report of committed traces, with what its page draws."""
    settings = Settings(
        traces=tuple(map(path_of, names)), base=tuple(map(path_of, base)), baseline=baseline, format="html", root=ROOT
    )
    return pipeline.run(settings).report


def of_sides(base: tuple[str, ...], head: tuple[str, ...]) -> Report:
    """Return the report of two sets of committed traces, with what its page draws."""
    settings = Settings(traces=tuple(map(path_of, head)), base=tuple(map(path_of, base)), format="html", root=ROOT)
    return pipeline.run(settings, is_diff=True).report
