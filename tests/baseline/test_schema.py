"""The baseline file: stable bytes, and one clear line for each error."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gotracer_ci.baseline.measurements import Conditions, TraceGroups
from gotracer_ci.baseline.records import Baseline, Entry, Group, Part
from gotracer_ci.baseline.schema import MAX_BYTES, check_units, dump, load, save
from gotracer_ci.baseline.update import update
from gotracer_ci.errors import BaselineError
from gotracer_ci.findings import Key, Statistics
from gotracer_ci.limits import MS
from tests.conftest import LIMITS

LOCK = Key("MutexContention", "sync.(*Mutex).Lock", 'main.(*Größe[...])."get"')
HELD = Key("LockHoldTimeGrowth", "held sync.(*Mutex).Lock", "main.work")
TEXT = """{"schema":3,
"programs":[
{"program":"example.com/shop (test)",
"rules":["GoroutineLeakGrowth","HeapGrowthSpike","MutexContention","LockHoldTimeGrowth"],
"work":["TestOrders","TestCache"],
"groups":[
{"rule":"HeapGrowthSpike","kind":"bytes allocated","place":"","unit":"bytes","ref":12000000},
{"rule":"MutexContention","kind":"sync.(*Mutex).Lock","place":"main.(*Größe[...]).\\"get\\"","unit":"ms","ref":740},
{"rule":"MutexContention","kind":"sync.(*Mutex).Lock","place":"main.work","unit":"ms","ref":0.9,\
"accepted":"the cache is <gone>","by_test":{"":2,"TestCache":29,"TestOrders":60}},
{"rule":"MutexContention","kind":"sync.(*Mutex).Lock","place":"main.gone","unit":"ms"},
{"rule":"GoroutineLeakGrowth","kind":"goroutines at the end","place":"main.leak","unit":"count","ref":1204},
{"rule":"LockHoldTimeGrowth","kind":"held sync.(*Mutex).Lock","place":"main.work","unit":"us","ref":84.2}
],
"entries":[
{"id":"41","commit":"1a2b3c4","go":"1.26","gomaxprocs":4,"traces":3,"wall_ms":1023,"rules":3,"check":"95d0d89e",\
"values":[12000000,740],"n":[0,210,9]},
{"id":"42","commit":"","go":"1.26","gomaxprocs":4,"platform":"linux/amd64","traces":1,"wall_ms":0,"tests":5,"rules":4,\
"work":[1,1],"check":"f4ccef5e","values":[13000000,0.31,1.1,0,1204,84.2],"n":[0,4,9,0,0,600]},
{"id":"43","commit":"","go":"1.26","gomaxprocs":4,"traces":1,"wall_ms":0,"rules":4,"work":[2],"check":"ab153836",\
"values":[0,0,null],"n":[]}
]}
]}
"""
OLD_2 = """{"schema":2,
"programs":[
{"program":"example.com/shop (test)",
"tests":["TestCache","TestOrders"],
"groups":[
{"rule":"MutexContention","kind":"sync.(*Mutex).Lock","place":"main.work","unit":"ms","ref":0.9}
],
"entries":[
{"id":"41","commit":"","go":"1.26","gomaxprocs":4,"traces":3,"wall_ms":1023,"tests":5,"check":"9c9b5b4f",\
"values":[1.1],"n":[9]}
]}
]}
"""
OLD = """{"schema":1,
"entries":[
{"id":"41","commit":"","go":"1.26","gomaxprocs":4,"traces":3,"wall_ms":1023},
{"id":"42","commit":"","go":"1.26","gomaxprocs":4,"traces":3,"wall_ms":1023}
],
"groups":[
{"rule":"GoroutineLeakGrowth","kind":"goroutines at the end","place":"main.leak","unit":"count","values":[0,12]},
{"rule":"MutexContention","kind":"sync.(*Mutex).Lock","place":"main.work","unit":"ms","values":[null,1.1],"n":[9,8],"ref":0.9}
]}
"""


def of(ids: Iterable[str], groups: dict[Key, Group]) -> Baseline:
    entries = tuple(Entry(id=i, commit="", go="1.26", gomaxprocs=4, traces=1, wall_ms=1000) for i in ids)
    return Baseline({"main": Part(entries, groups)})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "baseline.json"


def test_string_round_trip(file: Path) -> None:
    file.write_text(TEXT, encoding="utf-8")
    baseline = load(file)
    part = baseline.parts["example.com/shop (test)"]
    assert part.groups[LOCK] == Group("ns", (740 * MS, 0.31 * MS, 0), (210, 4, 0))
    work = part.groups[LOCK._replace(place="main.work")]
    assert work.values == (0, 1.1 * MS, None)
    assert work.shares == (("", 0.02), ("TestCache", 0.29), ("TestOrders", 0.6))
    assert LOCK._replace(place="main.gone") not in part.groups
    assert part.groups[HELD] == Group("each", (None, 84_200, 0), (0, 600, 0))
    assert part.tests == {"TestOrders", "TestCache"}
    assert [entry.work for entry in part.entries] == [(), (("TestCache", 1), ("TestOrders", 1)), (("TestOrders", 2),)]
    assert [entry.measured("LockHoldTimeGrowth") for entry in part.entries] == [False, True, True]
    assert dump(baseline) == TEXT


def test_schema_2_is_read_as_jobs_that_newer_rules_did_not_measure(file: Path) -> None:
    file.write_text(OLD_2)
    (part,) = load(file).parts.values()
    assert part.tests == {"TestCache", "TestOrders"}
    (entry,) = part.entries
    assert (entry.tests, entry.work) == (5, ())
    assert entry.measured("MutexContention")
    assert not entry.measured("WaitCountGrowth")
    assert part.groups == {LOCK._replace(place="main.work"): Group("ns", (1.1 * MS,), (9,), 0.9 * MS)}
    save(file, load(file))
    assert file.read_text().startswith('{"schema":3,')
    assert load(file).parts == {"example.com/shop (test)": part}


def test_a_job_of_an_older_version_in_a_newer_file_did_not_measure_its_rules(file: Path) -> None:
    """Git merges the lines of one branch into the other's."""
    text = TEXT.replace(
        '"rules":4,"work":[2],"check":"ab153836","values":[0,0,null]', '"check":"06aef61b","values":[0,7,0]'
    )
    file.write_text(text, encoding="utf-8")
    (part,) = load(file).parts.values()
    assert [entry.measured("LockHoldTimeGrowth") for entry in part.entries] == [False, True, False]
    assert part.groups[HELD].values == (None, 84_200, None)
    assert part.groups[LOCK].values == (740 * MS, 0.31 * MS, 7 * MS)


