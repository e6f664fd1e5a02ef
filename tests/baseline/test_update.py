"""Updating a baseline: the content of an entry, and what stays unchanged."""

from __future__ import annotations

from pathlib import Path

import pytest

from gotracer_ci.baseline.compare import compare
from gotracer_ci.baseline.measurements import Conditions, TraceGroups
from gotracer_ci.baseline.records import Baseline, Part
from gotracer_ci.baseline.schema import dump, load, save
from gotracer_ci.baseline.update import mixed, update
from gotracer_ci.baseline.verdicts import Level, Status
from gotracer_ci.findings import Key, Statistics
from gotracer_ci.limits import MS
from tests.conftest import LIMITS

LOCK = Key("MutexContention", "sync.(*Mutex).Lock", "main.work")
CHANNEL = Key("LongWait", "chan receive", "main.work")
GOROUTINES = Key("GoroutineLeakGrowth", "goroutines at the end", "main.leak")
HERE = Conditions("1.26", 4)


def trace(lock_ms: float = 0, goroutines: int = 0, n: int = 10, conditions: Conditions = HERE) -> TraceGroups:
    groups = {CHANNEL: Statistics("ns", 9, 900 * MS, 900 * MS, 900 * MS)}
    if lock_ms:
        groups[LOCK] = Statistics("ns", n, 2 * round(lock_ms * MS), round(lock_ms * MS), 0)
    if goroutines:
        groups[GOROUTINES] = Statistics("count", goroutines, goroutines, goroutines, goroutines)
    return TraceGroups(conditions, 1000 * MS, groups)


def jobs(*runs: TraceGroups) -> Part:
    part = None
    for i, run in enumerate(runs):
        part = update(part, [run], str(i), "", LIMITS)
    assert part
    return part


def text(part: Part) -> str:
    return dump(Baseline({"main": part}))


def test_an_entry_has_the_largest_values_of_its_traces() -> None:
    baseline = update(None, [trace(10, n=30), trace(20, 7, n=20), trace(15)], "job", "1a2b3c4", LIMITS)
    assert [(e.id, e.commit, e.traces, e.wall_ms) for e in baseline.entries] == [("job", "1a2b3c4", 3, 1000)]
    assert {key: (group.values, group.counts) for key, group in baseline.groups.items()} == {
        LOCK: ((20 * MS,), (30,)),
        GOROUTINES: ((7,), ()),
    }


def test_groups_that_come_and_go_have_zeros() -> None:
    groups = jobs(trace(10), trace(0, 5), trace(20)).groups
    assert groups[LOCK].values == (10 * MS, 0, 20 * MS)
    assert groups[LOCK].counts == (10, 0, 10)
    assert groups[GOROUTINES].values == (0, 5, 0)


def test_the_last_ten_are_kept(tmp_path: Path) -> None:
    baseline = jobs(*(trace(10 + i) for i in range(12)))
    assert [entry.id for entry in baseline.entries] == [str(i) for i in range(2, 12)]
    assert baseline.groups[LOCK].values == tuple((10 + i) * MS for i in range(2, 12))
    save(tmp_path / "b.json", Baseline({"main": baseline}))
    assert load(tmp_path / "b.json").parts == {"main": baseline}


def test_a_job_counts_once() -> None:
    baseline = update(None, [trace(10)], "job", "", LIMITS)
    assert update(baseline, [trace(20)], "job", "", LIMITS) is baseline


def test_the_median_trace_is_the_length_of_a_job() -> None:
    slow = trace(10)._replace(wall_ns=60_000 * MS)
    (entry,) = update(None, [trace(10), slow, trace(10)], "job", "", LIMITS).entries
    assert entry.wall_ms == trace(10).wall_ns // MS


def test_adding_the_same_traces_again_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    first = update(None, [trace(10.123), trace(20)], "", "", LIMITS)
    save(file, Baseline({"main": first}))
    assert text(update(load(file).parts["main"], [trace(20), trace(10.123)], "", "other", LIMITS)) == text(first)
    assert len(update(load(file).parts["main"], [trace(10.124), trace(20)], "", "", LIMITS).entries) == 2


def test_replace_starts_over() -> None:
    baseline = update(jobs(trace(10), trace(20)), [trace(30)], "1", "", LIMITS, replace=True)
    assert baseline == update(None, [trace(30)], "1", "", LIMITS)


def test_an_updated_run_is_known() -> None:
    runs = [trace(6, 1049), trace(749, 1049)]
    verdicts = compare(runs, update(None, runs, "", "", LIMITS), "b.json", LIMITS).verdicts
    assert {verdict.status for verdict in verdicts.values()} == {Status.KNOWN}


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ([100, 100, 0, 0], [100, 100, 0, 0]),
        ([100, 100, 0, 0, 0], [None, None, 0, 0, 0]),
        ([100, 40, 50, 45], [None, 40, 50, 45]),
        ([100, 40, 70, 45], [100, 40, 70, 45]),
        ([0, 100, 0, 0, 0], [0, 100, 0, 0, 0]),
        ([4, 0, 0, 0], [4, 0, 0, 0]),
    ],
)
def test_old_values_are_dropped_after_three_better_jobs(values: list[float], kept: list[float | None]) -> None:
    group = jobs(*(trace(value) for value in values)).groups[LOCK]
    assert list(group.values) == [None if value is None else value * MS for value in kept]


def test_a_relapse_is_worse() -> None:
    baseline = jobs(*(trace(value) for value in [100, 100, 0, 0, 0]))
    assert '"rule":"MutexContention"' not in text(baseline)
    fixed, leak = jobs(*(trace(0, n) for n in [50, 50, 5, 5, 5])), [trace(0, 50)]
    verdict = compare(leak, fixed, "b.json", LIMITS).verdicts[GOROUTINES]
    assert (verdict.status, verdict.level) == (Status.WORSE, Level.CONFIRMED)


def test_entries_of_another_environment_are_ignored_when_dropping() -> None:
    elsewhere = Conditions("1.26", 2)
    runs = [trace(100), *(trace(5, conditions=elsewhere) for _ in range(3))]
    baseline = jobs(*runs)
    assert baseline.groups[LOCK].values[0] == 100 * MS
    assert mixed(baseline).startswith("the baseline mixes environments (Go 1.26, GOMAXPROCS 2; Go 1.26, GOMAXPROCS 4)")
    assert not mixed(jobs(trace(1), trace(1)))


def test_a_run_of_several_environments_has_unknown_conditions() -> None:
    entry = update(None, [trace(1), trace(1, conditions=Conditions("1.25", 4))], "", "", LIMITS).entries[0]
    assert (entry.go, entry.gomaxprocs) == ("", 4)
