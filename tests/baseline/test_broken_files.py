"""Broken and hostile baseline files: one clear line for each."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gotracer_ci.baseline.schema import MAX_BYTES, check_units, dump, load, save
from gotracer_ci.errors import BaselineError
from tests.baseline.test_schema import OLD, TEXT
from tests.conftest import LIMITS


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "baseline.json"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("[0,12]", "[0]", "GoroutineLeakGrowth goroutines at the end main.leak: needs one value"),
        ("[9,8]", "[9]", "needs one value"),
        (',"n":[9,8]', "", "needs one value"),
        ("[0,12]", '[0,12],"n":[1,1]', "needs one value"),
        ("[0,12]", "[0,-12]", r"groups\.0\.values\.1"),
        ('"id":"42"', '"id":"41"', "duplicate entry id"),
    ],
)
def test_a_broken_file_of_schema_1(file: Path, old: str, new: str, problem: str) -> None:
    assert old in OLD
    file.write_text(OLD.replace(old, new))
    with pytest.raises(BaselineError, match=problem):
        load(file)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (TEXT, "", "not valid JSON at line 1"),
        (TEXT, "[]", 'missing "schema"'),
        (TEXT[-300:], "", "not valid JSON at line"),
        (
            '"entries"',
            '<<<<<<< ours\n"entries"',
            r"json:14: merge conflict markers; run \"gotracer-ci baseline merge\" on it",
        ),
        ('"schema":3', '"schema":4', "written by a newer gotracer-ci: schema 4, this version reads up to 3; update"),
        ('"schema":3', '"schema":0', 'missing "schema"'),
        ('"schema":3', '"schema":true', 'missing "schema"'),
        ('"schema":3,', '"schema":2,"a\\u001b[31m\\nb":2,', r"json: a\?\[31m\?b: Extra"),
        ('"id":"42"', '"id":"41"', "duplicate entry id"),
        ('"id":"42"', '"id":""', "programs.0.entries.1.id"),
        ('"id":"42"', '"id":42', "programs.0.entries.1.id"),
        ('"gomaxprocs":4', '"gomaxprocs":4.5', "programs.0.entries.0.gomaxprocs"),
        ('"wall_ms":1023', '"wall_ms":-1', "programs.0.entries.0.wall_ms"),
        ('"wall_ms":1023', '"wall":1', "programs.0.entries.0.wall_ms: Field required"),
        (
            "12000000,740]",
            "12000000,740,1,1]",
            "the values of job 41 do not match the names before them: a name or line was",
        ),
        ("12000000,740]", "12000000,740,1,1,1,1,1,1]", "the values of job 41 do not match the names before them"),
        ("95d0d89e", "0", "the values of job 41 do not match the names before them"),
        (TEXT.splitlines()[6] + "\n", "", "the values of job 41 do not match the names before them"),
        (TEXT.splitlines()[9] + "\n", "", "the values of job 42 do not match the names before them"),
        ("main.work", "main.other", "the values of job 41 do not match the names before them"),
        ("main.leak", "main.other", "the values of job 42 do not match the names before them"),
        ("12000000,740]", "12000000,NaN]", r"programs.0.entries.0.values.1"),
        ("12000000,740]", "12000000,-12]", "programs.0.entries.0.values.1"),
        ("12000000,740]", "12000000,1e300]", "programs.0.entries.0.values.1"),
        ("12000000,740]", '12000000,"12"]', "programs.0.entries.0.values.1"),
        ("[0,210,9]", "[0,210,9.5]", "programs.0.entries.0.n.2"),
        ('"unit":"count"', '"unit":"bytes"', "GoroutineLeakGrowth goroutines at the end main.leak: wrong unit bytes"),
        ('"unit":"count"', '"unit":"furlongs"', "programs.0.groups.4.unit"),
        (
            '"ref":84.2}',
            '"ref":84.2},\n' + TEXT.splitlines()[6].rstrip(","),
            "duplicate line for HeapGrowthSpike bytes allocated",
        ),
        ('"place":"main.leak"', '"place":"\\ud800"', "the file: Invalid JSON"),
        ('"TestOrders","TestCache"', '"TestCache","TestOrders"', "the values of job 42 do not match the names before"),
        ('"TestOrders","TestCache"', '"TestOrders"', "the values of job 42 do not match the names before them"),
        ('"TestOrders","TestCache"', '"TestOrders","TestOrders"', "duplicate name in work"),
        ('"work":["TestOrders",', f'"work":[{",".join(["1"] * 9)},', "programs.0.work.0"),
        ('"work":["TestOrders"', f'"work":["TestOrders"{",0" * 1_000_000}', r"programs\.0\.work"),
        ('"MutexContention","LockHold', '"MutexContentions","LockHold', "the values of job 41 do not match the names"),
        ('"MutexContention","LockHold', '"HeapGrowthSpike","LockHold', "duplicate name in rules"),
        ('"rules":3', '"rules":5', "the values of job 41 do not match the names before them"),
        ('"rules":3', '"rules":-1', "programs.0.entries.0.rules"),
        ('"work":[1,1]', '"work":[1,1,1]', "the values of job 42 do not match the names before them"),
        ('"work":[1,1]', '"work":[1,NaN]', "not valid JSON|programs.0.entries.1.work"),
        ('"work":[1,1]', '"work":[1,-1]', "programs.0.entries.1.work.1"),
        ('"TestCache":29', '"TestCache":39', "MutexContention .* main.work: its tests have more than 100 percent"),
        ('"TestCache":29', '"TestCache":0', "programs.0.groups.2.by_test.TestCache"),
        ('"TestCache":29', '"TestCache":1e300', "programs.0.groups.2.by_test.TestCache"),
        ('"TestCache":29', '"TestCache":NaN', "programs.0.groups.2.by_test.TestCache"),
        (
            '"TestCache":29',
            ",".join(f'"Test{i}":1' for i in range(25)),
            r"programs\.0\.groups\.2\.by_test: Dictionary should have at most 21 items",
        ),
    ],
)
def test_broken_files(file: Path, old: str, new: str, problem: str) -> None:
    assert old in TEXT
    file.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BaselineError, match=problem) as caught:
        check_units(load(file), LIMITS, file)
    message = str(caught.value)
    assert message.startswith(f"{file}:")
    assert message.isprintable()
    assert "; " in message


@pytest.mark.parametrize(
    ("repeated", "times", "problem"),
    [
        ("[", 100_000, "not valid JSON"),
        ("1", 5_000, "it has a number with thousands of digits"),
        (" ", MAX_BYTES + 1, "exceeds the limit of 16,000,000 bytes"),
    ],
)
def test_bombs(file: Path, repeated: str, times: int, problem: str) -> None:
    file.write_text(repeated * times, encoding="utf-8")
    with pytest.raises(BaselineError, match=problem):
        load(file)


def test_no_entries(file: Path) -> None:
    file.write_text('{"schema":1,"entries":[],"groups":[]}', encoding="utf-8")
    with pytest.raises(BaselineError, match=r"entries: .* at least 1"):
        load(file)


def test_files_that_are_not_baselines(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match="no such baseline; create it with --update-baseline"):
        load(tmp_path / "absent.json")
    with pytest.raises(BaselineError, match="is a directory, not a regular file; name another file"):
        load(tmp_path)


@given(
    st.integers(0, len(TEXT.encode()) - 1),
    st.integers(0, 40),
    st.one_of(
        st.binary(max_size=8), st.sampled_from([b"null", b"1e999", b"-0", b"{}", b'"', b"\\ud800", b"],[", b"9" * 30])
    ),
)
def test_a_mutated_file_is_loaded_or_rejected(
    tmp_path_factory: pytest.TempPathFactory, start: int, cut: int, put: bytes
) -> None:
    data = TEXT.encode()
    file = tmp_path_factory.getbasetemp() / "mutated.json"
    file.write_bytes(data[:start] + put + data[start + cut :])
    try:
        baseline = load(file)
    except BaselineError:
        return
    save(file, baseline)
    assert dump(load(file)) == dump(baseline)
