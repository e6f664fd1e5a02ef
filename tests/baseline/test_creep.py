"""Creep: a warning about many small steps, none of which is worse on its own."""

from __future__ import annotations

from pathlib import Path

from gotracer_ci.baseline.compare import compare
from gotracer_ci.baseline.creep import creeping
from gotracer_ci.baseline.measurements import Conditions, TraceGroups
from gotracer_ci.baseline.programs import compare_all
from gotracer_ci.baseline.records import Baseline, Part
from gotracer_ci.baseline.schema import load, save
from gotracer_ci.baseline.update import update
from gotracer_ci.baseline.verdicts import Status
from gotracer_ci.findings import Key, Statistics
from gotracer_ci.limits import MS
from tests.conftest import LIMITS

LOCK = Key("MutexContention", "sync.(*Mutex).Lock", "main.work")
HERE, THERE = Conditions("1.26", 4), Conditions("1.26", 2)


def trace(ms: float, conditions: Conditions = HERE) -> TraceGroups:
    groups = {LOCK: Statistics("ns", 10, 2 * round(ms * MS), round(ms * MS), 0)} if ms else {}
    return TraceGroups(conditions, 1000 * MS, groups)


def jobs(*times: float, conditions: Conditions = HERE) -> Part:
    part = None
    for i, ms in enumerate(times):
        part = update(part, [trace(ms, conditions)], str(i), "", LIMITS)
    assert part
    return part


def test_small_steps_add_up_to_creep() -> None:
    """One step from 100 ms may reach 155 ms. The reference remains the first value."""
    times = [100, 130, 160, 170, 200]
    for n in range(1, len(times)):
        assert compare([trace(times[n])], jobs(*times[:n]), "b.json", LIMITS).verdicts[LOCK].status is Status.KNOWN
    (warning,) = creeping(jobs(*times), LIMITS)
    assert warning.startswith("creep: MutexContention sync.(*Mutex).Lock main.work grew from 100 ms to 170 ms in steps")


def test_the_median_of_the_last_three_decides() -> None:
    assert not list(creeping(jobs(100, 150, 150, 400), LIMITS))
    assert not list(creeping(jobs(100, 400), LIMITS))
    assert list(creeping(jobs(100, 160, 150, 400), LIMITS))


def test_the_reference_outlives_its_job(tmp_path: Path) -> None:
    part = jobs(*(100 + 10 * i for i in range(15)))
    save(tmp_path / "b.json", Baseline({"": part}))
    kept = load(tmp_path / "b.json").parts[""]
    assert kept.groups[LOCK].values[0] == 150 * MS
    assert kept.groups[LOCK].reference == 100 * MS
    assert list(creeping(kept, LIMITS)) == list(creeping(part, LIMITS)) != []


def test_a_group_is_measured_from_where_it_began() -> None:
    assert not list(creeping(jobs(0, 0, 400, 400, 400), LIMITS))


def test_replacing_and_fixing_reset_the_reference() -> None:
    part = update(jobs(100, 200, 300, 400), [trace(400)], "new", "", LIMITS, replace=True)
    assert part.groups[LOCK].reference == 400 * MS
    fixed = jobs(100, 200, 300, 30, 30, 30)
    assert fixed.groups[LOCK].reference == 30 * MS


def test_jobs_of_another_environment_are_not_creep() -> None:
    """The first job on another machine is the new reference."""
    part = jobs(100)
    for i in range(3):
        part = update(part, [trace(400, THERE)], f"there{i}", "", LIMITS)
    assert part.groups[LOCK].reference == 400 * MS
    assert not list(creeping(part, LIMITS))


def test_a_run_lists_only_a_few(tmp_path: Path) -> None:
    part = jobs(100, 160, 170, 200)
    group = part.groups[LOCK]
    many = Part(part.entries, {LOCK._replace(place=f"main.f{i}"): group for i in range(5)})
    warnings = compare_all({"": [trace(0)]}, Baseline({"": many}), "b.json", LIMITS).warnings
    assert [warning[:6] for warning in warnings] == ["creep:"] * 4
    assert warnings[-1] == "creep: 2 more; gotracer-ci baseline check lists them"
