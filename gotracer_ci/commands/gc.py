"""`gotracer-ci gc`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from gotracer_ci.commands import nothing, table
from gotracer_ci.commands.usage import Command, nanoseconds
from gotracer_ci.errors import UsageError
from gotracer_ci.spelling import did_you_mean

if TYPE_CHECKING:
    from gotracer_ci.analysis.gc import Collections
    from gotracer_ci.analysis.mmu import Point, Worst
    from gotracer_ci.analysis.reading import Window
    from gotracer_ci.analysis.utilisation import Cause
    from gotracer_ci.source.frames import SourceMap
    from gotracer_ci.tables.table import Table
    from gotracer_ci.trace.reader import Trace

_CAUSES: tuple[Cause, ...] = ("stw", "background", "assist", "sweep")


class Options(NamedTuple):
    """What the table shows: the options of these names. counted: None if not given."""

    stw: bool
    heap: bool
    mmu: bool
    windows: int | None
    counted: tuple[Cause, ...] | None
    per_p: bool
    all_stw: bool

    @property
    def utilisation(self) -> bool:
        return self.mmu or self.windows is not None


class Found(NamedTuple):
    """What was found in one trace. collections: None for the utilisation; lacks: what it lacks, one line each."""

    collections: Collections | None
    points: tuple[Point, ...]
    worst: tuple[Worst, ...]
    lacks: tuple[str, ...]


def _causes(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[Cause, ...] | None:
    if text is None:
        return None
    given = text.split(",")
    for name in given:
        if name not in _CAUSES:
            problem = f"{name!r} is not one of {', '.join(_CAUSES)}{did_you_mean(name, _CAUSES)}"
            raise click.BadParameter(problem, context, parameter)
    return tuple(cause for cause in _CAUSES if cause in given)


@click.command(cls=Command)
@table.inputs
@table.output("+start_ns")
@click.option("--stw", is_flag=True, help="Show every stop-the-world.")
@click.option("--heap", is_flag=True, help="Show the heap's size and goal over time.")
@click.option("--mmu", is_flag=True, help="Show the minimum mutator utilisation by window length.")
@click.option(
    "--windows", callback=nanoseconds, metavar="TIME", help="Show the 10 windows of this length with least utilisation."
)
@click.option(
    "--count",
    "counted",
    callback=_causes,
    metavar="WORK",
    help="Work that counts for the utilisation [default: stw,background,assist,sweep].",
)
@click.option("--per-p", is_flag=True, help="The utilisation of single Ps.")
@click.option("--all-stw", is_flag=True, help="Count every stop-the-world, not only those of the garbage collector.")
@table.window
def command(**given: Any) -> int:
    """Show what the garbage collector did and what it cost.

    A TRACE is a file, a directory, a glob, a URL, or - for stdin. Files may be gzipped.

    \b
    Example:
      gotracer-ci gc trace.out --mmu

    Exit codes: 0 the table was written, 2 wrong usage or a trace that cannot be read to its end.
    """
    from gotracer_ci.tables.gc import SCHEMA

    limit = given["top"]
    asked = table.common(given)
    options = Options(**given)
    _check(options)
    if options.mmu and limit is None:
        # a part of a curve says nothing
        asked = asked._replace(top=0)
    counted = list(options.counted or _CAUSES) if options.utilisation else None
    return table.show(
        asked,
        partial(_read, options, asked.window),
        partial(_table, options, asked.sort),
        SCHEMA,
        _rows(options),
        _left_out,
        counted=counted,
    )


def _check(options: Options) -> None:
    shown = [f"--{name}" for name in ("stw", "heap", "mmu", "windows") if getattr(options, name) not in (False, None)]
    if len(shown) > 1:
        raise UsageError(f"{' and '.join(shown)} are different tables: choose one")
    if not options.utilisation and (options.counted or options.per_p or options.all_stw):
        raise UsageError("--count, --per-p and --all-stw define the utilisation: add --mmu or --windows")
    if options.windows == 0:
        raise UsageError("--windows must be longer than 0s")


def _rows(options: Options) -> nothing.Rows:
    if options.utilisation:
        return nothing.Rows("windows that lose time to the garbage collector")
    if options.stw:
        return nothing.Rows("stop-the-world")
    return nothing.Rows("samples of the heap") if options.heap else nothing.Rows("cycles of the garbage collector")


def _read(options: Options, window: Window, trace: Trace, source: SourceMap) -> Found:
    from gotracer_ci.analysis.reading import read

    if not options.utilisation:
        from gotracer_ci.analysis.gc import CollectorAnalysis

        return Found(read(trace, source, CollectorAnalysis(trace, heap=options.heap), window), (), (), ())
    from gotracer_ci.analysis import mmu
    from gotracer_ci.analysis.collector_work import CollectorWork
    from gotracer_ci.analysis.utilisation import CAUSES, Busy

    busy = Busy(options.counted or CAUSES, per_p=options.per_p, all_stw=options.all_stw)
    shortest = read(trace, source, CollectorWork(trace, busy), window)
    start, end = window.on(trace)
    end = min(end, trace.start_ns + trace.duration_ns)
    series = busy.series(trace.start_ns, start, end, trace.gomaxprocs_at_start)
    if not series:
        return Found(None, (), (), busy.lacks())
    if options.windows is not None:
        return Found(None, (), tuple(mmu.worst(series, options.windows)), busy.lacks())
    windows = mmu.default_windows(end - start, shortest)
    return Found(None, tuple(mmu.curve(series, windows)), (), busy.lacks())


def _table(options: Options, sort: str | None, named: Sequence[tuple[str, Found]]) -> Table:
    """Return the table, sorted."""
    from gotracer_ci.tables import gc

    traces = len(named) > 1
    if options.mmu:
        return gc.curve_table([(name, found.points) for name, found in named], traces=traces).sort(sort or "+window_ns")
    if options.windows is not None:
        worst = [(name, found.worst) for name, found in named]
        return gc.worst_table(worst, traces=traces).sort(sort or "+utilisation")
    collections = [(name, found.collections) for name, found in named if found.collections]
    make = gc.stops_table if options.stw else gc.heap_table if options.heap else gc.cycles_table
    made = make(collections, traces=traces)
    return made.sort(sort or "+start_ns")


def _left_out(name: str, found: Found) -> Iterator[str]:
    """Yield what the table lacks."""
    left_out = found.collections.left_out if found.collections else (0, 0, 0)
    for what, number in zip(("cycles", "stops", "heap samples"), left_out, strict=True):
        if number:
            yield f"{name}: {number:,} more {what} follow: narrow it with --from and --to"
    for text in found.lacks:
        yield f"{name}: {text}"
