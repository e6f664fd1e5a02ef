"""The timeline in a real browser: what it shows is what the streams of the page say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gotracer_ci import pipeline
from gotracer_ci.report.model import Report
from gotracer_ci.report.picture import Pictures, Stream
from gotracer_ci.settings import Settings
from tests.conftest import ROOT, path_of

from .hostile import NASTY
from .pages import Opened, analysed
from .timeline import (
    TIMELINE,
    TRACE,
    TRACES,
    data,
    duration,
    middle,
    point,
    records,
    show,
    streams,
    touching,
    view,
)


@pytest.mark.parametrize("name", TRACES)
def test_the_picture_and_the_table_have_what_the_stream_has(opened: Opened, name: str) -> None:
    page = show(opened, name)
    assert int(data(page, "shown")) == len(records(name))
    assert view(page) == (0, duration(name))
    some = middle(name)
    start, end = max(0, some.start - 40_000), min(duration(name), some.end + 40_000)
    page.evaluate(f"location.hash = '#v=timeline&t={start}-{end}'")
    assert view(page) == pytest.approx((start, end))
    page.click("text=Show as a table")
    expected = touching(name, start, end)
    assert int(data(page, "shown")) == len(expected)
    rows = page.evaluate(
        """() => [...document.querySelectorAll(".tl-table tbody tr")].map((row) =>
             [row.cells[0].textContent, row.dataset.start, row.dataset.length, row.cells[3].textContent])"""
    )
    assert sorted(tuple(map(int, row)) for row in rows) == sorted(
        (record.proc, record.start, record.length, record.goroutine) for record in expected[:500]
    )
    assert [int(row[1]) for row in rows] == sorted(int(row[1]) for row in rows)


def test_a_report_of_a_part_begins_with_it(opened: Opened) -> None:
    settings = Settings(traces=(path_of(TRACE),), format="html", root=ROOT, html_window=(200_000_000, 300_000_000))
    page = opened.show(pipeline.run(settings).report, "#v=timeline")
    page.wait_for_selector(f"{TIMELINE}[data-shown]")
    assert view(page) == (200_000_000, 300_000_000)
    assert int(data(page, "shown")) > 0
    page.keyboard.press("Home")
    assert view(page) == (0, duration(TRACE))


def test_zooming_to_microseconds_and_back_is_exact(opened: Opened) -> None:
    page = show(opened)
    some = middle(TRACE)
    x, y = point(page, some.start, 0)
    page.mouse.move(x, y)
    box = page.locator(".tl-lanes").bounding_box()
    assert box
    aim = (x - box["x"]) / box["width"] * duration(TRACE)
    while view(page)[1] - view(page)[0] > 5_000:
        page.keyboard.press("Shift+W")
        start, end = view(page)
        assert start < aim < end
    assert end - start > 1_000
    for _ in range(20):
        page.keyboard.press("Shift+S")
    assert view(page) == (0, duration(TRACE))


def test_keys_move_and_zoom(opened: Opened) -> None:
    page = show(opened, state="&t=100000000-200000000")
    page.keyboard.press("d")
    assert view(page) == pytest.approx((115_000_000, 215_000_000))
    page.keyboard.press("Shift+A")
    assert view(page) == pytest.approx((55_000_000, 155_000_000))
    page.keyboard.press("w")
    start, end = view(page)
    assert (end - start) * 1.4 == pytest.approx(100_000_000)
    page.wait_for_url(f"**&t={int(start)}-*")
    page.keyboard.press("Home")
    assert view(page) == (0, duration(TRACE))
    page.wait_for_url("**#v=timeline")


@pytest.mark.parametrize("name", TRACES)
def test_all_records_sum_to_the_totals_of_the_trace(name: str) -> None:
    totals = streams(name)["lanes"].header["totals"]
    assert sum(record.busy for record in records(name)) == totals["running"] + totals["syscall"]


def test_lanes_are_reached_by_keyboard(opened: Opened) -> None:
    page = show(opened)
    tree = page.locator("[role=tree]")
    assert tree.locator("[tabindex='0']").count() == 1
    page.locator(".tl-buttons button").last.focus()
    while page.evaluate("document.activeElement.getAttribute('role')") != "treeitem":
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "P 0"
    page.keyboard.press("Enter")
    assert data(page, "selected") != ""
    assert page.locator("#announcement").inner_text() != ""
    for _ in streams(TRACE)["lanes"].header["procs"]:
        page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "false"
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
    page.keyboard.press("ArrowDown")
    goroutine = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    assert f"g{data(page, 'goroutine')}" == goroutine
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "false"
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.getBoundingClientRect().bottom <= innerHeight")


def test_the_canvas_says_what_it_shows(opened: Opened) -> None:
    page = show(opened)
    canvas = page.locator("canvas.tl-lanes")
    assert canvas.get_attribute("role") == "img"
    page.wait_for_selector("canvas.tl-lanes[aria-label^='Timeline of ']")
    procs = len(streams(TRACE)["lanes"].header["procs"])
    assert f"Timeline of {procs} Ps from 0.000000 s" in (canvas.get_attribute("aria-label") or "")


@pytest.mark.parametrize("nasty", NASTY[::4])
def test_hostile_names_change_only_text(opened: Opened, nasty: str) -> None:
    some = middle(TRACE)
    shapes = []
    for text in (nasty, "x"):
        report = _named(analysed(TRACE), text)
        opened.page.goto("about:blank")
        opened.requests.clear()
        page = opened.show(report, f"#v=timeline&t={some.start - 20_000}-{some.end + 20_000}&g={some.goroutine}")
        page.wait_for_selector(f"{TIMELINE}[data-goroutine='{some.goroutine}']")
        page.click("text=Show as a table")
        shapes.append(
            page.locator("#timeline *").evaluate_all("(all) => all.map((e) => e.tagName + e.getAttributeNames())")
        )
        assert "owned" not in page.title()
    assert shapes[0] == shapes[1]


def _named(report: Report, text: str) -> Report:
    """Return a report in which every name of the pictures is this text."""

    def renamed(stream: Stream) -> Stream:
        header = dict(stream.header)
        for key in ("strings", "reasons"):
            if key in header:
                header[key] = ["", *(text for _ in header[key][1:])]
        return Stream(header, stream.blocks)

    assert report.pictures
    summaries, calls, worst, lanes, tables = report.pictures
    changed = Pictures(tuple(map(renamed, summaries)), renamed(calls), worst, renamed(lanes), renamed(tables))
    return replace(report, pictures=changed)


@pytest.mark.parametrize("width", [360, 1400])
def test_the_panel_fits_the_page(opened: Opened, width: int) -> None:
    opened.page.set_viewport_size({"width": width, "height": 800})
    page = show(opened, state=f"&g={middle(TRACE).goroutine}")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    lanes, side = (page.locator(name).bounding_box() for name in (".tl-frame", ".tl-side"))
    assert lanes
    assert side
    assert (side["y"] >= lanes["y"] + lanes["height"]) == (width == 360)
