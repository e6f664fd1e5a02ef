"""Open reports in a real browser, from a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from playwright.sync_api import Page

from gotracer_ci import pipeline
from gotracer_ci.report.formats import render
from gotracer_ci.report.model import Report
from gotracer_ci.settings import Settings
from tests.conftest import ROOT, path_of

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
