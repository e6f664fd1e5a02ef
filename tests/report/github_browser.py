"""Show Markdown in Chromium as GitHub does: its style sheet, the width of a comment, and Mermaid."""

from __future__ import annotations

from typing import Literal

from playwright.sync_api import Browser, Page

from tests import npm
from tests.report.github_page import rendered

CSS = ("github-markdown-css", "5.9.0", "github-markdown.css")
MERMAID = ("mermaid", "12.3.0", "dist/mermaid.min.js")
WIDTH = 780
"""The pixels of text in a comment on a pull request in a window of 1,280 pixels."""

_DOTS = {"🔴": "#dd2e44", "🟠": "#f4900c", "🔵": "#55acee", "⚪": "#e6e7e8"}
"""Drawn, because not every machine has a font with them."""

_DRAW = """async (theme) => {
  mermaid.initialize({ startOnLoad: false, securityLevel: "strict", theme });
  const problems = [];
  for (const [number, code] of document.querySelectorAll("pre[lang=mermaid], code.language-mermaid").entries()) {
    const text = code.textContent;
    try {
      const { svg } = await mermaid.render(`chart${number}`, text);
      const drawn = document.createElement("div");
      drawn.className = "mermaid";
      drawn.innerHTML = svg;
      (code.closest("pre") ?? code).replaceWith(drawn);
    } catch (error) {
      problems.push(`${error}: ${text}`);
    }
  }
  return problems;
}"""


def show(browser: Browser, markdown: str, scheme: Literal["light", "dark"] = "light") -> Page:
    """Return the page, in which every Mermaid block is a drawing. The caller closes it.

    Raises:
        AssertionError: Mermaid does not accept a block.
    """
    page = browser.new_page(color_scheme=scheme, viewport={"width": WIDTH + 2 * 16, "height": 800})
    content = rendered(markdown)
    for dot, color in _DOTS.items():
        circle = f'<circle cx="8" cy="8" r="7" fill="{color}"/>'
        content = content.replace(dot, f'<svg width="16" height="16" role="img" aria-label="{dot}">{circle}</svg>')
    page.set_content(f'<!DOCTYPE html><body class="markdown-body">{content}')
    page.add_style_tag(path=npm.file(*CSS))
    page.add_style_tag(
        content=".markdown-body { padding: 16px } .mermaid { text-align: center } [role=img] { vertical-align: -2px }"
    )
    page.add_script_tag(path=npm.file(*MERMAID))
    problems = page.evaluate(_DRAW, "dark" if scheme == "dark" else "default")
    assert problems == []
    return page
