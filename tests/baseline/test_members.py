"""What the file keeps besides values: which rules measured a job, what work it did, and a group's parts by test."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gotracer_ci.baseline.accept import accept
from gotracer_ci.baseline.compare import compare
from gotracer_ci.baseline.measurements import Conditions, TraceGroups
from gotracer_ci.baseline.merge import unite
from gotracer_ci.baseline.programs import compare_all
from gotracer_ci.baseline.records import Baseline, Part
from gotracer_ci.baseline.schema import dump, parse
from gotracer_ci.baseline.update import update
from gotracer_ci.baseline.verdicts import Status
from gotracer_ci.commands.baseline import merge_files
from gotracer_ci.findings import Key, Share, Statistics
from gotracer_ci.limits import MS, Limit, Limits
from tests.baseline.test_merge import in_conflict
from tests.conftest import LIMITS

LOCK = Key("MutexContention", "sync.(*Mutex).Lock", "main.work")
SLEEPS = Key("TestsOfThisFile", "sleep", "main.work")
NEWER: Limits = {**LIMITS, (SLEEPS.rule, ""): Limit("count", 1.5, 50)}


def trace(
    ms: float, sleeps: int = 0, work: Mapping[str, int] | None = None, percent: Mapping[str, float] | None = None
) -> TraceGroups:
    """Return a trace with a lock, and its parts by test in percent."""
    total = round(ms * MS)
    groups = {LOCK: Statistics("ns", 10, total, total, 0)}
    if sleeps:
        groups[SLEEPS] = Statistics("count", sleeps, sleeps, sleeps, 0)
    shares = {LOCK: {test: Share(1, round(total * part / 100)) for test, part in (percent or {}).items()}}
    return TraceGroups(Conditions("1.26", 4), 1000 * MS, groups, work=work or {}, shares=shares)


def again(part: Part) -> Part:
    """Return the part as the next run reads it."""
    return parse(dump(Baseline({"": part})), Path("b.json")).parts[""]


def jobs(*runs: TraceGroups, part: Part | None = None, limits: Limits = LIMITS) -> Part:
    for i, run in enumerate(runs, int(part.entries[-1].id) + 1 if part else 0):
        part = again(update(part, [run], str(i), "", limits))
    assert part
    return part


def test_what_no_job_measured_is_not_new() -> None:
    part = jobs(trace(50), trace(50))
    comparison = compare([trace(50, 900)], part, "b.json", NEWER)
    verdict = comparison.verdicts[SLEEPS]
    assert (verdict.status, verdict.before) == (Status.UNKNOWN, None)
    assert comparison.warnings == (
        "not compared yet, because no job of the baseline measured them: TestsOfThisFile; the next --update-baseline "
        "adds them",
    )
    assert comparison.verdicts[LOCK].status is Status.KNOWN


def test_a_job_that_measured_a_rule_is_compared_beside_older_ones() -> None:
    """The older jobs have no value of it: neither 0, nor one that was dropped."""
    part = jobs(trace(50, 100), part=jobs(trace(50), trace(50)), limits=NEWER)
    assert part.groups[SLEEPS].values == (None, None, 100)
    found = compare([trace(50, 900)], part, "b.json", NEWER)
    assert (found.verdicts[SLEEPS].status, found.verdicts[SLEEPS].before) == (Status.WORSE, 100)
    assert not found.warnings
    assert compare([trace(50, 110)], part, "b.json", NEWER).verdicts[SLEEPS].status is Status.KNOWN
    without = jobs(trace(50), part=jobs(trace(50), trace(50)), limits=NEWER)
    assert compare([trace(50, 900)], without, "b.json", NEWER).verdicts[SLEEPS].status is Status.NEW


def test_base_traces_judge_what_no_job_measured() -> None:
    part = jobs(trace(50), trace(50))
    found = compare([trace(50, 900)], part, "b.json", NEWER, base=[trace(50, 100)])
    assert found.verdicts[SLEEPS].status is Status.WORSE
    assert compare([trace(50, 100)], part, "b.json", NEWER, base=[trace(50, 100)]).verdicts[SLEEPS].status is (
        Status.KNOWN
    )


def test_a_new_rule_changes_no_line_of_older_jobs() -> None:
    old = jobs(*(trace(50) for _ in range(3)))
    before = dump(Baseline({"": old})).splitlines()
    after = dump(Baseline({"": jobs(trace(50, 100), part=old, limits=NEWER)})).splitlines()
    assert [line for line in after if '"id"' in line][:3] == [
        f"{line.rstrip(',')}," for line in before if '"id"' in line
    ]


def test_a_rule_that_is_gone_is_no_longer_named_once_its_jobs_are() -> None:
    part = jobs(*(trace(50, 100) for _ in range(2)), limits=NEWER)
    part = jobs(trace(50), part=part)
    assert [entry.measured(SLEEPS.rule) for entry in part.entries] == [True, True, False]
    assert part.groups[SLEEPS].values == (100, 100, None)
    for _ in range(9):
        part = jobs(trace(50), part=part)
    assert SLEEPS.rule not in dump(Baseline({"": part})).split('"groups"')[0]


def test_an_acceptance_raises_only_jobs_that_measured_it() -> None:
    part = jobs(trace(50, 100), part=jobs(trace(50), trace(50)), limits=NEWER)
    runs, baseline = {"": [trace(50, 900)]}, Baseline({"": part})
    new = accept(baseline, compare_all(runs, baseline, "b.json", NEWER), runs, [(SLEEPS.fingerprint, "audit")], NEWER)
    assert again(new.parts[""]).groups[SLEEPS].values == (None, None, 900)
    assert compare_all(runs, new, "b.json", NEWER).regressions(strict=True) == []


def test_work_is_kept_by_job() -> None:
    part = jobs(
        trace(1, work={"TestB": 1, "TestA": 1}), trace(1, work={"TestC": 2, "TestA": 2, "": 7}), trace(1), trace(1)
    )
    assert part.work == ("TestA", "TestB", "TestC")
    assert [entry.work for entry in part.entries] == [
        (("TestA", 1), ("TestB", 1)),
        (("TestA", 2), ("TestC", 2)),
        (),
        (),
    ]
    assert part.tests == {"TestA", "TestB", "TestC"}
    assert jobs(trace(1, work={"task order": 70, "region ship": 9})).tests == frozenset()


def test_a_removed_test_is_missed_until_the_next_job() -> None:
    both, one = {"TestA": 1, "TestB": 1}, {"TestA": 1}

    def run(work: Mapping[str, int]) -> TraceGroups:
        return trace(50, work=work, percent={"TestA": 90})._replace(ran=len(work), tests=frozenset(work))

    part = jobs(run(both), run(both))
    assert any("shows nothing of TestB" in line for line in compare([run(one)], part, "b.json", LIMITS).warnings)
    part = jobs(run(one), part=part)
    assert not any("TestB" in line for line in compare([run(one)], part, "b.json", LIMITS).warnings)
    assert part.tests == {"TestA", "TestB"}


def test_an_update_writes_work_in_one_short_member() -> None:
    tests = {f"TestSomethingWithALongName{i}": 1 for i in range(50)}
    first, second = dump(Baseline({"": jobs(*(trace(1, work=tests) for _ in range(10)))})).split('"groups"')
    assert first.count("TestSomething") == 50
    assert "TestSomething" not in second
    assert second.count(f'"work":[{",".join(["1"] * 50)}]') == 10


@pytest.mark.parametrize(
    ("then", "now", "kept"),
    [
        ({"TestA": 60.4, "TestB": 20}, {"TestA": 55, "TestB": 25}, {"TestA": 0.6, "TestB": 0.2}),
        ({"TestA": 60, "TestB": 20}, {"TestA": 71, "TestB": 20}, {"TestA": 0.71, "TestB": 0.2}),
        ({"TestA": 60}, {"TestA": 60, "TestC": 3}, {"TestA": 0.6, "TestC": 0.03}),
        ({"TestA": 60}, {"TestA": 60, "TestB": 3}, {"TestA": 0.6}),
        ({"TestA": 60, "TestX": 3}, {"TestA": 61}, {"TestA": 0.61}),
        ({}, {"TestA": 5}, {"TestA": 0.05}),
        ({"TestA": 60}, {}, {}),
        ({"TestA": 0.9}, {"TestA": 0.9, "TestB": 0.9}, {"": 0.01}),
        ({"TestA": 200}, {"TestA": 200}, {"TestA": 1.0}),
    ],
)
def test_parts_change_with_the_tests_or_by_more_than_ten_percent(
    then: dict[str, float], now: dict[str, float], kept: dict[str, float]
) -> None:
    part = jobs(trace(50, work={"TestA": 1, "TestB": 1, "TestX": 1}, percent=then))
    part = jobs(trace(50, work={"TestA": 1, "TestB": 1, "TestC": 1}, percent=now), part=part)
    assert dict(part.groups[LOCK].shares) == kept


def test_only_the_largest_parts_are_named() -> None:
    percent = {f"Test{i:02}": (4 if i < 10 else 2) for i in range(30)}
    shares = dict(jobs(trace(50, percent=percent)).groups[LOCK].shares)
    assert shares == {**{f"Test{i:02}": (0.04 if i < 10 else 0.02) for i in range(20)}, "": 0.2}
    assert dict(jobs(trace(50, percent=dict.fromkeys(percent, 0.5))).groups[LOCK].shares) == {"": 0.15}


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 10**12), max_size=40), st.integers(1, 10**13))
def test_parts_never_exceed_the_whole(parts: dict[str, int], total: int) -> None:
    run = TraceGroups(
        Conditions("1.26", 4),
        1000 * MS,
        {SLEEPS: Statistics("count", total, total, total, 0)},
        shares={SLEEPS: {test: Share(1, part) for test, part in parts.items()}},
    )
    shares = update(None, [run], "1", "", NEWER).groups[SLEEPS].shares
    assert sum(round(part * 100) for _, part in shares) <= 100
    for test, part in shares:
        if test:
            assert abs(part - parts[test] / max(total, sum(parts.values()))) < 0.0101


def _side(part: Part, seed: int) -> Baseline:
    """Return the part after some random jobs, of either version."""
    rnd = random.Random(seed)
    for i in rnd.sample(range(20), rnd.randrange(4)):
        tests = {f"Test{rnd.choice('ABCDEF')}": rnd.randrange(1, 3) for _ in range(4)}
        run = trace(rnd.randrange(1, 400), rnd.randrange(3) * 70, tests, dict.fromkeys(tests, 100 / len(tests)))
        part = again(update(part, [run], str(i), "", rnd.choice((LIMITS, NEWER))))
    return Baseline({"": part})


BASE = jobs(trace(50, work={"TestA": 1}, percent={"TestA": 90}), trace(50))


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.booleans())
def test_merging_is_symmetric(mine: int, other: int, known: bool) -> None:
    ours, theirs, base = _side(BASE, mine), _side(BASE, other), Baseline({"": BASE}) if known else None
    text = dump(unite(ours, theirs, base))
    assert text == dump(unite(theirs, ours, base))
    united = parse(text, Path("b.json"))
    assert dump(united) == text
    assert dump(unite(united, united)) == text
    entries = [entry for side in (ours, theirs) for entry in side.parts[""].entries]
    for i, entry in enumerate(united.parts[""].entries):
        same = [one for one in entries if one.id == entry.id]
        assert entry.work in [one.work for one in same]
        assert not entry.measured(SLEEPS.rule) or any(one.measured(SLEEPS.rule) for one in same)
        if SLEEPS in united.parts[""].groups and not entry.measured(SLEEPS.rule):
            assert united.parts[""].groups[SLEEPS].values[i] is None


@pytest.mark.parametrize(("mine", "other"), [("TestX", "TestX"), ("TestX", "TestY"), ("TestX", "")])
@pytest.mark.parametrize("limits", [LIMITS, NEWER], ids=["same rules", "newer rules"])
def test_conflicts_of_branches_that_added_tests_are_resolved(
    tmp_path: Path, mine: str, other: str, limits: Limits
) -> None:
    """One branch may be updated by a newer version, which has more rules."""

    def side(number: int, test: str, limits: Limits) -> Baseline:
        work = {name: 1 for name in ("TestA", "TestB", test) if name}
        run = trace(50, 70, work, dict.fromkeys(work, 100 / len(work)))
        return Baseline({"": again(update(base, [run], str(number), "", limits))})

    base = jobs(*(trace(50, work={"TestA": 1, "TestB": 1}, percent={"TestA": 50, "TestB": 50}) for _ in range(3)))
    ours, theirs = side(11, mine, limits), side(12, other, LIMITS)
    text = in_conflict(tmp_path, base, ours, theirs)
    assert "<<<<<<<" in text
    resolved = dump(merge_files([tmp_path / "baseline.json"]))
    assert resolved == dump(unite(ours, theirs, Baseline({"": base})))
    part = parse(resolved, Path("b.json")).parts[""]
    assert [dict(entry.work) for entry in part.entries[-2:]] == [
        {name: 1 for name in ("TestA", "TestB", test) if name} for test in (mine, other)
    ]
    assert [entry.measured(SLEEPS.rule) for entry in part.entries[-2:]] == [limits is NEWER, False]


def test_size_of_a_large_test_package() -> None:
    """400 groups, 10 jobs and 50 tests. A tenth of the groups belong to many tests, and most of them to one or two."""
    rnd = random.Random(1)
    tests = [f"Test{word}{rest}" for word in ("Cache", "Order", "Store", "Queue", "Batch") for rest in range(10)]
    classes = [
        ("MutexContention", "sync.(*Mutex).Lock", "ns"),
        ("WaitCountGrowth", "chan receive", "count"),
        ("GoroutineCreationGrowth", "goroutines created", "count"),
        ("LockHoldTimeGrowth", "held sync.(*Mutex).Lock", "each"),
    ]
    names = [
        (Key(rule, kind, f"example.com/shop/internal/{package}.(*{kind_of}).{verb}{i}"), unit)
        for i in range(100)
        for (rule, kind, unit), package, kind_of, verb in zip(
            classes, ("cache", "orders", "store", "queue"), ("Cache[...]", "Orders", "Store", "Queue"),
            ("Get", "Reserve", "Write", "Drain"), strict=True,
        )
    ]  # fmt: skip
    owners = {key: rnd.sample(tests, 30 if rnd.random() < 0.1 else rnd.choice((1, 1, 2))) for key, _ in names}
    limits: Limits = {(rule, ""): Limit(unit, 1.5, 1) for rule, _, unit in classes}

    def run() -> TraceGroups:
        values = {key: round(rnd.lognormvariate(14, 1) * (1 if unit == "ns" else 0.001)) for key, unit in names}
        groups = {key: Statistics(unit, rnd.randrange(20, 3000), n := values[key], n, 0) for key, unit in names}
        shares = {key: {test: Share(1, groups[key].total // len(of)) for test in of} for key, of in owners.items()}
        return TraceGroups(
            Conditions("1.26", 4), 1000 * MS, groups, 50, frozenset(tests), work=dict.fromkeys(tests, 1), shares=shares
        )

    part = None
    for i in range(10):
        part = update(part, [run()], f"12345678{i}-1", "1a2b3c4d5e6f", limits)
    assert part
    text = dump(Baseline({"example.com/shop/internal/orders (test)": part}))
    assert len(part.groups) == 400
    assert len(text) <= 200_000
