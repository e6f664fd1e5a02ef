"""Tabs and deep links, in a real browser."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import pytest
from playwright.sync_api import Page

from . import factory
from .hostile import NASTY
from .pages import Opened, analysed

SELECTED = "[role=tab][aria-selected=true]"
PANEL = "[role=tabpanel]:visible"
REGRESSED = "service-leak-go1.27"


def names(page: Page) -> Sequence[str]:
    tabs = page.locator("[role=tab]:visible").all()
    return [tab.get_attribute("aria-controls") or "" for tab in tabs]


def panel(page: Page) -> str | None:
    return page.locator(PANEL).get_attribute("id")


def test_every_tab_opens_by_click(opened: Opened) -> None:
    page = opened.show(analysed(REGRESSED))
    for name in names(page):
        page.click(f"#tab-{name}")
        assert page.locator(PANEL).count() == 1
        assert panel(page) == name
        page.wait_for_selector(f"#{name}[data-ready]")
        assert page.evaluate("location.hash") in ("", f"#v={name}")


def test_every_tab_opens_by_keyboard(opened: Opened) -> None:
    page = opened.show(analysed(REGRESSED))
    every = names(page)
    page.locator(SELECTED).focus()
    for key, expected in [
        *(("ArrowRight", name) for name in (*every[1:], every[0])),
        ("End", every[-1]),
        ("ArrowLeft", every[-2]),
        ("Home", every[0]),
    ]:
        page.keyboard.press(key)
        assert panel(page) == expected
        assert page.evaluate("document.activeElement.id") == f"tab-{expected}"
        assert page.locator("[role=tab][tabindex='0']").count() == 1


def test_without_pictures_only_tabs_with_text_are_there(opened: Opened) -> None:
    page = opened.show(factory.compared_report())
    assert names(page) == ["findings", "compare", "traces"]
    page = opened.page
    page.goto(f"{page.url}#v=timeline")
    assert panel(page) == "findings"


def test_a_link_opens_its_tab_and_back_returns(opened: Opened) -> None:
    report = analysed(REGRESSED)
    page = opened.show(report, "#v=traces")
    assert panel(page) == "traces"
    page.click("#tab-findings")
    page.evaluate(f"location.hash = '#f={report.findings[0].fingerprint}'")
    page.wait_for_selector("details.row[open]")
    page.go_back()
    assert panel(page) == "findings"
    page.go_back()
    assert panel(page) == "traces"
    page.go_forward()
    assert panel(page) == "findings"


def test_each_tab_keeps_its_search(opened: Opened) -> None:
    page = opened.show(factory.compared_report(), "#q=BlockedOnSyscall")
    assert page.locator("#count").inner_text() == "1 of 8 findings"
    page.click("#tab-traces")
    assert page.evaluate("location.hash") == "#v=traces"
    page.click("#tab-findings")
    assert page.input_value("#search") == "BlockedOnSyscall"
    page.reload()
    assert page.locator("#count").inner_text() == "1 of 8 findings"
    opened.requests.pop()


@pytest.mark.parametrize(
    "state",
    [
        "#v=constructor&t=1-x&g=-1&f=zz&q=&s=1e9&n=9999999999999999",
        "#v=help&t=9-3&f=../../x&severity=nothing&rule=__proto__",
        "#%E0%A4%A&t=%",
        "#" + "q=" + "x" * 100_000,
        *(f"#v={quote(text, errors='replace')}&p={quote(text, errors='replace')}" for text in NASTY[:8]),
    ],
)
def test_a_hostile_hash_changes_nothing(opened: Opened, state: str) -> None:
    page = opened.show(factory.compared_report(), state)
    assert panel(page) == "findings"
    assert page.locator("#count").inner_text() == "8 findings"
    assert page.locator("details.row[open]").count() == 0
    assert page.title() == "gotracer-ci: 2 new, 1 worse, 1 suspected, 1 fixed, 1 better, 1 known, 1 undecided"


def test_help_lists_the_keys(opened: Opened) -> None:
    page = opened.show(factory.compared_report())
    page.locator("#tab-findings").focus()
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    assert "another tab" in page.locator("#help").inner_text()
    page.keyboard.press("Escape")
    assert not page.locator("#help").is_visible()
    page.click("#help-open")
    page.click("#help [aria-label=Close]")
    assert not page.locator("#help").is_visible()
    page.locator("#search").focus()
    page.keyboard.press("?")
    assert not page.locator("#help").is_visible()
    assert page.input_value("#search") == "?"


def test_the_theme_survives_a_reload(opened: Opened) -> None:
    opened.page.emulate_media(color_scheme="light")
    page = opened.show(factory.plain_report())
    page.click("#theme")
    page.reload()
    opened.requests.pop()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
