"""`gotracer-ci wakes`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from gotracer_ci.commands import nothing, table
from gotracer_ci.commands.usage import Command

if TYPE_CHECKING:
    from gotracer_ci.analysis.reading import Window
    from gotracer_ci.analysis.wakes import WakeFacts
    from gotracer_ci.source.frames import SourceMap
    from gotracer_ci.tables.table import Table
    from gotracer_ci.trace.reader import Trace


class Options(NamedTuple):
    """What the table shows: the options of these names."""

    waiter: str | None
    reason: str | None
    waker: str | None
    still_open: bool
    system: bool
    merge: bool


@click.command(cls=Command)
@table.inputs
@table.output("total_ns")
@click.option("--waiter", metavar="NAME", help="Only waits of this place: a name or a glob.")
@click.option("--reason", metavar="REASON", help='Only waits for this reason, such as "chan receive": exact or a glob.')
@click.option("--waker", metavar="NAME", help="Only waits that this ended: a place, a glob, timer, network poller, …")
@click.option("--open", "still_open", is_flag=True, help="Also waits that had not ended.")
@table.system
@table.window
@click.option("--merge", is_flag=True, help="Waits of all traces together.")
def command(**given: Any) -> int:
    """Show which code waited for which other code.

    A TRACE is a file, a directory, a glob, a URL, or - for stdin. Files may be gzipped.

    \b
    Example:
      gotracer-ci wakes trace.out --reason "chan receive"

    Exit codes: 0 the table was written, 2 wrong usage or a trace that cannot be read to its end.
    """
    from gotracer_ci.tables.wakes import SCHEMA

    asked = table.common(given)
    options = Options(**given)
    return table.show(
        asked,
        partial(_read, asked.window),
        partial(_table, options, asked.sort or "total_ns"),
        SCHEMA,
        nothing.Rows("waits", selects=("waiter", "reason", "waker")),
        partial(_left_out, options),
    )


def _read(window: Window, trace: Trace, source: SourceMap) -> WakeFacts:
    from gotracer_ci.analysis.reading import read
    from gotracer_ci.analysis.wakes import WakesAnalysis

    return read(trace, source, WakesAnalysis(trace), window)


def _table(options: Options, sort: str, named: Sequence[tuple[str, WakeFacts]]) -> Table:
    """Return the table with its rows selected and sorted."""
    from gotracer_ci.tables.wakes import select, wakes_table

    made = wakes_table(
        named,
        merge=options.merge,
        traces=len(named) > 1 and not options.merge,
        still_open=options.still_open,
        system=options.system,
    )
    return select(made, options.waiter, options.reason, options.waker).sort(sort)


def _left_out(options: Options, name: str, found: WakeFacts) -> Iterator[str]:
    """Yield what the table lacks."""
    from gotracer_ci.text import duration

    still = [wake for wake in found.wakes if wake.is_open and (options.system or not wake.waiter.system)]
    if still and not options.still_open:
        waits, total = sum(wake.waits for wake in still), sum(wake.total_ns for wake in still)
        yield f"{name}: {waits:,} more waits, {duration(total)} in all, had not ended: --open shows them"
    if found.is_merged:
        yield f"{name}: there are too many different waits, so some have lost their places; the sums are complete"
