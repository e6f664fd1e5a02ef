"""`gotracer-ci help`."""

from __future__ import annotations

import click

from gotracer_ci.commands.output import print_lines
from gotracer_ci.commands.usage import Command, CommandGroup
from gotracer_ci.errors import UsageError


@click.command(cls=Command)
@click.argument("commands", nargs=-1, metavar="[COMMAND]...")
@click.pass_context
def command(context: click.Context, commands: tuple[str, ...]) -> None:
    """Show the help of a command.

    \b
    Example:
      gotracer-ci help analyze
    """
    shown = context.find_root()
    for name in commands:
        group = shown.command
        if not isinstance(group, CommandGroup):
            raise UsageError(f"{shown.command_path} has no commands")
        below = group.get_command(shown, name)
        if below is None:
            raise UsageError(group.unknown(shown, [name]))
        shown = click.Context(below, shown, name)
    print_lines(shown.get_help().splitlines())
