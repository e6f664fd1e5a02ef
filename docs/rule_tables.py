"""Update the table of limits in docs/baseline.md: `python docs/rule_tables.py`."""

from __future__ import annotations

from pathlib import Path

from gotracer_ci.limits import EVERY_KIND, MB, MS, Limit
from gotracer_ci.rules.registry import BUILT_IN

DOCS = Path(__file__).parent
LIMITS_HEAD = "| Rule | Kind | Tolerance | Floor |\n|---|---|---|---|\n"


def pages() -> dict[Path, str]:
    """Return the page with an up-to-date table."""
    page = DOCS / "baseline.md"
    return {page: _with_table(page.read_text(encoding="utf-8"), limits())}


def limits() -> str:
    """Return the table of limits. Limits of times come first, because they apply to all kinds of a rule."""
    found = [(rule.name, kind, limit) for rule in BUILT_IN for kind, limit in rule.limits().items()]
    return LIMITS_HEAD + "".join(_row(*one) for one in sorted(found, key=lambda one: not one[2].is_timing))


def _with_table(text: str, table: str) -> str:
    """Replace the table that has the same header row."""
    head = "".join(table.splitlines(keepends=True)[:2])
    before, _, rest = text.partition(head)
    return before + table + rest[rest.index("\n\n") + 1 :]


def _row(rule: str, kind: str, limit: Limit) -> str:
    return f"| {rule} | {'all' if kind == EVERY_KIND else kind} | {limit.tolerance:g} | {_floor(limit)} |\n"


def _floor(limit: Limit) -> str:
    factor, unit = {"ns": (MS, " ms"), "each": (MS, " ms"), "bytes": (MB, " MB")}.get(limit.unit, (1, ""))
    share = f", or {limit.share * 100:g} % of the run" if limit.share else ""
    return f"{limit.floor / factor:g}{unit}{share}"


if __name__ == "__main__":
    for page, text in pages().items():
        page.write_text(text, encoding="utf-8")
