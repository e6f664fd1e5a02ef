"""`gotracer-ci tests`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gotracer_ci.commands import table
from gotracer_ci.commands.usage import FILE, Command
from gotracer_ci.errors import UsageError

if TYPE_CHECKING:
    from gotracer_ci.analysis.ran_tests import RanTests
    from gotracer_ci.analysis.reading import Window
    from gotracer_ci.source.frames import SourceMap
    from gotracer_ci.tables.table import Table
    from gotracer_ci.trace.reader import Trace

_LARGEST_LOG = 1 << 29  # bytes


@click.command(cls=Command)
@table.inputs
@table.output("+begin_ns")
@click.option("--json-log", type=FILE, metavar="FILE", help="Names from this output of go test -json, or -v.")
@click.option("--slowest", type=click.IntRange(min=1), metavar="N", help="The N tests with the most active time.")
@table.window
def command(json_log: Path | None, slowest: int | None, **given: Any) -> int:
    """Show how long the tests of go test -trace took.

    A TRACE is a file, a directory, a glob, or - for stdin. Files may be gzipped.

    \b
    Example:
      gotracer-ci tests trace.out --json-log test.json --slowest 10

    Exit codes: 0 the table was written, 2 wrong usage or a trace that cannot be read to its end.
    """
    from gotracer_ci.tables.tests import SCHEMA

    if slowest and (given["sort"] is not None or given["top"] is not None):
        raise UsageError("--slowest sorts and limits the rows: leave out --sort and --top")
    asked = table.common(given)
    if slowest:
        asked = asked._replace(sort="active_ns", top=slowest)
    names = _names(json_log) if json_log else None
    return table.show(asked, partial(_read, asked.window), partial(_table, asked.sort, names), SCHEMA, _left_out)


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


def _table(sort: str | None, names: Sequence[str] | None, named: Sequence[tuple[str, RanTests]]) -> Table:
    """Return the table with its rows sorted."""
    from gotracer_ci.analysis import test_log
    from gotracer_ci.tables.tests import tests_table

    if names is not None:
        if len(named) > 1:
            raise UsageError(f"--json-log has the names of one trace's tests, but there are {len(named):,} traces")
        named = [(trace, test_log.named(found, names)) for trace, found in named]
    made = tests_table(named, traces=len(named) > 1)
    return made.sort(sort) if sort else made


def _left_out(name: str, found: RanTests) -> Iterator[str]:
    """Yield what the table lacks."""
    if found.ran > len(found.tests):
        yield (
            f"{name}: the first {len(found.tests):,} of {found.ran:,} tests are listed; the others count as goroutines "
            "of those that started them"
        )
