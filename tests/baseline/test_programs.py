"""Several programs in one run: each is compared only with its own history."""

from __future__ import annotations

from pathlib import Path

import pytest

from gotracer_ci.baseline.measurements import Conditions, TraceGroups
from gotracer_ci.baseline.programs import compare_all, part_of, unknown, update_all
from gotracer_ci.baseline.records import Baseline
from gotracer_ci.baseline.schema import dump, load
from gotracer_ci.baseline.verdicts import Status
from gotracer_ci.findings import Key, Statistics
from gotracer_ci.limits import MS
from tests.conftest import LIMITS

LOCK = Key("MutexContention", "sync.(*Mutex).Lock", "main.work")
ORDERS, STOCK = "example.com/shop/orders (test)", "example.com/shop/stock (test)"


def trace(ms: float) -> TraceGroups:
    one = Statistics("ns", 10, 2 * round(ms * MS), round(ms * MS), 0)
    return TraceGroups(Conditions("1.26", 4), 1000 * MS, {LOCK: one})


@pytest.fixture
def baseline() -> Baseline:
    return update_all(None, {ORDERS: [trace(10)], STOCK: [trace(800)]}, "1", "", LIMITS)


def test_the_same_group_of_two_programs_has_two_verdicts(baseline: Baseline) -> None:
    comparison = compare_all({ORDERS: [trace(400)], STOCK: [trace(800)]}, baseline, "b.json", LIMITS)
    assert {key.program: verdict.status for key, verdict in comparison.verdicts.items()} == {
        ORDERS: Status.WORSE,
        STOCK: Status.KNOWN,
    }
    assert {verdict.key.program for verdict in comparison.verdicts.values()} == {ORDERS, STOCK}
    assert len({key.fingerprint for key in comparison.verdicts}) == 2
    assert comparison.entries == 1


def test_a_run_of_one_program_is_compared_only_with_its_part(baseline: Baseline) -> None:
    comparison = compare_all({ORDERS: [trace(400)]}, baseline, "b.json", LIMITS)
    (verdict,) = comparison.verdicts.values()
    assert (verdict.key, verdict.status) == (LOCK._replace(program=ORDERS), Status.WORSE)


def test_a_fingerprint_does_not_depend_on_the_other_programs_of_the_run(baseline: Baseline) -> None:
    runs = {ORDERS: [trace(400)], STOCK: [trace(800)]}
    together = compare_all(runs, baseline, "b.json", LIMITS).verdicts
    alone = [compare_all({name: runs[name]}, baseline, "b.json", LIMITS).verdicts for name in runs]
    assert {key.fingerprint for key in together} == {key.fingerprint for verdicts in alone for key in verdicts}


def test_an_update_changes_only_the_parts_of_its_programs(baseline: Baseline) -> None:
    updated = update_all(baseline, {ORDERS: [trace(12)]}, "2", "", LIMITS)
    assert [entry.id for entry in updated.parts[ORDERS].entries] == ["1", "2"]
    assert updated.parts[STOCK] == baseline.parts[STOCK]
    replaced = update_all(baseline, {ORDERS: [trace(12)]}, "1", "", LIMITS, replace=True)
    assert replaced.parts[ORDERS].groups[LOCK].values == (12 * MS,)
    assert replaced.parts[STOCK] == baseline.parts[STOCK]


@pytest.mark.parametrize(
    ("parts", "run", "found"),
    [
        ([ORDERS], [ORDERS], [ORDERS]),
        ([ORDERS, STOCK], [STOCK, ORDERS], [STOCK, ORDERS]),
        ([ORDERS], [STOCK], [None]),
        ([""], [ORDERS], [""]),
        ([""], [ORDERS, STOCK], [None, None]),
        (["", STOCK], [ORDERS], [None]),
        ([ORDERS], [""], [ORDERS]),
        ([ORDERS, STOCK], [""], [None]),
        (["", ORDERS], ["", ORDERS], ["", ORDERS]),
    ],
)
def test_part_of_a_program(parts: list[str], run: list[str], found: list[str | None]) -> None:
    baseline = Baseline(dict.fromkeys(parts, update_all(None, {"": [trace(1)]}, "1", "", LIMITS).parts[""]))
    assert [part_of(baseline, program, run) for program in run] == found


def test_the_findings_of_a_program_without_a_part_are_shown_and_do_not_count(baseline: Baseline) -> None:
    new = "example.com/shop/cart (test)"
    runs = {new: [trace(400), trace(410)], ORDERS: [trace(10)]}
    assert {key.program for key in compare_all(runs, baseline, "b.json", LIMITS).verdicts} == {ORDERS}
    ((note, verdicts),) = unknown(baseline, runs, {new: [LOCK], ORDERS: [LOCK]})
    assert note.startswith(f"the baseline has no data for the program {new} (only for {ORDERS}, {STOCK})")
    (verdict,) = verdicts.values()
    assert verdict.key == LOCK._replace(program=new)
    assert (verdict.status, verdict.flagged, verdict.now) == (Status.UNKNOWN, False, (400 * MS, 410 * MS))


def test_an_update_names_the_program_of_a_schema_1_file(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    file.write_text(
        """{"schema":1,
"entries":[
{"id":"1","commit":"","go":"1.26","gomaxprocs":4,"traces":1,"wall_ms":1000}
],
"groups":[
{"rule":"MutexContention","kind":"sync.(*Mutex).Lock","place":"main.work","unit":"ms","values":[10],"n":[10]}
]}
"""
    )
    old = load(file)
    assert (
        compare_all({ORDERS: [trace(400)]}, old, "b.json", LIMITS).verdicts[LOCK._replace(program=ORDERS)].status
        is Status.WORSE
    )
    updated = update_all(old, {ORDERS: [trace(12)]}, "2", "", LIMITS)
    assert list(updated.parts) == [ORDERS]
    assert dump(updated).startswith('{"schema":3,\n"programs":[\n{"program":"example.com/shop/orders (test)",\n')
    assert updated.parts[ORDERS].groups[LOCK].values == (10 * MS, 12 * MS)


def test_warnings_name_their_program(baseline: Baseline) -> None:
    elsewhere = TraceGroups(Conditions("1.25", 4), 1000 * MS, {})
    comparison = compare_all({ORDERS: [elsewhere], STOCK: [trace(800)]}, baseline, "b.json", LIMITS)
    assert [warning.partition(": ")[0] for warning in comparison.warnings] == [ORDERS]
