"""The criteria besides totals: the number of waits, and medians compared with base traces of the same job."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gotracer_ci.baseline.compare import compare
from gotracer_ci.baseline.measurements import TraceGroups
from gotracer_ci.baseline.records import Group, Part
from gotracer_ci.baseline.verdicts import Level, Status, Verdict
from gotracer_ci.findings import Key
from gotracer_ci.limits import MS
from tests.baseline.test_base import NO_FILE
from tests.baseline.test_compare import GOROUTINES, LOCK, base, run
from tests.conftest import LIMITS

LATENCY = Key("HighSchedulingLatency", "preempted", "main.spin")
Waits = Sequence[tuple[float, int]]
"""For each trace or job the total in ms and the number of waits."""


def traces(waits: Waits, key: Key = LOCK) -> list[TraceGroups]:
    return [trace for ms, n in waits for trace in run(key, ms, n=n)]


def part(waits: Waits, key: Key = LOCK) -> Part:
    if not waits:
        return NO_FILE
    values, counts = tuple(float(ms * MS) for ms, _ in waits), tuple(n for _, n in waits)
    return Part(base(key, *[1] * len(waits)).entries, {key: Group("ns", values, counts)})


def judged(now: Waits, jobs: Waits, of_base: Waits = (), key: Key = LOCK) -> Verdict:
    return compare(traces(now, key), part(jobs, key), "b.json", LIMITS, base=traces(of_base, key)).verdicts[key]


def plain(text: str) -> str:
    return text.replace("\N{EN DASH}", "-").replace("\N{MULTIPLICATION SIGN}", "x")


@pytest.mark.parametrize("key", [LOCK, LATENCY])
@pytest.mark.parametrize(
    ("now", "jobs", "of_base", "status"),
    [
        # limit 1.5 x 100 + 50, for the lowest trace of the run
        ([(110, 201)] * 3, [(100, 100)] * 5, [], Status.WORSE),
        ([(110, 200)] * 3, [(100, 100)] * 5, [], Status.KNOWN),
        ([(110, 900), (110, 200), (110, 900)], [(100, 100)] * 5, [], Status.KNOWN),
        ([(110, 201)] * 3, [(100, 100)] * 4 + [(100, 101)], [], Status.KNOWN),
        # of many jobs the second highest counts
        ([(110, 201)] * 3, [(100, 100)] * 7 + [(100, 900)], [], Status.WORSE),
        # too few jobs, unless the base confirms it
        ([(110, 201)] * 3, [(100, 100)] * 4, [], Status.KNOWN),
        ([(110, 201)] * 3, [(100, 100)], [(100, 100)] * 3, Status.WORSE),
        ([(110, 201)] * 3, [(100, 100)], [(100, 100)] * 2, Status.KNOWN),
        ([(110, 201)] * 3, [], [(100, 100)] * 3, Status.WORSE),
        # above one of the two references
        ([(110, 201)] * 3, [(100, 100)] * 5, [(100, 100), (100, 180), (100, 100)], Status.KNOWN),
        ([(110, 201)] * 3, [(100, 150)], [(100, 100)] * 3, Status.KNOWN),
        # more waits with the same total
        ([(99, 900)] * 3, [(100, 100)] * 5, [], Status.KNOWN),
        # a group that did not exist, or was too small for the file
        ([(5.1, 51)] * 3, [(0, 0)] * 5, [], Status.NEW),
        ([(5, 900)] * 3, [(0, 0)] * 5, [], Status.KNOWN),
    ],
)
def test_status_by_number(key: Key, now: Waits, jobs: Waits, of_base: Waits, status: Status) -> None:
    assert judged(now, jobs, of_base, key).status is status


def test_a_verdict_by_number_shows_numbers() -> None:
    verdict = judged([(110, 880), (150, 900), (90, 910)], [(100, n) for n in (200, 210, 220, 210, 205)])
    assert (verdict.level, verdict.unit, verdict.before, verdict.limit) == (Level.SUSPECTED, "count", 210, 380)
    assert verdict.now == (880, 900, 910)
    assert verdict.history == (200, 210, 220, 210, 205)
    assert plain(verdict.evidence) == (
        "210 (200-220) → 880-910 waits, 4.29x, waited more often than in any of the 5 baseline jobs in 3 of 3 traces "
        "(suspected)"
    )
    assert verdict.more.startswith("nothing")


def test_numbers_that_are_as_high_in_the_base_are_not_from_this_change() -> None:
    verdict = judged([(110, 900)] * 3, [(100, 100)] * 5, [(100, 880)] * 3)
    assert (verdict.status, verdict.is_older) == (Status.KNOWN, True)
    assert plain(verdict.evidence) == (
        "100 → 900 waits, 9x, waited more often than in any of the 5 baseline jobs in 3 of 3 traces; 880 waits in the "
        "base traces of this job (not caused by this change)"
    )


BASE = [(200, 190), (210, 200), (600, 150)]


@pytest.mark.parametrize(
    ("now", "jobs", "of_base", "status"),
    [
        # above 1.5 x 210 + 5 ms and 1.2 x 190 + 10 by the medians, although the lowest is below the base's highest
        ([(321, 239), (700, 300), (150, 100)], [], BASE, Status.WORSE),
        ([(320, 239), (700, 300), (150, 100)], [], BASE, Status.KNOWN),
        ([(321, 238), (700, 300), (150, 100)], [], BASE, Status.KNOWN),
        # of the file only the number counts: 1.1 x 208 + 10
        ([(321, 239), (700, 300), (150, 100)], [(900, 208)], BASE, Status.WORSE),
        ([(321, 239), (700, 300), (150, 100)], [(10, 209)], BASE, Status.KNOWN),
        # needs three of each
        ([(321, 239), (700, 300)], [], BASE, Status.KNOWN),
        ([(321, 239), (700, 300), (150, 100)], [], BASE[::2], Status.KNOWN),
    ],
)
def test_medians_against_the_base(now: Waits, jobs: Waits, of_base: Waits, status: Status) -> None:
    assert judged(now, jobs, of_base).status is status
    assert judged(now, jobs, of_base, LATENCY).status is Status.KNOWN


def test_a_verdict_by_medians_shows_the_base() -> None:
    verdict = judged([(597, 330), (700, 340), (200, 300)], [(900, 200)], [(200, 180), (205, 190), (650, 200)])
    assert (verdict.status, verdict.level, verdict.unit) == (Status.WORSE, Level.SUSPECTED, "ns")
    assert (verdict.before, verdict.limit) == (205 * MS, 312.5 * MS)
    assert plain(verdict.evidence) == (
        "205 ms (200-650 ms) → 200-700 ms, 2.91x, 190 → 330 waits, the median of 3 traces above that of 3 base traces "
        "(suspected)"
    )


def test_a_counter_is_compared_only_by_its_value() -> None:
    (verdict,) = compare(run(GOROUTINES, 10, n=900), base(GOROUTINES, *[10] * 5), "b.json", LIMITS).verdicts.values()
    assert (verdict.status, verdict.unit) == (Status.KNOWN, "count")


@pytest.mark.parametrize(
    ("rule", "level"), [("BlockedOnSyscall", Level.SUSPECTED), ("MutexContention", Level.CONFIRMED)]
)
def test_a_longer_total_of_known_system_calls_is_only_suspected(rule: str, level: Level) -> None:
    key = LOCK._replace(rule=rule)
    longer = judged([(200, 100)] * 3, [(100, 100)] * 5, key=key)
    assert (longer.status, longer.level) == (Status.WORSE, level)
    new = judged([(200, 100)] * 3, [(0, 0)] * 5, key=key)
    assert (new.status, new.level) == (Status.NEW, Level.CONFIRMED)
