"""How the page looks: on paper, on a phone, in forced colours, without motion."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from .pages import Opened, analysed

REPORT = "service-lock-go1.27"


def test_paper_has_all_findings_and_no_tools(opened: Opened) -> None:
    page = opened.show(analysed(REPORT), "#v=traces")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".filters:visible, .tools:visible, #tabs:visible").count() == 0
    assert page.locator("details.row:not([open])").count() == 0
    assert page.locator(".row.flagged .dots").first.is_visible()
    assert page.locator("#compare").is_visible()
    assert page.locator("#findings .explained").first.is_visible()  # what the dots are
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.row[open]").count() == 0


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_forced_colours_keep_the_states_apart(opened: Opened, scheme: str) -> None:
    opened.page.emulate_media(forced_colors="active", color_scheme="dark" if scheme == "dark" else "light")
    report = analysed(REPORT)
    page = opened.show(report, f"#f={report.findings[0].fingerprint}")
    page.wait_for_selector(".moment-row")
    colour = "(element) => getComputedStyle(element).fill"
    lock = page.locator(".moment .lock").first.evaluate(colour)
    assert lock != page.locator(".moment .waiting:not(.lock)").first.evaluate(colour)
    assert page.locator("[role=tab][aria-selected=true]").is_visible()


def test_nothing_moves_for_readers_who_do_not_want_it(opened: Opened) -> None:
    opened.page.emulate_media(reduced_motion="reduce")
    page = opened.show(analysed(REPORT))
    moving = "[...document.querySelectorAll('*')].map((one) => parseFloat(getComputedStyle(one).transitionDuration))"
    assert page.evaluate("document.getAnimations().length") == 0
    assert max(page.evaluate(moving)) == 0


def test_every_tab_fits_a_phone(opened: Opened) -> None:
    opened.page.set_viewport_size({"width": 360, "height": 740})
    report = analysed(REPORT)
    page = opened.show(report, f"#f={report.findings[0].fingerprint}")
    page.wait_for_selector(".moment-row")
    for tab in page.locator("[role=tab]:visible").all():
        name = tab.get_attribute("aria-controls")
        tab.click()
        expect(page.locator(f"#{name}")).to_have_attribute("data-ready", "")
        assert page.evaluate("document.documentElement.scrollWidth") == 360, name


def test_on_a_phone_nothing_is_cut_off_and_places_can_be_read(opened: Opened) -> None:
    opened.page.set_viewport_size({"width": 360, "height": 740})
    page = opened.show(analysed(REPORT))
    cut = "(all) => all.filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.className)"
    assert page.locator(".row > summary, .row > summary > :not(svg)").evaluate_all(cut) == []
    page.locator("#tab-compare").click()
    widths = page.locator(".verdicts td:nth-child(2)").evaluate_all("(all) => all.map((one) => one.clientWidth)")
    assert min(widths) > 300
    assert page.locator(".verdicts").evaluate("(one) => one.scrollWidth <= one.parentElement.clientWidth")


def test_forced_colours_keep_words_and_the_selected_tab(opened: Opened) -> None:
    """A colour for marked text is one to write on, not with; what is transparent must stay so."""
    opened.page.emulate_media(forced_colors="active")
    page = opened.show(analysed("service-leak-go1.27"))
    text = "(one) => getComputedStyle(one).color"
    for name in (".verdict", ".flagged.confirmed .word"):
        assert page.locator(name).first.evaluate(text) == page.locator("body").evaluate(text), name
    line = "(one) => getComputedStyle(one).borderBottomColor"
    selected, other = (page.locator(f"[role=tab][aria-selected={is_selected}]") for is_selected in ("true", "false"))
    assert selected.first.evaluate(line) != other.first.evaluate(line)
    sides = "(one) => ['Top', 'Left'].map((side) => getComputedStyle(one, '::before')[`border${side}Color`])"
    top, left = page.locator(".row > summary").first.evaluate(sides)
    assert top != left


def test_printing_waits_for_the_moments_of_all_findings(opened: Opened) -> None:
    """By the button and by the browser's key, with rows that nobody has opened."""
    page = opened.show(analysed(REPORT), "#v=traces")
    count = "[...document.querySelectorAll('details.row > .body > .moment')].map((one) => one.childElementCount)"
    page.evaluate(f"window.print = () => {{ window.drawn = {count} }}")
    assert 0 in page.evaluate(count)
    page.keyboard.press("Control+p")
    page.wait_for_function("window.drawn")
    drawn = page.evaluate("window.drawn")
    assert drawn
    assert min(drawn) > 3
    page.evaluate("window.drawn = null")
    page.locator("#print").click()
    page.wait_for_function("window.drawn")
