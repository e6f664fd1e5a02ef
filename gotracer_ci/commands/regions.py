"""`gotracer-ci regions`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from gotracer_ci.commands import nothing, paths, table
from gotracer_ci.commands.usage import Command, nanoseconds
from gotracer_ci.errors import UsageError

if TYPE_CHECKING:
    from gotracer_ci.analysis.reading import Window
    from gotracer_ci.analysis.region_times import RegionTimes
    from gotracer_ci.source.frames import SourceMap
    from gotracer_ci.tables.table import Table
    from gotracer_ci.trace.reader import Trace

    Found = RegionTimes | paths.Paths


_ROWS = nothing.Rows(
    "regions",
    "trace.WithRegion and trace.StartRegion of runtime/trace mark them",
    ("type", "place", "goroutine", "shortest", "longest"),
)


class Options(NamedTuple):
    """What the table shows: the options of these names."""

    each: bool
    critical_path: int | None
    stretches: bool
    type: str | None
    place: str | None
    goroutine: int | None
    shortest: int
    longest: int | None
    reasons: bool
    ranges: bool
    inherited: bool
    merge: bool
    go_compat: bool


@click.command(cls=Command)
@table.inputs
@table.output("total_ns, with --each duration_ns, of paths in order")
@click.option("--each", is_flag=True, help="One row for each region, not for each group.")
@paths.options("regions")
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
@click.option("--ranges", is_flag=True, help="More columns: stop-the-world, mark assists and sweeps.")
@click.option("--inherited", is_flag=True, help="Also goroutines created inside a region, each as one of its type.")
@table.window
@click.option("--merge", is_flag=True, help="Groups of all traces together.")
@table.go_compat
def command(**given: Any) -> int:
    """Show how long regions took and in which states.

    Regions are what runtime/trace.StartRegion and WithRegion mark. A TRACE is a file, a directory, a glob, a
    URL, or - for stdin. Files may be gzipped.

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
        partial(_table, options, asked),
        SCHEMA,
        _ROWS,
        _left_out,
        definitions="go" if options.go_compat else "own",
    )


def _check(options: Options, window: Window) -> None:
    from gotracer_ci.analysis.reading import WHOLE

    paths.check(critical_path=options.critical_path, stretches=options.stretches)
    more = options.each or options.merge or options.reasons or options.ranges or options.go_compat
    if options.critical_path and more:
        raise UsageError("--critical-path: leave out --each, --merge, --reasons, --ranges and --go-compat")
    if options.each and options.merge:
        raise UsageError("--merge sums groups: leave out --each")
    if options.go_compat and window != WHOLE:
        raise UsageError("--go-compat: Go has only whole traces: leave out --from and --to")
    if options.go_compat and options.inherited:
        raise UsageError("--go-compat: Go always has inherited regions, without a type: leave out --inherited")
    if options.longest is not None and options.longest < options.shortest:
        raise UsageError("--max must not be less than --min")


def _read(options: Options, window: Window, trace: Trace, source: SourceMap) -> Found:
    from gotracer_ci.analysis.reading import read
    from gotracer_ci.analysis.region_times import RegionsAnalysis, go_regions

    only: dict[str, Any] = {
        "goroutine": options.goroutine, "shortest": options.shortest, "longest": options.longest,
    }  # fmt: skip
    if options.go_compat:
        return go_regions(trace, source, **only)
    trace.is_read_again = options.critical_path is not None
    only |= {"each": options.each or trace.is_read_again, "ranges": options.ranges}
    if options.inherited:
        from gotracer_ci.analysis.inherited import InheritingAnalysis

        found = read(trace, source, InheritingAnalysis(trace, **only), window)
    else:
        found = read(trace, source, RegionsAnalysis(trace, **only), window)
    return _read_paths(options, window, trace, source, found) if options.critical_path else found


def _read_paths(options: Options, window: Window, trace: Trace, source: SourceMap, found: RegionTimes) -> paths.Paths:
    from gotracer_ci.analysis.critical_path import Path
    from gotracer_ci.tables import moments, regions

    try:
        made = _select(options, regions.regions_table([("", found)], where=moments.place, traces=False, reasons=False))
    except UsageError:
        # another trace may have such regions
        return paths.Paths(found, (), 0)
    since = max(window.on(trace)[0] - trace.start_ns, 0)
    asked = []
    for _, every, i in made.sort("duration_ns").top(options.critical_path or 0).items:
        region = every[i]
        start, end = paths.span(trace, region.begin_ns, region.end_ns, region.duration_ns, since)
        asked.append((region.type, region.task or None, Path(region.goroutine, start, end)))
    return paths.read(trace, source, found, asked)


def _select(options: Options, made: Table) -> Table:
    """Return the rows that are asked for.

    Raises:
        UsageError: there are none with the type or the place.
    """
    from gotracer_ci.tables.patterns import matching_rows

    return matching_rows(matching_rows(made, "--type", "type", options.type), "--place", "place", options.place)


def _table(options: Options, asked: table.Common, named: Sequence[tuple[str, Any]]) -> Table:
    """Return the table with its rows selected and sorted."""
    from gotracer_ci.tables import moments, regions

    where = regions.outermost if options.go_compat else moments.place
    several = len(named) > 1
    if options.goroutine is not None and not any(_times(of).has_goroutine for _, of in named):
        raise nothing.unknown("--goroutine", options.goroutine, "goroutine")
    if options.critical_path:
        found = [(name, of.found) for name, of in named]
        _select(options, regions.regions_table(found, where=where, traces=several, reasons=False))
        return paths.table(named, stretches=options.stretches, sort=asked.sort, top=asked.top)
    shown: dict[str, Any] = {
        "where": where,
        "reasons": options.reasons,
        "ranges": options.ranges,
        "inherited": options.inherited,
    }
    if options.each:
        made = regions.regions_table(named, traces=several, **shown)
    else:
        made = regions.groups_table(named, merge=options.merge, traces=several and not options.merge, **shown)
    return _select(options, made).sort(asked.sort or ("duration_ns" if options.each else "total_ns"))


def _times(found: Found) -> RegionTimes:
    times: RegionTimes = found.found if isinstance(found, paths.Paths) else found
    return times


def _left_out(name: str, found: Found) -> Iterator[str]:
    """Yield what the table lacks."""
    if isinstance(found, paths.Paths):
        yield from paths.left_out(name, found)
        yield from _left_out(name, found.found)
        return
    if found.regions and found.counted > len(found.regions):
        yield (
            f"{name}: {len(found.regions):,} of {found.counted:,} regions are listed, those that ended first; "
            "groups contain all of them"
        )
    if found.not_kept:
        yield f"{name}: {found.not_kept:,} more goroutines are not looked at: narrow it with --from and --to"
    if found.left_out:
        yield f"{name}: {found.left_out:,} regions from before the trace are left out: their times are not known"
