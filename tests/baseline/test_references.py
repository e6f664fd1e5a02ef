"""Creep is measured from a value of the same work: a job with more tests, or another -count, is no creep."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gotracer_ci.baseline.accept import accept
from gotracer_ci.baseline.creep import creeping
from gotracer_ci.baseline.measurements import Conditions, TraceGroups
from gotracer_ci.baseline.programs import compare_all
from gotracer_ci.baseline.records import Baseline, Part
from gotracer_ci.baseline.schema import dump, parse
from gotracer_ci.baseline.update import update
from gotracer_ci.baseline.verdicts import Level, Status, Verdict
from gotracer_ci.errors import UsageError
from gotracer_ci.findings import Key, Share, Statistics
from gotracer_ci.limits import MS, Limit, Limits

WAITS = Key("Waits", "sleep", "main.work")
LOCK = Key("Locks", "sync.(*Mutex).Lock", "main.work")
BYTES = Key("Bytes", "bytes allocated", "")
PEAK = Key("Peak", "goroutines at once", "main.serve")
LIMITS: Limits = {
    (WAITS.rule, ""): Limit("count", 1.5, 50, per_work=True),
    (LOCK.rule, ""): Limit("ns", 1.5, 5 * MS),
    (BYTES.rule, ""): Limit("bytes", 1.25, 0),
    (PEAK.rule, ""): Limit("count", 1.5, 0, fewer=True),
}


def trace(work: Mapping[str, int], each: int = 1000, new: int = 0, peak: int = 8) -> TraceGroups:
    """Return a trace in which each test waits equally often. new: how often TestNew waits in addition."""
    waits = each * sum(work.values()) + new
    parts = {name: each * times for name, times in work.items()}
    if new:
        parts["TestNew"] = parts.get("TestNew", 0) + new
    groups = {
        WAITS: Statistics("count", waits, waits, waits, 0),
        LOCK: Statistics("ns", waits, waits * MS, waits * MS, 0),
        BYTES: Statistics("bytes", 1, 1000 * sum(work.values()), 1000 * sum(work.values()), 0),
        PEAK: Statistics("count", peak, peak, peak, 0),
    }
    shares = {
        WAITS: {name: Share(part, part) for name, part in parts.items()},
        LOCK: {name: Share(part, part * MS) for name, part in parts.items()},
    }
    return TraceGroups(Conditions("1.26", 4), 1000 * MS, groups, work=work, shares=shares)


def jobs(*runs: TraceGroups, part: Part | None = None) -> Part:
    for run in runs:
        part = update(part, [run], str(len(part.entries) if part else 0), "", LIMITS)
        part = parse(dump(Baseline({"": part})), Path("b.json")).parts[""]
    assert part
    return part


def grown(part: Part) -> list[str]:
    return [line.split()[1] for line in creeping(part, LIMITS)]


ONE = {"TestA": 1, "TestB": 1}
MORE = {"TestA": 1, "TestB": 1, "TestC": 1, "TestD": 1}


def test_added_tests_are_no_creep() -> None:
    part = jobs(trace(ONE), *(trace(MORE) for _ in range(3)))
    assert grown(part) == []
    assert part.groups[WAITS].reference == 4000
    assert part.groups[LOCK].reference == 4000 * MS


def test_creep_beside_added_tests_is_found() -> None:
    """Both tests that were there before wait 1.4 times as often twice, and new tests do the rest."""
    part = jobs(trace(ONE), trace(ONE, each=1400), trace(MORE, each=1400), *(trace(MORE, each=1960) for _ in range(3)))
    assert part.groups[WAITS].reference == 4000
    assert grown(part) == ["Locks", "Waits"]


def test_removed_tests_lower_the_reference() -> None:
    part = jobs(trace(MORE), *(trace(ONE) for _ in range(2)))
    assert (part.groups[WAITS].reference, part.groups[BYTES].reference) == (2000, 2000)


def test_what_only_new_tests_do_begins_with_them() -> None:
    part = jobs(trace({"TestA": 1}, each=0, new=0), trace({"TestA": 1, "TestNew": 1}, each=0, new=500))
    assert part.groups[WAITS].reference == 500


def test_another_count_scales_what_grows_with_the_work() -> None:
    part = jobs(trace(ONE), *(trace({"TestA": 3, "TestB": 3}) for _ in range(3)))
    assert part.groups[WAITS].reference == 6000
    assert part.groups[PEAK].reference == 8
    assert "Waits" not in grown(part)


@pytest.mark.parametrize("work", [{}, {"TestA": 1, "TestB": 1}])
def test_the_reference_stays_without_known_or_other_work(work: dict[str, int]) -> None:
    part = jobs(trace(ONE), trace(work, each=1400, new=1))
    assert part.groups[WAITS].reference == 2000


def test_a_peak_creeps_in_both_directions() -> None:
    assert grown(jobs(*(trace(ONE, peak=n) for n in (8, 11, 14, 14, 14)))) == ["Peak"]
    part = jobs(*(trace(ONE, peak=n) for n in (8, 7, 6, 5, 5, 5)))
    (line,) = creeping(part, LIMITS)
    assert line.startswith("creep: Peak goroutines at once main.serve fell from 8 to 5 in steps")


@pytest.mark.parametrize(
    ("peaks", "kept"),
    [
        ([1, 1, 8, 8, 8], [None, None, 8, 8, 8]),
        ([8, 8, 1, 1, 1], [None, None, 1, 1, 1]),
        ([8, 8, 1, 8, 8], [8, 8, 1, 8, 8]),
    ],
)
def test_a_peak_that_changed_for_good_drops_its_older_values(peaks: list[int], kept: list[float | None]) -> None:
    assert list(jobs(*(trace(ONE, peak=n) for n in peaks)).groups[PEAK].values) == kept


def test_accepting_fewer_lowers_the_values() -> None:
    old, runs = Baseline({"": jobs(*(trace(ONE) for _ in range(3)))}), {"": [trace(ONE, peak=1)]}
    comparison = compare_all(runs, old, "b.json", LIMITS)
    fell = Verdict(PEAK, Status.WORSE, Level.CONFIRMED, "count", 8.0, 5.3, (1.0,))
    comparison.verdicts[PEAK] = fell
    part = accept(old, comparison, runs, [(PEAK.fingerprint, "one worker is enough")], LIMITS).parts[""]
    assert part.groups[PEAK].values == (1, 1, 1)
    assert (part.groups[PEAK].reference, part.groups[PEAK].accepted) == (1, "one worker is enough")


def test_accepting_needs_a_job_that_measured_the_rule() -> None:
    without = {key: limit for key, limit in LIMITS.items() if key[0] != WAITS.rule}
    old = Baseline({"": update(None, [trace(ONE)], "1", "", without)})
    runs, base = {"": [trace(ONE, each=9000)]}, {"": [trace(ONE)]}
    comparison = compare_all(runs, old, "b.json", LIMITS, base=base)
    assert comparison.verdicts[WAITS].flagged
    with pytest.raises(UsageError, match="no job of the baseline measured Waits; add one with --update-baseline"):
        accept(old, comparison, runs, [(WAITS.fingerprint, "audit")], LIMITS)


HELD = Key("Held", "held sync.(*Mutex).Lock", "main.work")
OF_BASE = Key("Slept", "sleep", "main.work")
EACH = Limit("each", 1.15, 5 * MS, quantile=0.1, jobs=3)
OF_EACH: Limits = {
    (HELD.rule, ""): EACH,
    ("Cpu", ""): EACH._replace(by_speed=True),
    (OF_BASE.rule, ""): EACH._replace(jobs=0),
}


def events(length: int, number: int) -> TraceGroups:
    """Return a trace with events of one length each, in units of 16 ns."""
    each = Statistics("each", number, 16 * length, 16 * length, 0)
    keys = (HELD, HELD._replace(rule="Cpu"), OF_BASE)
    lengths = {key: {length: number} for key in keys}
    return TraceGroups(Conditions("1.26", 4), 1000 * MS, dict.fromkeys(keys, each), lengths=lengths)


@pytest.mark.parametrize(("number", "found"), [(100, []), (100_000, ["Held"])])
def test_single_events_creep_if_all_of_a_trace_together_do(number: int, found: list[str]) -> None:
    """A slower machine looks like creep of what depends on its speed."""
    part = None
    for i, length in enumerate((20, 22, 24, 26, 27, 27, 27)):
        part = update(part, [events(length, number)], str(i), "", OF_EACH)
    assert part
    assert [line.split()[1] for line in creeping(part, OF_EACH)] == found


def test_what_only_base_traces_judge_cannot_be_accepted() -> None:
    old, runs = Baseline({"": update(None, [events(20, 100_000)], "1", "", OF_EACH)}), {"": [events(30, 100_000)] * 3}
    comparison = compare_all(runs, old, "b.json", OF_EACH, base={"": [events(20, 100_000)] * 3})
    assert comparison.verdicts[OF_BASE].flagged
    with pytest.raises(
        UsageError, match="Slept sleep is compared with base traces only, so there is nothing to accept"
    ):
        accept(old, comparison, runs, [(OF_BASE.fingerprint, "audit")], OF_EACH)
    part = accept(old, comparison, runs, [(HELD.fingerprint, "audit")], OF_EACH).parts[""]
    assert not compare_all(runs, Baseline({"": part}), "b.json", OF_EACH).verdicts[HELD].flagged
