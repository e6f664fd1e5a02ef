"""The command line: group the commands and turn errors into exit codes. Only it and `__main__` exit."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from types import FrameType
from typing import NoReturn

import click

from gotracer_ci import __version__
from gotracer_ci.commands.output import complain, print_lines
from gotracer_ci.commands.usage import CommandGroup
from gotracer_ci.errors import EXIT_CLEAN, EXIT_CRASHED, EXIT_INTERRUPTED, EXIT_TERMINATED, GotracerError, UsageError

COMMANDS = (
    "analyze",
    "test",
    "capture",
    "diff",
    "merge",
    "view",
    "goroutines",
    "tasks",
    "regions",
    "gc",
    "profile",
    "tests",
    "wakes",
    "events",
    "export",
    "query",
    "anonymise",
    "rules",
    "baseline",
    "doctor",
    "action",
    "completion",
    "help",
)
"""The modules in `gotracer_ci.commands` that are commands, in the order of the help."""
_SUFFIXES = (".trace", ".out", ".gz")
"""What follows in the name of a trace."""


class Lazy(CommandGroup):
    """A group that imports a command's module only when the command is used."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"gotracer_ci.commands.{name}").command
        return command

    def unknown(self, context: click.Context, arguments: Sequence[str]) -> str:
        name = arguments[0]
        if "/" in name or "*" in name or name.endswith(_SUFFIXES) or os.path.lexists(name):
            import shlex

            return f"no such command: {name}; did you mean gotracer-ci analyze {shlex.join(arguments)}?"
        return super().unknown(context, arguments)


def _version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if not value or context.resilient_parsing:
        return
    from gotracer_ci.trace import kernel

    how = "compiled" if kernel.is_compiled() else "not compiled: install a C compiler and reinstall for full speed"
    print_lines([f"gotracer-ci {__version__} (decoder {how})"])
    context.exit()


@click.group(
    cls=Lazy,
    invoke_without_command=True,
    subcommand_metavar="COMMAND [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
@click.option(
    "-v",
    "--version",
    is_flag=True,
    callback=_version,
    expose_value=False,
    is_eager=True,
    help="Show the version and exit.",
)
@click.pass_context
def cli(context: click.Context) -> None:
    """Find performance regressions in Go execution traces.

    \b
    Example:
      gotracer-ci analyze trace.out --baseline .gotracer-ci/baseline.json
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        raise UsageError("no command given")


def _terminated(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Exit with an exception, so that temporary files are removed.

    Without a handler the first process of a container ignores the signal.
    """
    sys.exit(EXIT_TERMINATED)


def _has_directory() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return False
    return True


def main(arguments: Iterable[str] | None = None) -> NoReturn:
    """Run a command and exit with its code. Print an error that a user can fix as one line on stderr."""
    signal.signal(signal.SIGTERM, _terminated)
    if __doc__ is None:
        complain("the rules are made from docstrings: run Python without -OO, and unset PYTHONOPTIMIZE")
        sys.exit(UsageError.exit_code)
    try:
        given = None if arguments is None else list(arguments)
        code = cli.main(args=given, prog_name="gotracer-ci", standalone_mode=False)
    except GotracerError as error:
        complain(error)
        code = error.exit_code
    except click.ClickException as error:
        complain(error.format_message())
        code = UsageError.exit_code
    except click.Abort:
        code = EXIT_INTERRUPTED
    except Exception as error:
        if isinstance(error, FileNotFoundError) and not _has_directory():
            complain("the current directory does not exist any more: change to another one")
            sys.exit(UsageError.exit_code)
        import traceback

        traceback.print_exc()
        complain("internal error: please report it with the lines above")
        code = EXIT_CRASHED
    sys.exit(code or EXIT_CLEAN)
