"""`gotracer-ci goroutines`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

from gotracer_ci.commands.output import complain, write_table
from gotracer_ci.commands.usage import FILE, Choice, Command, file_names, nanoseconds, pair
from gotracer_ci.errors import EXIT_CLEAN, UsageError
from gotracer_ci.report.safe import clean

if TYPE_CHECKING:
    from gotracer_ci.analysis.lives import GoroutineLives, Window
    from gotracer_ci.analysis.moments import GoroutineTimeline
    from gotracer_ci.source.frames import SourceMap
    from gotracer_ci.tables.table import Table
    from gotracer_ci.tabulate import Tabulated
    from gotracer_ci.trace.reader import Trace

STATES = ("running", "runnable", "waiting", "syscall", "syscall_blocked")
_TOP = 20


class Options(NamedTuple):
    """What the table shows: the options of these names."""

    each: bool
    reasons: bool
    by: Literal["start", "creation"]
    state: str | None
    reason: str | None
    min_total: int
    alive: bool
    system: bool
    merge: bool
    go_compat: bool
    goroutine: int | None
    sort: str | None


@click.command(cls=Command)
@click.argument("traces", nargs=-1, metavar="TRACE...", shell_complete=file_names)
@click.option("-f", "--format", "form", type=Choice(("human", "json", "csv")), default="human", help="[default: human]")
@click.option("-o", "--output", type=FILE, metavar="FILE", help="Write to FILE [default: stdout].")
@click.option("--each", is_flag=True, help="One row for each goroutine, not for each group.")
@click.option(
    "--goroutine", type=click.IntRange(0, (1 << 63) - 1), metavar="ID", help="Show every interval of this goroutine."
)
@click.option("--by", type=Choice(("start", "creation")), default="start", help="Group by start function or creation.")
@click.option("--reasons", is_flag=True, help="One more column for each reason for waiting.")
@click.option("--state", type=Choice(STATES), help="Only rows with time in this state; sort by it.")
@click.option("--reason", metavar="REASON", help='Only rows that waited for this reason, such as "chan receive".')
@click.option(
    "--min-total", callback=nanoseconds, default="0s", metavar="TIME", help="Only rows with at least this total."
)
@click.option("--alive", is_flag=True, help="Only goroutines that are there at the end, or groups with such ones.")
@click.option("--system", is_flag=True, help="Also the runtime's own goroutines.")
@click.option(
    "--from",
    "start",
    callback=nanoseconds,
    default="0s",
    metavar="TIME",
    help="Count only from this time, such as 1.5s.",
)
@click.option("--to", "end", callback=nanoseconds, metavar="TIME", help="Count only up to this time from the start.")
@click.option("--merge", is_flag=True, help="Groups of all traces together.")
@click.option("--go-compat", is_flag=True, help="Go's definitions: the figures of go tool trace.")
@click.option("--sort", metavar="COLUMN", help="Largest first; +COLUMN: smallest first [default: running_ns].")
@click.option("--top", type=click.IntRange(min=0), metavar="N", help="First N rows, 0 all [default: human 20, else 0].")
@click.option("--root", type=FILE, default=Path(), metavar="DIR", help="The repository's directory [default: .].")
@click.option("--path-map", multiple=True, metavar="FROM=TO", help="Map a build directory to its place below --root.")
def command(
    traces: tuple[str, ...],
    form: str,
    output: Path | None,
    start: int,
    end: int | None,
    top: int | None,
    root: Path,
    path_map: tuple[str, ...],
    **given: Any,
) -> int:
    """Show where goroutines spent their time.

    A TRACE is a file, a directory, a glob, or - for stdin. Files may be gzipped.

    \b
    Example:
      gotracer-ci goroutines trace.out --state waiting --reasons

    Exit codes: 0 the table was written, 2 wrong usage or a trace that cannot be read to its end.
    """
    from gotracer_ci import progress
    from gotracer_ci.analysis.lives import Window
    from gotracer_ci.tables import goroutines
    from gotracer_ci.tabulate import tabulate

    options, window = Options(**given), Window(start, end)
    _check(options, window)
    maps = tuple(pair("--path-map", text) for text in path_map)
    with progress.shown(sys.stderr) as watch:
        read = tabulate(traces, partial(_read, options, window), root=root, path_map=maps, watch=watch)
    table = _table(read, options)
    head = goroutines.head(window, read.summaries, go_compat=options.go_compat)
    write_table(table.top(top if top is not None else _TOP if form == "human" else 0), form, head, output)
    for text in (*(note.text for note in read.notes), *_left_out(read)):
        click.echo(f"note: {clean(text)}", err=True)
    for error in read.errors:
        complain(error)
    return read.errors[0].exit_code if read.errors else EXIT_CLEAN


def _check(options: Options, window: Window) -> None:
    if window.end_ns is not None and window.end_ns <= window.start_ns:
        raise UsageError("--to must be after --from")
    if options.goroutine is not None and (options.each or options.merge or options.alive or options.go_compat):
        raise UsageError("--goroutine shows intervals: leave out --each, --merge, --alive and --go-compat")
    if options.each and options.merge:
        raise UsageError("--merge sums groups: leave out --each")
    if options.go_compat and (options.by != "start" or window != (0, None)):
        raise UsageError("--go-compat: Go has only whole traces, by start function: leave out --by, --from and --to")


def _read(options: Options, window: Window, trace: Trace, source: SourceMap) -> GoroutineLives | GoroutineTimeline:
    from gotracer_ci.analysis import lives, moments

    if options.goroutine is not None:
        return moments.timeline(trace, source, options.goroutine, window)
    if options.go_compat:
        return lives.go_summary(trace)
    needs_places = options.each or options.by == "creation"
    return lives.read(trace, source if needs_places else None, window, each=options.each)


def _table(read: Tabulated[Any], options: Options) -> Table:
    """Return the table with its rows selected and sorted."""
    from gotracer_ci.tables import goroutines, moments

    named = [(summary.path, found) for summary, found in zip(read.summaries, read.found, strict=True)]
    several = len(named) > 1
    if options.goroutine is not None:
        if not any(found.lives for _, found in named):
            raise UsageError(f"--goroutine {options.goroutine}: no trace has a goroutine with this ID")
        table = moments.timeline_table(named, traces=several)
        return moments.select_moments(table, options.state, options.reason, options.min_total).sort(
            options.sort or "+start_ns"
        )
    shown = {"reasons": options.reasons or options.reason is not None, "system": options.system}
    if options.each:
        table = goroutines.lives_table(named, traces=several, **shown)
    else:
        is_named = several and not options.merge
        table = goroutines.groups_table(named, by=options.by, merge=options.merge, traces=is_named, **shown)
    table = goroutines.select(table, options.state, options.min_total, alive=options.alive)
    order = options.sort or (f"{options.state}_ns" if options.state else "running_ns")
    table = table.sort(order)
    return goroutines.of_reason(table, options.reason, keep_order=options.sort is not None) if options.reason else table


def _left_out(read: Tabulated[Any]) -> Iterator[str]:
    """Yield what the table lacks."""
    from gotracer_ci.analysis.moments import GoroutineTimeline

    for summary, found in zip(read.summaries, read.found, strict=True):
        if isinstance(found, GoroutineTimeline):
            if found.left_out:
                kept = len(found.moments)
                yield (
                    f"{summary.path}: the first {kept:,} intervals are shown; {found.left_out:,} more follow: "
                    "narrow it with --from and --to"
                )
        elif found.lives and found.counted > len(found.lives):
            yield (
                f"{summary.path}: {len(found.lives):,} of {found.counted:,} goroutines are listed, those that ended "
                "first; groups contain all of them"
            )
