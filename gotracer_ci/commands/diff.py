"""`gotracer-ci diff`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import click

from gotracer_ci.commands.options import diff_options, diff_settings, run_and_print, time_stamp
from gotracer_ci.commands.profile import TYPES
from gotracer_ci.commands.sides import COUNTS_FORMS, PROFILE_FORMS, Asked, show_counts, show_profiles
from gotracer_ci.commands.usage import Choice, Command, file_names, pair
from gotracer_ci.errors import UsageError
from gotracer_ci.report.formats import NAMES
from gotracer_ci.text import plural
from gotracer_ci.trace.open import STDIN

_BETWEEN: Final = "\0--"
"""Stands for the "--" between the sides. No argument can be this, and click does not take it for the end of options."""
_USAGE: Final = "write gotracer-ci diff BASE HEAD, or gotracer-ci diff BASE... -- HEAD..."
_TABLES: Final = ("--counts", "--profile")
_OF_TABLES: Final = {"output", "top", "root", "path_map"}
"""The options of a report that a table has, too."""


class _Command(Command):
    """A command with two lists of traces and "--" between them. Options can be anywhere."""

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        takes_value = {
            name
            for option in self.params
            if isinstance(option, click.Option) and not option.is_flag
            for name in option.opts
        }
        for before, word in pairwise(arguments):
            if word == "--" and before in takes_value:
                raise UsageError(f"{before}: needs a value before --")
        return super().parse_args(context, [_BETWEEN if word == "--" else word for word in arguments])


@click.command(cls=_Command)
@click.argument("traces", nargs=-1, metavar="BASE... -- HEAD...", shell_complete=file_names)
@click.option("--counts", is_flag=True, help="Show numbers side by side: of waits, calls, goroutines, GC cycles, …")
@click.option("--profile", type=Choice(TYPES), help=f"Show profiles side by side: {', '.join(TYPES)}.")
@click.option(
    "-f",
    "--format",
    "form",
    type=Choice(tuple(dict.fromkeys((*NAMES, *PROFILE_FORMS)))),
    help="Format of the result; csv, pprof, folded and speedscope are for tables and profiles [default: human].",
)
@click.option(
    "--sort", metavar="COLUMN", help="Tables: largest first; +COLUMN: smallest first [default: what changed]."
)
@diff_options
@click.pass_context
def command(context: click.Context, /, traces: tuple[str, ...], counts: bool, profile: str | None, **given: Any) -> int:
    """Compare two sets of traces.

    BASE and HEAD are files, directories or globs, or - for stdin. With one of each, -- can be left out. Findings are
    compared as analyze does with traces of the base commit. --counts and --profile show tables instead.

    \b
    Example:
      gotracer-ci diff before.trace after.trace

    Exit codes: 0 no regressions, or a table, 1 regressions, 2 wrong usage or a trace that cannot be read.
    """
    base, head = _sides(traces)
    form, sort = given.pop("form"), given.pop("sort")
    if not (counts or profile):
        if sort:
            raise UsageError(f"--sort: only {' and '.join(_TABLES)} have columns")
        if form not in (None, *NAMES):
            raise UsageError(f"-f {form}: only for {' and '.join(_TABLES)}")
        return run_and_print(diff_settings(base, head, {**given, "format": form}, time_stamp()), is_diff=True).exit_code
    if counts and profile:
        raise UsageError("--counts, --profile: give one of them")
    mode, forms = ("--profile", PROFILE_FORMS) if profile else ("--counts", COUNTS_FORMS)
    _check_options(context, mode, given)
    form = form or "human"
    if form not in forms:
        raise UsageError(f"-f {form}: {mode} has the formats {', '.join(forms)}")
    asked = Asked(
        base,
        head,
        form,
        given["output"],
        sort,
        given["top"],
        given["root"] or Path(),
        tuple(pair("--path-map", text) for text in given["path_map"]),
    )
    return show_profiles(profile, asked) if profile else show_counts(asked)


def _check_options(context: click.Context, mode: str, given: Mapping[str, Any]) -> None:
    """Check that no option of a report is given for a table.

    Raises:
        UsageError: one is.
    """
    for option in context.command.params:
        if option.name in given.keys() - _OF_TABLES and given[option.name]:
            raise UsageError(f"{option.opts[-1]}: {mode} shows a table, and only reports have this option")


def _sides(words: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the traces of the base and those of the head.

    Raises:
        UsageError: it is not clear which traces are the base.
    """
    number = words.count(_BETWEEN)
    if number > 1:
        raise UsageError(f"--: given {number} times, but there are two sides; {_USAGE}")
    if not number and len(words) != 2:
        given = f"{plural(len(words), 'trace')} and no --" if words else "no trace given"
        raise UsageError(f"{given}; {_USAGE}")
    middle = words.index(_BETWEEN) if number else 1
    base, head = tuple(words[:middle]), tuple(words[middle + number :])
    if not base or not head:
        raise UsageError(f"no trace {'after' if base else 'before'} --; {_USAGE}")
    if STDIN in base and STDIN in head:
        raise UsageError("-: standard input can be only one trace of one side")
    return base, head
