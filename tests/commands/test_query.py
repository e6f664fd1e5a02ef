"""`gotracer-ci query` in real processes: its formats, and that it can only read."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest

from gotracer_ci.database.schema import TABLES
from gotracer_ci.errors import EXIT_INTERRUPTED
from gotracer_ci.tables.result import json_schema
from tests.conftest import ROOT, Run, complaints, path_of
from tests.database.conftest import fill

SERVICE, TOUR = path_of("service-lock-go1.27"), path_of("tour-go1.22")
TOTALS = "SELECT t.name, sum(g.running_ns) AS running_ns FROM goroutine g JOIN trace t ON t.id = g.trace_id GROUP BY 1"


def test_json_and_csv_have_the_same_rows(run: Run) -> None:
    done = run("query", SERVICE, TOUR, TOTALS, "-f", "json", cwd=ROOT)
    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, b"")
    jsonschema.validate(found, json_schema())
    assert [row["name"] for row in found["rows"]] == sorted((SERVICE, TOUR))
    assert all(row["running_ns"] > 0 for row in found["rows"])
    text = run("query", SERVICE, TOUR, TOTALS, "-f", "csv").stdout.decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [list(row.values()) for row in rows] == [[str(value) for value in row.values()] for row in found["rows"]]


def test_a_column_can_have_any_name_and_value(run: Run) -> None:
    sql = """SELECT 5 AS "a%s b%", 1.5 AS "x""y", NULL AS n, 'é' || char(10, 27, 128512) AS t, 3 AS n"""
    (row,) = json.loads(run("query", SERVICE, sql, "-f", "json").stdout)["rows"]
    text = "é\n\x1b\N{GRINNING FACE}"
    assert row == {"a%s b%": 5, 'x"y': 1.5, "n": None, "t": text, "n_2": 3}


def test_people_see_durations_and_how_many_rows_are_left_out(run: Run) -> None:
    sql = "SELECT id, duration_ns, NULL AS n, 'a' || char(27) || 'b' AS t, id FROM interval ORDER BY duration_ns DESC"
    head, first, *_, last = run("query", SERVICE, sql, "--top", "2").stdout.decode().splitlines()
    assert head.split() == ["ID", "DURATION", "N", "T", "ID", "2"]
    assert first.split()[1:] == ["973", "ms", "–", "a\N{REPLACEMENT CHARACTER}b", first.split()[0]]
    assert last.endswith(" more rows: --top 0 shows all")


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("DROP TABLE trace", "only SELECT"),
        ("UPDATE trace SET name = ''", "only SELECT"),
        ("ATTACH 'new.db' AS x", "only SELECT"),
        ("PRAGMA journal_mode", "only SELECT"),
        ("SELECT load_extension('x')", "only SELECT"),
        ("WITH x AS (SELECT 1) INSERT INTO trace SELECT * FROM x", "only SELECT"),
        ("VACUUM INTO 'new.db'", "only SELECT"),
        ("SELECT 1; SELECT 2", "more than one statement"),
        ("SELECT 1 FROM goroutines", "no such table: goroutines; did you mean goroutine?"),
        ("SELECT g.runing_ns FROM goroutine g", "no such column: g.runing_ns; did you mean running_ns?"),
        ("SELECT x FROM trace", "no such column: x; gotracer-ci query --schema lists them all"),
        ("SELEC 1", 'the query is not valid SQL: near "SELEC": syntax error'),
        ("", "the query is not valid SQL"),
        ("SELECT abs(-9223372036854775807 - 1)", "integer overflow"),
        ("SELECT a\udcff", "the query is not UTF-8"),
    ],
)
def test_a_query_can_only_read_and_mistakes_are_one_line(sql: str, problem: str, run: Run, tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    if not database.exists():
        connection = sqlite3.connect(database, isolation_level=None)
        fill(connection, SERVICE)
        connection.close()
    before = database.read_bytes()
    for source in (SERVICE, database):
        done = run("query", source, sql)
        assert (done.returncode, done.stdout) == (2, b"")
        assert problem in complaints(done)[0]
        assert len(complaints(done)) == 1
    assert database.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.db"]


def test_usage(run: Run, tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"SQLite format 3\0" + b"x" * 100)
    (tmp_path / "new.db").write_bytes(b"SQLite format 3\0")
    for arguments, problem in (
        (("SELECT 1",), "give traces and a query"),
        ((), "give traces and a query"),
        (("new.db", SERVICE, "SELECT 1"), "a database has all its traces already"),
        (("broken.db", "SELECT 1 FROM trace"), "broken.db: cannot be read"),
    ):
        done = run("query", *arguments)
        assert (done.returncode, done.stdout) == (2, b"")
        (line,) = complaints(done)
        assert problem in line


def test_the_schema_lists_every_table_and_column(run: Run) -> None:
    text = run("query", "--schema").stdout.decode()
    for table in TABLES:
        listed = text.partition(f"{table.name}: {table.about}\n")[2].partition("\n\n")[0]
        assert [line.split()[0] for line in listed.splitlines()] == [column.name for column in table.columns]


def test_a_truncated_trace_is_read_up_to_the_damage(run: Run, tmp_path: Path) -> None:
    whole = Path(path_of("lockwait-go1.27")).read_bytes()
    (tmp_path / "cut.trace").write_bytes(whole[: len(whole) * 3 // 4])
    done = run("query", "cut.trace", "SELECT damage, (SELECT count(*) FROM goroutine) AS n FROM trace", "-f", "csv")
    assert done.returncode == 2
    (line,) = complaints(done)
    _, row = done.stdout.decode().splitlines()
    damage, _, count = row.rpartition(",")
    assert damage.strip('"').partition(",")[0] in line
    assert int(count) >= 10


def test_ctrl_c_ends_a_query_that_never_ends(tmp_path: Path) -> None:
    sql = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n, goroutine"
    process = subprocess.Popen(
        [sys.executable, "-m", "gotracer_ci", "query", SERVICE, sql],
        cwd=tmp_path,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), "SQLITE_TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while b"sqlite3" not in Path(f"/proc/{process.pid}/maps").read_bytes():
        time.sleep(0.05)  # until then it would end before the query begins
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == EXIT_INTERRUPTED, err
    assert b"Traceback" not in out + err
    assert list(tmp_path.iterdir()) == []
