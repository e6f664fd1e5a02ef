"""Print docs/rules.md, made from the rules' docstrings: `python docs/rules.py > docs/rules.md`."""

from __future__ import annotations

import sys

from gotracer_ci.findings import RuleInfo
from gotracer_ci.rules.registry import BUILT_IN
from gotracer_ci.text import quantity

HEAD = """\
# The rules

<!-- Made from the docstrings in gotracer_ci/rules/ by docs/rules.py. Change those, then run: make docs -->

`gotracer-ci rules` lists them on the command line, and `gotracer-ci rules NAME` explains one.
"""


def table(page: str = "") -> str:
    """Return a table with one row per rule. page: the path from the page with the table to the rules' chapters."""
    rows = ["| Rule | Detects | Thresholds |", "|---|---|---|"]
    for rule in BUILT_IN:
        limits = ", ".join(f"{limit.name} {quantity(limit.value, limit.unit)}" for limit in rule.info.thresholds)
        rows.append(f"| [{rule.name}]({page}#{rule.name.lower()}) | {rule.info.summary} | {limits} |")
    return "\n".join(rows) + "\n"


def chapter(info: RuleInfo) -> str:
    parts = [f"## {info.name}", info.summary]
    for heading, text in info.sections:
        parts.append(f"**{heading}.** {text}")
        if heading == "Thresholds":
            limits = [f"| `{info.name}.{t.name}` | {quantity(t.value, t.unit)} |" for t in info.thresholds]
            parts.append("\n".join(["| Name for `--set` | Default |", "|---|---|", *limits]))
    return "\n\n".join(parts) + "\n"


def page() -> str:
    return "\n".join([HEAD, table(), *(chapter(rule.info) for rule in BUILT_IN)])


if __name__ == "__main__":
    sys.stdout.buffer.write(page().encode())
