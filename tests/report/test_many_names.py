"""Ten thousand hostile names: each is shown as text, and changes nothing else of the page."""

from __future__ import annotations

import random
from dataclasses import replace
from urllib.parse import parse_qs

from gotracer_ci.pictures.columns import column
from gotracer_ci.report.model import Report
from gotracer_ci.report.picture import ZIGZAG, Block, Stream, unpacked
from gotracer_ci.report.safe import clean
from tests.report.hostile import NASTY
from tests.report.pages import Opened, analysed
from tests.streams import decoded

NAMES = 10_000
LONGEST = 200
ROWS = """() => {
  const list = [...document.querySelectorAll("#goroutines .data-table")].at(-1);
  const found = new Map();
  // the page also draws the rows half a height above and below
  for (let at = 0; at <= list.scrollHeight; at += 2 * list.clientHeight) {
    list.scrollTop = at;
    list.dispatchEvent(new Event("scroll")); // now, not in the next frame: a browser makes few, and at times none
    for (const row of list.querySelectorAll("tr[aria-rowindex]:not([aria-rowindex='1'])")) {
      const shape = [...row.querySelectorAll("*")].map(
        (element) => [element.tagName, ...element.getAttributeNames().sort()].join(" "));
      const link = row.querySelector("a[href*='p=goroutine'], a[href*='v=flames']");
      found.set(row.firstChild.textContent, [row.cells[1].textContent, shape.join(), link?.getAttribute("href") ?? ""]);
    }
  }
  return [...found];
}"""


def names() -> list[str]:
    """Return different names, made of what could break out of a page."""
    pieces = [*NASTY, *"<>&\"'`\\/{}[]()=#%?;:|\u202e\u200b\x00\x1b", "main.f", "é", "\U0001f600", "x" * 250]
    chance = random.Random(1)
    return [f"{i}{''.join(chance.choices(pieces, k=chance.randint(1, 4)))}" for i in range(NAMES)]


def with_goroutines(report: Report, called: list[str]) -> Report:
    """Return the report with a goroutine for each name, all else alike."""
    assert report.pictures
    tables = report.pictures.tables
    rows = decoded(unpacked(tables)).blocks["goroutines"]
    values = {name: [numbers[0]] * NAMES for name, numbers in rows.items()}
    values |= {"id": list(range(1, NAMES + 1)), "name": list(range(1, NAMES + 1)), "group": [-1] * NAMES}
    flags = {each.name: each.flags for block in tables.blocks if block.name == "goroutines" for each in block.columns}
    made = Block("goroutines", tuple(column(name, numbers, flags[name] | ZIGZAG) for name, numbers in values.items()))
    blocks = tuple(made if block.name == "goroutines" else block for block in tables.blocks)
    header = {**tables.header, "strings": ["", *called]}
    return replace(report, pictures=report.pictures._replace(tables=Stream(header, blocks)))


def shown(text: str) -> str:
    """Return a name as the page shows it: clean, and short in UTF-16 code units, of which JavaScript's strings are."""
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * LONGEST:
        return clean(text)
    return clean(units[: 2 * LONGEST - 2].decode("utf-16-le", "surrogatepass") + "…")


def test_each_name_is_its_text_and_nothing_else(opened: Opened) -> None:
    called = names()
    page = opened.show(with_goroutines(analysed("tour-go1.27", baseline=None), called), "#v=goroutines&type=system")
    page.wait_for_selector("#goroutines tr[aria-rowindex='2']")
    title = page.title()
    rows = dict(page.evaluate(ROWS))
    assert len(rows) == NAMES
    assert len({shape for _, shape, _ in rows.values()}) == 1
    wrong = [name for number, name in enumerate(called, 1) if rows[str(number)][0] != shown(name)]
    assert wrong == []
    links = {parse_qs(href[1:])["g"][0] for _, _, href in rows.values()}
    assert links == {str(number) for number in range(1, NAMES + 1)}
    assert page.title() == title
