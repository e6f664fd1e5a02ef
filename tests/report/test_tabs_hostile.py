"""Names from traces change only text in the tabs that list and plot, and in the address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from gotracer_ci.report.model import Report
from gotracer_ci.report.picture import Pictures, Stream
from tests.report.hostile import NASTY
from tests.report.pages import Opened, analysed
from tests.report.test_tabs import ready, reload

TRACES = ("annotations-go1.26", "orders-go1.27")
VIEWS = (
    "v=flames&p=wall",
    "v=flames&p=block",
    "v=goroutines&type=system",
    "v=annotations&p=tasks&n=2",
    "v=annotations&p=regions",
    "v=annotations&p=logs",
    "v=heap",
)
SHAPE = """() => [...document.querySelectorAll("[role=tabpanel]:not([hidden]) *")].map(
  (element) => [element.tagName, ...[...element.attributes].map((attribute) => attribute.name)].join(" "))"""
HOSTILE = tuple(text for text in NASTY if text.strip())


def renamed(report: Report, name: Callable[[int], str]) -> Report:
    """Return the report with other names in all streams of its pictures. name: the one with a number."""
    assert report.pictures

    def of(stream: Stream) -> Stream:
        strings = [name(number) if text else "" for number, text in enumerate(stream.header["strings"])]
        return replace(stream, header={**stream.header, "strings": strings})

    pictures = report.pictures
    lanes = pictures.lanes.header
    reasons = [name(number) if text else "" for number, text in enumerate(lanes.get("reasons", ()))]
    return replace(
        report,
        pictures=Pictures(
            tuple(of(summary) for summary in pictures.summaries),
            of(pictures.calls),
            pictures.worst,
            replace(pictures.lanes, header={**lanes, "reasons": reasons}),
            of(pictures.tables),
        ),
    )


def harmless(number: int) -> str:
    return f"{number:03}{HOSTILE[number % len(HOSTILE)]}".replace("/", "x")[:200].translate(PLAIN)


def hostile(number: int) -> str:
    return f"{number:03}{HOSTILE[number % len(HOSTILE)]}"[:200]


class _Plain(dict[int, str]):
    """Every character but those of words is an x."""

    def __missing__(self, character: int) -> str:
        return chr(character) if chr(character).isalnum() and character < 128 else "x"


PLAIN = _Plain()


@pytest.mark.parametrize("trace", TRACES)
def test_hostile_names_change_only_text(opened: Opened, trace: str) -> None:
    shapes: list[list[list[str]]] = []
    for name in (hostile, harmless):
        page = opened.show(renamed(analysed(trace), name))
        found = []
        for view in VIEWS:
            page.evaluate(f"location.hash = '{view}'")
            ready(page, view[2:].partition("&")[0])
            found.append(page.evaluate(SHAPE))
        shapes.append(found)
        assert "owned" not in page.title()
        assert page.url.split("#")[0] == opened.requests.pop(0)
    opened.requests.append(page.url.split("#")[0])
    for view, first, second in zip(VIEWS, *shapes, strict=True):
        assert first == second, view


def test_a_hostile_name_in_the_address_is_only_searched_for(opened: Opened) -> None:
    page = opened.show(renamed(analysed("orders-go1.27"), hostile), "#v=goroutines&type=system")
    ready(page, "goroutines")
    rows = page.get_by_role("table", name="Groups of goroutines", exact=True).locator("tbody tr:not(.gap)")
    for number in range(min(rows.count(), 8)):
        name = rows.nth(number).locator("td").first.inner_text()
        rows.nth(number).get_by_role("link", name="flame graph").click()
        ready(page, "flames")
        search = page.get_by_label("Search functions and packages")
        assert search.input_value().split() == name.split()
        reload(opened)
        assert search.input_value().split() == name.split()
        page.evaluate("location.hash = '#v=goroutines&type=system'")
        ready(page, "goroutines")
