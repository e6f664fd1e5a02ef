"""The baseline file: stable bytes, few changed lines, and older schemas."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.baseline.measurements import Conditions, TraceGroups
from gotracer_ci.baseline.records import Baseline, Entry, Group, Part
from gotracer_ci.baseline.schema import MAX_BYTES, dump, load, save
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
