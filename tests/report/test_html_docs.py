"""docs/report.md names the tabs and the links that the page has."""

from __future__ import annotations

import re
from importlib.resources import files

from gotracer_ci.report.formats.html import TABS
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")


def test_the_tabs_are_described() -> None:
    described = re.findall(r"^\| ([A-Z][^|]*?) \|", PAGE, re.MULTILINE)
    assert [title for title in described if title not in ("Tab", "Name")] == [title for _, title, _ in TABS]
    (names,) = re.findall(r"the tab: (.*) \|", PAGE)
    assert re.findall(r"`(\w+)`", names) == [name for name, _, _ in TABS]


def test_what_a_link_can_say_is_described() -> None:
    router = (files("gotracer_ci.report") / "html" / "router.js").read_text(encoding="utf-8")
    values = router[router.index("const VALUES = {") : router.index("/** What a tab keeps")]
    known = re.findall(r"^  (\w+): ", values, re.MULTILINE)
    table = PAGE[PAGE.index("## Links") : PAGE.index("For example")]
    described = [
        name for names in re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", names)
    ]
    assert sorted(described) == sorted(known)
