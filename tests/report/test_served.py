"""The served page in a real browser: what it lacks it gets from the server, and from nowhere else."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser

from gotracer_ci.report.formats import render
from tests.conftest import PROGRAMS, ROOT, path_of

from .pages import Opened, analysed, new_page
from .timeline import Record, point, records, selected, touching

TRACE = "service-lock-go1.27"
MARGIN = 2_000
"""ns beside a slice."""
CELLS = "rows => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
"""What is in each row, however the browser would lay it out."""
COARSE = """
import sys
from gotracer_ci import cli
from gotracer_ci.commands import view
view._SIZE = 1
cli.main(["view", sys.argv[1], "--root", sys.argv[2], "--no-browser"])
"""
"""The command, but with so little room in its page that each P is one record."""


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    command = [sys.executable, "-c", COARSE, path_of(TRACE), str(PROGRAMS)]
    with subprocess.Popen(command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE) as process:
        assert process.stdout
        yield process.stdout.readline().decode().strip()
        process.terminate()
        assert process.wait(20) == 0


def table(opened: Opened, address: str) -> list[list[str]]:
    """Return the cells of the table of the range that the address shows."""
    page = opened.page
    page.goto(address)
    page.wait_for_selector("#timeline[data-ready]")
    page.click("#timeline >> text=Show as a table")
    page.wait_for_selector("#timeline tbody tr:nth-child(21)")
    return cast("list[list[str]]", page.locator("#timeline tbody tr").evaluate_all(CELLS))


def test_a_window_without_some_ps_has_its_slices_in_the_right_rows(chromium: Browser, url: str, tmp_path: Path) -> None:
    """A short window has lanes only for the Ps that were busy in it."""

    def fetched(record: Record) -> tuple[int, int]:
        beside = record.length + 3 * MARGIN
        return record.start - beside, record.end + beside

    lone = next(one for one in records(TRACE) if one.proc and {it.proc for it in touching(TRACE, *fetched(one))} == {1})
    served = Opened(new_page(chromium), tmp_path)
    page = served.page
    page.goto(f"{url}#v=timeline&t={lone.start - MARGIN}-{lone.end + MARGIN}")
    page.wait_for_selector(".tl[data-windows]")
    assert "Every slice is exact" in selected(page)
    for row in range(lone.proc + 1):
        page.mouse.click(*point(page, lone.start + lone.length / 2, row))
        assert (f"on P {lone.proc}" in selected(page)) == (row == lone.proc)


def test_a_slice_that_is_longer_than_the_window_is_not_shortened(chromium: Browser, url: str, tmp_path: Path) -> None:
    long = max((one for one in records(TRACE) if one.kind is not None), key=lambda one: one.length)
    middle, beside = long.start + long.length / 2, long.length // 20
    page = Opened(new_page(chromium), tmp_path).page
    page.goto(f"{url}#v=timeline&t={int(middle) - beside}-{int(middle) + beside}")
    page.wait_for_selector(".tl[data-windows]")
    page.mouse.click(*point(page, middle, long.proc))
    shown = selected(page)
    assert f"on P {long.proc}" in shown
    assert "at least" in shown
    assert "goes on after what was read" in shown


def test_zooming_fetches_what_the_page_lacks(chromium: Browser, url: str, tmp_path: Path) -> None:
    """It then shows the same as a page that has everything, and asks nobody else for anything."""
    start, end = records(TRACE)[50].start, records(TRACE)[90].start
    state = f"#v=timeline&t={start}-{end}"
    with_all, served = (Opened(new_page(chromium), tmp_path) for _ in range(2))
    file = tmp_path / "report.html"
    file.write_text(render("html", analysed(TRACE, baseline=None)), encoding="utf-8")
    expected = table(with_all, file.as_uri() + state)
    page = served.page
    page.on("console", lambda message: served.complaints.append(message.text))
    page.on("pageerror", lambda error: served.complaints.append(str(error)))
    page.on("request", lambda request: served.requests.append(request.url))
    assert table(served, url + state) == expected
    asked = [request.removeprefix(url) for request in served.requests if not request.startswith("data:,")]
    windows = [address for address in asked if address]
    assert asked[0] == ""
    assert windows
    for window in windows:
        assert re.fullmatch(r"window\?from=[0-9]+&to=[0-9]+", window)
    first = parse_qs(urlsplit(windows[0]).query)
    assert int(first["from"][0]) <= start < end <= int(first["to"][0])
    assert served.complaints == []
