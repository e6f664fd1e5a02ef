"""The page about SQL lists the tables as they are."""

from __future__ import annotations

import runpy

from tests.conftest import ROOT


def test_the_tables_of_the_database_are_up_to_date() -> None:
    made = runpy.run_path(str(ROOT / "docs/sql.py"))["page"]()

    assert (ROOT / "docs/sql.md").read_text(encoding="utf-8") == made, "run: make docs"