def test_schema_1_is_read_as_a_program_without_a_name(file: Path) -> None:
    file.write_text(OLD)
    (program, part), *_ = load(file).parts.items()
    assert (program, [entry.id for entry in part.entries]) == ("", ["41", "42"])
    assert part.groups == {
        Key("GoroutineLeakGrowth", "goroutines at the end", "main.leak"): Group("count", (0, 12)),
        LOCK._replace(place="main.work"): Group("ns", (None, 1.1 * MS), (9, 8), 0.9 * MS),
    }
    save(file, load(file))
    assert file.read_text().startswith('{"schema":3,')
    assert load(file).parts == {"": part}


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


def places(text: str) -> list[str]:
    return [group["place"] for group in json.loads(text)["programs"][0]["groups"]]


def test_groups_are_written_in_the_order_of_their_keys() -> None:
    groups = {LOCK._replace(place=place): Group("ns", (5.0 * MS,), (5,)) for place in "cab"}
    text = dump(of(("1",), groups))
    assert text == dump(of(("1",), dict(reversed(groups.items()))))
    assert places(text) == ["a", "b", "c"]


def run(**ms: float) -> list[TraceGroups]:
    locks = {LOCK._replace(place=place): Statistics("ns", 9, 0, round(value * MS), 0) for place, value in ms.items()}
    return [TraceGroups(Conditions("1.26", 4), 1000 * MS, locks)]


def updated(file: Path, run_id: str, **ms: float) -> list[str]:
    """Add a run to the file and return its lines."""
    part = load(file).parts["main"] if file.exists() else None
    before = file.read_text().splitlines() if file.exists() else []
    save(file, Baseline({"main": update(part, run(**ms), run_id, "", LIMITS)}))
    assert dump(load(file)) == file.read_text()
    return [
        line for line in file.read_text().splitlines() if line.rstrip(",") not in {old.rstrip(",") for old in before}
    ]


def test_an_update_changes_no_existing_line(file: Path) -> None:
    """Not when the oldest entries are dropped, groups are added, or groups lose their values."""
    updated(file, "0", b=700, d=30, x=3)
    for i in range(1, 15):
        (entry,) = updated(file, str(i), b=700 + 10 * i, d=30 + i, x=0.2)
        assert f'"id":"{i}"' in entry
    group, entry = updated(file, "15", b=700, d=30, c=5, a=0.5)
    assert '"place":"c"' in group
    first, second, entry = updated(file, "16", b=700, d=30, c=5, a=7, e=9)
    assert ('"place":"a"' in first, '"place":"e"' in second, '"id":"16"' in entry) == (True, True, True)
    assert places(file.read_text()) == ["b", "d", "x", "c", "a", "e"]


