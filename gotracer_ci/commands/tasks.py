"""`gotracer-ci tasks`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from gotracer_ci.commands import table
from gotracer_ci.commands.usage import Command, nanoseconds
from gotracer_ci.errors import UsageError

if TYPE_CHECKING:
    from gotracer_ci.analysis.logs import TraceLogs
    from gotracer_ci.analysis.reading import Window
    from gotracer_ci.analysis.task_events import TaskEvents
    from gotracer_ci.analysis.tasks import TraceTasks
    from gotracer_ci.source.frames import SourceMap
    from gotracer_ci.tables.table import Table
    from gotracer_ci.trace.reader import Trace

    Found = TraceTasks | TaskEvents | TraceLogs


class Options(NamedTuple):
    """What the table shows: the options of these names."""

    each: bool = False
    task: int | None = None
    logs: bool = False
    histogram: bool = False
    type: str | None = None
    complete: bool | None = None
    shortest: int = 0
    longest: int | None = None
    log: str = ""
    merge: bool = False
    go_compat: bool = False


@click.command(cls=Command)
@table.inputs
@table.output("total_ns, with --each duration_ns, with --task and --logs +time_ns, with --histogram by type")
@click.option("--each", is_flag=True, help="One row for each task, not for each type.")
@click.option(
    "--task",
    type=click.IntRange(0, (1 << 63) - 1),
    metavar="ID",
    help="Show every event of this task and its descendants; 0: of no task.",
)
@click.option("--logs", is_flag=True, help="One row for each log, of all tasks and of none.")
@click.option("--histogram", is_flag=True, help="How many complete tasks of each type took how long.")
@click.option("--type", metavar="GLOB", help="Only tasks of these types.")
@click.option("--complete/--incomplete", default=None, help="Only tasks with begin and end in the trace, or others.")
@click.option(
    "--min", "shortest", callback=nanoseconds, default="0s", metavar="TIME", help="Only tasks at least this long."
)
@click.option("--max", "longest", callback=nanoseconds, metavar="TIME", help="Only tasks at most this long.")
@click.option("--log", default="", metavar="TEXT", help="Only tasks with this text in a log, a region or their type.")
@table.window
@click.option("--merge", is_flag=True, help="Types of all traces together.")
@table.go_compat
def command(**given: Any) -> int:
    """Show how long tasks took, and what happened in them.

    Tasks are what runtime/trace.NewTask marks. A TRACE is a file, a directory, a glob, or - for stdin. Files may be
    gzipped.

    \b
    Example:
      gotracer-ci tasks trace.out --type "GET *" --each

    Exit codes: 0 the table was written, 2 wrong usage or a trace that cannot be read to its end.
    """
    from gotracer_ci.tables.tasks import SCHEMA

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

    if options.task is not None and options != Options(task=options.task):
        raise UsageError("--task shows events: leave out options that select or group tasks")
    if options.logs and options != Options(logs=True, log=options.log):
        raise UsageError("--logs shows logs: leave out options that select or group tasks")
    if options.histogram and options.each:
        raise UsageError("--histogram counts the tasks of each type: leave out --each")
    if options.each and options.merge:
        raise UsageError("--merge sums types: leave out --each")
    if options.go_compat and (options.log or window != WHOLE):
        raise UsageError("--go-compat: Go has only whole traces: leave out --log, --from and --to")
    if options.longest is not None and options.longest < options.shortest:
        raise UsageError("--max must not be less than --min")


def _read(options: Options, window: Window, trace: Trace, source: SourceMap) -> Found:
    from gotracer_ci.analysis.logs import LogsAnalysis
    from gotracer_ci.analysis.reading import read
    from gotracer_ci.analysis.task_events import TaskEventsAnalysis
    from gotracer_ci.analysis.tasks import TasksAnalysis, go_tasks

    if options.task is not None:
        return read(trace, source, TaskEventsAnalysis(options.task), window)
    if options.logs:
        return read(trace, source, LogsAnalysis(trace, text=options.log), window)
    if options.go_compat:
        return go_tasks(trace)
    return read(trace, source, TasksAnalysis(trace, text=options.log), window)


def _table(options: Options, sort: str | None, named: Sequence[tuple[str, Any]]) -> Table:
    """Return the table with its rows selected and sorted."""
    from gotracer_ci.tables import histogram, logs, tasks
    from gotracer_ci.tables.patterns import matching_rows

    several = len(named) > 1
    if options.task is not None:
        if not any(found.is_known for _, found in named):
            raise UsageError(f"--task {options.task}: no trace has a task with this ID")
        return tasks.events_table(named, traces=several).sort(sort or "+time_ns")
    if options.logs:
        return logs.logs_table(named, traces=several).sort(sort or "+time_ns")
    made = tasks.tasks_table(named, traces=several)
    made = tasks.select(
        matching_rows(made, "--type", "type", options.type), options.shortest, options.longest, options.complete
    )
    if options.each:
        return made.sort(sort or "duration_ns")
    if options.histogram:
        made = histogram.histogram_table(made, merge=options.merge, traces=several and not options.merge)
        return made.sort(sort) if sort else made
    made = tasks.types_table(made, merge=options.merge, traces=several and not options.merge)
    return made.sort(sort or "total_ns")


def _left_out(name: str, found: Found) -> Iterator[str]:
    """Yield what the table lacks."""
    from gotracer_ci.analysis.logs import TraceLogs
    from gotracer_ci.analysis.task_events import TaskEvents

    if isinstance(found, TraceLogs):
        if found.left_out:
            yield (
                f"{name}: the first {len(found.logs):,} logs are shown; {found.left_out:,} more follow: "
                "narrow it with --from and --to"
            )
        return
    if isinstance(found, TaskEvents):
        if found.left_out:
            yield (
                f"{name}: the first {len(found.events):,} events are shown; {found.left_out:,} more follow: "
                "narrow it with --from and --to"
            )
        return
    if found.left_out:
        yield f"{name}: events of tasks beyond the first 100,000 are left out: narrow it with --from and --to"
    if not found.all_goroutines:
        yield f"{name}: not all goroutines of the tasks are counted: there are too many"
