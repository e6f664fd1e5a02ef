"""The job summary, rendered like GitHub, and escaping of text."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gotracer_ci.report import markup
from gotracer_ci.report.formats import markdown, render
from gotracer_ci.report.safe import clean

from . import factory
from .github_page import LINKS, page
from .hostile import NASTY
from .pages import analysed

COMPARED = factory.compared_report()


def test_the_verdict_comes_first_and_regressions_make_the_table() -> None:
    text = render("markdown", COMPARED)
    assert text.startswith("## gotracer-ci: `(*Server).handleOrder` (BlockedOnSyscall, syscall): 0 s → 310–330 ms\n")
    assert "\n\n**2 new, 1 worse, 1 suspected, 1 fixed" in text
    head, *rows = [[cell.get_text(" ") for cell in row(["th", "td"])] for row in page(text)("table")[0]("tr")]
    assert head == ["Finding", "Place", "Before → now"]
    assert [row[0] for row in rows] == [
        "🔴 new BlockedOnSyscall",
        "🟠 worse MutexContention",
        "🟠 new GoroutineLeakGrowth",
        "🟠 worse, suspected HighSchedulingLatency",
    ]
    assert rows[1][1] == "store.(*Cache).Get store/cache.go:41"
    assert rows[1][2].startswith("740 ms → 1.5\N{EN DASH}1.6 s (2.09\N{MULTIPLICATION SIGN}) ")


def test_with_a_baseline_other_findings_are_collapsed() -> None:
    titles = [summary.get_text() for summary in page(render("markdown", COMPARED))("summary")]
    assert "4 other findings" in titles
    assert "Fixed or better" in titles
    assert [len(table("tr")) for table in page(render("markdown", factory.plain_report()))("table")] == [4]


def test_effects_are_not_counted_as_other_findings() -> None:
    """They stand below their cause."""
    text = page(render("markdown", analysed("service-leak-go1.27")))
    folded = next(part for part in text("details") if "other finding" in part.get_text())
    assert folded("summary")[0].get_text() == "1 other finding"
    assert len(folded("tr")) == 2


def test_places_and_frames_are_links_if_the_repository_is_known() -> None:
    assert page(render("markdown", COMPARED))("a") == []

    seen = page(markdown.render(COMPARED, links=LINKS))
    in_table = [link["href"] for link in seen("table")[0]("a")]
    assert in_table[1] == f"{LINKS.blob}store/cache.go#L41"
    assert len(in_table) == 4
    stack = seen("pre")[1]  # the first is a chart
    assert [link.get_text() for link in stack("a")] == [
        "example.com/shop/api.(*Server).handleOrder (store/cache.go:88)",
        "example.com/shop/api.(*Server).handleOrder (api/orders.go:88)",
    ]
    assert len(stack.get_text().strip().splitlines()) == len(factory.STACK)


def test_a_long_place_is_short_in_a_table_and_complete_in_the_details() -> None:
    function = "example.com/shop/internal/orders.(*HandlerWithALongTypeName).ServeTheWholeOrder.func1"
    first = COMPARED.findings[0]
    assert first.location
    location = first.location._replace(function=function, path="internal/services/orders/http/v2/order_handlers.go")
    seen = page(
        markdown.render(replace(COMPARED, findings=(replace(first, location=location), *COMPARED.findings[1:])))
    )
    name, file = [code.get_text() for code in seen("tr")[1]("td")[1]("code")]
    assert name == "orders.(*HandlerWithA…rveTheWholeOrder.func1"
    assert file == "…/orders/http/v2/order_handlers.go:88"
    title = seen("summary")[0].get_text()
    assert title == f"BlockedOnSyscall at {function} (internal/services/orders/http/v2/order_handlers.go:88)"


def test_one_occurrence_is_once() -> None:
    once = replace(COMPARED, findings=(factory.finding(count=1),), comparison=None)
    assert "\n\nOnce: 1.48 s in total" in render("markdown", once)
    assert "1 times" not in render("markdown", once)


def test_only_regressions_have_a_colored_dot() -> None:
    rows = page(render("markdown", COMPARED))("tr")
    shown = [cells[0].get_text("\n").partition("\n")[0] for row in rows if (cells := row("td"))]
    colored = [text for text in shown if text[0] in "🔴🟠🔵"]
    assert colored == ["🔴 new", "🟠 worse", "🟠 new", "🟠 worse, suspected", "🔵 info"]
    assert "⚪ known" in shown


def test_a_row_with_several_jobs_has_a_chart() -> None:
    cells = [row("td")[2] for row in page(render("markdown", COMPARED))("table")[0]("tr")[1:]]
    assert [cell.get_text(" ").replace("\N{NO-BREAK SPACE}", " ") for cell in cells] == [
        "0 s → 310\N{EN DASH}330 ms",
        "740 ms → 1.5\N{EN DASH}1.6 s (2.09\N{MULTIPLICATION SIGN}) ▃▇▁ → ▇▇▇",
        "0 → 42",
        "740 ms → 1.48 s (2\N{MULTIPLICATION SIGN})",
    ]


@pytest.mark.parametrize("text", NASTY)
def test_escaped_text_is_rendered_unchanged(text: str) -> None:
    shown = page(markup.escape(text)).get_text().replace("\u200b", "").strip()
    assert shown == clean(text).strip()


@given(name=st.text("`~<!-|\\ \nab", max_size=30))
def test_text_cannot_end_a_code_block(name: str) -> None:
    (block,) = page(f"{markup.fence(name, 'sh')}\n\nafter")("pre")
    assert block.get_text().replace("\u200b", "") == f"{name}\n"


def test_long_names_are_truncated_in_the_middle() -> None:
    name = "g" * 5_000 + "z"
    assert len(markup.escape(name)) == markup.LINE
    assert markup.short(name, 9) == "gggg…gggz"
    assert len(page(markup.code(name)).get_text().strip()) == markup.CELL


def test_a_limit_removes_details_first_then_rows_with_a_note() -> None:
    report = factory.large_report(200, 20)
    whole = render("markdown", report)
    sizes = (len(whole.encode()), 40_000, 20_000, 5_000, 100)
    texts = [markdown.render(report, budget) for budget in sizes]
    assert texts[0] == whole
    assert all(len(text.encode()) <= size for text, size in zip(texts[1:4], sizes[1:4], strict=True))
    details = [len(page(text)("pre")) for text in texts]
    assert details[0] == 11  # with the commands
    assert 0 < details[1] < 11
    assert details[2:] == [0, 0, 0]
    assert [len(page(text)("tr")) for text in texts[:2]] == [201, 201]
    left_out = re.search(r"(\d+) more findings left out", texts[3])
    assert left_out
    assert int(left_out[1]) + len(page(texts[3])("tr")) - 1 == 200
    assert texts[4] == "## gotracer-ci: 200 warnings\n\n**The run fails: 200 findings at warn or above.**\n"
