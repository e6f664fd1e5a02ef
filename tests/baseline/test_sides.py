"""Two sets of traces: each direction is the mirror of the other, on all recorded runs and at the limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from gotracer_ci.baseline import sides
from gotracer_ci.baseline.measurements import Candidate, TraceGroups
from gotracer_ci.baseline.verdicts import Level, Status, Verdict
from gotracer_ci.errors import UsageError
from gotracer_ci.findings import Key
from gotracer_ci.limits import MB
from tests.baseline.test_compare import ALLOCATED, GOROUTINES, LOCK, run
from tests.conftest import LIMITS
from tests.noise import data
from tests.noise.programs import NOISE

MIRRORED = {Status.NEW: Status.FIXED, Status.WORSE: Status.BETTER}
HARMLESS = {"added", "count2", "faster", "renamed"}
BASELINE = "a baseline of several jobs (gotracer-ci analyze --baseline)"
BOTH_WAYS = "ConcurrencyChange"
"""The rule that calls both directions worse."""
DASH, TIMES = "\N{EN DASH}", "\N{MULTIPLICATION SIGN}"


def compared(base: list[TraceGroups], head: list[TraceGroups]) -> dict[Key, Verdict]:
    found = sides.judge(Candidate({"": head}, {"": ()}, {rule for rule, _ in LIMITS}, LIMITS, {"": base}, True))
    assert found.comparison
    return found.comparison.verdicts


def judged(verdicts: dict[Key, Verdict], *statuses: Status) -> dict[Key, tuple[Status, Level, str]]:
    return {
        key: (verdict.status, verdict.level, verdict.cause)
        for key, verdict in verdicts.items()
        if verdict.status in statuses and verdict.level in (Level.CONFIRMED, Level.SUSPECTED) and key.rule != BOTH_WAYS
    }


@pytest.mark.parametrize("path", sorted(NOISE.glob("*.jsonl.xz")), ids=lambda path: path.name.partition(".")[0])
def test_swapped_sides_are_mirrored(path: Path) -> None:
    """With three traces of each side and with one, unchanged and changed; a side does not differ from itself."""
    recorded = data.load(path)
    job = recorded.jobs[0]
    base = recorded.traces(job, data.BASE)
    changes = sorted({one.run for one in recorded.runs if one.job == job} - {data.BASE})
    for name in changes[:3]:
        head = recorded.traces(job, name)
        found = [*mirrored(base, head), *mirrored(base[:1], head[:1])]
        assert found or name == data.UNCHANGED or name in HARMLESS
    assert mirrored(base, base) == mirrored(head, head) == {}


def mirrored(base: list[TraceGroups], head: list[TraceGroups]) -> dict[Key, tuple[Status, Level, str]]:
    """Return what changed, after checking that the other direction has the mirror of it."""
    there, back = compared(base, head), compared(head, base)
    worse, better = (judged(there, *statuses) for statuses in (MIRRORED.keys(), MIRRORED.values()))
    assert judged(back, *MIRRORED.values()) == {key: (MIRRORED[one[0]], *one[1:]) for key, one in worse.items()}
    assert judged(there, *MIRRORED.values()) == {
        key: (MIRRORED[one[0]], *one[1:]) for key, one in judged(back, *MIRRORED.keys()).items()
    }
    return worse | better


@pytest.mark.parametrize(
    ("key", "base", "head", "status", "evidence", "more"),
    [
        (
            LOCK,
            [50, 60],
            [10, 10],
            Status.BETTER,
            f"50{DASH}60 ms → 10 ms, 0.182{TIMES}, below the lowest of 2 base traces in 2 of 2 traces (suspected)",
            BASELINE,
        ),
        (LOCK, [45], [0], Status.FIXED, "45 ms → 0 s, gone from 1 of 1 traces (suspected)", BASELINE),
        (
            LOCK,
            [9],
            [45],
            Status.WORSE,
            f"9 ms → 45 ms, 5{TIMES}, above the highest of 1 base trace in 1 of 1 traces (suspected)",
            BASELINE,
        ),
        (GOROUTINES, [40], [0], Status.FIXED, "40 → 0 goroutines, gone from 1 of 1 traces (confirmed)", ""),
        (
            ALLOCATED,
            [90 * MB],
            [9 * MB],
            Status.BETTER,
            f"90 MB → 9 MB, 0.1{TIMES}, below the lowest of 1 base trace in 1 of 1 traces (confirmed)",
            "",
        ),
        (ALLOCATED, [90 * MB], [89 * MB], Status.KNOWN, "not above the limit", ""),
    ],
)
def test_the_evidence_names_both_sides(
    key: Key, base: list[float], head: list[float], status: Status, evidence: str, more: str
) -> None:
    verdict = compared(run(key, *base), run(key, *head))[key]
    assert (verdict.status, verdict.evidence, verdict.more) == (status, evidence, more)


def test_sides_without_a_common_test_are_not_compared() -> None:
    """One common test is enough, and so is a trace whose tests are unknown."""
    one, other = (
        [trace._replace(tests=frozenset({name}), ran=1) for trace in run(LOCK, 9)] for name in ("TestA", "TestB")
    )
    with pytest.raises(
        UsageError, match=r"the base traces ran TestA, the head traces TestB; --counts and --profile show"
    ):
        compared(one, other)
    assert LOCK in compared(one, [*one, *other])
    assert LOCK in compared(run(LOCK, 9), other)
