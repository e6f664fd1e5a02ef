"""`gotracer-ci profile`."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from gotracer_ci.commands import nothing, table
from gotracer_ci.commands.output import complain, write_data
from gotracer_ci.commands.usage import FILE, Choice, Command, pair
from gotracer_ci.errors import EXIT_CLEAN, UsageError
from gotracer_ci.report.safe import clean

if TYPE_CHECKING:
    from gotracer_ci.analysis.cpu_samples import Windows
    from gotracer_ci.analysis.profile import StackProfile
    from gotracer_ci.analysis.reading import Window
    from gotracer_ci.analysis.scopes import Kind
    from gotracer_ci.errors import GotracerError
    from gotracer_ci.source.frames import SourceMap
    from gotracer_ci.tabulate import Summary
    from gotracer_ci.trace.reader import Trace

TYPES = ("net", "sync", "syscall", "sched", "block", "wall", "cpu")
_FORMS = ("pprof", "folded", "speedscope", "top", "tree")
_TOP = {"top": 20, "tree": 100}
_STDOUT = "-"


class Options(NamedTuple):
    """What is asked for: the options of these names."""

    type: str
    form: str
    output: Path | None = None
    base: str | None = None
    goroutines: str | None = None
    region: str | None = None
    task: str | None = None
    test: str | None = None
    system: bool = False
    closed: bool = False
    cpu_rate: int = 100
    top: int | None = None
    go_compat: bool = False

    @property
    def scopes(self) -> list[tuple[Kind, str]]:
        """The kinds of scope that are asked for, and their patterns."""
        given: tuple[tuple[Kind, str | None], ...] = (
            ("region", self.region),
            ("task", self.task),
            ("test", self.test),
        )
        return [(kind, pattern) for kind, pattern in given if pattern is not None]


@click.command(cls=Command)
@table.inputs
@click.option("--type", "type", type=Choice(TYPES), required=True, help=f"What is counted: {', '.join(TYPES)}.")
@click.option("-f", "--format", "form", type=Choice(_FORMS), default="pprof", help="[default: pprof]")
@click.option(
    "-o", "--output", type=FILE, metavar="FILE", help="Write to FILE, - for stdout [default: pprof TYPE.pb.gz, else -]."
)
@click.option("--base", metavar="TRACE", help="Show the difference to this trace.")
@click.option("--goroutines", metavar="NAME", help="Only goroutines that began in this function; a name or a glob.")
@click.option("--region", metavar="TYPE", help="Only inside regions of this type, each on its goroutine.")
@click.option("--task", metavar="TYPE", help="Only inside tasks of this type, on the goroutines that work for them.")
@click.option("--test", metavar="NAME", help="Only this test and the goroutines that it created, while it runs.")
@table.system
@table.window
@click.option("--closed", is_flag=True, help="Only what began and ended during the trace.")
@click.option(
    "--cpu-rate", type=click.IntRange(1, 1_000_000), default=100, metavar="HZ", help="CPU samples per second."
)
@click.option("--top", type=click.IntRange(min=0), metavar="N", help="First N lines of top [20] or tree [100], 0 all.")
@table.go_compat
def command(**given: Any) -> int:
    """Write a profile: where goroutines spent their time, and why.

    A TRACE is a file, a directory, a glob, a URL, or - for stdin. Files may be gzipped. Several traces make one
    profile.

    \b
    Example:
      gotracer-ci profile trace.out --type wall -f top

    Exit codes: 0 the profile was written, 2 wrong usage or a trace that cannot be read to its end.
    """
    traces, root = given.pop("traces"), given.pop("root")
    window = table.asked_window(given)
    maps = tuple(pair("--path-map", text) for text in given.pop("path_map"))
    options = Options(**given)
    check(options, window)
    read = Reading(options, window, root, maps)
    profile = read.total(traces)
    base = read.total([options.base]) if options.base else None
    read.check_scope()
    profile, base = chosen_groups(options, profile, base)
    notes = [still_open(profile, options)]
    if not (profile.samples or base or read.notes):
        notes.append(nothing.note(_rows(options), [summary.path for summary in read.summaries]))
    if profile.merged:
        notes.append(f"{profile.merged:,} intervals have no stack, because there are too many different ones")
    write(options, profile, base, [note for note in notes if note])
    for note in (*read.notes, *notes):
        if note:
            click.echo(f"note: {clean(note)}", err=True)
    for error in read.errors:
        complain(error)
    return read.errors[0].exit_code if read.errors else EXIT_CLEAN


def _rows(options: Options) -> nothing.Rows:
    selects = ("goroutines", "region", "task", "test", "closed")
    if options.type == "cpu":
        return nothing.Rows("CPU samples", "a CPU profile that runs meanwhile adds them to the trace", selects)
    return nothing.Rows(f"intervals of type {options.type}", selects=selects)


def check(options: Options, window: Window) -> None:
    if len(options.scopes) > 1:
        raise UsageError("--region, --task, --test: give one of them")
    if options.top is not None and options.form not in _TOP:
        raise UsageError("--top: only -f top and -f tree have lines to leave out")
    if options.cpu_rate != 100 and options.type != "cpu":
        raise UsageError("--cpu-rate: only --type cpu has samples without a length")
    if options.go_compat:
        from gotracer_ci.analysis.profile import GO_TYPES
        from gotracer_ci.analysis.reading import WHOLE

        if options.type not in GO_TYPES:
            raise UsageError(f"--go-compat: Go has only the types {', '.join(GO_TYPES)}")
        if options.closed or options.system or options.goroutines or options.scopes or window != WHOLE:
            raise UsageError("--go-compat: Go has only closed intervals of whole traces: leave out other restrictions")
    if options.form == "pprof" and str(options.output) == _STDOUT and sys.stdout is not None and sys.stdout.isatty():
        raise UsageError("standard output is a terminal, and pprof's format is binary: use -o FILE, or -f top")


class Reading:
    """Reads traces. summaries: of all traces so far. notes, errors: what a reader must know besides."""

    def __init__(self, options: Options, window: Window, root: Path, path_map: tuple[tuple[str, str], ...]) -> None:
        self._options = options
        self._window = window
        self._root = root
        self._path_map = path_map
        self._known: set[str] = set()
        self._is_found = False
        self.notes: list[str] = []
        self.errors: list[GotracerError] = []
        self.summaries: list[Summary] = []

    def total(self, names: Sequence[str]) -> StackProfile:
        """Return the profile of all these traces together."""
        from gotracer_ci import progress
        from gotracer_ci.analysis.profile import total
        from gotracer_ci.tabulate import tabulate

        with progress.shown(sys.stderr) as watch:
            done = tabulate(names, self._read, root=self._root, path_map=self._path_map, watch=watch)
        self.notes += [note.text for note in done.notes]
        self.errors += done.errors
        self.summaries += done.summaries
        return total(done.found)

    def _read(self, trace: Trace, source: SourceMap) -> StackProfile:
        from gotracer_ci.analysis.profile import GoProfileAnalysis, ProfileAnalysis
        from gotracer_ci.analysis.reading import read

        options = self._options
        places = options.form == "top"
        if options.go_compat:
            return read(trace, source, GoProfileAnalysis(trace, options.type, places=places))
        windows = self._windows(trace) if options.scopes else None
        if windows is not None:
            trace = trace.again()
        analysis = ProfileAnalysis(
            trace,
            options.type,
            closed=options.closed,
            places=places,
            cpu_rate=options.cpu_rate,
            windows=windows,
        )
        found = read(trace, source, analysis, self._window)
        self.notes += table.missed(trace, self._window)
        return found

    def _windows(self, trace: Trace) -> Windows:
        """Return the part of each life that is asked for."""
        from gotracer_ci.analysis import scopes
        from gotracer_ci.tables.patterns import matching

        ((kind, pattern),) = self._options.scopes
        trace.is_read_again = True
        found = scopes.find(trace, kind)
        self._known |= found.names
        if found.left_out:
            self.notes.append(
                f"{trace.name}: {found.left_out:,} parts of {kind}s are left out, because there are too many"
            )
        try:
            names = matching(f"--{kind}", pattern, found.names)
        except UsageError:
            return {}  # another trace may have it
        self._is_found = True
        return found.windows(names)

    def check_scope(self) -> None:
        """Check that some trace has what the scope names.

        Raises:
            UsageError: none has.
        """
        from gotracer_ci.tables.patterns import matching

        for kind, pattern in self._options.scopes:
            if not self._is_found:
                matching(f"--{kind}", pattern, self._known)


def chosen_groups(
    options: Options, profile: StackProfile, base: StackProfile | None
) -> tuple[StackProfile, StackProfile | None]:
    """Return the profiles of the groups of goroutines that the options name."""
    from gotracer_ci.analysis.profile import of_groups
    from gotracer_ci.tables.patterns import matching

    chosen: Callable[[str], bool]
    if options.goroutines is not None:
        known = {sample.group for part in (profile, base) if part for sample in part.samples}
        chosen = matching("--goroutines", options.goroutines, known).__contains__
    elif options.system or options.go_compat or options.type == "cpu":
        return profile, base
    else:
        chosen = _is_own
    return of_groups(profile, chosen), of_groups(base, chosen) if base else None


def _is_own(group: str) -> bool:
    """Return whether a group of goroutines is not the runtime's."""
    from gotracer_ci.analysis.stacks import is_system

    return not is_system(group)


