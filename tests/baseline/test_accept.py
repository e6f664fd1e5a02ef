"""Accepting a regression raises its line and changes nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from gotracer_ci.baseline.accept import accept
from gotracer_ci.baseline.measurements import Conditions, TraceGroups
from gotracer_ci.baseline.programs import compare_all, update_all
from gotracer_ci.baseline.records import Baseline
from gotracer_ci.baseline.schema import dump, load, save
from gotracer_ci.baseline.verdicts import Status
from gotracer_ci.errors import UsageError
from gotracer_ci.findings import Key, Statistics
from gotracer_ci.limits import MS
from tests.conftest import LIMITS

LOCK = Key("MutexContention", "sync.(*Mutex).Lock", "main.work")
OTHER = LOCK._replace(place="main.other")
LEAK = Key("GoroutineLeakGrowth", "goroutines at the end", "main.leak")
SHOP, TOOL = "example.com/shop", "example.com/tool"
IN_SHOP = {key: key._replace(program=SHOP) for key in (LOCK, OTHER, LEAK)}


def trace(lock_ms: float, other_ms: float, goroutines: int = 0) -> TraceGroups:
    groups = {
        key: Statistics("ns", round(ms), 2 * round(ms * MS), round(ms * MS), 0)
        for key, ms in ((LOCK, lock_ms), (OTHER, other_ms))
        if ms
    }
    if goroutines:
        groups[LEAK] = Statistics("count", goroutines, goroutines, goroutines, 0)
    return TraceGroups(Conditions("1.26", 4), 1000 * MS, groups)


def jobs(n: int, *programs: str) -> Baseline:
    baseline = None
    for i in range(n):
        baseline = update_all(
            baseline, {program: [trace(50, 50)] for program in programs or (SHOP,)}, str(i), "", LIMITS
        )
    assert baseline
    return baseline


@pytest.mark.parametrize("n", [1, 5, 9])
def test_one_line_is_raised_and_keeps_the_reason(tmp_path: Path, n: int) -> None:
    """With eight or more jobs the second largest value sets the limit, so all values are raised."""
    old, runs = jobs(n), {SHOP: [trace(300, 300), trace(400, 300)]}
    new = accept(
        old,
        compare_all(runs, old, "b.json", LIMITS),
        runs,
        [(IN_SHOP[LOCK].fingerprint, "it is locked for the audit now")],
        LIMITS,
    )
    after = compare_all(runs, new, "b.json", LIMITS).verdicts
    assert (after[IN_SHOP[LOCK]].status, after[IN_SHOP[OTHER]].status) == (Status.KNOWN, Status.WORSE)
    group = new.parts[SHOP].groups[LOCK]
    assert (group.values, group.counts) == ((400 * MS,) * n, (400,) * n)
    assert (group.accepted, group.reference) == ("it is locked for the audit now", 400 * MS)
    before, now = dump(old).splitlines(), dump(new).splitlines()
    (line,) = [line for line in now if line not in before and '"id"' not in line]
    assert '"ref":400,"accepted":"it is locked for the audit now"' in line
    assert new.parts[SHOP].groups[OTHER] == old.parts[SHOP].groups[OTHER]
    save(tmp_path / "b.json", new)
    assert load(tmp_path / "b.json") == new
    further = update_all(new, {SHOP: [trace(380, 50)]}, "next", "", LIMITS)
    assert further.parts[SHOP].groups[LOCK].accepted == "it is locked for the audit now"


def test_a_group_that_the_baseline_did_not_have() -> None:
    old, runs = jobs(2), {SHOP: [trace(50, 50, 40)]}
    new = accept(
        old, compare_all(runs, old, "b.json", LIMITS), runs, [(IN_SHOP[LEAK].fingerprint, "workers stay")], LIMITS
    )
    assert new.parts[SHOP].groups[LEAK].values == (40, 40)
    assert compare_all(runs, new, "b.json", LIMITS).regressions() == []


def test_several_at_once() -> None:
    old, runs = jobs(1), {SHOP: [trace(300, 300, 40)]}
    wanted = [
        (IN_SHOP[LOCK].fingerprint, "one"),
        (IN_SHOP[OTHER].fingerprint, "two"),
        (IN_SHOP[LEAK].fingerprint, "three"),
    ]
    new = accept(old, compare_all(runs, old, "b.json", LIMITS), runs, wanted, LIMITS)
    assert compare_all(runs, new, "b.json", LIMITS).regressions(strict=True) == []
    assert [new.parts[SHOP].groups[key].accepted for key in (LOCK, OTHER, LEAK)] == ["one", "two", "three"]


@pytest.mark.parametrize("others", [(), (SHOP,)])
def test_a_fingerprint_accepts_one_program_whatever_else_the_run_has(others: tuple[str, ...]) -> None:
    old, runs = jobs(1, SHOP, TOOL), {program: [trace(300, 50)] for program in (*others, TOOL)}
    in_tool = LOCK._replace(program=TOOL)
    new = accept(old, compare_all(runs, old, "b.json", LIMITS), runs, [(in_tool.fingerprint, "why")], LIMITS)
    after = compare_all(runs, new, "b.json", LIMITS).verdicts
    assert after[in_tool].status is Status.KNOWN
    assert all(after[LOCK._replace(program=other)].status is Status.WORSE for other in others)


def test_a_group_that_is_not_a_regression_is_unchanged() -> None:
    old, runs = jobs(1), {SHOP: [trace(60, 50)]}
    assert (
        accept(old, compare_all(runs, old, "b.json", LIMITS), runs, [(IN_SHOP[LOCK].fingerprint, "why")], LIMITS) == old
    )


@pytest.mark.parametrize(
    ("fingerprint", "reason", "problem"),
    [
        ("0123456789abcdef", "why", "--accept 0123456789abcdef: no group of this run has this fingerprint"),
        (IN_SHOP[LOCK].fingerprint, " ", "needs a --reason"),
        (IN_SHOP[LOCK].fingerprint, "two\nlines", "needs a --reason"),
        (IN_SHOP[LOCK].fingerprint, "x" * 201, "needs a --reason of one line and at most 200"),
    ],
)
def test_what_cannot_be_accepted(fingerprint: str, reason: str, problem: str) -> None:
    old, runs = jobs(1), {SHOP: [trace(300, 50)]}
    with pytest.raises(UsageError, match=problem):
        accept(old, compare_all(runs, old, "b.json", LIMITS), runs, [(fingerprint, reason)], LIMITS)
