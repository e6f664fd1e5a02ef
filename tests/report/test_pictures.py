"""The pictures in the README and in docs/report.md are what the tests see.

Browsers differ in every pixel, so a test takes each picture again and compares its size, and the text that its page
shows with the one inside the committed file. WRITE_PICTURES=1 writes the files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import pytest
from playwright.sync_api import Browser, FloatRect, Page, ViewportSize

from gotracer_ci import pipeline
from gotracer_ci.report import view
from gotracer_ci.settings import Settings
from tests.conftest import ROOT, path_of
from tests.report import fonts, png
from tests.report.github_browser import WIDTH, show

TRACE = path_of("service-lock-go1.27")
BASELINE = ROOT / "testdata" / "baseline.json"
PICTURES = ROOT / "docs" / "pictures"
SHOWN = "".join((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/report.md"))
Scheme = Literal["light", "dark"]
_MOST = 150_000  # bytes
_REPORT = ViewportSize(width=1_200, height=810)
_COMMENT = FloatRect(x=0, y=0, width=WIDTH + 32, height=760)


@contextmanager
def comment(chromium: Browser, scheme: Scheme) -> Iterator[Page]:
    """Show the sample comment, as far as its footer."""
    page = show(chromium, (ROOT / "docs/samples/comment.md").read_text(encoding="utf-8"), scheme)
    fonts.use(page)
    yield page
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_comment(chromium: Browser, scheme: Scheme) -> None:
    with comment(chromium, scheme) as page:
        check(f"comment-{scheme}", page.screenshot(clip=_COMMENT), page.inner_text("body"))


@pytest.fixture(scope="module")
def slow_lock(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Return the address of a report about slow work under a lock, and the fingerprint of its regression."""
    file = tmp_path_factory.mktemp("report") / "report.html"
    settings = Settings(traces=(TRACE,), root=ROOT, baseline=BASELINE, strict=True, outputs={"html": file})
    report = pipeline.run(settings).report
    (worse,) = [finding for finding in report.findings if view.is_regression(report.verdict(finding))]
    return file.as_uri(), worse.fingerprint


@contextmanager
def opened(chromium: Browser, scheme: Scheme, address: str) -> Iterator[Page]:
    context = chromium.new_context(bypass_csp=True, color_scheme=scheme, viewport=_REPORT)
    page = context.new_page()
    page.goto(address)
    fonts.use(page)
    yield page
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_opened_at_a_finding(chromium: Browser, scheme: Scheme, slow_lock: tuple[str, str]) -> None:
    address, fingerprint = slow_lock
    with opened(chromium, scheme, f"{address}#f={fingerprint}") as page:
        page.wait_for_selector("details[open] .moment-row svg")
        page.evaluate("scrollTo(0, 0)")
        shown = page.locator("h1, details.row[open] > summary, .moment-row").all_inner_texts()
        check(f"report-{scheme}", page.screenshot(), "\n".join(shown))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_timeline_at_a_finding(chromium: Browser, scheme: Scheme, slow_lock: tuple[str, str]) -> None:
    address, fingerprint = slow_lock
    with opened(chromium, scheme, f"{address}#v=timeline&f={fingerprint}") as page:
        page.wait_for_function("new URLSearchParams(location.hash.slice(1)).has('t')")
        # drawn anew, with the fonts
        page.set_viewport_size({**_REPORT, "height": _REPORT["height"] - 1})
        page.set_viewport_size(_REPORT)
        page.wait_for_timeout(500)
        shown = page.locator("h1, .tl-where, .tl-side").all_inner_texts()
        check(f"timeline-{scheme}", page.screenshot(), "\n".join(shown))


def check(name: str, taken: bytes, text: str) -> None:
    """Compare a picture with the committed one, or write it."""
    shown = re.sub(r"\d+\.\d+\.\d+", "VERSION", " ".join(text.split()))
    file = PICTURES / f"{name}.png"
    if os.environ.get("WRITE_PICTURES"):
        PICTURES.mkdir(exist_ok=True)
        file.write_bytes(png.with_text(taken, shown))
    committed = file.read_bytes()
    again = "it is old; run: WRITE_PICTURES=1 python -m pytest tests/report/test_pictures.py"
    assert png.text(committed) == shown, again
    assert png.size(committed) == png.size(taken), again
    assert len(committed) < _MOST


def test_the_pages_show_every_picture_in_the_readers_color_scheme() -> None:
    sources = re.findall(
        r'<picture>\n<source media="\(prefers-color-scheme: dark\)" srcset="(?:docs/)?pictures/(\w+)-dark\.png">\n'
        r'<img src="(?:docs/)?pictures/(\w+)-light\.png" width="\d+" alt="[^"]+">\n</picture>',
        SHOWN,
    )
    assert {f"{name}-{scheme}.png" for name, _ in sources for scheme in ("dark", "light")} == {
        file.name for file in PICTURES.iterdir() if not file.name.startswith("tutorial-")
    }
    assert all(dark == light for dark, light in sources)
    assert len(sources) == SHOWN.count("pictures/") / 2
