"""Update the tables of the database in docs/sql.md: `python docs/sql.py`."""

from __future__ import annotations

from pathlib import Path

from gotracer_ci.database.schema import TABLES, Column, Definition
from gotracer_ci.database.views import VIEWS

PAGE = Path(__file__).parent / "sql.md"
HEADING = "## Tables\n\n"
INTRODUCTION = """Every table but `stack_frame` has a column `id`, which is unique in the database, and `trace_id`, so
one query can compare traces. Times are whole nanoseconds from the start of their trace.

"""


def page() -> str:
    """Return the text of the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(HEADING)
    after = rest[rest.index("## Options") :]
    views = "".join(f"| `{view.name}` | {view.about} |\n" for view in VIEWS)
    tables = "".join(map(_table, TABLES))
    return f"{before}{HEADING}{INTRODUCTION}{tables}### Views\n\n| View | A row is |\n|---|---|\n{views}\n{after}"


def _table(table: Definition) -> str:
    rows = "".join(f"| `{column.name}` | {_kind(column)} | {column.about} |\n" for column in table.columns)
    return f"### {table.name}\n\n{table.about}\n\n| Column | Holds | Content |\n|---|---|---|\n{rows}\n"


def _kind(column: Column) -> str:
    kind = f"id of [{column.to}](#{column.to})" if column.to else column.kind
    return f"{kind}, null" if column.optional else kind


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
