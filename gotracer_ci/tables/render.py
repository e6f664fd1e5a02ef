"""Write a table: aligned columns for people, one JSON document, or CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
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
    if form == "human":
        _write_human(table, stream)
    else:
        write_rows(_flat(table) if form == "csv" else table.columns, _rows(table, form), form, head, stream)


def write_rows(columns: Sequence[Column], rows: Iterable[Row], form: str, head: dict[str, Any], stream: Text) -> None:
    """Write rows as JSON or CSV, one after the other. The other arguments are those of `write`."""
    if form == "json":
        _write_json(columns, rows, head, stream)
    else:
        _write_csv(columns, rows, stream)


def _rows(table: Table, form: str) -> Iterable[Row]:
    return _flat_rows(table) if form == "csv" else table.rows


def _write_human(table: Table, stream: TextIO) -> None:
    """Write what people see of a table, in aligned columns. Lines are never wrapped or truncated: numbers matter."""
    shown = [column for column in _flat(table) if column.shown]
    rows = [[clean(_text(column, row)) for column in shown] for row in _flat_rows(table)]
    heading = [clean(column.heading) for column in shown]
    widths = [max(map(len, cells)) for cells in zip(heading, *rows, strict=True)]
    first, *rest = ("  ".join(map(_aligned, shown, row, widths)).rstrip() for row in (heading, *rows))
    if stream.isatty():
        _write_bold(first, stream)
    else:
        stream.write(f"{first}\n")
    stream.writelines(f"{line}\n" for line in rest)
    if table.hidden:
        noun = table.noun if table.hidden == 1 else table.plural or f"{table.noun}s"
        stream.write(f"{count(table.hidden)} more {noun}: --top 0 shows all\n")


def _write_json(columns: Sequence[Column], rows: Iterable[Row], head: dict[str, Any], stream: Text) -> None:
    """Write a document with the members of `head` and then the rows, one per line."""
    names = [column.name for column in columns]
    i = -1
    stream.write(escape_json(json.dumps(head, ensure_ascii=False, allow_nan=False))[:-1] + ', "rows": [')
    for i, row in enumerate(rows):
        text = json.dumps({name: row[name] for name in names}, ensure_ascii=False, allow_nan=False)
        stream.write((",\n " if i else "\n ") + escape_json(text))
    stream.write("]}\n" if i < 0 else "\n]}\n")


def _write_csv(columns: Sequence[Column], rows: Iterable[Row], stream: Text) -> None:
    """Write a header and the rows as RFC 4180. A cell that a spreadsheet takes for a formula stays as it is."""
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([column.name for column in columns])
    for row in rows:
        writer.writerow([_plain(row[column.name]) for column in columns])


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


def _flat_rows(table: Table) -> Iterator[dict[str, Any]]:
    several = [column.name for column in table.columns if column.kind == "ns by name"]
    names = [column.name for column in _flat(table)]
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
