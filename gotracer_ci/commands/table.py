"""What the commands that print tables have in common: their options, and reading traces and writing a table."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from gotracer_ci.commands import nothing
from gotracer_ci.commands.output import complain, write_table
from gotracer_ci.commands.usage import FILE, Choice, WallTime, file_names, moment, pair
from gotracer_ci.errors import EXIT_CLEAN, UsageError
from gotracer_ci.report.safe import clean

if TYPE_CHECKING:
    from gotracer_ci.analysis.reading import Window
    from gotracer_ci.source.frames import SourceMap
    from gotracer_ci.tables.table import Table
    from gotracer_ci.tabulate import Tabulated
    from gotracer_ci.trace.reader import Trace

Function = TypeVar("Function", bound=Callable[..., Any])
Found = TypeVar("Found")
_TOP = 20


class Common(NamedTuple):
    """The options that all these commands have.

    form: one of `tables.render.NAMES`. top: how many rows are shown, 0 all.
    """

    traces: tuple[str, ...]
    form: str
    output: Path | None
    window: Window
    sort: str | None
    top: int
    root: Path
    path_map: tuple[tuple[str, str], ...]


def inputs(function: Function) -> Function:
    """Add the argument for traces and the options that say where their code is."""
    for add in (
        click.option(
            "--path-map", multiple=True, metavar="FROM=TO", help="Map a build directory to its place below --root."
        ),
        click.option(
            "--root", type=FILE, default=Path(), metavar="DIR", help="The repository's directory [default: .]."
        ),
        click.argument("traces", nargs=-1, metavar="TRACE...", shell_complete=file_names),
    ):
        function = add(function)
    return function


def window(function: Function) -> Function:
    """Add the options for a part of the trace."""
    function = click.option(
        "--to", "end", callback=moment, metavar="TIME", help="Count only up to this time, written like --from."
    )(function)
    return click.option(
        "--from",
        "start",
        callback=moment,
        default="0s",
        metavar="TIME",
        help="Count only from here: 1.5s from the start, or a time such as 2026-11-26T23:05:01Z.",
    )(function)


def output(order: str | None, of: str = "") -> Callable[[Function], Function]:
    """Add the options for what is written, where and how.

    Args:
        order: the default order, as `--sort` has it; None: the rows have an order, and there is no such option.
        of: what the help says before each, if not every table of the command has them.
    """

    def add(function: Function) -> Function:
        for each in (
            click.option(
                "--top",
                type=click.IntRange(min=0),
                metavar="N",
                help=f"{of}First N rows, 0 all [default: human 20, else 0].",
            ),
            *([] if order is None else [_sort(order, of)]),
            click.option("-o", "--output", type=FILE, metavar="FILE", help=f"{of}Write to FILE [default: stdout]."),
            click.option(
                "-f",
                "--format",
                "form",
                type=Choice(("human", "json", "csv")),
                default="human",
                help=f"{of}[default: human]",
            ),
        ):
            function = each(function)
        return function

    return add


def _sort(order: str, of: str) -> Callable[[Any], Any]:
    return click.option(
        "--sort", metavar="COLUMN", help=f"{of}Largest first; +COLUMN: smallest first [default: {order}]."
    )


system = click.option("--system", is_flag=True, help="Also the runtime's own goroutines.")
go_compat = click.option("--go-compat", is_flag=True, help="Go's definitions: the figures of go tool trace.")


def common(given: dict[str, Any]) -> Common:
    """Take the common options out of those that click has read.

    Raises:
        UsageError: they contradict each other.
    """
    window = asked_window(given)
    maps = tuple(pair("--path-map", text) for text in given.pop("path_map"))
    form, top = given.pop("form"), given.pop("top")
    return Common(
        given.pop("traces"),
        form,
        given.pop("output"),
        window,
        given.pop("sort"),
        rows_shown(form, top),
        given.pop("root"),
        maps,
    )


def missed(trace: Trace, window: Window) -> list[str]:
    """Return the note that a window has no part of a trace, which has been read; none if it has one."""
    from gotracer_ci.analysis.reading import WHOLE
    from gotracer_ci.text import duration

    start, end = window.on(trace)
    if window == WHOLE or (start < trace.start_ns + trace.duration_ns and end > trace.start_ns):
        return []
    return [f"{trace.name}: --from and --to have no part of it: it is {duration(trace.duration_ns)} long"]


def rows_shown(form: str, top: int | None) -> int:
    """Return how many rows are shown in a format, 0 all. top: how many the user wants, if any."""
    return (_TOP if form == "human" else 0) if top is None else top


def asked_window(given: dict[str, Any]) -> Window:
    """Take the window out of the options that click has read.

    Raises:
        UsageError: it ends before it begins.
    """
    from gotracer_ci.analysis.reading import Window

    start, end = given.pop("start", 0), given.pop("end", None)
    if end is not None and type(start) is type(end) and end <= start:
        raise UsageError("--to must be after --from")
    return Window(
        0 if isinstance(start, WallTime) else start,
        None if isinstance(end, WallTime) else end,
        start.ns if isinstance(start, WallTime) else None,
        end.ns if isinstance(end, WallTime) else None,
    )


def end(done: Tabulated[tuple[str, ...]]) -> int:
    """Tell what there is to tell about traces that were read into tables of a database, and return the exit code."""
    told = [note.text for note in done.notes]
    told += [
        f"{summary.path}: {note}" for summary, notes in zip(done.summaries, done.found, strict=True) for note in notes
    ]
    for text in told:
        click.echo(f"note: {clean(text)}", err=True)
    for error in done.errors:
        complain(error)
    return done.errors[0].exit_code if done.errors else EXIT_CLEAN


def show(
    asked: Common,
    read: Callable[[Trace, SourceMap], Found],
    table: Callable[[Sequence[tuple[str, Found]]], Table],
    schema: str,
    rows: nothing.Rows,
    notes: Callable[[str, Found], Iterable[str]] | None = None,
    **members: Any,
) -> int:
    """Read the traces, write the table, and return the exit code.

    Args:
        read: reads one trace.
        table: makes the table, selected and sorted, of what was found in each trace, by the trace's name.
        schema: the identity of the JSON document.
        rows: what the rows are made of, for a note if there are none.
        notes: what a reader must know besides, one line each.
        members: further members of the JSON document.
    """
    from gotracer_ci import progress
    from gotracer_ci.tables.schema import head
    from gotracer_ci.tabulate import tabulate

    told: list[str] = []

    def reading(trace: Trace, source: SourceMap) -> Found:
        found = read(trace, source)
        told.extend(missed(trace, asked.window))
        return found

    with progress.shown(sys.stderr) as watch:
        done = tabulate(asked.traces, reading, root=asked.root, path_map=asked.path_map, watch=watch)
    named = [(summary.path, found) for summary, found in zip(done.summaries, done.found, strict=True)]
    made = table(named).top(asked.top)
    write_table(made, asked.form, head(schema, asked.window, done.summaries, **members), asked.output)
    if not made.items and not told:
        told.append(nothing.note(rows, [name for name, _ in named]))
    told += [note.text for note in done.notes]
    told += [text for name, found in named for text in (notes(name, found) if notes else ())]
    for text in told:
        click.echo(f"note: {clean(text)}", err=True)
    for error in done.errors:
        complain(error)
    return done.errors[0].exit_code if done.errors else EXIT_CLEAN
