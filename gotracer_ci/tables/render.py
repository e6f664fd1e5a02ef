"""Write a table: aligned columns for people, one JSON document, or CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, Protocol, TextIO

from gotracer_ci.report.safe import clean, escape_json
from gotracer_ci.tables.table import Column, Row, Table
from gotracer_ci.text import count, duration, percentage, ratio, size

NAMES: Final = ("human", "json", "csv")
"""The formats of a table."""
_NONE: Final = "–"
_LEFT: Final = ("text",)


class Text(Protocol):
    """What takes text, part by part."""

    def write(self, text: str, /) -> object: ...


def write(table: Table, form: str, head: dict[str, Any], stream: TextIO) -> None:
    """Write a table in one of the formats. head: what the JSON document says before the rows."""
    if form == "json":
        _write_json(table.columns, table.rows, head, stream)
        return
    columns = _flat(table)
    rows = table.rows if columns == [*table.columns] else _flat_rows(table, columns)
    if form == "human":
        _write_human(table, columns, rows, stream)
    else:
        _write_csv(columns, rows, stream)


def write_rows(columns: Sequence[Column], rows: Iterable[Row], form: str, head: dict[str, Any], stream: Text) -> None:
    """Write rows as JSON or CSV, one after the other. The other arguments are those of `write`."""
    if form == "json":
        _write_json(columns, rows, head, stream)
    else:
        _write_csv(columns, rows, stream)


def _write_human(table: Table, columns: Iterable[Column], rows: Iterable[Row], stream: TextIO) -> None:
    """Write what people see of a table, in aligned columns. Lines are never wrapped or truncated: numbers matter."""
    shown = [column for column in columns if column.shown]
    heading = [clean(column.heading) for column in shown]
    widths = [*map(len, heading)]
    lines = []  # with tabs, which clean text does not have: lists of cells would take several times the memory
    for row in rows:
        cells = [clean(_text(column, row)) for column in shown]
        widths = [*map(max, widths, map(len, cells))]
        lines.append("\t".join(cells))
    first = "  ".join(map(_aligned, shown, heading, widths)).rstrip()
    if stream.isatty():
        _write_bold(first, stream)
    else:
        stream.write(f"{first}\n")
    for line in lines:
        stream.write("  ".join(map(_aligned, shown, line.split("\t"), widths)).rstrip() + "\n")
    if table.hidden:
        noun = table.noun if table.hidden == 1 else table.plural or f"{table.noun}s"
        stream.write(f"{count(table.hidden)} more {noun}: --top 0 shows all\n")


def _write_json(columns: Sequence[Column], rows: Iterable[Row], head: dict[str, Any], stream: Text) -> None:
    """Write a document with the members of `head` and then the rows, one per line."""
    # nearly all values are whole numbers, which a template writes ten times as fast as json
    template = "{" + ", ".join(f"{_json(column.name).replace('%', '%%')}: %s" for column in columns) + "}"
    names = [column.name for column in columns]
    stream.write(_json(head)[:-1] + ', "rows": [')
    between = "\n "
    for row in rows:
        values = [row[name] for name in names]
        stream.write(between + template % tuple([value if type(value) is int else _json(value) for value in values]))
        between = ",\n "
    stream.write("]}\n" if between == "\n " else "\n]}\n")


def _json(value: Any) -> str:
    return _json_text(value) if type(value) is str else "null" if value is None else _json_of(value)


def _json_of(value: Any) -> str:
    return escape_json(json.dumps(value, ensure_ascii=False, allow_nan=False))


_json_text = lru_cache(1024)(_json_of)


def _write_csv(columns: Sequence[Column], rows: Iterable[Row], stream: Text) -> None:
    """Write a header and the rows as RFC 4180. A cell that a spreadsheet takes for a formula stays as it is."""
    names = [column.name for column in columns]
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows(
        [value if type(value) is int else _plain(value) for value in map(row.__getitem__, names)] for row in rows
    )


def _flat(table: Table) -> list[Column]:
    """Return the columns with one for each name in place of those that hold several values."""
    return [flat for column in table.columns for flat in _expanded(column, table)]


def _expanded(column: Column, table: Table) -> Iterator[Column]:
    if column.kind != "ns by name":
        yield column
        return
    totals: dict[str, int] = {}
    for row in table.rows:
        for name, ns in row[column.name].items():
            totals[name] = totals.get(name, 0) + ns
    for name in sorted(totals, key=lambda name: (-totals[name], name)):
        yield Column(f"{column.name}[{name}]", "ns", column.about, name or "(none)", optional=True)


def _flat_rows(table: Table, columns: Iterable[Column]) -> Iterator[Row]:
    """Yield the rows with the values of these columns, which `_flat` returned."""
    several = [column.name for column in table.columns if column.kind == "ns by name"]
    names = [column.name for column in columns]
    for row in table.rows:
        more = {f"{column}[{name}]": ns for column in several for name, ns in row[column].items()}
        yield {name: more.get(name, row.get(name)) for name in names}


def _text(column: Column, row: dict[str, Any]) -> str:
    value = row[column.name]
    if value is None:
        return _NONE
    if column.kind == "ns":
        return duration(value)
    if column.kind == "bytes":
        return size(value)
    if column.kind == "share":
        return percentage(value)
    if column.kind == "ratio":
        return ratio(value)
    return (
        count(value)
        if column.kind in ("count", "number", "change")
        else "yes"
        if value is True
        else ""
        if value is False
        else str(value)
    )


def _plain(value: Any) -> Any:
    """Return a value for CSV. A lone surrogate has no bytes."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return str(value).lower() if isinstance(value, bool) else value


def _aligned(column: Column, cell: str, width: int) -> str:
    return cell.ljust(width) if column.kind in _LEFT else cell.rjust(width)


def _write_bold(line: str, stream: TextIO) -> None:
    """Write a line to a terminal. rich leaves out what the terminal or the user rejects."""
    from rich.console import Console
    from rich.text import Text

    Console(file=stream, markup=False, highlight=False, emoji=False).print(Text(line, style="bold"), soft_wrap=True)
