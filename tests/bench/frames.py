"""Measure a report's timeline in Chromium: `python -m tests.bench.frames REPORT.html`.

Prints how soon the timeline is ready, the page's memory, and the median and 95th percentile of the time from frame to
frame while it zooms from the whole trace to 5 µs and pans at several zooms. No frame rate limits it.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.report.conftest import CHROMIUM, CHROMIUM_FLAGS

_SHORTEST_NS = 5_000
_PANS = 60
_MOVE = """async ([key, times, shortest]) => {
  const root = document.querySelector(".tl");
  const frame = () => new Promise(requestAnimationFrame);
  const found = [];
  let last = await frame();
  for (let i = 0; i < times; i++) {
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    const now = await frame();
    found.push(now - last);
    last = now;
    if (Number(root.dataset.to) - Number(root.dataset.from) <= shortest) break;
  }
  return found.slice(1);
}"""


def _show(what: str, frames: list[float]) -> None:
    worst = statistics.quantiles(frames, n=20)[-1]
    print(f"{what}: {len(frames)} frames, median {statistics.median(frames):.1f} ms, 95 % {worst:.1f} ms")


def measure(page: Page, report: Path) -> None:
    page.goto(report.resolve().as_uri() + "#v=timeline")
    page.wait_for_selector(".tl[data-shown]", timeout=60_000)
    ready = page.evaluate("performance.now()")
    shown = page.locator(".tl").get_attribute("data-shown")
    memory = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
    print(f"{report.name}: ready after {ready:.0f} ms, {shown} records, {memory:.0f} MB")
    zooms, pans = [], []
    for key, back in (("d", "a"), ("d", "a"), ("d", "a"), ("d", "a")):
        pans += page.evaluate(_MOVE, [key, _PANS, 0])
        pans += page.evaluate(_MOVE, [back, _PANS, 0])
        page.evaluate(_MOVE, ["w", 8, 0])
    page.keyboard.press("Home")
    for _ in range(3):
        zooms += page.evaluate(_MOVE, ["w", 200, _SHORTEST_NS])
        zooms += page.evaluate(_MOVE, ["s", 50, 0])
        page.keyboard.press("Home")
    _show("zoom", zooms)
    _show("pan", pans)


if __name__ == "__main__":
    with sync_playwright() as playwright:
        flags = [*CHROMIUM_FLAGS, "--disable-frame-rate-limit", "--disable-gpu-vsync", "--enable-precise-memory-info"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        measure(browser.new_page(viewport={"width": 1400, "height": 900}), Path(sys.argv[1]))
        browser.close()
