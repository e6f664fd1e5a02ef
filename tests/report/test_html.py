"""The page in a real browser, opened from a file."""

from __future__ import annotations

import re
from dataclasses import replace

from bs4 import BeautifulSoup
from hypothesis import given, settings

from gotracer_ci.report.formats import render

from . import factory
from .hostile import NASTY, texts
from .pages import Opened

COMPARED = factory.compared_report()
ROW = "details.row:visible"


def test_the_page_names_the_commit_and_the_run_and_links_files() -> None:
    report = replace(
        factory.plain_report(), commit="a1b2c3d4e5" * 4, run="https://github.com/acme/shop/actions/runs/4711/attempts/2"
    )
    page = BeautifulSoup(render("html", report), "html.parser")
    found = {link.get_text(): link["href"] for link in page("a")}
    assert found["a1b2c3d"] == f"https://github.com/acme/shop/commit/{report.commit}"
    assert found["run 4711"] == report.run
    blob = f"https://github.com/acme/shop/blob/{report.commit}/"
    assert found["store/cache.go:41"] == f"{blob}store/cache.go#L41"
    hostile = replace(report, run="javascript:alert(1)//https://x/a/b/actions/runs/1", commit="x")
    assert BeautifulSoup(render("html", hostile), "html.parser")("a") == []


def test_filters_and_search_narrow_the_rows(opened: Opened) -> None:
    page = opened.show(COMPARED)
    assert page.locator(ROW).count() == 8
    page.select_option("#rule", "MutexContention")
    assert page.locator(ROW).count() == 3
    page.select_option("#verdict", "worse")
    assert page.locator("#count").inner_text() == "1 of 8 findings"
    page.select_option("#severity", "error")
    assert page.locator("#empty").is_visible()
    page.click("#reset")
    assert page.locator("#count").inner_text() == "8 findings"
    page.fill("#search", "ORDERS.go  blockedon")
    assert page.locator(ROW).get_attribute("data-rule") == "BlockedOnSyscall"


def test_a_row_opens_by_keyboard_and_shows_everything(opened: Opened) -> None:
    page = opened.show(COMPARED)
    row = page.locator(ROW).nth(1)
    row.locator("> summary").focus()
    page.keyboard.press("Enter")
    body = row.locator(".body").inner_text()
    for text in (
        "What to do",
        "the limit is 1.11 s",
        "Goroutine",
        "57f8cea66e808792",
        "still waiting",
        "goroutine 7 at",
    ):
        assert text in body
    assert "2 frames of the standard library" in body
    assert row.locator(".stack .own").all_inner_texts() == [
        "example.com/shop/store.(*Cache).Get store/cache.go:41",
        "example.com/shop/api.(*Server).handleOrder api/orders.go:88",
    ]


def test_a_link_to_a_finding_opens_it(opened: Opened) -> None:
    page = opened.show(COMPARED)
    page.evaluate(f"location.hash = '#f={COMPARED.findings[1].fingerprint}'")
    page.wait_for_selector("details.row[open]")
    assert page.locator("details.row[open]").get_attribute("data-verdict") == "worse"


def test_the_page_follows_the_readers_color_scheme(opened: Opened) -> None:
    opened.page.emulate_media(color_scheme="dark")
    page = opened.show(COMPARED)
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(15, 19, 24)"
    page.click("#theme")
    assert page.evaluate(background) == "rgb(246, 247, 249)"
    page.emulate_media(color_scheme="light")
    page.click("#theme")
    assert page.evaluate(background) == "rgb(15, 19, 24)"


def test_the_page_fits_a_phone(opened: Opened) -> None:
    opened.page.set_viewport_size({"width": 360, "height": 740})
    page = opened.show(COMPARED)
    page.locator(ROW).nth(1).locator("> summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_hostile_text_runs_no_code(opened: Opened) -> None:
    page = opened.show(factory.hostile_reports(NASTY))
    page.evaluate("document.querySelectorAll('details').forEach((element) => { element.open = true; })")
    assert "owned" not in page.title()
    for number in range(1, page.locator("#rule option").count()):
        page.select_option("#rule", index=number)
        assert page.locator(ROW).count() >= 1


def test_the_content_security_policy_blocks_scripts(opened: Opened) -> None:
    page = opened.show(COMPARED)
    inject = """async () => {
      const style = document.createElement("style");
      style.textContent = "body { display: none }";
      document.body.append(style);
      await fetch("data:,x").catch(() => {});
    }"""
    page.evaluate(inject)
    assert page.locator("h1").is_visible()
    assert any("inline style" in complaint for complaint in opened.complaints)
    assert any("Fetch API" in complaint for complaint in opened.complaints)
    assert all("Content Security Policy" in complaint for complaint in opened.complaints)
    opened.complaints.clear()


def test_a_report_without_findings_says_so(opened: Opened) -> None:
    page = opened.show(factory.large_report(0, 0))
    assert "4 rules found nothing to flag in 3 traces" in page.locator(".empty").inner_text()


def test_a_thousand_findings_are_a_page(opened: Opened) -> None:
    page = opened.show(factory.large_report(1_000, 20))
    assert page.locator("details.row").count() == 1_000
    assert len(render("html", factory.large_report(400, 20))) < 3_000_000


@settings(max_examples=25)
@given(text=texts)
def test_hostile_text_changes_only_text(text: str) -> None:
    harmless = re.sub(r"\S", "x", text)
    seen, expected = (_shape(render("html", factory.hostile_report(t))) for t in (text, harmless))
    assert seen == expected


def _shape(page: str) -> list[tuple[str, list[str]]]:
    return [(tag.name, sorted(tag.attrs)) for tag in BeautifulSoup(page, "html.parser")(True)]
