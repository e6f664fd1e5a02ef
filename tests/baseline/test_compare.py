"""Verdicts: each formula at its limit, each level, and the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from gotracer_ci.baseline.compare import compare
from gotracer_ci.baseline.measurements import Conditions, TraceGroups
from gotracer_ci.baseline.records import Entry, Group, Part
from gotracer_ci.baseline.verdicts import Comparison, Level, Status, Verdict
from gotracer_ci.findings import Key, Statistics
from gotracer_ci.limits import MB, MS
from tests.conftest import LIMITS

LOCK = Key("MutexContention", "sync.(*Mutex).Lock", "main.work")
GOROUTINES = Key("GoroutineLeakGrowth", "goroutines at the end", "main.leak")
ALLOCATED = Key("HeapGrowthSpike", "bytes allocated", "")
PEAK = Key("HeapGrowthSpike", "peak live heap", "")
HERE = Conditions("1.26", 4)
THERE = Conditions("1.25", 2)


def run(
    key: Key, *values: float, n: int = 100, wall_ns: int = 1000 * MS, conditions: Conditions = HERE
) -> list[TraceGroups]:
    """Return one trace per value, with one group. Times are in ms; with 0 the trace lacks the group."""
    unit, factor = {"HeapGrowthSpike": ("bytes", 1), "GoroutineLeakGrowth": ("count", 1)}.get(key.rule, ("ns", MS))
    return [
        TraceGroups(
            conditions, wall_ns, {key: Statistics(unit, n, total := round(value * factor), total, 0)} if value else {}
        )
        for value in values
    ]


def base(
    key: Key, *values: float | None, n: int = 100, environments: Sequence[Conditions] = (), wall_ms: int = 1000
) -> Part:
    """Return one entry per value, with one group. Times are in ms; if all are 0, the baseline lacks the group."""
    entries = tuple(
        Entry(id=str(i), commit="", go=e.go, gomaxprocs=e.gomaxprocs, traces=3, wall_ms=wall_ms)
        for i, e in enumerate(environments or [HERE] * len(values))
    )
    trace = run(key, 1)[0].groups[key]
    stored = tuple(None if value is None else float(value * trace.total) for value in values)
    group = Group(trace.unit, stored, tuple(n if value else 0 for value in values) if trace.unit == "ns" else ())
    return Part(entries, {key: group} if any(values) else {})


def judged(key: Key, now: list[TraceGroups], before: Part) -> Verdict:
    return compare(now, before, "b.json", LIMITS).verdicts[key]


@pytest.mark.parametrize(
    ("key", "past", "now", "status"),
    [
        (LOCK, [0], [5], Status.KNOWN),
        (LOCK, [0], [5.001], Status.NEW),
        (LOCK, [100], [155], Status.KNOWN),
        (LOCK, [100], [155.001], Status.WORSE),
        (LOCK, [100], [155, 900, 900], Status.KNOWN),
        (LOCK, [100], [156, 900, 900], Status.WORSE),
        (LOCK, [10, 100, 20], [155.001], Status.WORSE),
        (LOCK, [0, 0, 20], [36], Status.WORSE),
        (LOCK, [50] * 6 + [900], [400], Status.KNOWN),
        (LOCK, [50] * 7 + [900], [400], Status.WORSE),
        (LOCK, [50] * 6 + [900, 900], [400], Status.KNOWN),
        (LOCK, [None, None, 50, 50], [400], Status.WORSE),
        (LOCK, [100], [63.334], Status.KNOWN),
        (LOCK, [100], [63.333], Status.BETTER),
        (LOCK, [100], [10, 10, 70], Status.KNOWN),
        (LOCK, [100, 50], [40], Status.KNOWN),
        (LOCK, [100, 0, 100], [40], Status.KNOWN),
        (LOCK, [100], [1], Status.BETTER),
        (LOCK, [100], [0.999, 0], Status.FIXED),
        (LOCK, [5.001], [0], Status.FIXED),
        (LOCK, [5], [0], Status.KNOWN),
        (LOCK, [0, 100, 0], [0], Status.KNOWN),
        (LOCK, [100, 100, 0, 0.5], [0], Status.FIXED),
        (GOROUTINES, [0], [2], Status.KNOWN),
        (GOROUTINES, [0], [3], Status.NEW),
        (GOROUTINES, [10], [13], Status.KNOWN),
        (GOROUTINES, [10], [14], Status.WORSE),
        (GOROUTINES, [14], [10], Status.BETTER),
        (GOROUTINES, [3], [0], Status.FIXED),
        (ALLOCATED, [8 * MB], [14 * MB], Status.KNOWN),
        (ALLOCATED, [8 * MB], [14 * MB + 1], Status.WORSE),
        (PEAK, [8 * MB], [24 * MB], Status.KNOWN),
        (PEAK, [8 * MB], [24 * MB + 1], Status.WORSE),
    ],
)
def test_status(key: Key, past: list[float | None], now: list[float], status: Status) -> None:
    assert judged(key, run(key, *now), base(key, *past)).status is status


def test_floors_grow_with_long_runs() -> None:
    before = base(LOCK, 0, wall_ms=60_000)
    assert judged(LOCK, run(LOCK, 300, wall_ns=60_000 * MS), before).status is Status.KNOWN
    assert judged(LOCK, run(LOCK, 301, wall_ns=60_000 * MS), before).status is Status.NEW


@pytest.mark.parametrize(
    ("key", "past", "now", "level", "more"),
    [
        (LOCK, [0], [45], Level.SUSPECTED, "2 more traces of this change and 3 of the base commit in the same job"),
        (LOCK, [0] * 5, [45] * 2, Level.SUSPECTED, "1 more trace of this change"),
        (LOCK, [0] * 4, [45] * 3, Level.SUSPECTED, "3 traces of the base commit in the same job (--base)"),
        (LOCK, [0] * 5, [45] * 3, Level.CONFIRMED, ""),
        (LOCK, [None, 9, 9, 9, 9], [45] * 3, Level.SUSPECTED, "3 traces of the base commit in the same job"),
        (LOCK, [45], [0], Level.SUSPECTED, "2 more traces of this change and 3 of the base commit in the same job"),
        (LOCK, [45] * 5, [0] * 3, Level.CONFIRMED, ""),
        (LOCK, [45], [45], Level.CONFIRMED, ""),
        (GOROUTINES, [0], [50], Level.CONFIRMED, ""),
        (ALLOCATED, [10 * MB], [50 * MB], Level.CONFIRMED, ""),
        (PEAK, [10 * MB] * 5, [50 * MB] * 3, Level.SUSPECTED, "nothing: a peak"),
    ],
)
def test_level(key: Key, past: list[float | None], now: list[float], level: Level, more: str) -> None:
    verdict = judged(key, run(key, *now), base(key, *past))
    assert verdict.level is level
    assert verdict.more.startswith(more)
    assert bool(verdict.more) is bool(more)


@pytest.mark.parametrize(
    ("now", "before", "level"),
    [
        (run(LOCK, 45, n=4), base(LOCK, 0), Level.INSUFFICIENT),
        (run(LOCK, 45, n=5), base(LOCK, 0), Level.SUSPECTED),
        (run(LOCK, 45, 45, n=3) + run(LOCK, 45), base(LOCK, 0), Level.INSUFFICIENT),
        (run(LOCK, 45, 45) + run(LOCK, 45, n=3), base(LOCK, 0), Level.SUSPECTED),
        (run(LOCK, 0), base(LOCK, 45, n=4), Level.INSUFFICIENT),
        (run(LOCK, 45, wall_ns=99 * MS), base(LOCK, 0), Level.INSUFFICIENT),
        (run(LOCK, 45, wall_ns=100 * MS), base(LOCK, 0), Level.SUSPECTED),
        (run(GOROUTINES, 45, n=1, wall_ns=MS), base(GOROUTINES, 0), Level.CONFIRMED),
    ],
)
def test_too_little_to_judge(now: list[TraceGroups], before: Part, level: Level) -> None:
    (verdict,) = compare(now, before, "b.json", LIMITS).verdicts.values()
    assert verdict.status in (Status.NEW, Status.FIXED)
    assert verdict.level is level


@pytest.mark.parametrize("elsewhere", [THERE, Conditions("1.26", 2), Conditions("1.25", 4), Conditions("", 0)])
@pytest.mark.parametrize("now", [0, 10, 900])
def test_in_another_environment_only_goroutines_are_compared(elsewhere: Conditions, now: int) -> None:
    for key in (LOCK, ALLOCATED, PEAK):
        past = MB * 100 if key.rule == "HeapGrowthSpike" else 100
        comparison = compare(run(key, now * past, conditions=elsewhere), base(key, past), "b.json", LIMITS)
        assert {(v.status, v.level) for v in comparison.verdicts.values()} == {(Status.KNOWN, Level.INCONCLUSIVE)}
        assert "only goroutine counts" in comparison.warnings[0]
    verdict = judged(GOROUTINES, run(GOROUTINES, 900, conditions=elsewhere), base(GOROUTINES, 100))
    assert (verdict.status, verdict.level) == (Status.WORSE, Level.CONFIRMED)


def test_only_the_entries_of_the_same_environment_count_for_times() -> None:
    before = base(LOCK, 900, 10, environments=[THERE, HERE])
    comparison = compare(run(LOCK, 100), before, "b.json", LIMITS)
    assert comparison.verdicts[LOCK].status is Status.WORSE
    assert comparison.verdicts[LOCK].before == 10 * MS
    assert comparison.warnings[0].startswith(
        "1 of 2 baseline jobs ran in another environment than these traces (Go 1.26"
    )


def test_goroutines_are_compared_with_every_entry() -> None:
    before = base(GOROUTINES, 50, 10, environments=[THERE, HERE])
    assert judged(GOROUTINES, run(GOROUTINES, 50), before).status is Status.KNOWN


def test_traces_of_several_environments_have_none() -> None:
    comparison = compare(run(LOCK, 100) + run(LOCK, 100, conditions=THERE), base(LOCK, 10), "b.json", LIMITS)
    assert comparison.verdicts[LOCK].level is Level.INCONCLUSIVE


@pytest.mark.parametrize(("wall_ms", "warned"), [(499, True), (500, False), (2000, False), (2001, True)])
def test_a_baseline_of_another_length_is_a_warning(wall_ms: int, warned: bool) -> None:
    comparison = compare(run(LOCK, 1, wall_ns=wall_ms * MS), base(LOCK, 1), "b.json", LIMITS)
    assert bool(comparison.warnings) is warned


def test_groups_of_a_rule_that_did_not_run_are_not_fixed() -> None:
    assert not compare(
        run(GOROUTINES, 1), base(LOCK, 100), "b.json", LIMITS, rules={"GoroutineLeakGrowth"}
    ).verdicts.get(LOCK)


@pytest.mark.parametrize(
    ("key", "past", "now", "evidence"),
    [
        (LOCK, [0], [45], "0 s → 45 ms, above the highest of 1 baseline job in 1 of 1 traces (suspected)"),
        (
            LOCK,
            [710, 720, 740, 750, 770],
            [1512, 1560, 1600],
            "740 ms (710-770 ms) → 1.51-1.6 s, 2.11x, above the highest of 5 baseline jobs in 3 of 3 traces (c",
        ),
        (
            LOCK,
            [10] * 7 + [90],
            [45],
            "10 ms (10-90 ms) → 45 ms, 4.5x, above the second highest of 8 baseline jobs in 1 of 1 traces (s",
        ),
        (LOCK, [100], [60], "100 ms → 60 ms, 0.6x, below the lowest of 1 baseline job in 1 of 1 traces (s"),
        (LOCK, [100], [0], "100 ms → 0 s, gone from 1 of 1 traces (suspected)"),
        (LOCK, [100], [120, 200], "above the limit in 1 of 2 traces"),
        (LOCK, [100], [0.31, 120], "not above the limit"),
        (LOCK, [0.4], [5.7], "400 µs → 5.7 ms, 14.2x, above the highest of 1 baseline job in 1 of 1 traces (s"),
        (
            GOROUTINES,
            [104],
            [1234],
            "104 → 1,234 goroutines, 11.9x, above the highest of 1 baseline job in 1 of 1 traces",
        ),
        (
            ALLOCATED,
            [10 * MB],
            [25 * MB],
            "10 MB → 25 MB, 2.5x, above the highest of 1 baseline job",
        ),
    ],
)
def test_evidence(key: Key, past: list[float], now: list[float], evidence: str) -> None:
    text = judged(key, run(key, *now), base(key, *past)).evidence
    assert text.replace("\N{EN DASH}", "-").replace("\N{MULTIPLICATION SIGN}", "x").startswith(evidence)


def test_a_verdict_has_the_values_of_the_comparable_jobs() -> None:
    before = base(LOCK, 7, None, *range(20, 32), environments=[THERE, *[HERE] * 13])
    assert judged(LOCK, run(LOCK, 900), before).history == tuple(ms * MS for ms in range(22, 32))
    assert judged(LOCK, run(LOCK, 25), before).history == tuple(ms * MS for ms in range(22, 32))
    assert judged(LOCK, run(LOCK, 0), before).history == tuple(ms * MS for ms in range(22, 32))
    assert judged(GOROUTINES, run(GOROUTINES, 9), base(LOCK, 100, 100)).history == (0, 0)


def renamed(now: dict[str, float], before: dict[str, float], *, jobs: int = 1, traces: int = 1) -> dict[str, Verdict]:
    """Return the verdicts by place, given totals in ms by place."""
    (trace,) = run(LOCK, 1)
    one = trace.groups[LOCK]

    def sized(ms: float) -> Statistics:
        return replace(one, total=round(ms * MS), trimmed=round(ms * MS))

    groups = {LOCK._replace(place=place): sized(ms) for place, ms in now.items()}
    part = base(LOCK, *[1] * jobs)
    past = {LOCK._replace(place=place): Group("ns", (ms * MS,) * jobs, (100,) * jobs) for place, ms in before.items()}
    current = [trace._replace(groups=groups)] * traces
    return {
        key.place: verdict
        for key, verdict in compare(current, Part(part.entries, past), "b.json", LIMITS).verdicts.items()
    }


def moves(now: dict[str, float], before: dict[str, float]) -> dict[str, str]:
    """Return the remark of each moved group, given totals in ms by place."""
    remarks = {place: v.evidence.partition("possibly moved ")[2] for place, v in renamed(now, before).items()}
    return {place: words for place, words in remarks.items() if words}


@pytest.mark.parametrize(
    ("now", "before", "pairs"),
    [
        ({"main.new": 150}, {"main.old": 100}, {"main.old": "main.new"}),
        ({"main.new": 900}, {"main.old": 100}, {}),
        ({"main.new": 12}, {"main.old": 5}, {"main.old": "main.new"}),  # within the floor
        ({"main.a": 100, "main.b": 100}, {"main.old": 100}, {"main.old": "main.a"}),
        ({"main.a": 180, "main.b": 101}, {"main.old": 100}, {"main.old": "main.b"}),
        ({"main.new": 100}, {"main.a": 60, "main.b": 99}, {"main.b": "main.new"}),
        ({"main.a": 100, "main.b": 150}, {"main.c": 150, "main.d": 100}, {"main.d": "main.a", "main.c": "main.b"}),
        ({"main.a": 10, "main.b": 5000}, {"main.c": 100, "main.d": 4000}, {"main.d": "main.b"}),
        # several small ones of the same size beside it
        ({"main.new": 1000}, {"main.a": 20, "main.b": 20, "main.old": 1000}, {"main.old": "main.new"}),
        ({"main.a": 20, "main.b": 20, "main.new": 1000}, {"main.old": 1000}, {"main.old": "main.new"}),
        # a renamed package: names matter more than sizes
        (
            {"shop.(*T).Get": 100, "shop.(*T).Put.func": 150},
            {"store.(*T).Get": 150, "store.(*T).Put.func": 100},
            {"store.(*T).Get": "shop.(*T).Get", "store.(*T).Put.func": "shop.(*T).Put.func"},
        ),
        ({"a.Get": 100, "a.Put": 90}, {"b.Get": 900, "b.Set": 100}, {"b.Set": "a.Get"}),
    ],
)
def test_a_renamed_function_is_recognized(
    now: dict[str, float], before: dict[str, float], pairs: dict[str, str]
) -> None:
    """Groups are paired one to one, and both verdicts name the other."""
    expected = {old: f"to {new}" for old, new in pairs.items()} | {new: f"from {old}" for old, new in pairs.items()}
    assert moves(now, before) == expected


def test_a_renamed_group_that_did_not_get_worse_is_known() -> None:
    verdicts = renamed({"main.new": 150}, {"main.old": 100}, jobs=5, traces=3)
    assert {(v.status, v.level) for v in verdicts.values()} == {(Status.KNOWN, Level.CONFIRMED)}
    assert verdicts["main.new"].before == 100 * MS


def test_a_renamed_group_that_got_worse_is_worse_and_its_old_place_is_not_fixed() -> None:
    verdicts = renamed({"main.new": 190}, {"main.old": 100}, jobs=5, traces=3)
    assert (verdicts["main.new"].status, verdicts["main.new"].level) == (Status.WORSE, Level.CONFIRMED)
    assert verdicts["main.new"].evidence.startswith("100 ms → 190 ms")
    assert verdicts["main.old"].status is Status.KNOWN


def test_a_renamed_group_below_the_floor_of_a_long_run_is_not_new_by_its_number_of_waits() -> None:
    now = run(LOCK._replace(place="main.new"), *[60] * 3, n=400, wall_ns=20_000 * MS)
    before = base(LOCK, *[60] * 5, n=400, wall_ms=20_000)
    assert not compare(now, before, "b.json", LIMITS).regressions(strict=True)


def test_which_verdicts_fail_a_run() -> None:
    def gating(comparison: Comparison) -> tuple[int, int]:
        return len(comparison.regressions()), len(comparison.regressions(strict=True))

    assert gating(compare(run(LOCK, 45), base(LOCK, 0), "b.json", LIMITS)) == (0, 1)
    assert gating(compare(run(LOCK, 45, n=4), base(LOCK, 0), "b.json", LIMITS)) == (0, 0)
    assert gating(compare(run(GOROUTINES, 45), base(GOROUTINES, 0), "b.json", LIMITS)) == (1, 1)
