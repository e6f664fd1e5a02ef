"""What a command says about nothing: an ID that no trace has, and a table without rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import click
from click.core import ParameterSource

from gotracer_ci.errors import UsageError

_WINDOW = ("start", "end")


class Rows(NamedTuple):
    """What the rows of a table are made of.

    things: what it is called, such as "tests". remedy: how to record some, "" if that cannot be said. selects: the
    command's parameters that select some of them, besides the window.
    """

    things: str
    remedy: str = ""
    selects: Collection[str] = ()


def unknown(option: str, id: int, noun: str) -> UsageError:
    """Return the error for an ID that no trace has. noun: what it is the ID of; the command is its plural."""
    return UsageError(f"{option} {id}: no trace has a {noun} with this ID; gotracer-ci {noun}s --each lists them")


def note(rows: Rows, traces: Sequence[str]) -> str:
    """Return what is said of a table without rows: which options select nothing, or that the traces have nothing."""
    if given := selecting(rows.selects):
        *before, last = given
        options = f"{', '.join(before)} and {last}" if before else last
        return f"no {rows.things} fit {options}"
    who = f"{traces[0]}: has no" if len(traces) == 1 else "no trace has"
    return f"{who} {rows.things}{rows.remedy and f': {rows.remedy}'}"


def selecting(names: Collection[str]) -> list[str]:
    """Return the options of the running command with these names that are given, and those of the window."""
    context = click.get_current_context()
    given = []
    for option in context.command.params:
        name = option.name or ""
        if name in (*names, *_WINDOW) and context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            is_off = context.params[name] is False and option.secondary_opts
            given.append(option.secondary_opts[0] if is_off else option.opts[0])
    return given
