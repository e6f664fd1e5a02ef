"""Output of commands: results to stdout, problems to stderr."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from gotracer_ci.errors import UsageError

if TYPE_CHECKING:
    from gotracer_ci.tables.table import Table


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
    from gotracer_ci import files

    text = io.StringIO(newline="")
    render.write(table, form, head, text)
    files.write(output, text.getvalue().encode())
    click.echo(f"wrote {output}", err=True)


def complain(problem: object) -> None:
    """Write a problem to stderr as one line, whatever characters are in it."""
    from gotracer_ci.report.safe import clean

    click.echo(f"gotracer-ci: {clean(str(problem))}", err=True)
