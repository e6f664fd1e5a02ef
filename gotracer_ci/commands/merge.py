"""`gotracer-ci merge`."""

from __future__ import annotations

from typing import Any

import click

from gotracer_ci.commands.options import merge_options, merge_settings, show, time_stamp
from gotracer_ci.commands.usage import Command, file_names


@click.command(cls=Command)
@click.argument("reports", nargs=-1, metavar="FINDINGS.json...", shell_complete=file_names)
@merge_options
def command(reports: tuple[str, ...], **options: Any) -> int:
    """Join the JSON reports of several jobs.

    The result is that of one job with all traces: one report, one comparison, one exit code. The reports are those of
    analyze -f json or of the action; globs are allowed. Rules and thresholds are those of the reports.

    \b
    Example:
      gotracer-ci merge shards/*.json --baseline .gotracer-ci/baseline.json

    Exit codes: 0 nothing to flag, 1 findings or, with a baseline, regressions, 2 wrong usage, or a report or trace that
    cannot be read, 3 an invalid baseline.
    """
    from gotracer_ci.merging import join
    from gotracer_ci.merging.load import load

    settings = merge_settings(options, time_stamp())
    return show(settings, join.run(settings, load(reports))).exit_code
