"""Write the tables as an SQLite database.

The bytes follow from the traces and the version of SQLite alone. Tables are not STRICT, because SQLite has that only
since 3.37, and Python 3.11 runs with older ones.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gotracer_ci.database.schema import INTERVAL, TABLES, Definition
from gotracer_ci.database.sink import Columns
from gotracer_ci.database.views import VIEWS
from gotracer_ci.errors import UsageError

_BLOCK: Final = 1 << 20
_TYPES: Final = {"text": "TEXT"}
_SETTINGS: Final = (
    "PRAGMA page_size = 4096",
    "PRAGMA encoding = 'UTF-8'",
    # an unfinished file is removed, so nothing needs to be restored or to be on the disk early
    "PRAGMA journal_mode = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA auto_vacuum = NONE",
)


def create(definition: Definition) -> str:
    """Return the statement that creates a table."""
    lines = []
    for column in definition.columns:
        parts = [column.name, _TYPES.get(column.kind, "INTEGER")]
        if definition.key == (column.name,):
            parts.append("PRIMARY KEY")
        elif not column.optional:
            parts.append("NOT NULL")
        if column.to:
            parts.append(f"REFERENCES {column.to} (id)")
        lines.append(" ".join(parts))
    several = len(definition.key) > 1
    if several:
        lines.append(f"PRIMARY KEY ({', '.join(definition.key)})")
    body = ",\n  ".join(lines)
    return f"CREATE TABLE {definition.name} (\n  {body}\n){' WITHOUT ROWID' if several else ''}"


def _insert(definition: Definition) -> str:
    values = ", ".join("?" * len(definition.columns))
    return f"INSERT INTO {definition.name} VALUES ({values})"  # noqa: S608 (the names are ours)


class SqliteTables:
    """Writes rows to a database (see `Sink`)."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        for statement in (*_SETTINGS, "BEGIN", *map(create, TABLES)):
            connection.execute(statement)
        for view in VIEWS:
            connection.execute(f"CREATE VIEW {view.name} AS{view.sql.rstrip()}")
        self._inserts = {table.name: _insert(table) for table in TABLES}

    def add(self, table: Definition, columns: Columns) -> None:
        self._connection.executemany(self._inserts[table.name], zip(*columns, strict=True))

    def finish(self) -> None:
        """Complete the database, with an index that finds the intervals of a goroutine in their order."""
        self._connection.execute(f"CREATE INDEX {INTERVAL.name}_of ON {INTERVAL.name} (goroutine_id, start_ns)")
        self._connection.execute("COMMIT")


@contextmanager
def new_file(write: Callable[[bytes], object]) -> Iterator[SqliteTables]:
    """Yield what writes the tables; once the block ends without an error, the database is written.

    Until then it is in the directory for temporary files.

    Raises:
        UsageError: that directory is full.
    """
    with tempfile.TemporaryDirectory(prefix="gotracer-ci-") as directory:
        draft = Path(directory, "tables.sqlite")
        connection = sqlite3.connect(draft, isolation_level=None)
        try:
            tables = SqliteTables(connection)
            yield tables
            tables.finish()
        except sqlite3.OperationalError as error:
            raise UsageError(f"the directory for temporary files: {error}: set TMPDIR to another one") from None
        finally:
            connection.close()
        with draft.open("rb") as file:
            while part := file.read(_BLOCK):
                write(part)
