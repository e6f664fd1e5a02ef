"""axe-core: what of a page cannot be used with a keyboard or a screen reader, or cannot be read."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from tests import npm

AXE = ("axe-core", "4.14.1", "axe.min.js")
_RUN = """async (within) => {
  const { violations } = await axe.run(within ? { include: [within] } : document, { resultTypes: ["violations"] });
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical");
}"""


def violations(page: Page, within: str = "") -> list[str]:
    """Return a line for each element with a serious or critical problem, as the page is now shown.

    within: the selector of the only part to check.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(npm.file(*AXE).read_text(encoding="utf-8"))  # unlike a script element, no policy blocks this
    found: list[dict[str, Any]] = page.evaluate(_RUN, within)
    return [_line(problem, node) for problem in found for node in problem["nodes"]]


def _line(problem: dict[str, Any], node: dict[str, Any]) -> str:
    return f"{problem['id']} ({problem['impact']}): {' '.join(map(str, node['target']))}: {node['failureSummary']}"
