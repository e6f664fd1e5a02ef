"""Runs with other tests, or another amount of work: what is compared with what, on small values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from gotracer_ci.baseline.compare import compare
from gotracer_ci.baseline.measurements import Conditions, TraceGroups
from gotracer_ci.baseline.records import Entry, Group, Part
from gotracer_ci.baseline.verdicts import Comparison, Level, Status
from gotracer_ci.findings import Key, Share, Statistics
from gotracer_ci.limits import EVERY_KIND, MS, Limit

COUNT = Key("Waits", "sleep", "x.query")
TIME = Key("Locks", "sync.(*Mutex).Lock", "x.put")
EACH = Key("Lengths", "region", "x.region")
PEAK = Key("AtOnce", "goroutines at once", "x.pool")
WHOLE = Key("Heap", "bytes allocated", "")
LIMITS = {
    (COUNT.rule, EVERY_KIND): Limit("count", 1.5, 50, jobs=2, per_work=True, noun="waits"),
    (TIME.rule, EVERY_KIND): Limit("ns", 1.5, 5 * MS),
    (EACH.rule, EVERY_KIND): Limit("each", 2, 20 * MS, events=1),
    (PEAK.rule, EVERY_KIND): Limit("count", 2, 10, jobs=2, fewer=True, noun="goroutines at once"),
    (WHOLE.rule, EVERY_KIND): Limit("bytes", 1.25, 4_000_000),
}
UNITS = {rule: limit.unit for (rule, _), limit in LIMITS.items()}
TIMES = "\N{MULTIPLICATION SIGN}"
HERE = Conditions("1.27", 4)
Parts = Mapping[str, tuple[int, int]]
"""By test, how many events and their total."""


def trace(work: Mapping[str, int], **groups: tuple[Key, int, int, Parts]) -> TraceGroups:
    """Return a trace. groups: (key, events, total, parts), by any name."""
    return TraceGroups(
        HERE,
        1000 * MS,
        {key: Statistics(UNITS[key.rule], n, total, total, total) for key, n, total, _ in groups.values()},
        ran=sum(number for name, number in work.items() if " " not in name),
        tests=frozenset(name for name in work if " " not in name),
        work=work,
        shares={
            key: {name: Share(*part) for name, part in parts.items()} for key, _, _, parts in groups.values() if parts
        },
    )


def part(
    work: Mapping[str, int], values: Mapping[Key, float], shares: Mapping[Key, Mapping[str, float]], jobs: int = 5
) -> Part:
    """Return a baseline of equal jobs."""
    tests = {name: number for name, number in work.items() if " " not in name}
    entry = Entry(
        id="", commit="", go="1.27", gomaxprocs=4, traces=3, wall_ms=1000, tests=sum(tests.values()),
        work=tuple(sorted(work.items())),
    )  # fmt: skip
    groups = {
        key: Group(
            UNITS[key.rule],
            (float(value),) * jobs,
            (100,) * jobs if UNITS[key.rule] in ("ns", "each") else (),
            shares=tuple(sorted(shares.get(key, {}).items())),
        )
        for key, value in values.items()
    }
    return Part(tuple(replace(entry, id=str(i)) for i in range(jobs)), groups, work=tuple(work))


def judge(now: TraceGroups, before: Part, base: TraceGroups | None = None) -> Comparison:
    return compare([now] * 3, before, "b.json", LIMITS, base=[base] * 3 if base else [])


ONE = {"TestOld": 1}
TWO = {"TestOld": 1, "TestNew": 1}
OLD = part(ONE, {COUNT: 100, TIME: 20 * MS, WHOLE: 10_000_000}, {COUNT: {"TestOld": 1.0}, TIME: {"TestOld": 1.0}})


def test_what_only_a_new_test_does_is_not_compared() -> None:
    now = trace(
        TWO,
        a=(COUNT, 1100, 1100, {"TestOld": (100, 100), "TestNew": (1000, 1000)}),
        b=(TIME, 900, 900 * MS, {"TestOld": (100, 20 * MS), "TestNew": (800, 880 * MS)}),
    )
    found = judge(now, OLD)
    assert not found.flagged
    assert found.verdicts[COUNT].now == (100, 100, 100)
    assert any("the baseline does not know TestNew (2 tests" in line for line in found.warnings)


def test_without_a_baseline_the_words_are_about_the_base_traces() -> None:
    new = COUNT._replace(place="x.new")
    groups = {"a": (new, 900, 900, {"TestNew": (900, 900)}), "b": (WHOLE, 1, 99_000_000, {})}
    now = [trace({"TestOld": 2, "TestNew": 1}, **groups)] * 3
    base = [trace(ONE, a=(COUNT, 100, 100, {"TestOld": (100, 100)}), b=(WHOLE, 1, 10_000_000, {}))] * 3
    found = compare(now, Part((), {}), "", LIMITS, base=base)
    assert found.verdicts[new].evidence == "only in tests that the base traces do not have: TestNew"
    assert found.verdicts[new].status is Status.NOT_IN_BASE
    assert found.verdicts[WHOLE].more == "a run of the same tests as in the base traces"
    assert len(found.warnings) == 2
    assert found.warnings[0].startswith(
        "the base traces do not have TestNew (3 tests and subtests, 1 in the base traces)"
    )
    assert found.warnings[1].startswith(
        f"this run did 2{TIMES} the work of the base traces (runs of each test), so counts"
    )
    assert not any("baseline" in line for line in found.warnings)


def test_a_place_that_only_a_new_test_reaches_is_not_in_the_baseline() -> None:
    new = COUNT._replace(place="x.new")
    found = judge(trace(TWO, a=(new, 900, 900, {"TestNew": (900, 900)})), OLD)
    assert found.verdicts[new].status is Status.UNKNOWN
    assert found.verdicts[new].evidence == "only in tests that the baseline does not know: TestNew"


def test_a_known_test_that_got_worse_is_found_beside_a_new_one() -> None:
    now = trace(
        TWO,
        a=(COUNT, 1300, 1300, {"TestOld": (300, 300), "TestNew": (1000, 1000)}),
        b=(TIME, 900, 900 * MS, {"TestOld": (100, 60 * MS), "TestNew": (800, 840 * MS)}),
    )
    found = judge(now, OLD)
    assert found.flagged == {COUNT, TIME}
    assert {found.verdicts[key].level for key in found.flagged} == {Level.CONFIRMED}


def test_what_may_come_from_a_new_test_is_not_decided() -> None:
    """The memory of the whole program, and what belongs to no test, such as a server that all tests use."""
    now = trace(
        TWO,
        a=(COUNT, 1000, 1000, {"TestOld": (100, 100), "TestNew": (100, 100)}),
        b=(WHOLE, 1, 90_000_000, {}),
    )
    found = judge(now, OLD)
    assert found.flagged == {COUNT, WHOLE}
    assert {found.verdicts[key].level for key in found.flagged} == {Level.INSUFFICIENT}
    assert not found.regressions(strict=True)


BOTH = part(
    TWO,
    {COUNT: 1100, TIME: 900 * MS, PEAK: 8},
    {COUNT: {"TestOld": 0.1, "TestNew": 0.9}, TIME: {"TestOld": 0.02, "TestNew": 0.98}, PEAK: {"TestNew": 1.0}},
)


def test_a_removed_test_is_neither_better_nor_fixed() -> None:
    now = trace(
        ONE,
        a=(COUNT, 110, 110, {"TestOld": (110, 110)}),
        b=(TIME, 100, 18 * MS, {"TestOld": (100, 18 * MS)}),
    )
    found = judge(now, BOTH)
    assert {verdict.status for verdict in found.verdicts.values()} == {Status.KNOWN}
    assert any("this run shows nothing of TestNew" in line for line in found.warnings)


def test_fewer_subtests_are_not_better() -> None:
    """With `-run TestOld/one`, a test that is left does less. The trace does not tell how many subtests it lacks."""
    now = trace(ONE, a=(COUNT, 10, 10, {"TestOld": (10, 10)}))._replace(ran=2)
    before = replace(BOTH, entries=tuple(replace(entry, tests=9) for entry in BOTH.entries))
    found = judge(now, before).verdicts[COUNT]
    assert (found.status, found.level) == (Status.BETTER, Level.INSUFFICIENT)
    assert found.more == "a run of the same tests as in the baseline"


def test_a_regression_is_found_beside_a_removed_test() -> None:
    """Together both tests had waited more often before."""
    now = trace(ONE, a=(COUNT, 400, 400, {"TestOld": (400, 400)}))
    found = judge(now, BOTH)
    assert found.flagged == {COUNT}
    assert found.verdicts[COUNT].before == pytest.approx(110)


def test_base_traces_lack_a_test_that_the_run_added_or_removed() -> None:
    empty = Part((), {})
    base = trace(TWO, a=(COUNT, 1100, 1100, {"TestOld": (100, 100), "TestNew": (1000, 1000)}))
    same = trace(ONE, a=(COUNT, 100, 100, {"TestOld": (100, 100)}))
    worse = trace(ONE, a=(COUNT, 300, 300, {"TestOld": (300, 300)}))
    assert judge(same, empty, base).verdicts[COUNT].status is Status.KNOWN
    assert judge(worse, empty, base).verdicts[COUNT].status is Status.WORSE
    assert judge(base, empty, same).verdicts[COUNT].status is Status.KNOWN


def test_without_shares_in_the_file_a_missing_test_decides_nothing() -> None:
    """A file of an older schema does not tell what belongs to a test."""
    found = judge(trace(ONE, a=(COUNT, 100, 100, {"TestOld": (100, 100)})), part(TWO, {COUNT: 1100}, {}))
    assert (found.verdicts[COUNT].status, found.verdicts[COUNT].level) == (Status.BETTER, Level.INSUFFICIENT)


def test_a_test_that_waits_for_the_first_time_is_not_new() -> None:
    """A trace names no test that never waits. As many tests ran as before, so it must have been there."""
    before = replace(OLD, entries=tuple(replace(entry, tests=2) for entry in OLD.entries))
    found = judge(trace(TWO, a=(COUNT, 500, 500, {"TestOld": (100, 100), "TestNew": (400, 400)})), before)
    assert found.verdicts[COUNT].level is Level.CONFIRMED
    assert found.flagged == {COUNT}


def test_a_test_that_only_one_job_names_is_not_missing() -> None:
    """A trace names a test that never waits by chance. This must not hide what another one does for the first time."""
    entries = [replace(entry, tests=3) for entry in OLD.entries]
    entries[-1] = replace(entries[-1], work=(("TestOld", 1), ("TestQuick", 1)))
    before = replace(OLD, entries=tuple(entries), work=("TestOld", "TestQuick"))
    now = trace(TWO, a=(COUNT, 500, 500, {"TestOld": (100, 100), "TestNew": (400, 400)}))._replace(ran=3)
    assert judge(now, before).flagged == {COUNT}
    both = tuple(replace(entry, work=entries[-1].work) for entry in entries)
    replaced = judge(now, replace(before, entries=both))
    assert not replaced.flagged
    assert any("this run shows nothing of TestQuick" in line for line in replaced.warnings)


def test_a_test_that_does_not_wait_this_time_is_not_missing() -> None:
    now = trace(ONE, a=(COUNT, 110, 110, {"TestOld": (110, 110)}))._replace(ran=2)
    found = judge(now, BOTH)
    assert found.verdicts[COUNT].status is Status.BETTER
    assert found.verdicts[COUNT].level is Level.CONFIRMED
    assert not any("TestNew" in line for line in found.warnings)


def test_a_higher_count_is_no_regression() -> None:
    """Each test ran twice, and did as much as before each time."""
    twice = {"TestOld": (200, 200)}
    now = trace({"TestOld": 2}, a=(COUNT, 200, 200, twice), b=(TIME, 200, 40 * MS, twice), c=(WHOLE, 1, 19_000_000, {}))
    found = judge(now, OLD)
    assert not found.flagged
    assert any(f"2{TIMES} the work of its reference (runs of each test)" in line for line in found.warnings)
    more = judge(trace({"TestOld": 2}, a=(COUNT, 400, 400, {"TestOld": (400, 400)})), OLD)
    assert (more.flagged, more.verdicts[COUNT].before) == ({COUNT}, 200)
    assert more.verdicts[COUNT].evidence.endswith(
        f"; the reference scaled by 2{TIMES} for as many runs of each test (confirmed)"
    )


def test_a_lower_count_shrinks_counts_only() -> None:
    before = part({"TestOld": 2}, {COUNT: 200, TIME: 40 * MS, WHOLE: 20_000_000}, {COUNT: {"TestOld": 1.0}})
    now = trace(
        ONE, a=(COUNT, 100, 100, {"TestOld": (100, 100)}), b=(TIME, 1, 8 * MS, {}), c=(WHOLE, 1, 10_000_000, {})
    )
    found = judge(now, before)
    assert found.verdicts[COUNT].status is Status.KNOWN
    assert {found.verdicts[key].level for key in (TIME, WHOLE)} == {Level.INSUFFICIENT}
    worse = judge(trace(ONE, a=(COUNT, 210, 210, {"TestOld": (210, 210)})), before)
    assert worse.flagged == {COUNT}


@pytest.mark.parametrize(
    ("before", "now", "waits", "flagged"),
    [
        ({"task order": 100}, {"task order": 300}, 300, False),
        ({"task order": 100}, {"task order": 300}, 600, True),
        # one more query per order is not more work
        ({"region handle": 100, "region query": 100}, {"region handle": 100, "region query": 2000}, 2000, True),
        # too few to tell
        ({"task start": 1}, {"task start": 3}, 300, True),
        # as good as the same
        ({"task order": 100}, {"task order": 105}, 210, True),
        ({"task order": 100}, {}, 300, True),
    ],
)
def test_counts_are_compared_per_task_or_region(
    before: dict[str, int], now: dict[str, int], waits: int, flagged: bool
) -> None:
    found = judge(trace(now, a=(COUNT, waits, waits, {})), part(before, {COUNT: 100}, {}))
    assert (found.verdicts[COUNT].status is Status.WORSE) is flagged


@pytest.mark.parametrize(
    ("jobs", "bases", "level"),
    [(1, 0, Level.SUSPECTED), (2, 0, Level.CONFIRMED), (1, 2, Level.CONFIRMED), (0, 1, Level.SUSPECTED)],
)
def test_two_jobs_or_base_traces_and_three_traces_confirm_a_count(jobs: int, bases: int, level: Level) -> None:
    now, base = trace({}, a=(COUNT, 900, 900, {})), trace({}, a=(COUNT, 100, 100, {}))
    before = part({}, {COUNT: 100}, {}, jobs) if jobs else Part((), {})
    found = compare([now] * 3, before, "b.json", LIMITS, base=[base] * bases)
    assert (found.verdicts[COUNT].status, found.verdicts[COUNT].level) == (Status.WORSE, level)
    assert bool(found.verdicts[COUNT].more) is (level is Level.SUSPECTED)
    alone = compare([now], before, "b.json", LIMITS, base=[base] * bases).verdicts[COUNT]
    assert alone.level is Level.SUSPECTED


@pytest.mark.parametrize(
    ("past", "now", "status"),
    [
        ([8, 8, 8], 1, Status.WORSE),
        ([4, 4], 1, Status.WORSE),
        ([4, 4], 2, Status.KNOWN),
        ([8, 8, 8], 27, Status.WORSE),
        ([8, 8, 8], 26, Status.KNOWN),
        # a peak that varies by itself
        ([3, 20, 9], 1, Status.KNOWN),
        # without the group there is nothing to compare
        ([8, 8, 8], 0, Status.KNOWN),
        ([0, 0], 8, Status.KNOWN),
    ],
)
def test_fewer_or_more_at_once_is_worse(past: list[float], now: int, status: Status) -> None:
    before = part({}, {PEAK: 1}, {}, len(past))
    before = replace(before, groups={PEAK: Group("count", tuple(past))})
    traces = trace({}, a=(PEAK, 100, now, {})) if now else trace({})
    verdict = judge(traces, before).verdicts[PEAK]
    assert verdict.status is status
    if now == 1 and status is Status.WORSE:
        assert "goroutines at once" in verdict.evidence
        assert f"below the lowest of {len(past)} baseline jobs in 3 of 3 traces (confirmed)" in verdict.evidence


@pytest.mark.parametrize(
    ("events", "now_ms", "status"),
    [
        (1, 40, Status.KNOWN),
        (1, 41, Status.WORSE),
        # all together are more than 20 ms longer
        (10, 22, Status.KNOWN),
        (10, 23, Status.WORSE),
        # but at least 1 ms each
        (1000, 21, Status.KNOWN),
        (1000, 22, Status.WORSE),
        (1, 1, Status.KNOWN),
    ],
)
def test_the_time_of_one_event_grows_by_a_floor_for_all_events(events: int, now_ms: int, status: Status) -> None:
    verdict = judge(trace({}, a=(EACH, events, now_ms * MS, {})), part({}, {EACH: 10 * MS}, {})).verdicts[EACH]
    assert verdict.status is status
    assert verdict.level is Level.CONFIRMED
