"""`gotracer-ci action`."""

from __future__ import annotations

import click

from gotracer_ci.commands.usage import Command


@click.command(cls=Command)
@click.option("--dry-run", is_flag=True, help="Print what would be sent to GitHub instead of sending it.")
def command(dry_run: bool) -> int:
    """Run as a GitHub Action step.

    Reads the action's inputs and the runner's environment variables. The action's container runs this command.

    \b
    Example:
      gotracer-ci action --dry-run
    """
    from gotracer_ci.action.main import main

    return main(dry_run=dry_run)
