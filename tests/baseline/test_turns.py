"""A leak that is at one place in one trace and at another in the next."""

from __future__ import annotations

from collections.abc import Mapping

from gotracer_ci.baseline.causes import linked
from gotracer_ci.baseline.compare import compare
from gotracer_ci.baseline.measurements import Conditions, TraceGroups
from gotracer_ci.baseline.records import Part
from gotracer_ci.baseline.update import update
from gotracer_ci.baseline.verdicts import Level, Status, Verdict
from gotracer_ci.findings import Key, Statistics
from gotracer_ci.limits import MS
from tests.conftest import LIMITS

SECOND = 1000 * MS


def trace(**left: int) -> TraceGroups:
    """Return a trace with these goroutines left at its end, by the function that created them."""
    groups = {
        Key("GoroutineLeak", "goroutines left", f"main.{place}"): Statistics("count", n, n, n, n)
        for place, n in left.items()
    }
    return TraceGroups(Conditions("1.26", 4), SECOND, groups)


def baseline(*jobs: Mapping[str, int]) -> Part:
    part = Part((), {})
    for number, left in enumerate(jobs):
        part = update(part, [trace(**left)], f"job {number}", "", LIMITS)
    return part


def regressions(
    *now: Mapping[str, int], jobs: Part | None = None, base: tuple[Mapping[str, int], ...] = ()
) -> list[Verdict]:
    traces = [trace(**left) for left in now]
    compared = compare(traces, jobs or Part((), {}), "b.json", LIMITS, base=[trace(**left) for left in base])
    found = {**compared.verdicts, **linked(compared.verdicts, traces, LIMITS)}
    return [verdict for verdict in found.values() if verdict.flagged]


def test_whichever_function_comes_first_leaves_the_goroutine() -> None:
    """The place that has it most often is named first, and the others with it."""
    jobs = baseline({"cache": 2}, {"cache": 2})
    (found,) = regressions({"cache": 2, "read": 1}, {"cache": 2, "write": 1}, {"cache": 2, "read": 1}, jobs=jobs)
    assert (found.key.place, found.status, found.level) == ("main.read", Status.NEW, Level.CONFIRMED)
    assert found.evidence == (
        "0 → 1 goroutines, above the highest of 2 baseline jobs in 3 of 3 traces (confirmed); counted together with "
        "main.write, because it is not always the same"
    )


def test_base_traces_show_it_too() -> None:
    (found,) = regressions({"read": 3}, {"read": 1, "write": 2}, {"write": 3}, base=({"read": 1}, {"read": 1}))
    assert (found.status, found.level, found.now, found.before) == (Status.WORSE, Level.CONFIRMED, (3, 3, 3), 1)


def test_a_leak_that_was_there_before_may_take_turns() -> None:
    """All places together have no more than in a job, wherever they are."""
    jobs = baseline({"read": 1}, {"read": 1})
    assert not regressions({"write": 1}, {"close": 1}, {"read": 1}, jobs=jobs)
    assert not regressions({"write": 1}, {"close": 1}, {"write": 1}, jobs=jobs)
    assert not regressions({"write": 1}, {"close": 1}, {"write": 1}, base=({"read": 1},))


def test_one_trace_without_it_is_enough_for_silence() -> None:
    assert not regressions({"read": 1}, {}, {"write": 1}, jobs=baseline({"cache": 2}, {"cache": 2}))


def test_a_renamed_function_whose_leak_the_references_have_only_at_times() -> None:
    """A goroutine with a ticker is caught at work at the end of some traces, and waiting at the end of others."""
    none, at_times = {"other": 1}, {"old": 1, "other": 1}
    now = ({"new": 1, "other": 1},) * 3
    assert regressions(*now, base=(none, at_times, none)) == []
    assert regressions(*now, jobs=baseline(none, at_times, none)) == []
    assert [one.key.place for one in regressions(*now, base=(none, none, none))] == ["main.new"]
    assert [one.key.place for one in regressions(*({"new": 2},) * 3, base=(none, at_times, none))] == ["main.new"]


def test_a_renamed_leak_that_only_some_traces_of_the_run_have_is_not_fixed() -> None:
    compared = compare(
        [trace(new=0), trace(new=1), trace(new=1)], Part((), {}), "b.json", LIMITS, base=[trace(old=1)] * 3
    )
    assert {key.place: verdict.status for key, verdict in compared.verdicts.items()} == {
        "main.old": Status.KNOWN,
        "main.new": Status.KNOWN,
    }
    compared = compare([trace(other=0)] * 3, Part((), {}), "b.json", LIMITS, base=[trace(old=1)] * 3)
    assert compared.verdicts[Key("GoroutineLeak", "goroutines left", "main.old")].status is Status.FIXED
