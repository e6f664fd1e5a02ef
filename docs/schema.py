"""Prints docs/report-schema.json, the schema of `--format json`: `python docs/schema.py > docs/report-schema.json`."""

from __future__ import annotations

import json

from gotracer_ci.report.schema import json_schema


def page() -> str:
    return json.dumps(json_schema(), indent=1) + "\n"


if __name__ == "__main__":
    print(page(), end="")
