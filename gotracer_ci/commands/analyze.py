"""`gotracer-ci analyze`."""

from __future__ import annotations

from typing import Any

import click

from gotracer_ci.commands.options import run_and_print, run_options, settings_of, time_stamp
from gotracer_ci.commands.usage import Command, file_names


@click.command(cls=Command)
@click.argument("traces", nargs=-1, metavar="TRACE...", shell_complete=file_names)
@run_options
def command(traces: tuple[str, ...], **options: Any) -> int:
    """Analyze traces and report findings.

    A TRACE is a file, a directory, a glob, a URL, or - for stdin. Files may be gzipped.

    \b
    Example:
      gotracer-ci analyze trace.out --html report.html

    Exit codes: 0 nothing to flag, 1 findings or, with a baseline, regressions, 2 wrong usage or a trace that cannot be
    read, 3 an invalid baseline.
    """
    return run_and_print(settings_of(traces, options, time_stamp())).exit_code
