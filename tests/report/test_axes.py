"""The axes of the timeline and of the plots: each label is the value at its place."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import pytest
from playwright.sync_api import Page

from .pages import Opened, analysed

TRACE = "gcpause-go1.26"
RECORD = """() => {
  window.written = [];
  const own = CanvasRenderingContext2D.prototype;
  const write = own.fillText;
  own.fillText = function (text, x, y) {
    const canvas = [...document.querySelectorAll("canvas")].indexOf(this.canvas);
    written.push([canvas, text, x, y, this.measureText(text).width, this.textAlign]);
    write.call(this, text, x, y);
  };
}"""
TAKE = """async ([hash, unit]) => {
  const twoFrames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  written.length = 0;
  location.hash = hash;
  await twoFrames();
  for (let tries = 0; !written.some(([, text]) => text.endsWith(unit)) && tries < 500; tries += 1) await twoFrames();
  await twoFrames();
  return written;
}"""
RULER_Y = 9
UNITS = {"s": 1e9, "ms": 1e6, "µs": 1e3, "ns": 1.0, "B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9}


class Label(NamedTuple):
    """A text on the canvas with this number in the page, in CSS pixels."""

    canvas: int
    text: str
    x: float
    y: float
    width: float
    align: str

    @property
    def value(self) -> float:
        """What it says, in ns or bytes."""
        number, _, unit = self.text.replace("\u202f", " ").rpartition(" ")
        return float(number.replace(" ", "").replace(",", "")) * UNITS[unit]


def labels(page: Page, view: str, unit: str) -> list[Label]:
    """Return what is written on the canvases of a view, once one has this unit; of what is drawn twice the last one."""
    found = [Label(*one) for one in page.evaluate(TAKE, [view, unit])]
    return list({(one.canvas, one.align, one.text): one for one in found}.values())


@pytest.mark.parametrize("share", [1, 1e-3, 1e-5])
def test_the_ruler_tells_the_time_at_each_of_its_ticks(opened: Opened, share: float) -> None:
    """Of the whole trace, and of a part of it in its middle."""
    report = analysed(TRACE)
    whole = report.traces[0].duration_ns
    middle, half = whole // 2, max(2_000, int(whole * share) // 2)
    page = opened.show(report, "#v=timeline")
    page.wait_for_selector("#timeline[data-ready]")
    page.evaluate(RECORD)
    found = labels(page, f"v=timeline&t={middle - half}-{middle + half}", "s")
    shown = page.locator(".tl")
    start, end = (int(shown.get_attribute(f"data-{name}") or "") for name in ("from", "to"))
    width = shown.locator("canvas").first.evaluate("canvas => canvas.clientWidth")
    ticks = [one for one in found if one.y == RULER_Y]
    assert len({one.text for one in ticks}) == len(ticks) >= 3
    for one in ticks:
        at = (one.value - start) * width / (end - start)
        # beside its tick: to the right of it, or at the end of the ruler to the left
        assert min(abs(one.x - 4 - at), abs(one.x + one.width + 4 - at)) <= 1


def test_the_labels_of_a_plot_are_on_one_scale(opened: Opened) -> None:
    page = opened.show(analysed(TRACE), "#v=traces")
    page.evaluate(RECORD)
    found = labels(page, "v=heap", "MB")
    (canvas,) = {one.canvas for one in found if one.text.endswith("MB")}
    heap = [one for one in found if one.canvas == canvas]
    for places in (
        [(one.value, one.y) for one in heap if one.align == "right"],
        [(one.value, one.x) for one in heap if one.align == "center"],
    ):
        assert len(places) >= 3
        steps = [(b - a, y - x) for (a, x), (b, y) in pairwise(sorted(places))]
        for value, distance in steps:
            assert value == pytest.approx(steps[0][0])
            assert abs(distance - steps[0][1]) <= 1
