"""Ten thousand hostile names, a thousand in each table of the tabs: each is text, and changes nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import parse_qs

import pytest

from gotracer_ci.pictures.columns import column
from gotracer_ci.report.model import Report
from gotracer_ci.report.picture import ZIGZAG, Block, Stream, unpacked
from tests.report.pages import Opened, analysed
from tests.report.test_many_names import names, shown
from tests.streams import decoded

NAMES = 1_000
NUMBERS = range(1, NAMES + 1)
LENGTH = 100_000
"""Of each record of the timeline, ns."""
RECORDS_SHOWN = 500
ROWS = """(label) => {
  const list = [...document.querySelectorAll("[role=tabpanel]:not([hidden]) .data-table")].find(
    (list) => list.querySelector("table").getAttribute("aria-label") === label);
  const found = new Map();
  list.style.height = list.style.maxHeight = "20000px"; // few steps
  for (let at = 0; at <= list.scrollHeight; at += list.clientHeight) {
    list.scrollTop = at;
    list.dispatchEvent(new Event("scroll")); // now, not in the next frame: a browser makes few, and at times none
    for (const row of list.querySelectorAll("tr[aria-rowindex]:not([aria-rowindex='1'])")) {
      const shape = [...row.querySelectorAll("*")].map(
        (element) => [element.tagName, ...element.getAttributeNames().sort()].join(" "));
      const links = [...row.querySelectorAll("a")].map((link) => link.getAttribute("href"));
      const texts = [...row.cells].map((cell) => cell.textContent);
      found.set(row.getAttribute("aria-rowindex"), [texts, shape.join(), links]);
    }
  }
  return [...found.values()];
}"""
RECORDS = """(length) => [...document.querySelectorAll(`.tl-table tbody tr[data-length="${length}"]`)].map(
  (row) => [row.dataset.start, row.cells[4].textContent,
    [...row.querySelectorAll("*")].flatMap((element) => [element.tagName, ...element.getAttributeNames()]).join()])"""


class Table(NamedTuple):
    """A table of the page.

    state: the hash that shows it. columns: the numbers of those that have names, and what is there after a name.
    links: what of the address its links have names in.
    """

    label: str
    state: str
    columns: dict[int, str]


TABLES = (
    Table("Functions", "v=flames&p=wall", {0: "", 8: ":1"}),
    Table("Groups of goroutines", "v=goroutines&type=system", {0: "", 1: ""}),
    Table("Goroutines", "v=goroutines&type=system", {1: ""}),
    Table("Types of tasks", "v=annotations&p=tasks", {0: ""}),
    Table("Tasks", "v=annotations&p=tasks", {1: ""}),
    Table("Types of regions", "v=annotations&p=regions", {0: ""}),
    Table("Regions", "v=annotations&p=regions", {0: "", 1: ""}),
    Table("Logs", "v=annotations&p=logs", {1: "", 2: ""}),
    Table("Tests", "v=annotations&p=tests", {0: ""}),
)


def with_rows(stream: Stream, block: str, **values: Sequence[int]) -> Stream:
    """Return the stream with so many rows in a block as there are names. values: of columns; others are all alike."""
    rows = decoded(unpacked(stream)).blocks[block]
    flags = {each.name: each.flags for one in stream.blocks if one.name == block for each in one.columns}
    columns = {name: [*numbers[:1], 0][:1] * NAMES for name, numbers in rows.items()} | values
    made = Block(block, tuple(column(name, numbers, flags[name] | ZIGZAG) for name, numbers in columns.items()))
    return replace(stream, blocks=tuple(made if one.name == block else one for one in stream.blocks))


def with_strings(stream: Stream, called: list[str]) -> Stream:
    return replace(stream, header={**stream.header, "strings": ["", *called]})


def without_pictures(summary: Stream) -> Stream:
    """Return the summary of a trace without pictures in rows of its groups, which only a few have."""
    return replace(summary, header={**summary.header, "group_states": {**summary.header["group_states"], "groups": []}})


def part(number: int) -> list[str]:
    """Return a thousand of the names."""
    return names()[number * NAMES : (number + 1) * NAMES]


def report(called: list[str]) -> Report:
    """Return a report in which whatever has a name has each of these once."""
    made = analysed("tour-go1.27", baseline=None)
    assert made.pictures
    tables, calls, (summary,) = made.pictures.tables, made.pictures.calls, made.pictures.summaries
    tables = with_rows(tables, "goroutines", id=NUMBERS, name=NUMBERS, group=[-1] * NAMES)
    tables = with_rows(tables, "tasks", id=NUMBERS, type=NUMBERS, parent=[0] * NAMES)
    tables = with_rows(tables, "regions", type=NUMBERS, node=NUMBERS)
    tables = with_rows(tables, "logs", category=NUMBERS, message=NUMBERS)
    tables = with_rows(tables, "tests", name=NUMBERS)
    calls = with_rows(calls, "frames", function=NUMBERS, file=NUMBERS, line=[1] * NAMES, linked=[0] * NAMES)
    calls = with_rows(calls, "calls", parent=[0] * NAMES, frame=range(NAMES))
    calls = with_rows(calls, "wall", node=NUMBERS)
    summary = with_rows(summary, "groups", name=NUMBERS, place=NUMBERS)
    lanes = with_rows(
        made.pictures.lanes,
        "lane-0",
        gap=[0] * NAMES,
        length=[LENGTH] * NAMES,
        slices=[1] * NAMES,
        goroutine=NUMBERS,
        node=NUMBERS,
        waker=NUMBERS,
        idle=(),
    )
    return replace(
        made,
        pictures=made.pictures._replace(
            tables=with_strings(tables, called),
            calls=with_strings(calls, called),
            summaries=(without_pictures(with_strings(summary, called)),),
            lanes=lanes,
        ),
    )


@pytest.mark.parametrize(("number", "table"), enumerate(TABLES), ids=[table.label for table in TABLES])
def test_each_name_is_its_text_and_nothing_else(opened: Opened, number: int, table: Table) -> None:
    called = part(number)
    page = opened.show(report(called), f"#{table.state}")
    page.wait_for_selector(f"[role=tabpanel]:not([hidden]) table[aria-label='{table.label}'] tr[aria-rowindex='2']")
    title, address = page.title(), page.url
    rows = page.evaluate(ROWS, table.label)
    assert len(rows) == NAMES
    assert len({shape for _, shape, _ in rows}) == 1
    for place, after in table.columns.items():
        assert sorted(cells[place] for cells, _, _ in rows) == sorted(shown(name) + after for name in called)
    hrefs = {href for *_, links in rows for href in links}
    values = [(key, value) for href in hrefs for key, (value, *_) in parse_qs(href.removeprefix("#")).items()]
    assert {key for key, _ in values} <= {"v", "p", "q", "g", "n", "t"}
    assert all(href.startswith("#") for href in hrefs)
    assert (page.title(), page.url) == (title, address)


def test_each_name_is_text_in_the_timeline(opened: Opened) -> None:
    called = part(len(TABLES))
    page = opened.show(report(called), "#v=timeline")
    page.wait_for_selector(".tl[data-shown]")
    title = page.title()
    page.click("text=Show as a table")
    rows: dict[str, str] = {}
    shapes = set()
    for first in range(0, NAMES, RECORDS_SHOWN // 2):
        start, end = first * LENGTH, (first + RECORDS_SHOWN // 2) * LENGTH
        page.evaluate(f"location.hash = '#v=timeline&t={start}-{end}'")
        page.wait_for_selector(f".tl-table tbody tr:first-child[data-start='{start}']")
        for begin, name, shape in page.evaluate(RECORDS, LENGTH):
            rows[begin] = name
            shapes.add(shape)
    assert len(shapes) == 1
    assert len(rows) == NAMES
    # without a package's path
    assert all(shown(name).endswith(found) for name, found in zip(called, rows.values(), strict=True))
    assert page.title() == title
