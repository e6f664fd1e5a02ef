"""`gotracer-ci anonymise`."""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import partial
from pathlib import Path

import click

from gotracer_ci.commands.output import STDOUT, complain, written
from gotracer_ci.commands.usage import FILE, Command, file_names
from gotracer_ci.errors import EXIT_CLEAN, UsageError


@click.command(cls=Command)
@click.argument("name", metavar="TRACE", shell_complete=file_names)
@click.option(
    "-o",
    "--output",
    type=FILE,
    required=True,
    metavar="FILE",
    help="Write to FILE, gzipped if its name ends in .gz, - for stdout.",
)
def command(name: str, output: Path) -> int:
    """Replace the names, paths and texts in a trace.

    TRACE is a file, or - for stdin, and may be gzipped. The findings stay the same. The names of the standard library
    stay, and so do times, line numbers and everything else that is a number.

    \b
    Example:
      gotracer-ci anonymise trace.out -o anonymous.trace.gz

    Exit codes: 0 the file was written, 2 wrong usage or a trace that cannot be read to its end.
    """
    from gotracer_ci import progress
    from gotracer_ci.anonymise.rewriting import Renamed
    from gotracer_ci.trace.open import open_trace

    _check(name, output)
    with progress.shown(sys.stderr) as watch:
        trace = open_trace(name)
        renamed = Renamed(trace, partial(watch, 1, 1)) if watch else Renamed(trace)
    with written(output) as write:
        renamed.write(write)
    if str(output) != STDOUT:
        click.echo(f"wrote {output}", err=True)
    if renamed.damage is not None:
        complain(renamed.damage)
        return renamed.damage.exit_code
    return EXIT_CLEAN


def _check(name: str, output: Path) -> None:
    if str(output) == STDOUT:
        if sys.stdout is not None and sys.stdout.isatty():
            raise UsageError("standard output is a terminal, and a trace is binary: use -o FILE")
        return
    with suppress(OSError):
        if output.samefile(name):
            raise UsageError(f"--output {output}: this is the trace itself; name another file")
