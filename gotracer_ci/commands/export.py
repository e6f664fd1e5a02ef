"""`gotracer-ci export`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from gotracer_ci.commands import table
from gotracer_ci.commands.options import place_options, place_settings
from gotracer_ci.commands.output import STDOUT, complain, written
from gotracer_ci.commands.usage import FILE, Choice, Command, file_names, nanoseconds, pair, part
from gotracer_ci.errors import EXIT_CLEAN, UsageError
from gotracer_ci.urls import redacted

if TYPE_CHECKING:
    from gotracer_ci.analysis.reading import Window
    from gotracer_ci.database.sink import Sink
    from gotracer_ci.export.cuts import Cut
    from gotracer_ci.source.frames import SourceMap
    from gotracer_ci.trace.reader import Trace

_FINGERPRINT: Final = re.compile("[0-9a-f]{16}")
_LEAST_NS: Final = 1_000_000
"""Shown before and after a finding, at least."""


class _Form(NamedTuple):
    """suffix: of a file's name. what: it is on a terminal."""

    suffix: str
    what: str


_FORMS: Final = {
    "perfetto": _Form(".perfetto-trace", "binary"),
    "chrome": _Form(".json", "for tools"),
    "sqlite": _Form(".sqlite", "binary"),
    "parquet": _Form(".parquet", "a directory"),
}
_TABLES: Final = ("sqlite", "parquet")
"""Forms that have tables of several whole traces. The others have a timeline of one, or of a part of it."""


@click.command(cls=Command)
@click.argument("traces", nargs=-1, metavar="TRACE...", shell_complete=file_names)
@click.option(
    "--to",
    "form",
    type=Choice(tuple(_FORMS)),
    required=True,
    help="perfetto (for ui.perfetto.dev), chrome (JSON), sqlite, or parquet (a directory).",
)
@click.option(
    "-o",
    "--output",
    type=FILE,
    metavar="FILE",
    help="Write to FILE, gzipped if its name ends in .gz, - for stdout [default: the trace's name with the format's].",
)
@click.option(
    "--window", callback=part, metavar="FROM-TO", help="Only this part of the trace, such as 1.2s-1.5s from its start."
)
@click.option(
    "--around",
    metavar="WHAT",
    help="Only around a time, such as 1.5s±10ms (or 1.5s+-10ms), or around a finding, by its fingerprint.",
)
@click.option(
    "--goroutine", type=int, metavar="ID", help="Only this goroutine, and two levels deep those that woke it."
)
@click.option(
    "--task", type=int, metavar="ID", help="Only this task, the goroutines that worked for it and their wakers."
)
@click.option("--intervals", is_flag=True, help="sqlite, parquet: Also more than 5,000,000 intervals of a trace.")
@place_options
def command(traces: tuple[str, ...], **given: Any) -> int:
    """Write a trace for another tool.

    A TRACE is a file, a URL, or - for stdin, and may be gzipped. sqlite and parquet have the tables of several traces,
    and perfetto and chrome the timeline of one. --to is the format here, so --window has the times that other
    commands take as --from and --to.

    \b
    Example:
      gotracer-ci export trace.out --to perfetto --window 1.2s-1.5s

    Exit codes: 0 the file was written, 2 wrong usage or a trace that cannot be read to its end.
    """
    from gotracer_ci import progress
    from gotracer_ci.trace.open import open_trace

    if given["form"] in _TABLES:
        return _export_tables(traces, given)
    if len(traces) != 1 or given["intervals"]:
        problem = "takes one trace" if len(traces) != 1 else "--intervals is for sqlite and parquet"
        raise UsageError(f"--to {given['form']}: {problem}")
    (name,) = traces
    if (given["config"] or given["path_map"]) and not _FINGERPRINT.match(given["around"] or ""):
        option = "--config" if given["config"] else "--path-map"
        raise UsageError(f"{option}: it says where findings are: give it with --around FINGERPRINT")
    if sum(given[option] is not None for option in ("window", "around", "task")) > 1:
        raise UsageError("--window, --around, --task: give one of them")
    if given["goroutine"] is not None and given["task"] is not None:
        raise UsageError("--goroutine, --task: give one of them")
    output = given["output"] or Path(_default_name(name, _FORMS[given["form"]].suffix))
    _check_stdout(output, given["form"])
    notes: tuple[str, ...] = ()
    with progress.shown(sys.stderr) as watch:
        trace = open_trace(name)
        trace.watch = partial(watch, 1, 1) if watch else None
        trace, cut = _cut(trace, given)
        with written(output) as write:
            notes = _export(given["form"], trace, cut, write)
    if str(output) != STDOUT:
        click.echo(f"wrote {output}", err=True)
    for note in notes:
        click.echo(f"note: {note}", err=True)
    if trace.damage is not None:
        complain(trace.damage)
        return trace.damage.exit_code
    return EXIT_CLEAN


