"""`gotracer-ci query`."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gotracer_ci.commands import table
from gotracer_ci.commands.output import print_lines, write_rows, write_table
from gotracer_ci.commands.usage import Command, pair
from gotracer_ci.errors import EXIT_CLEAN, UsageError

if TYPE_CHECKING:
    import sqlite3

    from gotracer_ci.database.query import Result
    from gotracer_ci.tabulate import Tabulated


@click.command(cls=Command)
@table.inputs
@click.argument("sql", required=False, metavar="SQL")
@table.output(None)
@click.option("--schema", is_flag=True, help="List the tables, their columns and the views.")
def command(traces: tuple[str, ...], sql: str | None, schema: bool, **given: Any) -> int:
    """Run an SQL query over traces.

    A TRACE is a file, a directory, a glob, a URL, or - for stdin. Files may be gzipped. In place of traces, the
    argument can be a database that gotracer-ci export wrote. SQL is one SELECT of SQLite.

    \b
    Example:
      gotracer-ci query trace.out "SELECT place, reason, total_ns FROM waits_by_place ORDER BY total_ns DESC"

    Exit codes: 0 the rows were written, 2 wrong usage or a trace that cannot be read to its end.
    """
    from gotracer_ci.database import query

    maps = tuple(pair("--path-map", text) for text in given["path_map"])
    if schema:
        lines: list[str] = []
        query.schema_lines(lines.append)
        print_lines(lines)
        return EXIT_CLEAN
    if sql is None or not traces:
        raise UsageError('give traces and a query: gotracer-ci query trace.out "SELECT …"; --schema lists the tables')
    with ExitStack() as stack:
        if any(map(query.is_database, traces)):
            if len(traces) > 1:
                raise UsageError("a database has all its traces already: give only that, or only traces")
            connection = stack.enter_context(query.opened(traces[0]))
            done = None
        else:
            wanted = query.tables_of(sql)
            connection = stack.enter_context(query.new_database())
            done = _filled(connection, traces, wanted, given["root"], maps)
        _write(query.run(connection, sql), given["form"], given["top"], _head(sql, done), given["output"])
    return table.end(done) if done else EXIT_CLEAN


def _filled(
    connection: sqlite3.Connection, traces: tuple[str, ...], wanted: Any, root: Path, maps: tuple[tuple[str, str], ...]
) -> Tabulated[tuple[str, ...]]:
    """Read the traces into the database."""
    from gotracer_ci import progress
    from gotracer_ci.database.reading import read_tables
    from gotracer_ci.database.sink import Ids
    from gotracer_ci.database.sqlite import SqliteTables
    from gotracer_ci.tabulate import tabulate

    tables, ids = SqliteTables(connection), Ids()
    with progress.shown(sys.stderr) as watch:
        return tabulate(
            traces,
            lambda trace, source: read_tables(trace, source, tables, ids, wanted),
            root=root,
            path_map=maps,
            watch=watch,
        )


def _head(sql: str, done: Tabulated[Any] | None) -> dict[str, Any]:
    from gotracer_ci.tables.result import SCHEMA

    summaries = done.summaries if done else ()
    return {"schema": SCHEMA, "query": sql, "traces": [summary._asdict() for summary in summaries]}


def _write(result: Result, form: str, top: int | None, head: dict[str, Any], output: Path | None) -> None:
    from gotracer_ci.tables import result as shape

    if form == "human":
        most = 20 if top is None else top
        rows = list(islice(result.rows, most or None))
        write_table(shape.result_table(result.columns, rows, sum(1 for _ in result.rows)), form, head, output)
        return
    columns = shape.columns_of(result.columns)
    shown = (shape.as_row(result.columns, row) for row in islice(result.rows, top or None))
    write_rows(columns, shown, form, head, output)
