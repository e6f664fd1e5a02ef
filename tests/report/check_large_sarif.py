"""The whole of a large log before the schema and the validator.

It takes minutes, nearly all of them the validator's, so that pytest does not find it on its own:

    pytest tests/report/check_large_sarif.py
"""

from __future__ import annotations

from pathlib import Path

from gotracer_ci.report.formats import render

from . import factory, sarif_gates


def test_schema_and_validator_have_nothing_to_say(multitool: Path, tmp_path: Path) -> None:
    file = tmp_path / "large.sarif"
    file.write_text(render("sarif", factory.large_report(5_000, 20)), encoding="utf-8")
    assert sarif_gates.against_schema([file], multitool) == []
    assert sarif_gates.by_validator([file], multitool) == []
