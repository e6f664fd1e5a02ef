"""Whole runs against one baseline file: which jobs count, which traces are alike, and what can be accepted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gotracer_ci.baseline import schema
from gotracer_ci.baseline.measurements import Candidate, Conditions, TraceGroups
from gotracer_ci.baseline.records import Baseline
from gotracer_ci.baseline.run import Request, judge
from gotracer_ci.baseline.verdicts import Judged
from gotracer_ci.errors import UsageError
from gotracer_ci.findings import Key, Statistics
from gotracer_ci.limits import MS
from tests.conftest import LIMITS

SHOP = "example.com/shop"
HERE = Conditions("1.26", 4)
LOCK = Key("MutexContention", "sync.(*Mutex).Lock", "main.work")
IN_SHOP = LOCK._replace(program=SHOP)


def trace(lock_ms: float, wall_ms: int = 1000, conditions: Conditions = HERE) -> TraceGroups:
    lock = Statistics("ns", 100, 2 * round(lock_ms * MS), round(lock_ms * MS), 0)
    return TraceGroups(conditions, wall_ms * MS, {LOCK: lock})


def judged(request: Request, *traces: TraceGroups) -> Judged:
    return judge(request, Candidate({SHOP: traces}, {}, {LOCK.rule}, LIMITS, {}, is_whole=True))


def texts(outcome: Judged) -> list[str]:
    assert outcome.comparison
    return [*outcome.comparison.warnings, *(note.text for note in outcome.notes)]


@pytest.fixture
def baseline(tmp_path: Path) -> Request:
    """Return a request to compare with a baseline of five jobs."""
    request = Request(tmp_path / "b.json", "b.json")
    for job in range(5):
        assert not judged(replace(request, update=True, run_id=f"{job}-1"), *[trace(50)] * 3).errors
    return request


def file_of(request: Request) -> Baseline:
    return schema.load(request.path)


def test_counting_a_job_twice_is_a_note(baseline: Request) -> None:
    before = file_of(baseline)
    again = judged(replace(baseline, update=True, run_id="4-1"), trace(900))
    assert not again.errors
    assert file_of(baseline) == before
    (note,) = (text for text in texts(again) if "counts once" in text)
    assert note == "b.json unchanged: it already has job 4-1, and each counts once; --replace starts over with it"
    assert not any("this update raises" in text for text in texts(again))


@pytest.mark.parametrize(("lengths", "warned"), [((1000, 1000, 9000), False), ((9000, 9000, 1000), True)])
def test_the_median_trace_decides_about_lengths(baseline: Request, lengths: tuple[int, ...], warned: bool) -> None:
    outcome = judged(baseline, *(trace(50, length) for length in lengths))
    assert any("longer traces have more waits" in text for text in texts(outcome)) is warned
    slow = replace(baseline, update=True, run_id="slow", replace=True)
    judged(slow, *(trace(50, length) for length in lengths))
    after = judged(baseline, *[trace(50, 1000)] * 3)
    assert any("longer traces have more waits" in text for text in texts(after)) is warned


def test_accepting_on_another_machine_says_that_it_could_not_compare(baseline: Request) -> None:
    before = file_of(baseline)
    elsewhere = trace(900, conditions=Conditions("1.27", 2))
    accept = replace(baseline, accepted=((IN_SHOP.fingerprint, "why"),))
    outcome = judged(accept, *[elsewhere] * 3)
    (error,) = outcome.errors
    assert isinstance(error, UsageError)
    assert str(error) == (
        f"--accept {IN_SHOP.fingerprint}: nothing accepted, because this run could not be compared with b.json; it "
        "takes a baseline entry, or base traces, made with Go 1.27, GOMAXPROCS 2"
    )
    assert file_of(baseline) == before
    assert not judged(accept, *[trace(900)] * 3).errors
    assert file_of(baseline) != before
