"""Check a complete large log with the schema and the validator.

The validator takes minutes, so pytest collects this file only by name:

    pytest tests/report/check_large_sarif.py
"""

from __future__ import annotations

from pathlib import Path

from gotracer_ci.report.formats import render

from . import factory, sarif_gates


def test_a_log_matches_the_schema_and_the_validator(multitool: Path, tmp_path: Path) -> None:
    file = tmp_path / "large.sarif"
    file.write_text(render("sarif", factory.large_report(5_000, 20)), encoding="utf-8")
    assert sarif_gates.against_schema([file], multitool) == []
    assert sarif_gates.by_validator([file], multitool) == []
