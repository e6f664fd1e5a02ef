"""Extract the workflows in the docs' YAML blocks to files for linters."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGES = tuple(
    ROOT / name
    for name in (
        "README.md",
        "docs/confirm.md",
        "docs/github.md",
        "docs/merge.md",
        "docs/platforms.md",
        "docs/tutorial.md",
    )
)
# wrappers for examples that show only a job or only steps
_JOB = """\
name: Shown
on: pull_request
permissions: {}
jobs:
  shown:
    runs-on: ubuntu-24.04
"""
_STEPS = f"{_JOB}    steps:\n"


def workflows(page: Path) -> Iterator[tuple[int, str]]:
    """Yield each workflow, job and list of steps in a page as a workflow, with its first line in the page.

    Leading empty lines make its line numbers equal to the page's.
    """
    for token in MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8")):
        if token.type != "fence" or token.info != "yaml" or token.map is None:
            continue
        if token.content.startswith("repos:"):  # for pre-commit
            continue
        around, indent = "", 0
        if token.content.startswith("- "):
            around, indent = _STEPS, 6
        elif "\njobs:\n" not in token.content:
            around, indent = _JOB, 4
        first = token.map[0] + 2
        before = first - 1 - around.count("\n")
        assert before >= 0, f"{page.name}: a block so near the top cannot keep its line numbers"
        yield first, "\n" * before + around + textwrap.indent(token.content, " " * indent)


def write(directory: Path, pages: tuple[Path, ...] = PAGES) -> list[Path]:
    """Write each workflow to a file named after its page and line."""
    files = []
    for page in pages:
        for line, text in workflows(page):
            files.append(directory / f"{page.stem}-{line}.yml")
            files[-1].write_text(text, encoding="utf-8")
    return files
