"""Markdown, read the way GitHub does: as CommonMark with tables, then looked through for mentions and references."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from markdown_it import MarkdownIt

from gotracer_ci.report import markdown, render
from gotracer_ci.report.text import clean

from . import factory
from .hostile import NASTY, texts

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
COMPARED = factory.compared_report()


def page(text: str) -> BeautifulSoup:
    return BeautifulSoup(READER.render(text), "html.parser")


def test_the_verdict_comes_first_and_regressions_make_the_table() -> None:
    text = render("markdown", COMPARED)
    assert text.startswith("## gotracer-ci: 2 new, 1 worse, 1 suspected, 1 fixed")
    head, *rows = [[cell.get_text() for cell in row(["th", "td"])] for row in page(text)("table")[0]("tr")]
    assert head == ["", "Rule", "Place", "Before → now", "Change", "Confidence"]
    assert [row[1] for row in rows] == [
        "BlockedOnSyscall",
        "MutexContention",
        "GoroutineLeakGrowth",
        "HighSchedulingLatency",
    ]
    assert rows[1][2:] == [
        "example.com/shop/store.(*Cache).Get (store/cache.go:41)",
        "740 ms → 1.5\N{EN DASH}1.6 s",
        "2.1\N{MULTIPLICATION SIGN}",
        "confirmed",
    ]


def test_other_findings_are_folded_unless_there_is_no_baseline() -> None:
    titles = [summary.get_text() for summary in page(render("markdown", COMPARED))("summary")]
    assert "4 other findings" in titles
    assert "Fixed or better" in titles
    assert [len(table("tr")) for table in page(render("markdown", factory.plain_report()))("table")] == [4]


@settings(max_examples=80)
@given(text=texts)
def test_hostile_text_changes_nothing_but_words(text: str) -> None:
    harmless = re.sub(r"\S", "x", text)
    seen, expected = (page(render("markdown", factory.hostile_report(t))) for t in (text, harmless))
    assert _shape(seen) == _shape(expected)
    for code in seen(["code", "pre"]):
        code.decompose()
    words = seen.get_text()
    assert not re.search(r"@\w|#\d|\bGH-\d|://|\bwww\.", words, re.IGNORECASE)


def _shape(soup: BeautifulSoup) -> list[tuple[str, dict[str, object]]]:
    return [(tag.name, dict(tag.attrs)) for tag in soup(True)]


@pytest.mark.parametrize("text", NASTY)
def test_words_survive_the_escaping(text: str) -> None:
    shown = page(markdown.escape(text)).get_text().replace("\u200b", "").strip()
    assert shown == clean(text).strip()


def test_a_budget_takes_details_first_then_rows_and_says_so() -> None:
    report = factory.large_report(200, 20)
    whole = render("markdown", report)
    sizes = (len(whole.encode()), 30_000, 5_000, 100)
    texts = [markdown.render(report, budget) for budget in sizes]
    assert texts[0] == whole
    assert "<details><summary><code>" not in texts[1]
    assert all(len(text.encode()) <= size for text, size in zip(texts[1:3], sizes[1:3], strict=True))
    assert len(page(texts[1])("tr")) == 201
    left_out = re.search(r"(\d+) more findings left out", texts[2])
    assert left_out
    assert int(left_out[1]) + len(page(texts[2])("tr")) - 1 == 200
    assert texts[3] == "## gotracer-ci: 200 warnings\n\n**Fails because 200 findings are at warn or above.**\n"