def still_open(profile: StackProfile, options: Options) -> str:
    """Return what the profile says of intervals that have not ended, "" for CPU samples."""
    from gotracer_ci.text import duration, plural

    if options.type == "cpu" or not profile.open_count:
        return ""
    left_out = ", as Go does" if options.go_compat else " because of --closed" if options.closed else ""
    how = f"left out{left_out}" if left_out else "included"
    intervals = plural(profile.open_count, "interval")
    return f"still open at the end: {intervals}, {duration(profile.open_ns)}, {how}"


def write(options: Options, profile: StackProfile, base: StackProfile | None, comments: Sequence[str]) -> None:
    output = options.output
    if output is None and options.form == "pprof":
        output = Path(f"{options.type}.pb.gz")
    write_data(formatted(options, profile, base, comments), None if str(output) == _STDOUT else output)


def formatted(
    options: Options, profile: StackProfile, base: StackProfile | None, comments: Sequence[str]
) -> str | bytes:
    if options.form == "pprof":
        from gotracer_ci.export.pprof import pprof

        period = 1_000_000_000 // options.cpu_rate
        return pprof(profile, base, comments, go=options.go_compat, period_ns=period)
    if options.form == "folded":
        from gotracer_ci.export.folded import folded

        return "".join(folded(profile, base))
    if options.form == "speedscope":
        from gotracer_ci.export.speedscope import speedscope

        return speedscope(profile, base)
    from gotracer_ci.tables import profile as views
    from gotracer_ci.tables.render import write

    top = _TOP[options.form] if options.top is None else options.top
    if options.form == "tree":
        return "".join(views.tree(profile, base, top))
    text = io.StringIO()
    write(views.functions_table(profile, base).top(top), "human", {}, text)
    return text.getvalue()
