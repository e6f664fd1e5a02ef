"""The page of each typical trace: every tab works without a complaint, and links lead to what they name."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import TYPICAL

from .pages import Opened, analysed

LINKS = "document.getElementById(tab).querySelectorAll('a[href^=\"#\"]')"
SHOWN = """([from, to]) => {
  const shown = document.querySelector("#timeline .tl").dataset;
  return Number(shown.from) <= from + 1 && Number(shown.to) >= to - 1;
}"""
"""The timeline shows at least this part of the trace."""
FOLLOWED = 1
"""Links of one kind in one tab: with the same parameters to the same tab."""


@pytest.mark.parametrize("name", TYPICAL)
def test_tabs_work_and_links_lead_to_what_they_name(name: str, opened: Opened) -> None:
    report = analysed(name, baseline=None)
    page = opened.show(report)
    page.set_default_timeout(5_000)
    tabs = [tab.get_attribute("aria-controls") or "" for tab in page.locator("[role=tab]:visible").all()]
    assert len(tabs) == 7
    for tab in tabs:
        page.click(f"#tab-{tab}")
        page.wait_for_selector(f"#{tab}[data-ready]")
        assert len(page.locator(f"#{tab}").inner_text()) > 20
        for href in chosen(page, tab):
            # a link that a picture shows may be outside what is visible
            page.evaluate("href => { location.hash = href; }", href)
            arrived(page, dict(parse_qsl(href[1:])), report.traces[0].duration_ns)


def chosen(page: Page, tab: str) -> Iterator[str]:
    """Yield some links of each kind in a tab."""
    hrefs = page.evaluate(f"tab => [...{LINKS}].map((link) => link.getAttribute('href'))", tab)
    counts: dict[tuple[str, ...], int] = {}
    for href in dict.fromkeys(hrefs):
        state = dict(parse_qsl(href[1:]))
        kind = (state.get("v", ""), *sorted(state))
        counts[kind] = counts.get(kind, 0) + 1
        if counts[kind] <= FOLLOWED:
            yield href


def arrived(page: Page, state: dict[str, str], duration: int) -> None:
    """Check that the page shows what a link names. duration: of the trace, ns."""
    tab = state.get("v", "findings")
    page.wait_for_selector(f"#{tab}[data-ready]:visible")
    if tab == "findings" and "f" in state:
        assert page.locator(f"details.row[open][data-fingerprint='{state['f']}']").is_visible()
    if tab == "timeline":
        if "g" in state:
            page.wait_for_selector(f"#timeline .tl[data-goroutine='{state['g']}']")
            assert f"oroutine {state['g']}" in page.locator("#timeline").inner_text()
        if "t" in state:
            asked = [min(int(time), duration) for time in state["t"].split("-")]
            page.wait_for_function(SHOWN, arg=asked)
    if tab == "goroutines" and "g" in state:
        row = page.locator("#goroutines tr[aria-current=true]")
        assert row.locator("td").first.inner_text() == state["g"]
        expect(row).to_be_in_viewport()
    if tab == "flames":
        assert state["p"][:5] in page.locator("#flames [aria-pressed=true]").first.inner_text().lower()
    if tab == "annotations" and "n" in state:
        assert f"Task {state['n']}," in page.locator("#annotations").inner_text()
