"""Open the timeline of a report in a browser, and say what the streams of the page have for it."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from playwright.sync_api import Page

from gotracer_ci.report.formats import render
from tests.streams import Decoded, streams_of

from .pages import Opened, analysed

TRACE = "service-lock-go1.27"
TRACES = (TRACE, "gcpause-go1.26", "tour-go1.21", "lockcontention-go1.23", "crowd-go1.27")
CALL = 4  # kinds of exact slices from here on are in a system call
TIMELINE = ".tl"


class Record(NamedTuple):
    """A record of a lane. row: what only an exact slice has, None for a short run."""

    proc: int
    start: int
    length: int
    goroutine: int
    node: int
    busy: int
    kind: int | None
    queued: int | None
    waker: int | None

    @property
    def end(self) -> int:
        return self.start + self.length

    def inside(self, start: int, end: int) -> float:
        """Return how long it is busy in a range, ns; a short run in proportion."""
        return max(0, min(self.end, end) - max(self.start, start)) * self.busy / self.length


@cache
def html_of(name: str) -> str:
    return render("html", analysed(name))


@cache
def streams(name: str) -> dict[str, Decoded]:
    return streams_of(html_of(name))


@cache
def records(name: str) -> tuple[Record, ...]:
    """Return all records of the lanes, by start."""
    lanes = streams(name)["lanes"]
    found = []
    for lane, proc in enumerate(lanes.header["procs"]):
        block = lanes.blocks[f"lane-{lane}"]
        exact = zip(block["kind"], block["queued"], block["waker"], strict=True)
        idle = iter(block["idle"])
        now = lanes.header["from_ns"]
        for gap, length, slices, goroutine, node in zip(
            block["gap"], block["length"], block["slices"], block["goroutine"], block["node"], strict=True
        ):
            now += gap
            busy, row = (length, next(exact)) if slices == 1 else (length - next(idle), (None, None, None))
            found.append(Record(proc, now, length, goroutine, node, busy, *row))
            now += length
    return tuple(sorted(found, key=lambda record: (record.start, record.proc)))


def touching(name: str, start: float, end: float) -> list[Record]:
    return [record for record in records(name) if record.start < end and record.end > start]


def duration(name: str) -> int:
    whole: int = streams(name)["summary-0"].header["duration_ns"]
    return whole


def show(opened: Opened, name: str = TRACE, state: str = "") -> Page:
    page = opened.show_html(html_of(name), f"#v=timeline{state}")
    page.wait_for_selector(f"{TIMELINE}[data-shown]")
    return page


def data(page: Page, name: str) -> str:
    return page.locator(TIMELINE).get_attribute(f"data-{name}") or ""


def view(page: Page) -> tuple[float, float]:
    """Return the visible range, after what was asked for is drawn."""
    page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
    return float(data(page, "from")), float(data(page, "to"))


def middle(name: str) -> Record:
    """Return an exact slice in the middle of a trace."""
    exact = [record for record in records(name) if record.kind == 0 and record.length > 500]
    return exact[len(exact) // 2]


def selected(page: Page) -> str:
    """Return the panel's text."""
    return page.locator(".tl-side").inner_text()


def point(page: Page, time: float, proc_row: int) -> tuple[float, float]:
    """Return where a time is in the row of a P."""
    box = page.locator(".tl-lanes").bounding_box()
    assert box
    start, end = view(page)
    return box["x"] + (time - start) / (end - start) * box["width"], box["y"] + 26 * proc_row + 13
