"""Print tables: plain text with aligned columns in a pipe, drawn by rich to fit a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from gotracer_ci.report.safe import clean

Row = Sequence[str]


def print_rows(title: str, header: Row, rows: Sequence[Row], stream: TextIO) -> None:
    """Write a title, a header and rows. The text may be untrusted: it is cleaned here."""
    title = clean(title)
    cells = [[clean(cell) for cell in row] for row in (header, *rows)]
    if not stream.isatty():
        widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
        stream.write("\n".join([title, *(line.rstrip() for line in lines), "", ""]))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=stream, markup=False, highlight=False, emoji=False)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in cells[0]:
        table.add_column(name, overflow="fold")
    for row in cells[1:]:
        table.add_row(*(Text(cell) for cell in row))
    console.print(Text(title, style="bold"))
    console.print(table)
    console.print()
