"""The page's own numbers are written as text.py writes them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from importlib.resources import files

import pytest
from playwright.sync_api import Browser

from gotracer_ci import text

HTML = files("gotracer_ci.report") / "html"
NAMES = ("duration", "size", "count", "percentage", "ratio")


@pytest.mark.parametrize("name", NAMES)
def test_numbers_are_written_alike(chromium: Browser, name: str) -> None:
    expected: Callable[[float], str] = getattr(text, name)
    chance = random.Random(name)
    numbers: list[float] = [0, 1, -1, 999, 1000, 999.5, 1005, 1015, 1125, 1135, 2.5, 1e12, 59.95e9, 59.94e9, 3.6e12]
    numbers += [chance.randrange(10 ** chance.randrange(1, 16)) for _ in range(1_000)]
    numbers += [(10 * chance.randrange(10, 100) + 5) * 10 ** chance.randrange(8) / 100 for _ in range(500)]
    numbers += [chance.uniform(0, 10 ** chance.randrange(1, 13)) for _ in range(500)]
    page = chromium.new_page()
    script = (HTML / "format.js").read_text(encoding="utf-8")
    written = page.evaluate(f"(() => {{ {script}\nreturn {json.dumps(numbers)}.map({name}); }})()")
    page.close()
    assert dict(zip(numbers, written, strict=True)) == {number: expected(number) for number in numbers}
