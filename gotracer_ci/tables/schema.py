"""The JSON Schema of a table's document, from its columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from gotracer_ci.analysis.reading import Window
from gotracer_ci.tables.table import Column
from gotracer_ci.text import date_time

_NS: Final = {"type": "integer"}
_TYPES: Final[Mapping[str, dict[str, Any]]] = {
    "text": {"type": "string"},
    "count": {"type": "integer", "minimum": 0},
    "id": {"type": "integer"},
    "ns": _NS,
    "bytes": {"type": "integer", "minimum": 0},
    "number": {"type": "number", "minimum": 0},
    "share": {"type": "number", "minimum": 0, "maximum": 1},
    "change": {"type": "number"},
    "ratio": {"type": "number", "minimum": 0},
    "flag": {"type": "boolean"},
    "ns by name": {"type": "object", "additionalProperties": _NS},
}
_TRACE: Final[Mapping[str, tuple[str | list[str], str]]] = {
    "path": ("string", "As the user named it."),
    "go_version": ("string", "The version of the trace's format."),
    "started": (
        ["string", "null"],
        "When it began, in UTC as in RFC 3339; null before Go 1.25, which does not record it.",
    ),
    "duration_ns": ("integer", "The length of the trace, or of what could be read of it."),
    "events": ("integer", "How many events were read."),
    "damage": (["string", "null"], "What ended the reading early; null for a complete trace."),
}


DEFINITIONS: Final = {"enum": ["own", "go"], "description": 'Whose definitions: with --go-compat "go".'}
"""The member of a document whose command has `--go-compat`."""
_WINDOW: Final = {
    "from_ns": {"type": "integer", "description": "Where the window begins, from the trace's start (--from)."},
    "to_ns": {"type": ["integer", "null"], "description": "Where it ends (--to); null: with the trace."},
    "from_time": {
        "type": ["string", "null"],
        "description": "Where it begins if --from is a time of day, as in RFC 3339; then from_ns is 0.",
    },
    "to_time": {
        "type": ["string", "null"],
        "description": "Where it ends if --to is a time of day; then to_ns is null.",
    },
}


def schema(
    identity: str, about: str, members: Mapping[str, Any], rows: Mapping[str, Iterable[Column]], sometimes: set[str]
) -> dict[str, Any]:
    """Return the schema of a document.

    Args:
        identity: the value of its member "schema".
        members: the schemas of its members besides those that all documents have.
        rows: the columns of each kind of row, by what the kind is called.
        sometimes: the columns that depend on options.
    """
    return document(
        identity,
        about,
        {
            **members,
            **_WINDOW,
            "traces": TRACES,
        },
        rows,
        sometimes,
    )


def document(
    identity: str,
    about: str,
    members: Mapping[str, Any],
    rows: Mapping[str, Iterable[Column]],
    sometimes: Collection[str] = (),
) -> dict[str, Any]:
    """Return the schema of a document that has no other members than these and its rows."""
    properties = {
        "schema": {"const": identity},
        **members,
        "rows": {
            "type": "array",
            "items": {"anyOf": [{"$ref": f"#/$defs/{kind}"} for kind in rows]},
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "description": about,
        **object_of(properties),
        "$defs": {kind: _row(columns, sometimes) for kind, columns in rows.items()},
    }


def query_schema(identity: str) -> dict[str, Any]:
    """Return the schema of the document of a query, whose rows have what it selects."""
    value = {"type": ["string", "number", "null"]}
    properties = {
        "schema": {"const": identity},
        "query": _told("string", "The SQL."),
        "traces": {
            "type": "array",
            "items": object_of({name: _told(*told) for name, told in _TRACE.items()}),
            "description": "The traces that were read; empty for a database.",
        },
        "rows": {
            "type": "array",
            "items": {"type": "object", "additionalProperties": value},
            "description": "By column. A second column of one name has _2 after it, a third one _3.",
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "description": "The output of gotracer-ci query -f json: the rows of a query.",
        **object_of(properties),
    }


def head(identity: str, window: Window, traces: Iterable[Any], **members: Any) -> dict[str, Any]:
    """Return what a document says before its rows. The arguments are those of `schema`, with values.

    traces: named tuples with the values of each trace.
    """
    return {
        "schema": identity,
        **members,
        "from_ns": window.start_ns,
        "to_ns": window.end_ns,
        "from_time": None if window.wall_start_ns is None else date_time(window.wall_start_ns),
        "to_time": None if window.wall_end_ns is None else date_time(window.wall_end_ns),
        "traces": [trace._asdict() for trace in traces],
    }


def _row(columns: Iterable[Column], sometimes: Collection[str]) -> dict[str, Any]:
    properties = {column.name: _value(column) for column in columns}
    return {**object_of(properties), "required": [name for name in properties if name not in sometimes]}


def _value(column: Column) -> dict[str, Any]:
    kind = _TYPES[column.kind]
    if column.optional:
        kind = {**kind, "type": [kind["type"], "null"]}
    return {**kind, "description": column.about}


def _told(kind: str | list[str], about: str) -> dict[str, Any]:
    return {"type": kind, "description": about}


def object_of(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of an object that has exactly these members."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


TRACES: Final = {"type": "array", "items": object_of({name: _told(*told) for name, told in _TRACE.items()})}
"""The schema of a document's traces."""
SIDES: Final = {
    "base_traces": {**TRACES, "description": "Those of the base."},
    "traces": {**TRACES, "description": "Those of the head."},
}
"""The members of a document that compares two sets of traces."""
