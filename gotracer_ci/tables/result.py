"""The table of a query's rows: what its columns hold follows from their names and values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from gotracer_ci.tables.schema import query_schema
from gotracer_ci.tables.table import Column, Kind, Row, Table

SCHEMA: Final = "gotracer-ci/query/1"
_ENDINGS: Final[dict[str, Kind]] = {"_ns": "ns", "_bytes": "bytes"}
_IDS: Final = frozenset({"id", "goid", "proc", "thread", "line", "task"})


def result_table(names: Sequence[str], rows: Sequence[Sequence[Any]], hidden: int) -> Table:
    """Return the table for people. hidden: how many further rows there are."""
    columns = tuple(_column(name, [row[i] for row in rows]) for i, name in enumerate(names))
    return Table("row", columns, rows, lambda row: as_row(names, row), hidden)


def as_row(names: Sequence[str], row: Sequence[Any]) -> Row:
    """Return the values by their columns' names."""
    return dict(zip(names, row, strict=True))


def columns_of(names: Sequence[str]) -> list[Column]:
    """Return the columns for JSON and CSV, which show values as they are."""
    return [Column(name, "text", "") for name in names]


def json_schema() -> dict[str, Any]:
    """Return the published JSON Schema of the document."""
    return query_schema(SCHEMA)


def _column(name: str, values: Sequence[Any]) -> Column:
    known = [value for value in values if value is not None]
    kind: Kind = "text"
    plain = re.sub(r"_[0-9]+$", "", name)  # of the second column of a name, too
    if known and all(isinstance(value, (int, float)) for value in known):
        kind = next((kind for ending, kind in _ENDINGS.items() if plain.endswith(ending)), "number")
        if plain in _IDS or plain.endswith("_id"):
            kind = "id"
    return Column(name, kind, "", optional=True)
