"""docs/tutorial.md: every step works, prints what the page shows, and looks like its pictures.

Times differ in every run, so numbers are not compared. The page may leave out lines of an output.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, FloatRect

from gotracer_ci import pipeline
from gotracer_ci.report import comment
from gotracer_ci.report.links import Links
from gotracer_ci.settings import Settings
from tests.conftest import ROOT
from tests.recording.conftest import go_environment
from tests.report import fonts
from tests.report.github_browser import WIDTH, show
from tests.report.test_pictures import PICTURES, check

TUTORIAL = ROOT / "docs" / "tutorial.md"
_NUMBER = re.compile(r"\d[\d.,–]*(?: (?:ns|µs|ms|s)\b)?")
_PERSON = {f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


class Step(NamedTuple):
    """A command of the page, the lines that the page shows of its output, and what it wrote and left behind."""

    command: str
    shown: list[str]
    output: list[str]
    code: int


class Walk(NamedTuple):
    """The page, done from top to bottom. reports: the HTML reports in order. leak: the traces with the leak."""

    steps: list[Step]
    reports: list[Path]
    leak: Settings


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    scratch, root = tmp_path_factory.mktemp("tmp"), tmp_path_factory.mktemp("tutorial") / "shop"
    environment = {**go_environment(scratch), **_PERSON, "GIT_CONFIG_GLOBAL": "/dev/null"}
    root.mkdir()
    steps: list[Step] = []
    reports: list[Path] = []
    leak = Settings()
    name = ""
    for token in MarkdownIt("commonmark").parse(TUTORIAL.read_text(encoding="utf-8")):
        if token.type == "inline" and (named := re.fullmatch(r"`([\w./]+)`:", token.content)):
            name = named[1]
        elif token.type == "fence" and token.info in ("go", "text"):
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text(token.content, encoding="utf-8")
        elif token.type == "fence" and token.info == "diff":
            apply = ["git", "apply", "--unidiff-zero"]
            subprocess.run(apply, cwd=root, input=token.content.encode(), check=True, env=environment)
        elif token.type == "fence" and token.info == "console":
            for step in _done(token.content, root, environment):
                steps.append(step)
                made = root / "report.html"
                if made.exists():
                    reports.append(made.rename(root.parent / f"{len(reports)}.html"))
                if "GoroutineLeak " in "".join(step.output):
                    kept = (root / ".gotracer-ci" / "traces").rename(root.parent / "leak")
                    leak = Settings(traces=(str(kept / "head"),), base=(str(kept / "base"),), root=root)
    return Walk(steps, reports, leak)


def _even(text: str) -> str:
    """Return text without its numbers, and without what a busy machine adds: the baseline has the wait, too."""
    numbered = " ".join(_NUMBER.sub("N", text).split())
    return numbered.replace(", N known", "").replace(" error worse ", " error new ").replace("N → N N×", "N → N")


def _done(block: str, root: Path, environment: Mapping[str, str]) -> Iterator[Step]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        done = subprocess.run(
            ["bash", "-c", f"{command} 2>&1"], cwd=root, env=environment, capture_output=True, text=True, check=False
        )
        yield Step(command, [line for line in shown if line], done.stdout.splitlines(), done.returncode)


def test_every_command_prints_what_the_page_shows(walk: Walk) -> None:
    assert len(walk.steps) > 10
    for step in walk.steps:
        output = iter([_even(line) for line in step.output])
        for line in step.shown:
            assert _even(line) in output, f"{step.command}: {line}\n" + "\n".join(step.output)
        fails = any("The run fails" in line for line in step.shown)
        assert step.code == int(fails), f"{step.command}\n" + "\n".join(step.output)


@pytest.mark.parametrize(("number", "name"), [(0, "leak"), (1, "lock")])
def test_the_reports_look_like_their_pictures(walk: Walk, chromium: Browser, number: int, name: str) -> None:
    context = chromium.new_context(bypass_csp=True, color_scheme="light", viewport={"width": 1_200, "height": 810})
    page = context.new_page()
    page.goto(walk.reports[number].as_uri())
    fonts.use(page)
    page.locator("details.row > summary").first.click()
    page.wait_for_selector("details[open] .moment-row svg")
    page.evaluate(
        "(top) => top ? scrollTo(0, 0) : document.querySelector('details[open]').scrollIntoView()", not number
    )
    shown = page.locator("h1, details.row[open] > summary").all_inner_texts()
    check(f"tutorial-{name}", page.screenshot(), _even("\n".join(shown)))
    context.close()


def test_the_comment_looks_like_its_picture(walk: Walk, chromium: Browser) -> None:
    links = Links(blob="https://github.com/org/shop/blob/0/", run="https://github.com/org/shop/actions/runs/1")
    page = show(chromium, comment.render(pipeline.run(walk.leak).report, links, 65_536))
    fonts.use(page)
    shown = page.locator("h2, h2 + p").all_inner_texts()
    clip = FloatRect(x=0, y=0, width=WIDTH + 32, height=560)
    check("tutorial-comment", page.screenshot(clip=clip), _NUMBER.sub("N", "\n".join(shown)))
    page.close()


def test_the_page_shows_every_picture_of_its_own() -> None:
    named = re.findall(r"^!\[[^]]+\]\(pictures/([\w-]+\.png)\)$", TUTORIAL.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(file.name for file in PICTURES.glob("tutorial-*"))
