"""The JSON report: everything that a report shows, for programs."""

from __future__ import annotations

from typing import Any

from gotracer_ci.report import document
from gotracer_ci.report.model import Report
from gotracer_ci.report.safe import compact_json


def render(report: Report) -> str:
    """Return the document with one trace, rule, verdict, finding or row per line, to compare two of them."""
    members = [f"{compact_json(name)}: {_laid_out(value)}" for name, value in document.values(report, report).items()]
    return "{\n" + ",\n".join(members) + "\n}\n"


def schema() -> dict[str, Any]:
    """Return the published JSON Schema of the document."""
    from gotracer_ci.report.schema import json_schema

    return json_schema()


def _laid_out(value: object) -> str:
    if isinstance(value, dict) and all(isinstance(item, list) for item in value.values()):
        return "{\n" + ",\n".join(f"{compact_json(name)}: {_laid_out(item)}" for name, item in value.items()) + "\n}"
    if not isinstance(value, list) or not value:
        return compact_json(value)
    return "[\n" + ",\n".join(compact_json(item) for item in value) + "\n]"
