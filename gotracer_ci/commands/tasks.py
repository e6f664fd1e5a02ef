"""`gotracer-ci tasks`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from gotracer_ci.commands import nothing, paths, table
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

    Found = TraceTasks | TaskEvents | TraceLogs | paths.Paths

_TASKS = nothing.Rows(
    "tasks",
    "trace.NewTask of runtime/trace marks them",
    ("task", "type", "complete", "shortest", "longest", "log"),
)
_COMPLETE = _TASKS._replace(
    things="complete tasks", remedy="trace.NewTask of runtime/trace begins and its End ends them"
)
_EVENTS = nothing.Rows("events", selects=("task",))
_LOGS = nothing.Rows("logs", "trace.Log and trace.Logf of runtime/trace write them", ("log",))


class Options(NamedTuple):
    """What the table shows: the options of these names."""

    each: bool = False
    task: int | None = None
    logs: bool = False
    histogram: bool = False
    critical_path: int | None = None
    stretches: bool = False
    type: str | None = None
    complete: bool | None = None
    shortest: int = 0
    longest: int | None = None
    log: str = ""
    merge: bool = False
    go_compat: bool = False


@click.command(cls=Command)
@table.inputs
@table.output("total_ns, with --each duration_ns, with --task and --logs +time_ns, others in order")
@click.option("--each", is_flag=True, help="One row for each task, not for each type.")
@click.option(
    "--task",
    type=click.IntRange(0, (1 << 63) - 1),
    metavar="ID",
    help="Show every event of this task and its descendants; 0: of no task.",
)
@click.option("--logs", is_flag=True, help="One row for each log, of all tasks and of none.")
@click.option("--histogram", is_flag=True, help="How many complete tasks of each type took how long.")
@paths.options("tasks")
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

    Tasks are what runtime/trace.NewTask marks. A TRACE is a file, a directory, a glob, a URL, or - for stdin. Files
    may be gzipped.

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
        partial(_table, options, asked),
        SCHEMA,
        _rows(options),
        _left_out,
        definitions="go" if options.go_compat else "own",
    )


def _check(options: Options, window: Window) -> None:
    from gotracer_ci.analysis.reading import WHOLE

    paths.check(critical_path=options.critical_path, stretches=options.stretches)
    alone = Options(task=options.task, critical_path=options.critical_path, stretches=options.stretches)
    if options.task is not None and options != alone:
        raise UsageError("--task shows one task: leave out options that select or group tasks")
    if options.critical_path and (options.each or options.logs or options.histogram or options.merge):
        raise UsageError("--critical-path shows paths: leave out --each, --logs, --histogram and --merge")
    if options.critical_path and options.go_compat:
        raise UsageError("--critical-path: Go has no such view: leave out --go-compat")
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


def _rows(options: Options) -> nothing.Rows:
    if options.critical_path:
        return _TASKS
    if options.task is not None:
        return _EVENTS
    return _LOGS if options.logs else _COMPLETE if options.histogram else _TASKS


def _read(options: Options, window: Window, trace: Trace, source: SourceMap) -> Found:
    from gotracer_ci.analysis.logs import LogsAnalysis
    from gotracer_ci.analysis.reading import read
    from gotracer_ci.analysis.task_events import TaskEventsAnalysis
    from gotracer_ci.analysis.tasks import TasksAnalysis, go_tasks

    if options.critical_path:
        return _read_paths(options, window, trace, source)
    if options.task is not None:
        return read(trace, source, TaskEventsAnalysis(options.task), window)
    if options.logs:
        return read(trace, source, LogsAnalysis(trace, text=options.log), window)
    if options.go_compat:
        return go_tasks(trace)
    return read(trace, source, TasksAnalysis(trace, text=options.log), window)


def _read_paths(options: Options, window: Window, trace: Trace, source: SourceMap) -> paths.Paths:
    from gotracer_ci.analysis.critical_path import Path
    from gotracer_ci.analysis.reading import read
    from gotracer_ci.analysis.tasks import TasksAnalysis
    from gotracer_ci.tables.tasks import tasks_table

    trace.is_read_again = True
    found = read(trace, source, TasksAnalysis(trace, text=options.log), window)
    try:
        made = _select(options, tasks_table([("", found)], traces=False))
    except UsageError:
        # another trace may have such tasks
        return paths.Paths(found, (), 0)
    since = max(window.on(trace)[0] - trace.start_ns, 0)
    asked = []
    for _, task in made.sort("duration_ns").top(options.critical_path or 0).items:
        goroutine = task.end_goroutine if task.end_goroutine >= 0 else task.begin_goroutine
        start, end = paths.span(trace, task.begin_ns, task.end_ns, task.duration_ns, since)
        asked.append((task.type, task.id, Path(goroutine, start, end)))
    return paths.read(trace, source, found, asked)


def _select(options: Options, made: Table) -> Table:
    """Return the tasks that are asked for.

    Raises:
        UsageError: there are none with the type, or with the ID.
    """
    from gotracer_ci.tables import tasks
    from gotracer_ci.tables.patterns import matching_rows

    made = matching_rows(made, "--type", "type", options.type)
    made = tasks.select(made, options.shortest, options.longest, options.complete)
    if options.task is not None:
        made = made.keep(lambda row: row["task"] == options.task)
        if not made.items:
            raise nothing.unknown("--task", options.task, "task")
    return made


def _table(options: Options, asked: table.Common, named: Sequence[tuple[str, Any]]) -> Table:
    """Return the table with its rows selected and sorted."""
    from gotracer_ci.tables import histogram, logs, tasks

    several, sort = len(named) > 1, asked.sort
    if options.critical_path:
        _select(options, tasks.tasks_table([(name, of.found) for name, of in named], traces=several))
        return paths.table(named, stretches=options.stretches, sort=sort, top=asked.top)
    if options.task is not None:
        if options.task and not any(found.is_known for _, found in named):
            raise nothing.unknown("--task", options.task, "task")
        return tasks.events_table(named, traces=several).sort(sort or "+time_ns")
    if options.logs:
        return logs.logs_table(named, traces=several).sort(sort or "+time_ns")
    made = _select(options, tasks.tasks_table(named, traces=several))
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

    if isinstance(found, paths.Paths):
        yield from paths.left_out(name, found)
        yield from _left_out(name, found.found)
        return
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
