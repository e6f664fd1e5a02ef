"""The real tools that reports are checked with: Microsoft's SARIF multitool and Chromium."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

NPM = Path(__file__).parents[2] / "build" / "npm"
MULTITOOL = "@microsoft/sarif-multitool@5.7.0"
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


@pytest.fixture(scope="session")
def multitool() -> Path:
    """The folder that holds Sarif.Multitool and the official schema; installed on first use."""
    folder = NPM / "node_modules" / "@microsoft" / "sarif-multitool-linux"
    if not (folder / "Sarif.Multitool").exists():
        subprocess.run(["npm", "install", "--prefix", NPM, "--no-audit", "--no-fund", MULTITOOL], check=True)
    (folder / "Sarif.Multitool").chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.fail("these tests need Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()
