"""`gotracer-ci tests`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gotracer_ci.commands import nothing, paths, table
from gotracer_ci.commands.usage import FILE, Command
from gotracer_ci.errors import UsageError

if TYPE_CHECKING:
    from gotracer_ci.analysis.ran_tests import RanTests
    from gotracer_ci.analysis.reading import Window
    from gotracer_ci.source.frames import SourceMap
    from gotracer_ci.tables.table import Table
    from gotracer_ci.trace.reader import Trace

    Found = RanTests | paths.Paths

_LARGEST_LOG = 1 << 29  # bytes
_ROWS = nothing.Rows("tests", "go test -trace FILE records them")


@click.command(cls=Command)
@table.inputs
@table.output("+begin_ns, of paths in order")
@click.option("--json-log", type=FILE, metavar="FILE", help="Names from this output of go test -json, or -v.")
@click.option("--slowest", type=click.IntRange(min=1), metavar="N", help="The N tests with the most active time.")
@paths.options("tests")
@table.window
def command(
    json_log: Path | None, slowest: int | None, critical_path: int | None, stretches: bool, **given: Any
) -> int:
    """Show how long the tests of go test -trace took.

    A TRACE is a file, a directory, a glob, a URL, or - for stdin. Files may be gzipped.

    \b
    Example:
      gotracer-ci tests trace.out --json-log test.json --slowest 10

    Exit codes: 0 the table was written, 2 wrong usage or a trace that cannot be read to its end.
    """
    from gotracer_ci.tables.tests import SCHEMA

    paths.check(critical_path=critical_path, stretches=stretches)
    if slowest and critical_path:
        raise UsageError("--critical-path takes the slowest tests: leave out --slowest")
    if slowest and (given["sort"] is not None or given["top"] is not None):
        raise UsageError("--slowest sorts and limits the rows: leave out --sort and --top")
    asked = table.common(given)
    if slowest:
        asked = asked._replace(sort="active_ns", top=slowest)
    names = _names(json_log) if json_log else None
    if critical_path:
        read = partial(_read_paths, asked.window, names, critical_path)
        return table.show(asked, read, partial(_paths, asked, stretches, names), SCHEMA, _ROWS, _left_out)
    return table.show(asked, partial(_read, asked.window), partial(_table, asked.sort, names), SCHEMA, _ROWS, _left_out)


def _names(log: Path) -> list[str]:
    from gotracer_ci import files
    from gotracer_ci.analysis.test_log import names_in

    found = names_in(files.read(log, _LARGEST_LOG).decode("utf-8", "replace"))
    if not found:
        raise UsageError(f"--json-log {log}: names no test; write it with go test -json or go test -v")
    return found


def _read(window: Window, trace: Trace, source: SourceMap) -> RanTests:
    from gotracer_ci.analysis.ran_tests import RanTestsAnalysis
    from gotracer_ci.analysis.reading import read

    return read(trace, source, RanTestsAnalysis(trace), window)


def _read_paths(
    window: Window, names: Sequence[str] | None, number: int, trace: Trace, source: SourceMap
) -> paths.Paths:
    from gotracer_ci.analysis import test_log
    from gotracer_ci.analysis.critical_path import Path
    from gotracer_ci.tables.tests import tests_table

    trace.is_read_again = True
    found = _read(window, trace, source)
    if names is not None:
        found = test_log.named(found, names)
    since = max(window.on(trace)[0] - trace.start_ns, 0)
    asked = []
    for _, _, test in tests_table([("", found)], traces=False).sort("active_ns").top(number).items:
        start, end = paths.span(trace, test.begin_ns, test.end_ns, test.wall_ns, since)
        asked.append((test.name, None, Path(test.goroutine, start, end)))
    return paths.read(trace, source, found, asked)


def _paths(
    asked: table.Common, stretches: bool, names: Sequence[str] | None, named: Sequence[tuple[str, paths.Paths]]
) -> Table:
    _check_log(names, len(named))
    return paths.table(named, stretches=stretches, sort=asked.sort, top=asked.top)


def _check_log(names: Sequence[str] | None, traces: int) -> None:
    if names is not None and traces > 1:
        raise UsageError(f"--json-log has the names of one trace's tests, but there are {traces:,} traces")


def _table(sort: str | None, names: Sequence[str] | None, named: Sequence[tuple[str, RanTests]]) -> Table:
    """Return the table with its rows sorted."""
    from gotracer_ci.analysis import test_log
    from gotracer_ci.tables.tests import tests_table

    _check_log(names, len(named))
    if names is not None:
        named = [(trace, test_log.named(found, names)) for trace, found in named]
    made = tests_table(named, traces=len(named) > 1)
    return made.sort(sort) if sort else made


def _left_out(name: str, found: Found) -> Iterator[str]:
    """Yield what the table lacks."""
    if isinstance(found, paths.Paths):
        yield from paths.left_out(name, found)
        yield from _left_out(name, found.found)
        return
    if found.ran > len(found.tests):
        yield (
            f"{name}: the first {len(found.tests):,} of {found.ran:,} tests are listed; the others count as goroutines "
            "of those that started them"
        )
