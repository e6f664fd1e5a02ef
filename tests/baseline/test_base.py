"""Traces of the base commit from the same job as a reference, with or without a baseline file."""

from __future__ import annotations

import pytest

from gotracer_ci.baseline.compare import compare
from gotracer_ci.baseline.measurements import TraceGroups
from gotracer_ci.baseline.records import Part
from gotracer_ci.baseline.verdicts import Level, Status, Verdict
from gotracer_ci.findings import Key
from gotracer_ci.limits import MB, MS
from tests.baseline.test_compare import ALLOCATED, GOROUTINES, LOCK, PEAK, THERE, base, run
from tests.conftest import LIMITS

ASSIST = Key("GCAssist", "GC mark assist", "main.fill")
NO_FILE = Part((), {})
DASH, TIMES = "\N{EN DASH}", "\N{MULTIPLICATION SIGN}"


def judged(key: Key, now: list[TraceGroups], before: Part, of_base: list[TraceGroups]) -> Verdict:
    return compare(now, before, "b.json", LIMITS, base=of_base).verdicts[key]


@pytest.mark.parametrize(
    ("key", "past", "of_base", "now", "status"),
    [
        # above the limit of both, one, or none
        (LOCK, [100], [100, 90], [156, 200], Status.WORSE),
        (LOCK, [100], [100, 110], [165, 200], Status.KNOWN),
        (LOCK, [100], [105, 90], [160, 200], Status.KNOWN),
        (LOCK, [100], [100], [160], Status.WORSE),
        (LOCK, [100, 50], [20, 20], [100], Status.KNOWN),
        (LOCK, [0], [0, 0, 0], [20], Status.NEW),
        (LOCK, [0], [10, 0, 0], [21], Status.WORSE),
        (LOCK, [0], [20, 0, 0], [20], Status.KNOWN),
        # the base's limit comes from its highest trace, however many there are
        (LOCK, [100], [*[50] * 8, 900], [400], Status.KNOWN),
        (GOROUTINES, [10], [10, 10], [14], Status.WORSE),
        (GOROUTINES, [10], [20], [21], Status.KNOWN),
        (GOROUTINES, [20], [10], [21], Status.KNOWN),
        (ALLOCATED, [8 * MB], [8 * MB], [14 * MB + 1], Status.WORSE),
        (ALLOCATED, [8 * MB], [13 * MB], [14 * MB + 1], Status.KNOWN),
        # better than both, or one
        (LOCK, [100], [100, 90], [40, 20], Status.BETTER),
        (LOCK, [100], [40, 90], [40, 20], Status.KNOWN),
        (LOCK, [40], [100, 90], [40, 20], Status.KNOWN),
        (LOCK, [100], [100, 90], [0, 0.5], Status.FIXED),
        # no file
        (LOCK, None, [100, 90], [156, 200], Status.WORSE),
        (LOCK, None, [100, 90], [155, 200], Status.KNOWN),
        (LOCK, None, [0, 0], [6], Status.NEW),
        (LOCK, None, [100, 90], [40, 20], Status.BETTER),
        (LOCK, None, [100, 90], [0], Status.FIXED),
        (GOROUTINES, None, [0], [3], Status.NEW),
    ],
)
def test_status(key: Key, past: list[float] | None, of_base: list[float], now: list[float], status: Status) -> None:
    before = NO_FILE if past is None else base(key, *past)
    assert judged(key, run(key, *now), before, run(key, *of_base)).status is status


MORE_BASE = "of the base commit in the same job (--base)"
FILE = "a baseline of at least 1 job (--baseline)"


