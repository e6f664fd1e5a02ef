"""How long single events take: quantiles with bounds, and the verdicts that they give."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gotracer_ci.analysis.histogram import bucket
from gotracer_ci.baseline.accept import accept
from gotracer_ci.baseline.causes import linked
from gotracer_ci.baseline.compare import compare
from gotracer_ci.baseline.measurements import Conditions, TraceGroups
from gotracer_ci.baseline.quantiles import FEWEST, bounds, highest, quantiles
from gotracer_ci.baseline.records import Baseline, Part
from gotracer_ci.baseline.update import update
from gotracer_ci.baseline.verdicts import NEEDED_JOBS, Level, Status, Verdict
from gotracer_ci.findings import Key, Statistics
from gotracer_ci.limits import CALLS, CPU, HOLDS, MS, SLEEPS, WAITS, Limit, Limits

LOCK = Key("LockHoldTimeGrowth", "held sync.(*Mutex).Lock", "main.add")
WAIT = Key("MutexContention", "sync.(*Mutex).Lock", "main.add")
CODE = [Key("CpuTimeGrowth", "running from sleep to sleep", f"main.{name}") for name in "abcdef"]
LIMITS: Limits = {("LockHoldTimeGrowth", ""): HOLDS, ("CpuTimeGrowth", ""): CPU, ("MutexContention", ""): WAITS}
US = 1_000


def histogram(lengths: Sequence[float]) -> dict[int, int]:
    found: dict[int, int] = {}
    for length in lengths:
        index = bucket(int(length))
        found[index] = found.get(index, 0) + 1
    return found


def lengths(ns: float, n: int, seed: int = 0) -> list[float]:
    """Return lengths as they are: hardly any shorter than `ns`, a tail of longer ones."""
    random = Random(seed)
    return [ns * (1 + random.expovariate(8)) for _ in range(n)]


def trace(times: dict[Key, Sequence[float]], wait_ns: int = 0, wall_ns: int = 1_000 * MS) -> TraceGroups:
    groups = {key: Statistics("each", len(found), int(min(found)), int(min(found)), 0) for key, found in times.items()}
    if wait_ns:
        groups[WAIT] = Statistics("ns", 50, wait_ns, wait_ns, 0)
    shapes = {key: histogram(found) for key, found in times.items()}
    return TraceGroups(Conditions("1.27", 4), wall_ns, groups, lengths=shapes)


def held(ns: float, n: int = 100, seed: int = 0, wait_ns: int = 0) -> list[TraceGroups]:
    return [trace({LOCK: lengths(ns, n, seed + i)}, wait_ns) for i in range(3)]


def file_of(*jobs: Sequence[TraceGroups]) -> Part:
    part: Part | None = None
    for number, job in enumerate(jobs):
        part = update(part, job, str(number), "", LIMITS)
    return part or Part((), {})


def judged(
    current: Sequence[TraceGroups],
    part: Part,
    base: Sequence[TraceGroups] = (),
    key: Key = LOCK,
    limits: Limits = LIMITS,
) -> Verdict:
    return compare(current, part, "b.json", limits, base=base).verdicts[key]


@given(st.lists(st.integers(0, 10**10), min_size=1, max_size=200), st.floats(0.01, 0.99))
def test_a_quantile_is_in_the_bucket_of_the_exact_one(values: list[int], q: float) -> None:
    (found,) = quantiles(histogram(values), (q,))
    below = sorted(values)[: max(1, -int(-q * len(values) // 1))][-1]
    assert bucket(int(found)) - bucket(below) in (-1, 0, 1)


@given(st.lists(st.floats(100, 1e9), min_size=FEWEST, max_size=300))
def test_bounds_surround_the_quantile(values: list[float]) -> None:
    found = bounds([histogram(values)], 0.1)
    assert found
    assert found.low <= found.usual <= found.high
    assert found.each == len(values)
    assert highest([histogram(values)], HOLDS) == highest([histogram(values)], CPU) == found.high


def test_varying_lengths_have_wider_bounds() -> None:
    random = Random(1)
    constant = bounds([histogram(lengths(MS, 200))], 0.1)
    varying = bounds([histogram([random.expovariate(1 / MS) for _ in range(200)])], 0.1)
    assert constant
    assert varying
    assert constant.high / constant.low < 1.1
    assert varying.high / varying.low > 2
    assert bounds([histogram(lengths(MS, FEWEST - 1))], 0.1) is None
    assert bounds([histogram(lengths(MS, FEWEST)), {}], 0.1) is None
    assert bounds([], 0.1) is None


def test_a_lock_that_is_held_for_longer_is_worse() -> None:
    part = file_of(*(held(MS * noise, seed=10 * i) for i, noise in enumerate((1, 0.98, 1.02))))
    same, worse = judged(held(MS, seed=99), part), judged(held(1.3 * MS, seed=99), part)
    assert (same.status, worse.status, worse.level) == (Status.KNOWN, Status.WORSE, Level.CONFIRMED)
    assert "(10th percentile), 1.29×, above the highest of 3 baseline jobs (confirmed)" in worse.evidence
    assert worse.history == part.groups[LOCK].values
    assert judged(held(0.7 * MS), part).status is Status.BETTER


def test_fewer_than_three_jobs_do_not_confirm_it() -> None:
    part = file_of(held(MS), held(MS, seed=5))
    worse = judged(held(1.3 * MS), part)
    assert (worse.status, worse.level) == (Status.WORSE, Level.SUSPECTED)
    assert worse.more == "3 traces of the base commit in the same job (--base)"
    assert judged(held(1.3 * MS), part, held(MS)).level is Level.CONFIRMED
    assert judged(held(1.3 * MS)[:1], part, held(MS)).more == "2 more traces of this change"


def test_base_traces_alone_confirm_it() -> None:
    assert judged(held(1.3 * MS), Part((), {}), held(MS)).level is Level.CONFIRMED
    assert judged(held(1.3 * MS), Part((), {}), held(MS)[:2]).level is Level.SUSPECTED


def test_what_the_base_has_too_is_older() -> None:
    found = judged(held(1.3 * MS, seed=4), file_of(*(held(MS, seed=i) for i in range(3))), held(1.3 * MS))
    assert (found.status, found.is_older) == (Status.KNOWN, True)
    assert "not caused by this change" in found.evidence


def test_a_new_lock_is_not_judged() -> None:
    """MutexContention shows it."""
    none = [trace({}) for _ in range(3)]
    assert judged(held(MS), file_of(none, none)).status is Status.KNOWN
    # two of five jobs have it
    part = file_of(none, held(MS), none, held(MS, seed=3), [trace({}, wall_ns=900 * MS)])
    assert judged(held(2 * MS), part).status is Status.KNOWN


def test_a_small_excess_is_not_worse() -> None:
    """100 holds of 10 µs more are 1 ms."""
    part = file_of(*(held(20 * US, seed=i) for i in range(5)))
    assert judged(held(30 * US), part).status is Status.KNOWN
    assert judged(held(30 * US, n=1000), file_of(*(held(20 * US, n=1000, seed=i) for i in range(5)))).flagged


def running(scale: float, slow: float = 1.0, only: int = len(CODE), seed: int = 0) -> list[TraceGroups]:
    """Return traces of a machine that is slower by `scale`; the first piece of code takes `slow` times as long."""
    return [
        trace(
            {
                key: lengths(scale * (slow if k == 0 else 1) * (k + 1) * MS, 100, seed + 10 * i + k)
                for k, key in enumerate(CODE[:only])
            }
        )
        for i in range(3)
    ]


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_the_speed_of_the_machine_does_not_count(scale: float) -> None:
    part = file_of(*(running(1, seed=100 * i) for i in range(3)))
    found = compare(running(scale, 1.4, seed=7), part, "b.json", LIMITS)
    assert {key for key, verdict in found.verdicts.items() if verdict.flagged} == {CODE[0]}
    assert found.verdicts[CODE[0]].level is Level.SUSPECTED
    assert not found.verdicts[CODE[0]].can_be_confirmed


def test_a_trace_that_a_neighbour_slowed_down_does_not_count() -> None:
    """Of each job the fastest trace counts, on both sides."""
    normal = running(1)
    part = file_of(*[[*running(1.4, seed=9)[:2], normal[0]] for _ in range(3)])
    assert not compare([*running(1.4, seed=20)[:2], normal[1]], part, "b.json", LIMITS).flagged
    assert compare(running(1, 1.4, seed=7), part, "b.json", LIMITS).flagged == {CODE[0]}


def test_a_slow_job_hides_no_slower_code() -> None:
    """A neighbour may slow a whole job down. The median of the jobs counts."""
    part = file_of(*(running(scale, seed=100 * i) for i, scale in enumerate((1, 1, 1.2, 1, 1))))
    found = compare(running(1, 1.3, seed=7), part, "b.json", LIMITS).verdicts[CODE[0]]
    assert found.flagged
    assert found.evidence.endswith("(10th percentile), 1.29×, above the median of 5 baseline jobs (suspected)")
    assert not compare(running(1.15, seed=7, only=3), part, "b.json", LIMITS).flagged


def test_code_that_calls_what_got_slower_is_not_the_machine() -> None:
    """Most pieces of code take longer by the same time, those that are longer anyway by a smaller part."""
    part = file_of(*(running(1, seed=100 * i) for i in range(3)))
    slower = [
        trace({key: lengths((k + 1) * MS + (k < 4) * MS, 100, 10 * i + k) for k, key in enumerate(CODE)})
        for i in range(3)
    ]
    assert compare(slower, part, "b.json", LIMITS).flagged == set(CODE[:4])


def test_pieces_of_code_at_one_place_add_up() -> None:
    """Each of three alone is longer by less than the floor of 20 ms."""
    there = [Key("CpuTimeGrowth", f"running from {what} to unblock", "main.a to main.show") for what in "xyz"]

    def traces(usual: float, keys: Sequence[Key]) -> list[TraceGroups]:
        others = {key: lengths(MS, 100, i) for i, key in enumerate(CODE[1:])}
        return [trace({**others, **{key: lengths(usual, 30, i) for key in keys}}) for i in range(3)]

    def flagged(keys: Sequence[Key]) -> set[Key]:
        part = file_of(*(traces(MS, keys) for _ in range(3)))
        return compare(traces(1.4 * MS, keys), part, "b.json", LIMITS).flagged

    assert flagged(there) == set(there)
    assert not flagged(there[:1])


def test_without_other_code_only_the_base_tells_the_speed() -> None:
    part = file_of(*(running(1, only=3, seed=100 * i) for i in range(3)))
    slow = running(1.5, only=3, seed=7)
    assert not compare(slow, part, "b.json", LIMITS).flagged
    assert compare(slow, part, "b.json", LIMITS, base=running(1, only=3)).flagged == set(CODE[:3])


def test_another_environment_is_not_compared() -> None:
    other = [one._replace(conditions=Conditions("1.26", 4)) for one in held(MS)]
    assert judged(held(2 * MS), file_of(other)).level is Level.INCONCLUSIVE


def test_one_cause_is_one_finding() -> None:
    """Who holds a lock for longer makes others wait for longer. The cause is the hold."""
    part = file_of(*(held(MS, seed=i, wait_ns=50 * MS) for i in range(5)))
    run = held(2 * MS, wait_ns=200 * MS)
    verdicts = compare(run, part, "b.json", LIMITS).verdicts
    assert {key for key, verdict in verdicts.items() if verdict.flagged} == {LOCK, WAIT}
    assert {key: verdict.cause for key, verdict in linked(verdicts, run, LIMITS).items()} == {WAIT: LOCK.fingerprint}


def test_medians_are_compared_with_base_traces() -> None:
    """Of varying lengths, the median has narrower bounds than the 10th percentile, but moves between jobs."""
    waits = Key("WaitTimeGrowth", "syscall", "main.read in main.load")
    limits: Limits = {("WaitTimeGrowth", ""): CALLS}
    random = Random(1)

    def reads(usual: float) -> list[TraceGroups]:
        return [trace({waits: [random.expovariate(1 / usual) for _ in range(600)]}) for _ in range(3)]

    part = update(None, reads(MS), "1", "", limits)
    assert judged(reads(1.4 * MS), part, key=waits, limits=limits).status is Status.KNOWN
    same, worse = (judged(reads(scale * MS), part, reads(MS), waits, limits) for scale in (1, 1.9))
    assert (same.status, worse.status, worse.level) == (Status.KNOWN, Status.WORSE, Level.SUSPECTED)
    assert "(median)" in worse.evidence
    assert worse.evidence.endswith("above the highest of 3 base traces (suspected)")


def test_a_value_for_base_traces_only_is_not_stored() -> None:
    limits: Limits = {("LockHoldTimeGrowth", ""): SLEEPS}
    part = update(None, held(MS), "1", "", limits)
    assert LOCK not in part.groups
    assert judged(held(2 * MS), part, limits=limits).status is Status.KNOWN
    worse = judged(held(2 * MS), part, held(MS), limits=limits)
    assert (worse.status, worse.level) == (Status.WORSE, Level.SUSPECTED)
    assert worse.more.startswith("nothing")


@pytest.mark.parametrize("limit", [HOLDS, CALLS])
def test_what_was_accepted_is_no_regression(limit: Limit) -> None:
    limits: Limits = {("LockHoldTimeGrowth", ""): limit}
    run, base = held(1.7 * MS), held(MS, seed=9)
    part = file_of(*(held(MS, seed=i) for i in range(3)))
    before = compare(run, part, "b.json", limits, base=base)
    assert before.flagged == {LOCK}
    after = accept(Baseline({"": part}), before, {"": run}, [(LOCK.fingerprint, "it must be")], limits)
    assert not compare(run, after.parts[""], "b.json", limits, base=base).flagged


def test_more_waiting_for_a_lock_that_is_held_no_longer_is_only_suspected() -> None:
    """A lock whose holds are unknown, or longer too, is sure."""
    jobs = file_of(*(held(MS, seed=10 * i, wait_ns=100 * MS) for i in range(NEEDED_JOBS)))

    def of_lock(now: Sequence[TraceGroups]) -> tuple[Status, Level]:
        verdict = judged(now, jobs, key=WAIT)
        return verdict.status, verdict.level

    same = judged(held(MS, seed=99, wait_ns=900 * MS), jobs, key=WAIT)
    assert (same.status, same.level) == (Status.WORSE, Level.SUSPECTED)
    assert same.evidence.endswith("in 3 of 3 traces (suspected)")
    assert same.more.startswith("nothing: the lock is held for no longer than before")
    assert of_lock(held(2 * MS, seed=99, wait_ns=900 * MS)) == (Status.WORSE, Level.CONFIRMED)
    assert of_lock(held(MS, n=FEWEST - 1, wait_ns=900 * MS)) == (Status.WORSE, Level.CONFIRMED)
