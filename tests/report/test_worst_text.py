"""Worst-case text, wherever a trace or a path can contribute text, in all formats for people."""

from __future__ import annotations

import io
import re
import unicodedata

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gotracer_ci.github.commands import Annotation, log
from gotracer_ci.report import comment
from gotracer_ci.report.formats import markdown, render
from gotracer_ci.report.model import Report

from . import factory
from .github_page import COMMIT, LINKS, Tree, read
from .hostile import texts

HARMLESS = factory.hostile_report("x")
COMMENT = read(comment.render(HARMLESS, LINKS, 60_000))
SUMMARY = read(markdown.render(HARMLESS, None, LINKS))
HTML = Tree(render("html", HARMLESS))
# their number varies: a text may be empty or have several lines
CONTROLS = {"Cc", "Cs", "Zl", "Zp"}
STEERING = set(
    "\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\U000e0041"
)
UNCOUNTED = {"p", "br", "strong", "a", "span", "div", "dt", "dd", "i", "b"}
REPOSITORY = LINKS.blob.partition("/blob/")[0]
OURS = {LINKS.run, LINKS.artifacts, f"{REPOSITORY}/commit/{COMMIT}"}


# Each report has some 30 of the texts, in turn.
reports = st.lists(texts, min_size=1, max_size=5).map(lambda some: factory.hostile_report(*some))
thorough = settings(max_examples=500, suppress_health_check=list(HealthCheck))


@thorough
@given(report=reports)
def test_worst_case_text_breaks_no_comment_and_no_summary(report: Report) -> None:
    of_comment = checked_markdown(comment.render(report, LINKS, 60_000), COMMENT)
    of_summary = checked_markdown(markdown.render(report, None, LINKS), SUMMARY)
    assert of_comment <= of_summary | OURS


@thorough
@given(report=reports)
def test_worst_case_text_breaks_no_log(report: Report) -> None:
    check_log(report)


@thorough
@given(report=reports)
def test_worst_case_text_breaks_no_page(report: Report) -> None:
    check_html(report)


def checked_markdown(text: str, expected: Tree) -> set[str]:
    """Check rendered Markdown and return its links."""
    tree = read(text)
    assert counted(tree) == counted(expected)
    assert tree.tags.keys() <= expected.tags.keys() | {"br", "span"}
    assert tree.attributes <= expected.attributes
    assert tree.found_by_filters == []
    assert all(words == "$" for tag, words in tree.words if tag == "span")
    assert "<!--" not in text
    for link in tree.links:
        assert link in OURS or is_line(link), link
    return set(tree.links)


def counted(tree: Tree) -> dict[str, int]:
    return {tag: count for tag, count in tree.tags.items() if tag not in UNCOUNTED}


def is_line(link: str) -> bool:
    """Report whether a link stays below the commit's directory, after slashes and dots are resolved as in browsers."""
    path, _, fragment = link.removeprefix(LINKS.blob).partition("#")
    steps = re.split(r"[/\\]", path.lower().replace("%2e", "."))
    is_below = link.startswith(LINKS.blob) and not {"", ".", ".."} & set(steps)
    return is_below and bool(re.fullmatch(r"[\w./%~-]+", path, re.ASCII) and re.fullmatch(r"L\d+", fragment))


def check_log(report: Report) -> None:
    """Check the terminal's table, an annotation, and the runner's log."""
    table = render("human", report)
    steering = {c for c in table if not c.isprintable() and (c in STEERING or unicodedata.category(c) in CONTROLS)}
    assert steering <= {"\n"}

    finding = report.findings[0]
    file = finding.location.path if finding.location else ""
    line = Annotation("error", f"{finding.message}\n{finding.detail}", finding.key.rule, file, 3).command()
    found = re.fullmatch(r"::error file=([^:,]+),line=3,title=([^:,]+)::(.*)", line)
    assert found, line
    assert not re.search(r"[\r\n]|##\[", line)

    stdout = io.StringIO()
    log(f"{table}{finding.message}\n{finding.detail}", stdout)
    for line in re.split(r"\r\n|\r|\n", stdout.getvalue()):
        assert not line.lstrip().startswith("::")
        assert "##[" not in line


def check_html(report: Report) -> None:
    tree = Tree(render("html", report))
    assert counted(tree) == counted(HTML)
    assert tree.tags.keys() <= HTML.tags.keys() | {"br"}
    assert tree.attributes <= HTML.attributes
    own = re.compile(r"#f=[0-9a-f]{16}", re.ASCII)
    assert [link for link in tree.links if not own.fullmatch(link)] == ["data:,"]


def test_the_expected_page_has_the_expected_counts() -> None:
    """The tests above compare pages with an expected one. This one checks the expected page itself."""
    assert counted(COMMENT) == {
        "h2": 1, "table": 1, "thead": 1, "tbody": 1, "tr": 2, "th": 3, "td": 3, "details": 2, "summary": 2, "pre": 2,
        "ul": 1, "li": 3, "sub": 2, "code": 13,
    }  # fmt: skip
    assert counted(SUMMARY) == {
        "h2": 1, "table": 1, "thead": 1, "tbody": 1, "tr": 2, "th": 3, "td": 3, "details": 4, "summary": 4, "pre": 4,
        "ul": 2, "li": 4, "sub": 2, "code": 14,
    }  # fmt: skip
    lines = [f"{LINKS.blob}a/x.go#L3", f"{LINKS.blob}a/x.go#L3", f"{LINKS.blob}b/x.go#L9"]
    assert SUMMARY.links == [*lines, LINKS.artifacts]
    assert sorted(set(COMMENT.links)) == sorted({*lines, *OURS})
    assert (HTML.tags["script"], HTML.tags["style"], HTML.tags["details"]) == (1, 1, 2)
    assert COMMENT.attributes == SUMMARY.attributes == {("a", "href"), ("code", "class")}
    assert not any(name.startswith("on") for _, name in HTML.attributes)