@pytest.mark.parametrize(
    ("key", "jobs", "bases", "traces", "level", "more"),
    [
        (LOCK, 1, 2, 3, Level.CONFIRMED, ""),
        (LOCK, 1, 1, 3, Level.SUSPECTED, "2 traces of the base commit in the same job (--base)"),
        (LOCK, 1, 2, 2, Level.SUSPECTED, "1 more trace of this change"),
        (LOCK, 1, 1, 1, Level.SUSPECTED, f"2 more traces of this change and 2 {MORE_BASE}"),
        (LOCK, 1, 0, 1, Level.SUSPECTED, f"2 more traces of this change and 3 {MORE_BASE}"),
        (LOCK, 5, 1, 3, Level.CONFIRMED, ""),
        (LOCK, 5, 1, 2, Level.SUSPECTED, "1 more trace of this change"),
        # Without a file times are never confirmed: up to 6 % of a program's unchanged runs would fail.
        (LOCK, 0, 3, 3, Level.SUSPECTED, FILE),
        (LOCK, 0, 9, 9, Level.SUSPECTED, FILE),
        (LOCK, 0, 3, 1, Level.SUSPECTED, f"2 more traces of this change and {FILE}"),
        # When a collection starts is no property of the moment: base traces do not stand in for jobs.
        (ASSIST, 1, 3, 3, Level.SUSPECTED, "a baseline of at least 5 jobs (--baseline)"),
        (ASSIST, 5, 3, 3, Level.CONFIRMED, ""),
        (GOROUTINES, 0, 1, 1, Level.CONFIRMED, ""),
        (ALLOCATED, 0, 1, 1, Level.CONFIRMED, ""),
        (ALLOCATED, 1, 1, 1, Level.CONFIRMED, ""),
        (PEAK, 5, 3, 3, Level.SUSPECTED, "nothing: a peak depends on when the collector ran; the bytes allocated can"),
    ],
)
def test_level(key: Key, jobs: int, bases: int, traces: int, level: Level, more: str) -> None:
    size = {"HeapGrowthSpike": 10 * MB, "GCAssist": 100}.get(key.rule, 10)
    before = base(key, *[size] * jobs) if jobs else NO_FILE
    verdict = judged(key, run(key, *[size * 10] * traces), before, run(key, *[size] * bases))
    assert (verdict.status, verdict.level) == (Status.WORSE, level)
    assert verdict.more.startswith(more)
    assert bool(verdict.more) is bool(more)


@pytest.mark.parametrize(
    ("key", "past", "of_base", "now", "evidence"),
    [
        (
            LOCK,
            [710, 720, 740, 750, 770],
            [745, 745, 745],
            [1512, 1560, 1600],
            "740 ms (710-770 ms) → 1.51-1.6 s, 2.11x, above the highest of 5 baseline jobs in 3 of 3 traces; 745 ms in "
            "the base traces of this job (confirmed)",
        ),
        (
            LOCK,
            [100],
            [480, 510],
            [520, 560],
            "100 ms → 520-560 ms, 5.4x, above the highest of 1 baseline job in 2 of 2 traces; 480-510 ms in the base "
            "traces of this job (not caused by this change)",
        ),
        (
            LOCK,
            None,
            [10, 12, 11],
            [100, 90, 95],
            "11 ms (10-12 ms) → 90-100 ms, 8.64x, above the highest of 3 base traces in 3 of 3 traces (suspected)",
        ),
        (LOCK, None, [10], [50], "10 ms → 50 ms, 5x, above the highest of 1 base trace in 1 of 1 traces (suspected)"),
        (
            LOCK,
            [100],
            [90, 95],
            [0],
            "100 ms → 0 s, gone from 1 of 1 traces; 90-95 ms in the base traces of this job (suspected)",
        ),
        (
            LOCK,
            None,
            [90, 95],
            [20],
            "92.5 ms (90-95 ms) → 20 ms, 0.216x, below the lowest of 2 base traces in 1 of 1 traces (s",
        ),
        (
            GOROUTINES,
            [4],
            [4, 4],
            [44],
            "4 → 44 goroutines, 11x, above the highest of 1 baseline job in 1 of 1 traces; 4 goroutines in the base "
            "traces of this job (c",
        ),
    ],
)
def test_evidence(key: Key, past: list[float] | None, of_base: list[float], now: list[float], evidence: str) -> None:
    before = NO_FILE if past is None else base(key, *past)
    text = judged(key, run(key, *now), before, run(key, *of_base)).evidence
    assert text.replace(DASH, "-").replace(TIMES, "x").startswith(evidence)


