"""`gotracer-ci regions`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from gotracer_ci.commands import table
from gotracer_ci.commands.usage import Command, nanoseconds
from gotracer_ci.errors import UsageError

if TYPE_CHECKING:
    from gotracer_ci.analysis.reading import Window
    from gotracer_ci.analysis.region_times import RegionTimes
    from gotracer_ci.source.frames import SourceMap
    from gotracer_ci.tables.table import Table
    from gotracer_ci.trace.reader import Trace


class Options(NamedTuple):
    """What the table shows: the options of these names."""

    each: bool
    type: str | None
    place: str | None
    goroutine: int | None
    shortest: int
    longest: int | None
    reasons: bool
    merge: bool
    go_compat: bool


@click.command(cls=Command)
@table.inputs
@table.output("total_ns, with --each duration_ns")
@click.option("--each", is_flag=True, help="One row for each region, not for each group.")
@click.option("--type", metavar="GLOB", help="Only regions of these types.")
@click.option("--place", metavar="GLOB", help="Only regions that began at these places.")
@click.option(
    "--goroutine", type=click.IntRange(0, (1 << 63) - 1), metavar="ID", help="Only regions of this goroutine."
)
@click.option(
    "--min", "shortest", callback=nanoseconds, default="0s", metavar="TIME", help="Only regions at least this long."
)
@click.option("--max", "longest", callback=nanoseconds, metavar="TIME", help="Only regions at most this long.")
@click.option("--reasons", is_flag=True, help="One more column for each reason for waiting.")
@table.window
@click.option("--merge", is_flag=True, help="Groups of all traces together.")
@table.go_compat
def command(**given: Any) -> int:
    """Show how long regions took and in which states.

    Regions are what runtime/trace.StartRegion and WithRegion mark. A TRACE is a file, a directory, a glob, or - for
    stdin. Files may be gzipped.

    \b
    Example:
      gotracer-ci regions trace.out --type "query*" --reasons

    Exit codes: 0 the table was written, 2 wrong usage or a trace that cannot be read to its end.
    """
    from gotracer_ci.tables.regions import SCHEMA

    asked = table.common(given)
    options = Options(**given)
    _check(options, asked.window)
    return table.show(
        asked,
        partial(_read, options, asked.window),
        partial(_table, options, asked.sort),
        SCHEMA,
        _left_out,
        definitions="go" if options.go_compat else "own",
    )


def _check(options: Options, window: Window) -> None:
    from gotracer_ci.analysis.reading import WHOLE

    if options.each and options.merge:
        raise UsageError("--merge sums groups: leave out --each")
    if options.go_compat and window != WHOLE:
        raise UsageError("--go-compat: Go has only whole traces: leave out --from and --to")
    if options.longest is not None and options.longest < options.shortest:
        raise UsageError("--max must not be less than --min")


def _read(options: Options, window: Window, trace: Trace, source: SourceMap) -> RegionTimes:
    from gotracer_ci.analysis.reading import read
    from gotracer_ci.analysis.region_times import RegionsAnalysis, go_regions

    only: dict[str, Any] = {
        "goroutine": options.goroutine, "shortest": options.shortest, "longest": options.longest,
    }  # fmt: skip
    if options.go_compat:
        return go_regions(trace, source, **only)
    return read(trace, source, RegionsAnalysis(trace, each=options.each, **only), window)


def _table(options: Options, sort: str | None, named: Sequence[tuple[str, RegionTimes]]) -> Table:
    """Return the table with its rows selected and sorted."""
    from gotracer_ci.tables import moments, regions
    from gotracer_ci.tables.patterns import matching_rows

    where = regions.outermost if options.go_compat else moments.place
    several = len(named) > 1
    if options.each:
        made = regions.regions_table(named, where=where, traces=several, reasons=options.reasons)
    else:
        is_named = several and not options.merge
        made = regions.groups_table(named, where=where, merge=options.merge, traces=is_named, reasons=options.reasons)
    made = matching_rows(matching_rows(made, "--type", "type", options.type), "--place", "place", options.place)
    return made.sort(sort or ("duration_ns" if options.each else "total_ns"))


def _left_out(name: str, found: RegionTimes) -> Iterator[str]:
    """Yield what the table lacks."""
    if found.regions and found.counted > len(found.regions):
        yield (
            f"{name}: {len(found.regions):,} of {found.counted:,} regions are listed, those that ended first; "
            "groups contain all of them"
        )
    if found.left_out:
        yield f"{name}: {found.left_out:,} regions from before the trace are left out: their times are not known"