def _export_tables(traces: tuple[str, ...], given: dict[str, Any]) -> int:
    """Write the tables of traces."""
    from gotracer_ci import progress
    from gotracer_ci.database import parquet, reading, sqlite
    from gotracer_ci.database.schema import INTERVAL, TABLES
    from gotracer_ci.database.sink import Ids
    from gotracer_ci.tabulate import tabulate

    form = given["form"]
    for option in ("window", "around", "goroutine", "task", "config"):
        if given[option] is not None:
            raise UsageError(f"--to {form}: tables have whole traces: leave out --{option}")
    name = traces[0].rstrip("/") if len(traces) == 1 else "traces"
    output = given["output"] or Path(_default_name(name, _FORMS[form].suffix))
    _check_stdout(output, form)
    ids = Ids()

    def read(trace: Trace, source: SourceMap) -> tuple[str, ...]:
        if given["intervals"] or not reading.has_many_intervals(trace):
            return reading.read_tables(trace, source, tables, ids, TABLES)
        most = [one for one in TABLES if one is not INTERVAL]
        notes = reading.read_tables(trace, source, tables, ids, most)
        return (*notes, f"table interval has none of its more than {reading.MANY:,} intervals: --intervals adds them")

    with ExitStack() as stack:
        watch = stack.enter_context(progress.shown(sys.stderr))
        if form == "parquet":
            tables: Sink = stack.enter_context(parquet.new_directory(output))
        else:
            tables = stack.enter_context(sqlite.new_file(stack.enter_context(written(output))))
        maps = tuple(pair("--path-map", text) for text in given["path_map"])
        done = tabulate(traces, read, root=given["root"] or Path(), path_map=maps, watch=watch)
    if str(output) != STDOUT:
        click.echo(f"wrote {output}", err=True)
    return table.end(done)


def _check_stdout(output: Path, form: str) -> None:
    if str(output) == STDOUT and (form == "parquet" or (sys.stdout is not None and sys.stdout.isatty())):
        where = "is a terminal" if form != "parquet" else "is one file"
        raise UsageError(f"standard output {where}, and this format is {_FORMS[form].what}: use -o FILE")


def _default_name(name: str, suffix: str) -> str:
    """Return the trace's name with another suffix: trace.out becomes trace.perfetto-trace."""
    path = Path("trace" if name == STDOUT else Path(redacted(name)).name)
    stem = Path(path.stem).stem if path.suffix == ".gz" else path.stem
    return f"{stem}{suffix}"


def _cut(trace: Trace, given: dict[str, Any]) -> tuple[Trace, Cut]:
    """Return the trace, not read yet, and the part of it that is asked for."""
    from gotracer_ci.analysis.reading import Window
    from gotracer_ci.export import cuts

    window = Window()
    if given["window"] is not None:
        window = Window(*given["window"])
    elif given["around"] is not None:
        window = _around(trace.name, given)
    if given["goroutine"] is None and given["task"] is None:
        return trace, cuts.Cut(window)
    trace.is_read_again = True
    if given["task"] is not None:
        return trace.again(), cuts.of_task(trace, given["task"])
    return trace.again(), cuts.of_goroutine(trace, given["goroutine"], window)


def _around(trace: str, given: dict[str, Any]) -> Window:
    """Return the window around a time or a finding."""
    from gotracer_ci.analysis.reading import Window

    text = given["around"]
    what, sign, margin = text.replace("+-", "±").partition("±")
    around = _time("--around", margin) if sign else None
    if _FINGERPRINT.fullmatch(what):
        start, length = _worst(trace, what, given)
        around = max(length // 2, _LEAST_NS) if around is None else around
    elif around is None:
        raise UsageError(f"--around {text}: write a time as 1.5s±10ms, or a finding's fingerprint")
    else:
        start, length = _time("--around", what), 0
    return Window(max(start - around, 0), start + length + around)


def _time(option: str, text: str) -> int:
    try:
        found = nanoseconds(click.get_current_context(), click.Option([option]), text)
    except click.BadParameter:
        found = None
    if not found and text != "0s":
        raise UsageError(f"{option}: {text!r} is not a time such as 300ms or 1.5s")
    return found or 0


def _worst(trace: str, fingerprint: str, given: dict[str, Any]) -> tuple[int, int]:
    """Return when a finding's worst occurrence began, and how long it took; ns."""
    from gotracer_ci import pipeline

    if trace == STDOUT:
        raise UsageError("--around: findings need the trace as a file, because standard input can be read only once")
    finding = pipeline.find(place_settings(trace, given), fingerprint)
    if finding is None:
        raise UsageError(
            f"--around {fingerprint}: gotracer-ci analyze finds nothing with this fingerprint in this trace; its JSON "
            "report lists them"
        )
    if not (finding.occurrences or finding.timestamp_ns):
        raise UsageError(f"--around {fingerprint}: {finding.key.rule} is about the whole trace: leave out --around")
    lengths = [one.duration_ns for one in finding.occurrences if one.start_ns == finding.timestamp_ns]
    return finding.timestamp_ns, max(lengths, default=0)


def _export(form: str, trace: Trace, cut: Cut, write: Callable[[bytes], object]) -> tuple[str, ...]:
    from gotracer_ci.export import timeline

    writer: timeline.Writer
    if form == "perfetto":
        from gotracer_ci.export.perfetto import Perfetto

        writer = Perfetto(write)
    else:
        from gotracer_ci.export.chrome import Chrome

        writer = Chrome(write)
    return timeline.write(trace, writer, *cut)
