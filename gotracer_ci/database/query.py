"""Run one query on a database of traces. It can only read."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from gotracer_ci.database.schema import TABLES, Definition
from gotracer_ci.database.sqlite import SqliteTables
from gotracer_ci.database.views import VIEWS
from gotracer_ci.errors import FileError, UsageError
from gotracer_ci.spelling import did_you_mean

_MAGIC: Final = b"SQLite format 3\0"
_STEPS: Final = 50_000
"""Steps of SQLite's machine after which Python can react to Ctrl-C: some milliseconds."""
_READS: Final = frozenset(
    (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
)
_MISSING: Final = re.compile(r"no such (table|column): (?:.*\.)?(.*)")
ONLY_SELECT: Final = "only SELECT: a query cannot change anything"


class Result(NamedTuple):
    """columns: their names, each once. rows: int, float, str or None, one after the other."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


def is_database(name: str) -> bool:
    """Return whether a file is an SQLite database."""
    try:
        with open(name, "rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def tables_of(sql: str) -> tuple[Definition, ...]:
    """Return the tables that a query reads, itself or through views.

    Raises:
        UsageError: it is no query, or reads what there is not.
    """
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        SqliteTables(connection)
        read = _check(connection, sql)
    finally:
        connection.close()
    return tuple(table for table in TABLES if table.name in read)


@contextmanager
def new_database() -> Iterator[sqlite3.Connection]:
    """Yield an empty database in a file without a name, of which little is in memory; it is gone with the process."""
    connection = sqlite3.connect("", isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def opened(name: str) -> Iterator[sqlite3.Connection]:
    """Yield a database that exists, for reading.

    Raises:
        FileError: it cannot be read.
    """
    try:
        connection = sqlite3.connect(f"{Path(name).absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    except sqlite3.Error as error:
        raise FileError(name, f"cannot be read: {error}") from None
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        connection.close()
        raise FileError(name, f"cannot be read: {error}") from None
    try:
        yield connection
    finally:
        connection.close()


def run(connection: sqlite3.Connection, sql: str) -> Result:
    """Run a query.

    Raises:
        UsageError: it is no query, reads what there is not, or fails; also while the rows are read.
        KeyboardInterrupt: it was interrupted.
    """
    connection.text_factory = _text
    _check(connection, sql)
    connection.set_progress_handler(lambda: 0, _STEPS)
    with _explained(sql, connection):
        cursor = connection.execute(sql)
    names: list[str] = []
    for name, *_ in cursor.description:
        same = sum(other == name or other.startswith(f"{name}_") for other in names)
        names.append(f"{name}_{same + 1}" if name in names else name)
    return Result(tuple(names), _rows(cursor, sql, connection))


def _rows(cursor: sqlite3.Cursor, sql: str, connection: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
    with _explained(sql, connection):
        for row in cursor:
            yield tuple([_value(value) for value in row])


def _value(value: Any) -> Any:
    """Return a value that JSON has."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "infinity" if value > 0 else "-infinity"
    return value


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _check(connection: sqlite3.Connection, sql: str) -> set[str]:
    """Let the connection only read from now on, check the query, and return the names of the tables that it reads."""
    read: set[str] = set()
    actions: set[int] = set()

    def authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        actions.add(action)
        if action == sqlite3.SQLITE_READ and first:
            read.add(first)
        is_loading = action == sqlite3.SQLITE_FUNCTION and second == "load_extension"
        return sqlite3.SQLITE_OK if action in _READS and not is_loading else sqlite3.SQLITE_DENY

    connection.set_authorizer(authorize)
    with _explained(sql, connection):
        # SQLite compiles the query, and does not run it
        connection.execute(f"EXPLAIN {sql}")
    if sqlite3.SQLITE_SELECT not in actions:
        raise UsageError(ONLY_SELECT)
    return read


@contextmanager
def _explained(sql: str, connection: sqlite3.Connection) -> Iterator[None]:
    """Turn SQLite's errors into one line for the user."""
    try:
        yield
    except UnicodeEncodeError:
        raise UsageError("the query is not UTF-8") from None
    except sqlite3.OperationalError as error:
        if str(error) == "interrupted":
            raise KeyboardInterrupt from None
        raise UsageError(_problem(str(error), sql, connection)) from None
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise UsageError(_problem(str(error), sql, connection)) from None


def _problem(error: str, sql: str, connection: sqlite3.Connection) -> str:
    if error.startswith(("not authorized", "access to", "authorization denied")):
        return ONLY_SELECT
    if "one statement at a time" in error:
        return "more than one statement: give one SELECT"
    if "disk is full" in error:
        return "the query needs more room than the temporary directory has: set TMPDIR to another one"
    missing = _MISSING.match(error)
    if missing is None:
        return f"the query is not valid SQL: {error}"
    kind, name = missing.groups()
    known = _columns(sql) if kind == "column" else [*(table.name for table in TABLES), *(view.name for view in VIEWS)]
    return error + (did_you_mean(name, known) or "; gotracer-ci query --schema lists them all")


def _columns(sql: str) -> list[str]:
    """Return the columns of the tables that a query names, without which of all."""
    words = set(re.findall(r"\w+", sql))
    named = [table for table in TABLES if table.name in words] or TABLES
    return [column.name for table in named for column in table.columns]


def schema_lines(write: Callable[[str], object]) -> None:
    """Write what the tables and views are, for people."""
    for table in TABLES:
        write(f"{table.name}: {table.about}")
        width = max(len(column.name) for column in table.columns)
        for column in table.columns:
            kind = f"→ {column.to}" if column.to else column.kind
            write(f"  {column.name.ljust(width)}  {kind.ljust(11)}  {column.about}")
        write("")
    write("Views:")
    for view in VIEWS:
        write(f"  {view.name}: {view.about}")
