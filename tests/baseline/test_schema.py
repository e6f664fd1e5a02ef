"""The baseline file: the same bytes always, and one clear line for each way in which it can be broken."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gotracer_ci.baseline.schema import MAX_BYTES, Baseline, Entry, Group, Part, dump, load, save
from gotracer_ci.baseline.statistics import MS
from gotracer_ci.errors import BaselineError
from gotracer_ci.findings import Key

LOCK = Key("MutexContention", "sync.(*Mutex).Lock", 'main.(*Größe[...])."get"')
TEXT = """{"schema":2,
"programs":[
{"program":"example.com/shop (test)",
"entries":[
{"id":"41","commit":"1a2b3c4","go":"1.26","gomaxprocs":4,"traces":3,"wall_ms":1023},
{"id":"42","commit":"","go":"1.26","gomaxprocs":4,"platform":"linux/amd64","traces":1,"wall_ms":0}
],
"groups":[
{"rule":"GoroutineLeakGrowth","kind":"goroutines at the end","place":"main.leak","unit":"count","values":[0,12]},
{"rule":"HeapGrowthSpike","kind":"bytes allocated","place":"","unit":"bytes","values":[12000000,13000000]},
{"rule":"MutexContention","kind":"sync.(*Mutex).Lock","place":"main.(*Größe[...]).\\"get\\"","unit":"ms",\
"values":[740,0.31],"n":[210,4]},
{"rule":"MutexContention","kind":"sync.(*Mutex).Lock","place":"main.work","unit":"ms","values":[null,1.1],"n":[9,9],"ref":0.9,\
"accepted":"the cache is <gone>"}
]}
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
    assert baseline.parts["example.com/shop (test)"].groups[LOCK] == Group("ns", (740 * MS, 0.31 * MS), (210, 4))
    assert dump(baseline) == TEXT


def test_the_order_of_groups_is_by_key_and_not_by_chance() -> None:
    groups = {LOCK._replace(place=place): Group("ns", (5.0 * MS,), (5,)) for place in "cab"}
    text = dump(of(("1",), groups))
    assert text == dump(of(("1",), dict(reversed(groups.items()))))
    assert [json.loads(line.rstrip(","))["place"] for line in text.splitlines()[7:-2]] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("unit", "values", "written"),
    [
        ("ns", (999_999.0, 0.0), None),
        ("ns", (1_000_000.0, 0.0), [1, 0]),
        ("ns", (744_999_999.0, 12_345.0), [740, 0.012]),
        ("count", (0.0, 0.0), None),
        ("count", (1.0, 0.0), [1, 0]),
        ("count", (1049.0, 1051.0), [1000, 1100]),
        ("bytes", (123_456_789.0, None), [120_000_000, None]),
    ],
)
def test_two_digits_and_what_is_left_out(unit: str, values: tuple[float | None, ...], written: Any) -> None:
    group = Group(unit, values, (5, 5) if unit == "ns" else ())
    groups = json.loads(dump(of(("1", "2"), {LOCK: group})))["programs"][0]["groups"]
    assert [group["values"] for group in groups] == ([] if written is None else [written])


def test_size_of_a_usual_baseline() -> None:
    groups = {
        LOCK._replace(place=f"example.com/shop/internal/cache.(*Cache).Get{i}"): Group("ns", (7.4e8,) * 5, (210,) * 5)
        for i in range(60)
    }
    assert len(dump(of("12345", groups))) < 12_000


def test_size_of_a_large_program() -> None:
    """400 groups and 10 jobs stay a file that people can look at."""
    groups = {
        LOCK._replace(place=f"example.com/shop/internal/cache.(*Cache[...]).Get{i}"): Group(
            "ns", (7.4e8 + i,) * 10, (2100 + i,) * 10, 3.1e8
        )
        for i in range(400)
    }
    assert len(dump(of("0123456789", groups))) <= 120_000


def test_save_creates_the_folder_follows_a_link_and_leaves_nothing_else(tmp_path: Path) -> None:
    target, link = tmp_path / "deep" / "er" / "real.json", tmp_path / "link.json"
    link.symlink_to(target)
    baseline = of(("1",), {})
    for _ in range(2):
        save(link, baseline)
    assert link.is_symlink()
    assert load(target) == baseline
    assert [entry.name for entry in target.parent.iterdir()] == ["real.json"]


def test_what_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "baseline.json", tmp_path):
        with pytest.raises(BaselineError, match=r"cannot be written: .*; name a file"):
            save(path, of(("1",), {}))
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (TEXT, "", "not valid JSON at line 1"),
        (TEXT, "[]", "no schema number"),
        (TEXT[-300:], "", "not valid JSON at line"),
        ('"groups"', '<<<<<<< ours\n"groups"', "not valid JSON at line 8"),
        ('"schema":2', '"schema":3', "made by a newer gotracer-ci: schema 3, this one reads 2; use that"),
        ('"schema":2', '"schema":0', "no schema number"),
        ('"schema":2', '"schema":true', "no schema number"),
        ('"schema":2,', '"schema":2,"a\\u001b[31m\\nb":2,', r"json: a\?\[31m\?b: Extra"),
        ('"id":"42"', '"id":"41"', "two entries have the same id"),
        ('"id":"42"', '"id":""', "programs.0.entries.1.id"),
        ('"id":"42"', '"id":42', "programs.0.entries.1.id"),
        ('"gomaxprocs":4', '"gomaxprocs":4.5', "programs.0.entries.0.gomaxprocs"),
        ('"wall_ms":1023', '"wall_ms":-1', "programs.0.entries.0.wall_ms"),
        ('"wall_ms":1023', '"wall":1', "programs.0.entries.0.wall_ms: Field required"),
        ("[740,0.31]", "[740]", "as many values"),
        ("[210,4]", "[210]", "as many values"),
        (',"n":[210,4]', "", "as many values"),
        ("[0,12]", '[0,12],"n":[1,1]', "as many values"),
        ("[0,12]", "[0,NaN]", r"programs.0.groups.0.values.1"),
        ("[0,12]", "[0,-12]", "programs.0.groups.0.values.1"),
        ("[0,12]", "[0,1e300]", "programs.0.groups.0.values.1"),
        ("[0,12]", '[0,"12"]', "programs.0.groups.0.values.1"),
        ('"unit":"count"', '"unit":"bytes"', "GoroutineLeakGrowth goroutines at the end main.leak: the unit bytes"),
        ('"unit":"count"', '"unit":"furlongs"', "programs.0.groups.0.unit"),
        ("main.work", 'main.(*Größe[...]).\\"get\\"', "two lines of MutexContention"),
        ('"place":"main.leak"', '"place":"\\ud800"', "the file: Invalid JSON"),
    ],
)
def test_broken_files(file: Path, old: str, new: str, problem: str) -> None:
    assert old in TEXT
    file.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BaselineError, match=problem) as caught:
        load(file)
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    assert message.isprintable()
    assert "; " in message


@pytest.mark.parametrize(
    ("repeated", "times", "problem"),
    [
        ("[", 100_000, "not a baseline file"),
        ("1", 5_000, "not a baseline file"),
        (" ", MAX_BYTES + 1, "larger than 16 MB"),
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


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match="no such baseline; create it with --update-baseline"):
        load(tmp_path / "absent.json")
    with pytest.raises(BaselineError, match="cannot be read"):
        load(tmp_path)


@given(
    st.integers(0, len(TEXT.encode()) - 1),
    st.integers(0, 40),
    st.one_of(
        st.binary(max_size=8), st.sampled_from([b"null", b"1e999", b"-0", b"{}", b'"', b"\\ud800", b"],[", b"9" * 30])
    ),
)
def test_a_mutated_file_loads_or_is_refused(
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
