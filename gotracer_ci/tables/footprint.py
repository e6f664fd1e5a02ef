"""The table of a trace's footprint: which types of records take its bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gotracer_ci.tables.schema import document, object_of
from gotracer_ci.tables.table import Column, Table

SCHEMA: Final = "gotracer-ci/footprint/1"
_PART: Final = (
    Column("event", "text", "The type of record in Go's words; (header), and (not read) after damage, are none."),
    Column("bytes", "count", "What the records take in the file; a batch: its header alone."),
    Column("bytes_share", "share", "The share of the file's bytes.", "%"),
    Column("count", "count", "How many records there are; null: they are none.", optional=True),
    Column("count_share", "share", "The share of all records; null: they are none.", "%", optional=True),
)
_TRACE: Final = {
    "path": {"type": "string", "description": "As the user named it."},
    "go_version": {"type": "string", "description": "The version of the trace's format."},
    "bytes": {"type": "integer", "description": "The size of the trace, unpacked: the sum of the rows."},
    "records": {"type": "integer", "description": "How many records were read."},
    "damage": {
        "type": ["string", "null"],
        "description": "What ended the reading early; null for a complete trace.",
    },
}


def footprint_table(parts: Sequence[tuple[str, int, int | None]]) -> Table:
    """Return the table of (type, bytes, records), in this order."""
    size = sum(size for _, size, _ in parts)
    records = sum(count or 0 for _, _, count in parts)

    def row(part: tuple[str, int, int | None]) -> dict[str, Any]:
        name, taken, count = part
        share = None if count is None else count / records
        return {"event": name, "bytes": taken, "bytes_share": taken / size, "count": count, "count_share": share}

    return Table("type", _PART, parts, row)


def head(path: str, go_version: str, size: int, records: int, damage: str | None) -> dict[str, Any]:
    """Return what the document says before the rows."""
    values = (path, go_version, size, records, damage)
    return {"schema": SCHEMA, "trace": dict(zip(_TRACE, values, strict=True))}


def json_schema() -> dict[str, Any]:
    """Return the published JSON Schema of the document."""
    about = "The output of gotracer-ci events --as footprint -f json: which types of records take a trace's bytes."
    return document(SCHEMA, about, {"trace": object_of(_TRACE)}, {"type": _PART})
