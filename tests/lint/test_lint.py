"""The linters' input, and that actionlint works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.lint.actionlint import actionlint
from tests.lint.blocks import PAGES, ROOT, workflows, write

GOOD = """\
name: A
on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: echo "$HOME"
"""


def test_a_block_keeps_its_lines(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    shown = "- run: make\n  env:\n    A: b\n"
    page.write_text("\n" * 20 + f"```yaml\n{shown}```\n\n```yaml\n{GOOD}```\n\n```json\n{{}}\n```\n", encoding="utf-8")
    lines = page.read_text(encoding="utf-8").splitlines()

    found = dict(workflows(page))

    assert list(found) == [22, 28]
    for first, text in found.items():
        for number, line in enumerate(text.splitlines(), 1):
            assert number < first or line.strip() == lines[number - 1].strip()
    assert found[28].lstrip("\n") == GOOD


def test_no_other_page_shows_a_workflow() -> None:
    pages = {ROOT / "README.md", *(ROOT / "docs").glob("*.md")}

    assert {page for page in pages if re.search(r"uses: \S+@", page.read_text(encoding="utf-8"))} == set(PAGES)


def test_actionlint_finds_no_problem_in_our_workflows(tmp_path: Path) -> None:
    assert actionlint([*sorted((ROOT / ".github/workflows").glob("*.yml")), *write(tmp_path)]) == ""


@pytest.mark.parametrize(
    ("old", "new", "line", "problem"),
    [
        ("ubuntu-24.04", "ubuntu-1", 5, 'label "ubuntu-1" is unknown'),
        ("$HOME", "${{ github.nothing }}", 7, 'property "nothing" is not defined'),
        ("$HOME", "${{ github.event.issue.title }}", 7, "potentially untrusted"),
        ("    steps", "    needs: b\n    steps", 4, "needs job"),
        ("- run", "\t- run", 1, "actionlint itself fails"),
    ],
)
def test_actionlint_finds_a_problem(tmp_path: Path, old: str, new: str, line: int, problem: str) -> None:
    file = tmp_path / "a.yml"
    file.write_text(GOOD.replace(old, new), encoding="utf-8")

    found = actionlint([file])

    assert found.startswith(f"{file}:{line}:")
    assert problem in found
