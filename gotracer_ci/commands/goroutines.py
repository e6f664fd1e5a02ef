"""`gotracer-ci goroutines`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import click

from gotracer_ci.commands import nothing, paths, table
from gotracer_ci.commands.usage import Choice, Command, nanoseconds
from gotracer_ci.errors import UsageError

if TYPE_CHECKING:
    from gotracer_ci.analysis.lives import GoroutineLives
    from gotracer_ci.analysis.moments import GoroutineTimeline
    from gotracer_ci.analysis.over_time import OverTime
    from gotracer_ci.analysis.reading import Window
    from gotracer_ci.analysis.run_queue import QueueWait
    from gotracer_ci.source.frames import SourceMap
    from gotracer_ci.tables.table import Table
    from gotracer_ci.trace.reader import Trace

    Found = GoroutineLives | GoroutineTimeline | OverTime | paths.Paths | list[QueueWait]

STATES = ("running", "runnable", "waiting", "syscall", "syscall_blocked")


class Options(NamedTuple):
    """What the table shows: the options of these names."""

    each: bool = False
    reasons: bool = False
    by: Literal["start", "creation"] = "start"
    state: str | None = None
    reason: str | None = None
    min_total: int = 0
    alive: bool = False
    system: bool = False
    merge: bool = False
    go_compat: bool = False
    goroutine: int | None = None
    over_time: int | None = None
    ranges: bool = False
    percentiles: bool = False
    critical_path: bool = False
    stretches: bool = False
    run_queue: int | None = None


@click.command(cls=Command)
@table.inputs
@table.output("running_ns, of intervals and paths in order")
@click.option("--each", is_flag=True, help="One row for each goroutine, not for each group.")
@click.option(
    "--goroutine", type=click.IntRange(0, (1 << 63) - 1), metavar="ID", help="Show every interval of this goroutine."
)
@click.option("--critical-path", is_flag=True, help="With --goroutine: what it did and waited for in the window.")
@paths.stretches
@click.option(
    "--run-queue",
    type=click.IntRange(1, 100),
    is_flag=False,
    flag_value=5,
    metavar="[N]",
    help="The N longest waits for a P, and what the Ps did meanwhile [default: 5].",
)
@click.option(
    "--over-time",
    type=click.IntRange(1, 2048),
    is_flag=False,
    flag_value=20,
    metavar="[N]",
    help="Counts over time, in about N parts [default: 20].",
)
@click.option("--by", type=Choice(("start", "creation")), default="start", help="Group by start function or creation.")
@click.option("--reasons", is_flag=True, help="One more column, or row, for each reason for waiting.")
@click.option("--ranges", is_flag=True, help="More columns: stop-the-world, mark assists and sweeps.")
@click.option("--percentiles", is_flag=True, help="One row for each group and state: percentiles of its goroutines.")
@click.option("--state", type=Choice(STATES), help="Only rows with time in this state; sort by it.")
@click.option("--reason", metavar="REASON", help='Only rows that waited for this reason, such as "chan receive".')
@click.option(
    "--min-total", callback=nanoseconds, default="0s", metavar="TIME", help="Only rows with at least this total."
)
@click.option("--alive", is_flag=True, help="Only goroutines that are there at the end, or groups with such ones.")
@table.system
@table.window
@click.option("--merge", is_flag=True, help="Groups of all traces together.")
@table.go_compat
def command(**given: Any) -> int:
    """Show where goroutines spent their time.

    A TRACE is a file, a directory, a glob, a URL, or - for stdin. Files may be gzipped.

    \b
    Example:
      gotracer-ci goroutines trace.out --state waiting --reasons

    Exit codes: 0 the table was written, 2 wrong usage or a trace that cannot be read to its end.
    """
    from gotracer_ci.tables.goroutines import SCHEMA

    is_limited = given["top"] is not None
    asked = table.common(given)
    options = Options(**given)
    _check(options, asked.window)
    if options.over_time and not is_limited:
        asked = asked._replace(top=0)
    return table.show(
        asked,
        partial(_read, options, asked.window),
        partial(_table, options, asked),
        SCHEMA,
        _rows(options),
        partial(_left_out, options),
        definitions="go" if options.go_compat else "own",
    )


def _check(options: Options, window: Window) -> None:
    from gotracer_ci.analysis.reading import WHOLE

    if options.over_time and options != Options(over_time=options.over_time):
        raise UsageError("--over-time counts all goroutines: leave out options that select or group them")
    paths.check(critical_path=options.critical_path, stretches=options.stretches)
    if options.critical_path and options.goroutine is None:
        raise UsageError("--critical-path is that of one goroutine: add --goroutine ID")
    alone = Options(goroutine=options.goroutine, critical_path=True, stretches=options.stretches)
    if options.critical_path and options != alone:
        raise UsageError("--critical-path: leave out options that select or group goroutines or intervals")
    alone = Options(run_queue=options.run_queue, system=options.system)
    if options.run_queue and options != alone:
        raise UsageError("--run-queue: leave out options that select or group goroutines, and other tables")
    selects = options.each or options.merge or options.alive or options.go_compat or options.ranges
    if options.goroutine is not None and selects:
        raise UsageError("--goroutine shows intervals: leave out --each, --merge, --alive, --ranges and --go-compat")
    narrowed = Options(
        percentiles=True,
        by=options.by,
        merge=options.merge,
        system=options.system,
        reasons=options.reasons,
    )
    if options.percentiles and options != narrowed:
        raise UsageError("--percentiles shows groups: leave out options that select goroutines, and more columns")
    if options.each and options.merge:
        raise UsageError("--merge sums groups: leave out --each")
    if options.go_compat and (options.by != "start" or window != WHOLE):
        raise UsageError("--go-compat: Go has only whole traces, by start function: leave out --by, --from and --to")


def _rows(options: Options) -> nothing.Rows:
    if options.run_queue:
        return nothing.Rows("waits for a P", "" if options.system else "--system adds those of the runtime")
    if options.goroutine is not None:
        return nothing.Rows("intervals", selects=("goroutine", "state", "reason", "min_total"))
    remedy = "" if options.system else "--system adds the runtime's own"
    return nothing.Rows("goroutines", remedy, ("state", "reason", "min_total", "alive"))


def _read(options: Options, window: Window, trace: Trace, source: SourceMap) -> Found:
    from gotracer_ci.analysis.lives import LivesAnalysis, go_summary
    from gotracer_ci.analysis.moments import TimelineAnalysis
    from gotracer_ci.analysis.reading import read

    if options.over_time:
        from gotracer_ci.analysis.over_time import OverTimeAnalysis

        return read(trace, source, OverTimeAnalysis(), window)
    if options.run_queue:
        from gotracer_ci.analysis.run_queue import RunQueueAnalysis, read_queue

        trace.is_read_again = True
        queued = read(trace, source, RunQueueAnalysis(trace, options.run_queue, system=options.system), window)
        return read_queue(trace, source, queued)
    if options.critical_path and options.goroutine is not None:
        return _read_path(options.goroutine, window, trace, source)
    if options.goroutine is not None:
        return read(trace, source, TimelineAnalysis(options.goroutine), window)
    if options.go_compat:
        return go_summary(trace)
    places = options.each or options.by == "creation"
    each = options.each or options.percentiles
    return read(trace, source, LivesAnalysis(trace, each=each, places=places, ranges=options.ranges), window)


def _read_path(goroutine: int, window: Window, trace: Trace, source: SourceMap) -> paths.Paths:
    from gotracer_ci.analysis.critical_path import CriticalPathsAnalysis, Path
    from gotracer_ci.analysis.reading import read
    from gotracer_ci.tables.critical_path import NamedPath

    (path,) = read(trace, source, CriticalPathsAnalysis(trace, [Path(goroutine)]), window)
    return paths.Paths(None, [NamedPath(path.group, None, path)] if path else [], 0)


def _table(options: Options, asked: table.Common, named: Sequence[tuple[str, Any]]) -> Table:
    """Return the table with its rows selected and sorted."""
    from gotracer_ci.analysis.reading import WHOLE
    from gotracer_ci.tables import goroutines, moments, times

    several, sort = len(named) > 1, asked.sort
    if options.critical_path:
        if not any(found.paths for _, found in named):
            if asked.window == WHOLE:
                raise nothing.unknown("--goroutine", options.goroutine or 0, "goroutine")
            raise UsageError(f"--goroutine {options.goroutine}: no trace has it between --from and --to")
        return paths.table(named, stretches=options.stretches, sort=sort, top=asked.top)
    if options.run_queue:
        from gotracer_ci.tables.run_queue import queue_table

        made = queue_table(named, traces=several)
        return made.sort(sort) if sort else made
    if options.over_time:
        from gotracer_ci.tables.over_time import over_time_table

        made = over_time_table(named, options.over_time, traces=several)
        return made.sort(sort) if sort else made
    if options.goroutine is not None:
        if not any(found.lives for _, found in named):
            raise nothing.unknown("--goroutine", options.goroutine, "goroutine")
        made = moments.timeline_table(named, traces=several)
        return moments.select_moments(made, options.state, options.reason, options.min_total).sort(sort or "+start_ns")
    if options.percentiles:
        from gotracer_ci.tables.percentiles import percentiles_table

        is_named = several and not options.merge
        made = percentiles_table(
            named,
            by=options.by,
            merge=options.merge,
            traces=is_named,
            system=options.system,
            reasons=options.reasons,
        )
        return made.sort(sort) if sort else made
    shown = {
        "reasons": options.reasons or options.reason is not None,
        "system": options.system,
        "ranges": options.ranges,
    }
    if options.each:
        made = goroutines.lives_table(named, traces=several, **shown)
    else:
        is_named = several and not options.merge
        made = goroutines.groups_table(named, by=options.by, merge=options.merge, traces=is_named, **shown)
    made = goroutines.select(made, options.state, options.min_total, alive=options.alive)
    made = made.sort(sort or (f"{options.state}_ns" if options.state else "running_ns"))
    return times.of_reason(made, options.reason, keep_order=sort is not None) if options.reason else made


def _left_out(options: Options, name: str, found: Any) -> Iterator[str]:
    """Yield what the table lacks."""
    if options.critical_path:
        yield from paths.left_out(name, found)
    elif options.over_time or options.run_queue:
        return
    elif options.goroutine is not None:
        if found.left_out:
            yield (
                f"{name}: the first {len(found.moments):,} intervals are shown; {found.left_out:,} more follow: "
                "narrow it with --from and --to"
            )
    elif options.percentiles and found.counted > len(found.lives):
        yield f"{name}: left out, because {found.counted:,} goroutines are too many: narrow it with --from and --to"
    elif found.lives and found.counted > len(found.lives):
        yield (
            f"{name}: {len(found.lives):,} of {found.counted:,} goroutines are listed, those that ended "
            "first; groups contain all of them"
        )
