"""`gotracer-ci export --to sqlite` and `--to parquet`: the files, and that other programs read the same in them."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyarrow import parquet

from gotracer_ci.database import reading
from gotracer_ci.database.schema import TABLES
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.spec import Ev
from tests.conftest import ROOT, Run, complaints, path_of
from tests.trace.hostile import RUNS, event, trace
from tests.trace.writer import batch, varint

CHOICE = [path_of(name) for name in ("tour-go1.19", "annotations-go1.26", "cpusamples-go1.22", "service-lock-go1.23")]
NAMES = [b"'); DROP TABLE trace; --", b'"', b"a\0b", b"\xff\xfe", b"=1+1", b"\xe2\x80\xae", b"x" * 1000, b"\n"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with both exports of the same traces."""
    directory = tmp_path_factory.mktemp("export")
    for form in ("sqlite", "parquet"):
        command = [sys.executable, "-m", "gotracer_ci", "export", *CHOICE, "--to", form]
        done = subprocess.run(command, cwd=directory, env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=True)
        assert done.stderr == f"wrote traces.{form}\n".encode()
    assert sorted(path.name for path in directory.iterdir()) == ["traces.parquet", "traces.sqlite"]
    return directory


def rows_of(database: Path, table: Any) -> list[tuple[Any, ...]]:
    with sqlite3.connect(database) as connection:
        return connection.execute(f"SELECT * FROM {table.name} ORDER BY {', '.join(table.key)}").fetchall()


def test_sqlite_finds_no_fault(files: Path) -> None:
    with sqlite3.connect(files / "traces.sqlite") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("SELECT count(*) FROM trace").fetchone() == (len(CHOICE),)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_pyarrow_and_duckdb_read_what_sqlite_reads(table: Any, files: Path) -> None:
    expected = rows_of(files / "traces.sqlite", table)
    file = files / "traces.parquet" / f"{table.name}.parquet"
    read = parquet.read_table(file)
    assert expected
    assert read.schema.names == [column.name for column in table.columns]
    order = [(name, "ascending") for name in table.key]
    assert [tuple(row.values()) for row in read.sort_by(order).to_pylist()] == expected
    assert duckdb.execute(f"SELECT * FROM '{file}' ORDER BY {', '.join(table.key)}").fetchall() == expected


def test_the_same_traces_give_the_same_bytes(files: Path, run: Run, tmp_path: Path) -> None:
    for form in ("sqlite", "parquet"):
        assert run("export", *CHOICE, "--to", form, "-o", f"again.{form}").returncode == 0
    assert (tmp_path / "again.sqlite").read_bytes() == (files / "traces.sqlite").read_bytes()
    for table in TABLES:
        again, first = (
            where / f"{table.name}.parquet" for where in (tmp_path / "again.parquet", files / "traces.parquet")
        )
        assert again.read_bytes() == first.read_bytes()


def test_a_truncated_trace_is_exported_up_to_the_damage(run: Run, tmp_path: Path) -> None:
    whole = Path(path_of("lockwait-go1.27")).read_bytes()
    (tmp_path / "cut.trace").write_bytes(whole[: len(whole) * 3 // 4])
    done = run("export", "cut.trace", "--to", "sqlite")
    assert done.returncode == 2
    assert b"gotracer-ci: cut.trace: the trace is truncated" in done.stderr
    with sqlite3.connect(tmp_path / "cut.sqlite") as connection:
        assert connection.execute("SELECT count(*) > 0, max(damage) LIKE '%truncated%' FROM trace").fetchone() == (1, 1)
        assert connection.execute("SELECT count(*) > 10 FROM interval").fetchone() == (1,)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_mistakes_are_one_line_and_leave_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.parquet").mkdir()
    (tmp_path / "mine.parquet" / "letters.txt").write_text("keep")
    (tmp_path / "empty.trace").write_bytes(b"")
    for arguments, problem in (
        ((CHOICE[0], "--to", "sqlite", "--goroutine", "1"), "--to sqlite: tables have whole traces"),
        ((CHOICE[0], "--to", "parquet", "-o", "-"), "standard output is one file, and this format is a directory"),
        ((CHOICE[0], "--to", "parquet", "-o", "mine.parquet"), "mine.parquet: exists, and is not a directory of such"),
        ((CHOICE[0], "--to", "perfetto", "--intervals"), "--intervals is for sqlite and parquet"),
        ((*CHOICE, "--to", "chrome"), "--to chrome: takes one trace"),
        (("empty.trace", "--to", "sqlite"), "empty.trace: the file is empty"),
        (("empty.trace", "--to", "parquet"), "empty.trace: the file is empty"),
    ):
        done = run("export", *arguments)
        assert (done.returncode, done.stdout) == (2, b"")
        (line,) = complaints(done)
        assert problem in line
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.trace", "mine.parquet"]
    assert (tmp_path / "mine.parquet" / "letters.txt").read_text() == "keep"


def test_without_pyarrow_one_line_says_what_to_install(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pyarrow.py").write_text("raise ImportError")
    done = run("export", CHOICE[0], "--to", "parquet", PYTHONPATH=f"{tmp_path}:{ROOT}")
    assert complaints(done) == ['--to parquet needs pyarrow: pip install "gotracer-ci[arrow]"']
    assert done.returncode == 2


def test_names_are_values_whatever_is_in_them(run: Run, tmp_path: Path) -> None:
    strings = bytes([Ev.STRINGS]) + b"".join(
        bytes([Ev.STRING]) + varint(id) + varint(len(name)) + name for id, name in enumerate(NAMES, 1)
    )
    regions = b"".join(
        event(kind, 0, id, 0) for id in range(1, len(NAMES) + 1) for kind in (Ev.USER_REGION_BEGIN, Ev.USER_REGION_END)
    )
    (tmp_path / "names.trace").write_bytes(trace(batch(1, 1, 100, RUNS + regions), tables=[strings]))
    assert run("export", "names.trace", "--to", "sqlite").returncode == 0
    assert run("export", "names.trace", "--to", "parquet").returncode == 0
    expected = [name.decode("utf-8", "replace") for name in NAMES]
    with sqlite3.connect(tmp_path / "names.sqlite") as connection:
        assert [name for (name,) in connection.execute("SELECT type FROM region ORDER BY id")] == expected
    assert parquet.read_table(tmp_path / "names.parquet" / "region.parquet")["type"].to_pylist() == expected


def test_too_many_intervals_are_left_out_only_if_there_are_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = open_trace(CHOICE[0])
    assert not reading.has_many_intervals(opened)
    monkeypatch.setattr(reading, "MANY", 100)
    assert reading.has_many_intervals(opened)
    assert sum(chunk.n for chunk in opened.chunks()) > 100  # it can still be read
