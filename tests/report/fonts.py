"""Fonts for pictures, from npm: with those of the machine, texts would wrap elsewhere on each."""

from __future__ import annotations

import base64

from playwright.sync_api import Page

from tests import npm

_FONTS = (
    ("Inter", ("@fontsource-variable/inter", "5.3.0", "files/inter-latin-wght-normal.woff2"), "100 900"),
    ("JetBrains Mono", ("@fontsource/jetbrains-mono", "5.3.0", "files/jetbrains-mono-latin-400-normal.woff2"), "400"),
)
_STYLE = """
:root, body, .markdown-body { font-family: Inter, "DejaVu Sans", sans-serif }
code, pre, tt, .place, .stack, td.n, .markdown-body code, .markdown-body pre {
  font-family: "JetBrains Mono", "DejaVu Sans Mono", monospace;
}
"""


def use(page: Page) -> None:
    """Show the page with the fonts. The policy of a report forbids this: its context has to bypass it."""
    page.add_style_tag(content="".join(_face(name, _data(*file), weights) for name, file, weights in _FONTS) + _STYLE)
    page.evaluate("Promise.all([...document.fonts].map((face) => face.load()))")


def _face(name: str, data: str, weights: str) -> str:
    source = f"url(data:font/woff2;base64,{data})"
    return f'@font-face {{ font-family: "{name}"; font-weight: {weights}; src: {source} }}'


def _data(name: str, version: str, path: str) -> str:
    return base64.b64encode(npm.file(name, version, path).read_bytes()).decode()