@pytest.mark.parametrize(("places_then", "left"), [("ac", ["a", "c"]), ("abc", ["c"])])
def test_lines_without_values_are_removed_when_they_are_the_majority(
    file: Path, places_then: str, left: list[str]
) -> None:
    updated(file, "0", **dict.fromkeys(places_then, 5))
    for i in range(1, 11):
        assert places(file.read_text()) == list(places_then)
        updated(file, str(i), c=i + 5)
    assert places(file.read_text()) == left
    groups = load(file).parts["main"].groups
    assert {key.place: group.values for key, group in groups.items()} == {"c": tuple(i * MS for i in range(6, 16))}


@pytest.mark.parametrize(
    ("unit", "values", "written"),
    [
        ("ns", (999_999.0, 0.0), None),
        ("ns", (1_000_000.0, 0.0), [[1], []]),
        ("ns", (744_999_999.0, 12_345.0), [[740], [0.012]]),
        ("count", (0.0, 0.0), None),
        ("count", (1.0, 0.0), [[1], []]),
        ("count", (1049.0, 1051.0), [[1049], [1051]]),
        ("each", (999.0, 0.0), None),
        ("each", (84_249.0, 1_234_567.0), [[84.2], [1230]]),
        ("bytes", (123_456_789.0, None), [[120_000_000], [None]]),
    ],
)
def test_values_have_few_digits_and_no_trailing_zeros(
    unit: str, values: tuple[float | None, ...], written: Any
) -> None:
    group = Group(unit, values, (5, 5) if unit in ("ns", "each") else ())
    program = json.loads(dump(of(("1", "2"), {LOCK: group})))["programs"][0]
    assert len(program["groups"]) == (written is not None)
    assert [entry["values"] for entry in program["entries"]] == (written or [[], []])


def test_size_of_a_typical_baseline() -> None:
    groups = {
        LOCK._replace(place=f"example.com/shop/internal/cache.(*Cache).Get{i}"): Group("ns", (7.4e8,) * 5, (210,) * 5)
        for i in range(60)
    }
    assert len(dump(of("12345", groups))) < 12_000


def test_size_of_a_large_program() -> None:
    """With 400 groups and 10 jobs the file is still readable."""
    groups = {
        LOCK._replace(place=f"example.com/shop/internal/cache.(*Cache[...]).Get{i}"): Group(
            "ns", (7.4e8 + i,) * 10, (2100 + i,) * 10, 3.1e8
        )
        for i in range(400)
    }
    assert len(dump(of("0123456789", groups))) <= 120_000


def test_save_creates_the_directory_replaces_a_link_and_leaves_nothing_else(tmp_path: Path) -> None:
    target, link = tmp_path / "real.json", tmp_path / "deep" / "er" / "link.json"
    target.write_text("untouched")
    link.parent.mkdir(parents=True)
    link.symlink_to(target)
    baseline = of(("1",), {})
    for _ in range(2):
        save(link, baseline)
    assert not link.is_symlink()
    assert load(link) == baseline
    assert target.read_text() == "untouched"
    assert [entry.name for entry in link.parent.iterdir()] == ["link.json"]


@pytest.mark.parametrize(
    ("groups", "entry", "problem"),
    [
        (
            {LOCK: Group("ns", (1e16 * MS,), (1,))},
            "1",
            r"because it would be invalid: programs\.0\.groups\.0\.ref: ",
        ),
        ({}, "", r"because it would be invalid: programs\.0\.entries\.0\.id: "),
        ({}, "\udcff", r"'\\udcff' is not valid UTF-8"),
        ({}, "1" * MAX_BYTES, r"16,000,\d\d\d bytes exceed the limit of 16,000,000"),
    ],
)
def test_a_file_that_load_would_reject_is_not_written(
    file: Path, groups: dict[Key, Group], entry: str, problem: str
) -> None:
    save(file, of(("1",), {}))
    before = file.read_bytes()
    with pytest.raises(BaselineError, match=f"baseline.json: not written[:,] {problem}"):
        save(file, of((entry,), groups))
    assert file.read_bytes() == before


def test_an_unwritable_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "baseline.json", tmp_path):
        with pytest.raises(BaselineError, match=r"cannot be written: .*; name another file"):
            save(path, of(("1",), {}))
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


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
