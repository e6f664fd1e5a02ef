"""A thousand hostile names in each drawing: each is text, and nothing else is drawn otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import pytest

from gotracer_ci.report.model import Report
from gotracer_ci.report.safe import clean
from tests.report.pages import Opened
from tests.report.test_many_names import shown
from tests.report.test_names_everywhere import LENGTH, NAMES, part, report, with_rows

SLICES = 10
"""That a view of the timeline shows."""
DEPTH = 200
"""Of each stack in the flame graph."""
RECORD = """() => {
  const drawn = (window.drawn = { texts: [], shapes: [] });
  const own = CanvasRenderingContext2D.prototype;
  for (const name of ["fillRect", "strokeRect", "clearRect", "moveTo", "lineTo", "arc"]) {
    const draw = own[name];
    own[name] = function (...values) {
      drawn.shapes.push([name, this.fillStyle, ...values].join(" "));
      return draw.apply(this, values);
    };
  }
  const write = own.fillText;
  own.fillText = function (text, ...rest) {
    drawn.texts.push(text);
    return write.call(this, text, ...rest);
  };
}"""
TAKE = """async (hash) => {
  const twoFrames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  drawn.texts = [];
  drawn.shapes = [];
  location.hash = hash;
  await twoFrames();
  for (let tries = 0; !drawn.texts.length && tries < 20; tries += 1) await twoFrames();
  return [drawn.texts, drawn.shapes];
}"""
VIEWS = {
    "timeline": [f"v=timeline&t={at * LENGTH}-{(at + SLICES) * LENGTH}" for at in range(0, NAMES, SLICES)],
    "flames": ["v=flames&p=wall"],
}


class Drawn(NamedTuple):
    """texts: all that is written on the canvas in any view. shapes: all else, with colours and places."""

    texts: set[str]
    shapes: set[str]


def drawn(opened: Opened, called: list[str], views: list[str]) -> Drawn:
    """Return what is drawn of a report with these names."""
    opened.page.goto("about:blank")
    opened.requests.clear()
    page = opened.show(deep(report(called)), "#v=heap")
    page.wait_for_selector("#heap canvas")
    page.evaluate(RECORD)
    # the first drawing comes before the page has its width, and how often a view is drawn depends on the machine
    page.evaluate(TAKE, views[0])
    page.evaluate("location.hash = 'v=traces'")
    page.wait_for_timeout(1000)
    found = [page.evaluate(TAKE, view) for view in views]
    return Drawn({text for texts, _ in found for text in texts}, {shape for _, shapes in found for shape in shapes})


def deep(made: Report) -> Report:
    """Return the report with deep stacks, so that a flame graph has room for each function."""
    assert made.pictures
    callers = [number % DEPTH and number for number in range(NAMES)]
    calls = with_rows(made.pictures.calls, "calls", parent=callers, frame=range(NAMES))
    return replace(made, pictures=made.pictures._replace(calls=calls))


@pytest.mark.parametrize("views", VIEWS.values(), ids=VIEWS)
def test_each_name_is_text_on_the_canvas(opened: Opened, views: list[str]) -> None:
    called = part(0)
    plain = [f"main.f{number}" for number in range(NAMES)]
    hostile, harmless = drawn(opened, called, views), drawn(opened, plain, views)
    # without a package's path; if nothing is left of the name, the timeline has the number instead
    names = ["goroutine ", *map(shown, called)]
    written = hostile.texts - harmless.texts
    assert len(written) > NAMES // 2
    assert [text for text in written if text != clean(text)] == []
    assert [text for text in written if not any(text.removesuffix("…") in name for name in names)] == []
    assert hostile.shapes == harmless.shapes
