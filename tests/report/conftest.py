"""Tools to check reports: Microsoft's SARIF multitool and Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests import npm

from .pages import Opened, new_page

MULTITOOL = ("@microsoft/sarif-multitool-linux", "5.7.0")
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
CHROMIUM_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
VIEWPORT: ViewportSize = {"width": 1280, "height": 720}


@pytest.fixture(scope="session")
def multitool() -> Path:
    """Return the directory of Sarif.Multitool and the official schema, installed on first use."""
    directory = npm.package(*MULTITOOL)
    (directory / "Sarif.Multitool").chmod(0o755)
    return directory


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.fail("these tests need Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def tab(chromium: Browser) -> Page:
    """A page that tests use in turns: a new one for each takes more CPU than what most of them do with it."""
    return new_page(chromium, viewport=VIEWPORT)


@pytest.fixture
def opened(tab: Page, tmp_path: Path) -> Iterator[Opened]:
    """Yield a page; afterwards it must not have complained, nor requested anything but its file."""
    result = Opened(tab, tmp_path)
    listeners: dict[Any, Callable[[Any], None]] = {
        "console": lambda message: result.complaints.append(message.text),
        "pageerror": lambda error: result.complaints.append(str(error)),
        "request": lambda request: result.requests.append(request.url),
    }
    for event, listener in listeners.items():
        tab.on(event, listener)
    yield result
    for event, listener in listeners.items():
        tab.remove_listener(event, listener)
    _as_new(tab)
    assert result.complaints == []
    assert [url for url in result.requests if not url.startswith("data:,")] == result.requests[:1]


def _as_new(page: Page) -> None:
    """Undo what tests do with a page."""
    if page.url.startswith(("file:", "http:")):
        page.evaluate("localStorage.clear()")
    page.goto("about:blank")
    page.set_viewport_size(VIEWPORT)
    page.emulate_media(media="null", color_scheme="light", forced_colors="none", reduced_motion="no-preference")
    page.set_default_timeout(30_000)
    page.mouse.move(0, 0)
