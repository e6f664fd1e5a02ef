"""Update the schemas of all JSON documents: `python docs/schema.py`."""

from __future__ import annotations

import json
from pathlib import Path

from gotracer_ci.report.formats import FORMATS
from gotracer_ci.tables import counts, footprint, gc, goroutines, profile, regions, result, tasks, tests, wakes

DOCS = Path(__file__).parent


def pages() -> dict[Path, str]:
    """Return the text of each file."""
    (report,) = [declared.schema() for declared in FORMATS.values() if declared.has_schema]
    tables = {
        "footprint": footprint, "gc": gc, "goroutines": goroutines, "query": result, "regions": regions,
        "tasks": tasks, "tests": tests, "wakes": wakes,
    }  # fmt: skip
    schemas = {"report-schema.json": report}
    schemas.update({f"{name}-schema.json": table.json_schema() for name, table in tables.items()})
    schemas["diff-counts-schema.json"] = counts.json_schema()
    schemas["diff-profile-schema.json"] = profile.sides_schema()
    return {DOCS / name: json.dumps(schema, indent=1) + "\n" for name, schema in schemas.items()}


if __name__ == "__main__":
    for page, text in pages().items():
        page.write_text(text, encoding="utf-8")
