"""Write the tables as Parquet files: a directory with one file for each table."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from gotracer_ci.database.schema import TABLES, Column, Definition
from gotracer_ci.database.sink import Columns
from gotracer_ci.errors import FileError, UsageError

_GROUP: Final = 65_536
"""Rows that are kept until they are written, at least; a row group of a file."""
_SUFFIX: Final = ".parquet"


class ParquetTables:
    """Writes rows to the files of a directory (see `Sink`). pyarrow: the module."""

    def __init__(self, directory: Path, pyarrow: Any, parquet: Any) -> None:
        self._arrow = pyarrow
        self._schemas = {table.name: pyarrow.schema(list(map(self._field, table.columns))) for table in TABLES}
        self._waiting: dict[str, list[Any]] = {table.name: [] for table in TABLES}
        self._writers = {
            name: parquet.ParquetWriter(str(directory / f"{name}{_SUFFIX}"), schema, compression="zstd")
            for name, schema in self._schemas.items()
        }

    def add(self, table: Definition, columns: Columns) -> None:
        schema = self._schemas[table.name]
        arrays = [self._array(column, values) for column, values in zip(table.columns, columns, strict=True)]
        waiting = self._waiting[table.name]
        waiting.append(self._arrow.record_batch(arrays, schema=schema))
        if sum(batch.num_rows for batch in waiting) >= _GROUP:
            self._write(table.name)

    def finish(self) -> None:
        """Write what is kept, and close the files."""
        for name in self._writers:
            self._write(name)
        self.close()

    def close(self) -> None:
        """Close the files."""
        for writer in self._writers.values():
            writer.close()

    def _write(self, name: str) -> None:
        if self._waiting[name]:
            self._writers[name].write_table(self._arrow.Table.from_batches(self._waiting[name]))
            self._waiting[name] = []

    def _field(self, column: Column) -> Any:
        kinds = {"text": self._arrow.string(), "flag": self._arrow.bool_()}
        return self._arrow.field(column.name, kinds.get(column.kind, self._arrow.int64()), nullable=column.optional)

    def _array(self, column: Column, values: Any) -> Any:
        if column.kind == "flag":
            return self._arrow.array(list(map(bool, values)), self._arrow.bool_())
        return self._arrow.array(list(values), self._arrow.string() if column.kind == "text" else self._arrow.int64())


@contextmanager
def new_directory(path: Path) -> Iterator[ParquetTables]:
    """Yield what writes the files. The directory is there once the block ends without an error.

    It replaces a directory of such files, and nothing else.

    Raises:
        UsageError: pyarrow is not installed.
        FileError: the directory cannot be written.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise UsageError('--to parquet needs pyarrow: pip install "gotracer-ci[arrow]"') from None
    _check(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".gotracer-ci-", suffix=".tmp", dir=path.parent) as draft:
            made, old = Path(draft, "new"), Path(draft, "old")
            made.mkdir()
            tables = ParquetTables(made, pyarrow, parquet)
            try:
                yield tables
                tables.finish()
            finally:
                with suppress(pyarrow.ArrowException):
                    tables.close()
            if path.exists():
                os.rename(path, old)
            os.rename(made, path)
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise FileError(path, f"cannot be written: {error.strerror or error}") from None


def _check(path: Path) -> None:
    """Check that nothing but such files is replaced."""
    if not path.is_symlink() and not path.exists():
        return
    known = {f"{table.name}{_SUFFIX}" for table in TABLES}
    if path.is_symlink() or not path.is_dir() or not {file.name for file in path.iterdir()} <= known:
        raise FileError(path, "exists, and is not a directory of such tables", "name another directory")
