"""Print docs/report-schema.json, the schema of `--format json`: `python docs/schema.py > docs/report-schema.json`."""

from __future__ import annotations

import json

from gotracer_ci.report.formats import FORMATS


def page() -> str:
    (schema,) = [declared.schema() for declared in FORMATS.values() if declared.has_schema]
    return json.dumps(schema, indent=1) + "\n"


if __name__ == "__main__":
    print(page(), end="")
