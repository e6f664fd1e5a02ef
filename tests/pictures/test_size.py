"""The page with pictures is never larger than it may be, and says how large it must be at least."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gotracer_ci.pipeline import Outcome, run
from gotracer_ci.settings import Settings
from tests.conftest import NAMES, PROGRAMS, path_of

LEAST = re.compile(r"--html-size \d+: too small for the pictures of these traces, .*; give at least (\d+)kB, or 0")


def page_of(size: int, page: Path, *names: str) -> Outcome:
    return run(Settings(traces=tuple(map(path_of, names)), root=PROGRAMS, outputs={"html": page}, html_size=size))


@pytest.mark.parametrize("names", [(name,) for name in NAMES[::12]] + [tuple(NAMES[:3])])
def test_the_page_keeps_its_size(names: tuple[str, ...], tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    (error,) = page_of(1, page, *names).errors
    found = LEAST.fullmatch(str(error))
    assert found
    assert "data-lanes" not in page.read_text(encoding="utf-8")
    least = int(found[1]) * 1000
    for size in (least, least + 10_000, 3_000_000):
        outcome = page_of(size, page, *names)
        assert outcome.errors == ()
        assert outcome.report.pictures
        assert page.stat().st_size <= size
    assert page_of(least - 2_000, page, *names).errors
