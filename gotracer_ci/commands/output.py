"""Output of commands: results to stdout, problems to stderr."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from gotracer_ci.errors import UsageError

if TYPE_CHECKING:
    from gotracer_ci.tables.table import Column, Row, Table

STDOUT = "-"
"""The name of an output file that stands for standard output."""
_PART = 1 << 16


@contextmanager
def stdout() -> Iterator[TextIO]:
    """Yield standard output and flush it at the end. A reader that stops early (`| head`) is not an error.

    Raises:
        UsageError: standard output is closed, or its disk is full.
    """
    stream = sys.stdout
    if stream is None:
        raise UsageError("standard output: cannot be written: it is closed")
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")  # the locale's encoding may lack arrows and multiplication signs
    try:
        yield stream
        stream.flush()
    except OSError as error:
        # The interpreter flushes again on exit, which must not fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if not isinstance(error, BrokenPipeError):
            raise UsageError(f"standard output: cannot be written: {error.strerror}") from None


def print_lines(lines: list[str]) -> None:
    """Write lines to standard output."""
    with stdout() as stream:
        stream.writelines(f"{line}\n" for line in lines)


def write_table(table: Table, form: str, head: dict[str, Any], output: Path | None) -> None:
    """Write a table to a file, or to standard output.

    Args:
        form: one of `tables.render.NAMES`.
        head: what the JSON document says before the rows.
    """
    from gotracer_ci.tables import render

    if output is None:
        with stdout() as stream:
            render.write(table, form, head, stream)
        return
    text = io.StringIO(newline="")
    render.write(table, form, head, text)
    write_data(text.getvalue(), output)


def write_data(data: str | bytes, output: Path | None) -> None:
    """Write text or bytes to a file, or to standard output."""
    if output is None:
        with stdout() as stream:
            if isinstance(data, bytes):
                stream.buffer.write(data)
            else:
                stream.write(data)
        return
    from gotracer_ci import files

    files.write(output, data if isinstance(data, bytes) else data.encode())
    click.echo(f"wrote {output}", err=True)


@contextmanager
def written(output: Path) -> Iterator[Callable[[bytes | memoryview], object]]:
    """Yield what writes to a file, gzipped if its name says so, or to standard output. The file is there at the end.

    Raises:
        FileError: it cannot be written.
    """
    from gotracer_ci import files

    if str(output) == STDOUT:
        with stdout() as stream:
            yield stream.buffer.write
        return
    with files.replacing(output) as write:
        if output.suffix != ".gz":
            yield write
            return
        import zlib

        pack = zlib.compressobj(wbits=31)  # its header has no name and no time
        yield lambda data: write(pack.compress(data))
        write(pack.flush())


class _Encoded:
    """Writes text as UTF-8, in large parts."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._parts: list[str] = []
        self._size = 0

    def write(self, text: str) -> None:
        self._parts.append(text)
        self._size += len(text)
        if self._size >= _PART:
            self.flush()

    def flush(self) -> None:
        self._write("".join(self._parts).encode())
        self._parts, self._size = [], 0


def write_rows(
    columns: Sequence[Column], rows: Iterable[Row], form: str, head: dict[str, Any], output: Path | None
) -> None:
    """Write rows as JSON or CSV, one after the other, to a file or to standard output (see `write_table`)."""
    from gotracer_ci.tables import render

    if output is None:
        with stdout() as stream:
            render.write_rows(columns, rows, form, head, stream)
        return
    from gotracer_ci import files

    with files.replacing(output) as write:
        text = _Encoded(write)
        render.write_rows(columns, rows, form, head, text)
        text.flush()
    click.echo(f"wrote {output}", err=True)


def complain(problem: object) -> None:
    """Write a problem to stderr as one line, whatever characters are in it."""
    from gotracer_ci.report.safe import clean

    click.echo(f"gotracer-ci: {clean(str(problem))}", err=True)
