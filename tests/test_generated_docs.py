"""The generated pages, and the generated parts of pages, are up to date."""

from __future__ import annotations

import re
import runpy
from dataclasses import fields

from gotracer_ci import cli
from gotracer_ci.rules.registry import BUILT_IN
from gotracer_ci.settings import Settings
from tests.conftest import ROOT
from tests.test_docs import BASELINE, CONTRIBUTING


def test_the_pages_of_the_rules_are_up_to_date() -> None:
    """Each has the output for its example, before and after the fix."""
    made = runpy.run_path(str(ROOT / "docs/rules.py"))["pages"]()

    assert set(made) == {ROOT / "docs/rules.md", *(ROOT / "docs/rules").iterdir()}
    assert all(page.read_text(encoding="utf-8") == text for page, text in made.items()), "run: make docs"


def test_the_schemas_are_up_to_date() -> None:
    made = runpy.run_path(str(ROOT / "docs/schema.py"))["pages"]()

    assert set(made) == set((ROOT / "docs").glob("*-schema.json"))
    assert all(page.read_text(encoding="utf-8") == text for page, text in made.items()), "run: make docs"


def test_the_table_of_limits_is_up_to_date() -> None:
    """docs/baseline.md lists every limit of the comparison."""
    pages = runpy.run_path(str(ROOT / "docs/rule_tables.py"))["pages"]()

    assert set(pages) == {BASELINE}
    for page, text in pages.items():
        assert page.read_text(encoding="utf-8") == text, "run: make docs"
        assert all(f"{rule.name}" in text for rule in BUILT_IN)


def test_the_table_of_parts_is_up_to_date() -> None:
    made = runpy.run_path(str(ROOT / "docs/architecture.py"))["page"]()

    assert CONTRIBUTING.read_text(encoding="utf-8") == made, "run: make docs"


def test_the_reference_of_commands_and_settings_is_up_to_date() -> None:
    pages = runpy.run_path(str(ROOT / "docs/commands.py"))["pages"]()

    assert all(page.read_text(encoding="utf-8") == text for page, text in pages.items()), "run: make docs"
    commands, configuration = pages.values()
    assert all(f"\n## {name}" in commands for name in cli.COMMANDS)
    for field in fields(Settings):
        assert (
            f"`{field.name.replace('_', '-')}`" in re.sub(r"[\[\]]", "", configuration) or field.name == "baseline_name"
        )