def test_groups_that_are_as_high_in_the_base_are_one_note() -> None:
    """A slow machine or an outdated baseline: the note explains why nothing is flagged."""
    comparison = compare(run(LOCK, 900), base(LOCK, 10), "b.json", LIMITS, base=run(LOCK, 900, 800))
    (warning,) = comparison.warnings
    assert warning.startswith("above the baseline's limit, but in the base traces of this job too")
    assert "MutexContention sync.(*Mutex).Lock main.work;" in warning
    assert comparison.verdicts[LOCK].is_older
    assert comparison.regressions(strict=True) == []
    assert compare(run(LOCK, 10), base(LOCK, 10), "b.json", LIMITS, base=run(LOCK, 900, 800)).warnings == ()


@pytest.mark.parametrize("past", [None, [10]])
def test_a_base_of_another_environment_is_compared_by_goroutines_only(past: list[float] | None) -> None:
    for key, factor in ((LOCK, 1), (ALLOCATED, MB)):
        before = base(key, *(value * factor for value in past)) if past else NO_FILE
        elsewhere = run(key, 900 * factor, 900 * factor, conditions=THERE)
        comparison = compare(run(key, 900 * factor), before, "b.json", LIMITS, base=elsewhere)
        assert comparison.warnings[0].startswith("2 of 2 base traces ran in another environment than these traces (Go")
        verdict = comparison.verdicts[key]
        if past is None:
            assert (verdict.status, verdict.level) == (Status.KNOWN, Level.INCONCLUSIVE)
            assert "not compared: 2 base traces ran in another environment (inconclusive)" in verdict.evidence
        else:
            assert (verdict.status, verdict.base) == (Status.WORSE, ())
    verdict = judged(GOROUTINES, run(GOROUTINES, 99), NO_FILE, run(GOROUTINES, 9, conditions=THERE))
    assert (verdict.status, verdict.level) == (Status.WORSE, Level.CONFIRMED)


def test_only_base_traces_of_the_same_environment_count() -> None:
    mixed = run(LOCK, 900, conditions=THERE) + run(LOCK, 10, 10)
    verdict = judged(LOCK, run(LOCK, 100, 100, 100), base(LOCK, 10), mixed)
    assert (verdict.status, verdict.level, verdict.base) == (Status.WORSE, Level.CONFIRMED, (10 * MS, 10 * MS))


def test_a_file_of_another_environment_leaves_only_the_base() -> None:
    before = base(LOCK, *[10] * 5, environments=[THERE] * 5)
    verdict = judged(LOCK, run(LOCK, 100, 100, 100), before, run(LOCK, 10, 10, 10))
    assert (verdict.status, verdict.level) == (Status.WORSE, Level.SUSPECTED)
    assert "3 base traces" in verdict.evidence


def test_a_base_with_too_little_data_confirms_nothing() -> None:
    """The traces of a base that fails immediately are nearly empty, so everything would be new."""
    short = judged(LOCK, run(LOCK, 45, 45, 45), base(LOCK, 1), run(LOCK, 0, 0, wall_ns=9 * MS))
    assert short.level is Level.INSUFFICIENT
    gone = judged(LOCK, run(LOCK, 0), NO_FILE, run(LOCK, 45, 45, n=4))
    assert (gone.status, gone.level) == (Status.FIXED, Level.INSUFFICIENT)


def test_a_base_of_another_length_is_a_warning() -> None:
    (warning,) = compare(run(LOCK, 1), NO_FILE, "", LIMITS, base=run(LOCK, 1, wall_ns=400 * MS)).warnings
    assert warning.startswith("these traces are 1 s long and the base traces 400 ms")


def test_without_a_file_the_value_before_is_the_bases() -> None:
    verdict = judged(LOCK, run(LOCK, 100), NO_FILE, run(LOCK, 10, 30, 20))
    assert (verdict.before, verdict.limit, verdict.ratio) == (20 * MS, 50 * MS, 5)
    assert judged(LOCK, run(LOCK, 100), NO_FILE, run(LOCK, 0)).before is None
    assert compare(run(LOCK, 1), NO_FILE, "", LIMITS, base=run(LOCK, 1, 1)).base_traces == 2
