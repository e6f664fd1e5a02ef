"""`gotracer-ci events`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from gotracer_ci.commands import nothing, table
from gotracer_ci.commands.output import complain, stdout, write_table
from gotracer_ci.commands.usage import Choice as OneOf
from gotracer_ci.commands.usage import Command, file_names
from gotracer_ci.errors import EXIT_CLEAN, UsageError
from gotracer_ci.report.safe import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from gotracer_ci.events.row import Row
    from gotracer_ci.trace.reader import Trace

_TABLE: Final = frozenset({"form", "output", "sort", "top"})
_NOT_FOR: Final = {
    "parsed": _TABLE,
    "jsonl": _TABLE,
    "wire": _TABLE | {"goroutine", "stack", "start", "end", "context", "with_stacks"},
    "footprint": {"kind", "goroutine", "proc", "thread", "stack", "start", "end", "context", "with_stacks"},
}
"""By form: the options that it does not have."""
_ROWS: Final = nothing.Rows("events", selects=("kind", "goroutine", "proc", "thread", "stack"))


@click.command(cls=Command)
@click.argument("name", metavar="TRACE", shell_complete=file_names)
@click.option(
    "--as",
    "shape",
    type=OneOf(tuple(_NOT_FOR)),
    default="parsed",
    help="parsed or wire: as go tool trace -d prints them; jsonl: JSON, one a line; footprint: the bytes of each type "
    "[default: parsed].",
)
@click.option("--kind", multiple=True, metavar="KIND", help="Only this kind, such as Log, or type, such as GoBlock.")
@click.option("--goroutine", multiple=True, type=int, metavar="ID", help="Only events of or about this goroutine.")
@click.option("--proc", multiple=True, type=int, metavar="ID", help="Only events on or about this P.")
@click.option("--thread", multiple=True, type=int, metavar="ID", help="Only events on this thread.")
@click.option(
    "--stack", default="", metavar="GLOB", help="Only with a function in a stack that this matches: net/http.*"
)
@table.window
@click.option(
    "--context", type=click.IntRange(min=0, max=10_000), default=0, metavar="N", help="And N before and after."
)
@click.option("--with-stacks", is_flag=True, help="jsonl: with the stacks, which parsed always has.")
@table.output("bytes", "footprint: ")
def command(name: str, **given: Any) -> int:
    """Print the events of a trace.

    TRACE is a file, a URL, or - for stdin. It may be gzipped. Several values of one option: events with any of them.

    \b
    Example:
      gotracer-ci events trace.out --kind GoBlock --stack "net/http.*" --context 3

    Exit codes: 0 the events were printed, 2 wrong usage or a trace that cannot be read to its end.
    """
    from gotracer_ci.trace.open import open_trace

    _check(given["shape"])
    texts = partial(_texts, given) if given["shape"] in ("parsed", "jsonl") else partial(_wire, given)
    trace = open_trace(name)
    if given["shape"] == "footprint":
        _write_footprint(trace, given)
    else:
        # on a terminal the events themselves are the progress
        is_empty = True
        with stdout() as stream, _watched(trace, quiet=stream.isatty()):
            for part in texts(trace):
                is_empty = is_empty and not part
                stream.buffer.write(part)
        if is_empty and trace.damage is None:
            if nothing.selecting(_ROWS.selects) == ["--goroutine"]:
                raise nothing.unknown("--goroutine", given["goroutine"][0], "goroutine")
            click.echo(f"note: {nothing.note(_ROWS, [clean(name)])}", err=True)
    if trace.damage is not None:
        complain(trace.damage)
        return trace.damage.exit_code
    return EXIT_CLEAN


def _check(shape: str) -> None:
    """Refuse options that the form does not have.

    Raises:
        UsageError: one of them is given.
    """
    context = click.get_current_context()
    for option in context.command.params:
        is_given = context.get_parameter_source(option.name or "") is not ParameterSource.DEFAULT
        if is_given and option.name in _NOT_FOR[shape]:
            forms = [form for form, names in _NOT_FOR.items() if option.name not in names]
            raise UsageError(f"{option.opts[-1]} cannot be used with --as {shape}, only with {', '.join(forms)}")


@contextmanager
def _watched(trace: Trace, *, quiet: bool) -> Iterator[None]:
    """Show the progress of reading a trace."""
    from gotracer_ci import progress

    if quiet:
        yield
        return
    with progress.shown(sys.stderr) as watch:
        trace.watch = partial(watch, 1, 1) if watch else None
        yield


def _texts(given: dict[str, Any], trace: Trace) -> Iterator[bytes]:
    """Yield the texts of the chosen events."""
    from gotracer_ci.events.choice import SEPARATOR, Choice, chosen, types_named

    choice = Choice(
        types_named(given["kind"]),
        given["goroutine"],
        given["proc"],
        given["thread"],
        given["stack"],
        table.asked_window(given),
        given["context"],
    )
    text = _text(given["shape"], trace, has_stacks=given["with_stacks"])
    for part in chosen(trace, choice, text, SEPARATOR if given["shape"] == "parsed" else ""):
        yield "".join(part).encode("utf-8", "replace")


def _text(shape: str, trace: Trace, *, has_stacks: bool) -> Callable[[Row], str]:
    if shape == "parsed":
        from gotracer_ci.events.parsed import Parsed

        return Parsed(trace).text
    from gotracer_ci.events.lines import JsonLines

    return JsonLines(trace, stacks=has_stacks).text


def _wire(given: dict[str, Any], trace: Trace) -> Iterator[bytes]:
    from gotracer_ci.events.wire import wire

    return wire(trace, given["kind"], given["thread"], given["proc"])


def _write_footprint(trace: Trace, given: dict[str, Any]) -> None:
    from gotracer_ci.events.footprint import footprint
    from gotracer_ci.tables.footprint import footprint_table, head

    with _watched(trace, quiet=False):
        made = footprint_table(footprint(trace))
    if given["sort"]:
        made = made.sort(given["sort"])
    damage = trace.damage.damage if trace.damage else None
    document = head(trace.name, f"1.{trace.version}", trace.size, trace.events, damage)
    write_table(made.top(table.rows_shown(given["form"], given["top"])), given["form"], document, given["output"])
