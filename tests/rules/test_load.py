"""What a busy machine or the test runner causes does not fail a run that is compared with nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gotracer_ci.analysis.intervals import IntervalGroup, IntervalKind
from gotracer_ci.findings import Severity
from gotracer_ci.rules.busy_machine import is_busy
from tests.conftest import facts_of, findings, measured
from tests.rules.real import MS, MUTEX, RULES


@pytest.mark.parametrize("name", ["crowd-go1.22", "crowd-go1.27"])
def test_parallel_tests_that_wait_their_turn_are_no_finding(name: str) -> None:
    """They become runnable at once, and some wait for more than 30 ms."""
    waits = [group for group in facts_of(name).intervals if group.kind is IntervalKind.RUNNABLE]
    assert max(wait.worst[0].length_ns for wait in waits if "testing.(*T).Parallel" in wait.stack.functions) > 30 * MS
    assert max((finding.severity for finding in findings(name)), default=Severity.NONE) <= Severity.INFO
    queued = {m.key.place for m in measured(name) if m.key.rule == "HighSchedulingLatency" and m.severity}
    assert queued <= {"example.com/programs/crowd.spin", "example.com/programs/crowd.TestCrowd"}


def severity_of(rule: str, name: str, count: int, total_ns: int, reason: str = "unblocked") -> str:
    """Return the severity of a group of real waits, with another number, total and reason."""
    facts = facts_of(name)
    kinds = {"HighSchedulingLatency": IntervalKind.RUNNABLE, "MutexContention": IntervalKind.WAITING}
    kind = kinds.get(rule, IntervalKind.IDLE_P if rule == "ProcessorStarvation" else IntervalKind.MARK_ASSIST)
    (group, *_) = (g for g in facts.intervals if g.kind is kind and RULES[rule].select(g))  # type: ignore[attr-defined]
    worst = [group.worst[0]._replace(length_ns=min(total_ns, 200 * MS))] * min(count, 5)
    changed: IntervalGroup = replace(
        group, count=count, total_ns=total_ns, worst=worst, counts={1: count}, reason=reason
    )
    run = facts._replace(intervals=(changed,), duration_ns=1000 * MS)
    (found,) = (m for m in RULES[rule].run(run) if m.statistics.unit == "ns")
    return found.severity.label


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("HighSchedulingLatency", "schedlatency-go1.26"),
        ("ProcessorStarvation", "starvation-go1.27"),
        ("GCAssist", "markassist-go1.25"),
    ],
)
def test_few_waits_or_a_small_part_of_the_run_are_an_exception(rule: str, name: str) -> None:
    """At least five, and at least 5 % of the run. Above `error`, an exception is still shown."""
    assert severity_of(rule, name, 5, 150 * MS) == "error"
    assert severity_of(rule, name, 4, 150 * MS) == "info"
    assert severity_of(rule, name, 5, 50 * MS) != "info"
    little = severity_of(rule, name, 5, 49 * MS)
    assert little == ("none" if rule == "ProcessorStarvation" else "info")


def test_one_long_wait_among_short_ones_is_an_exception() -> None:
    """The `count` longest ones must be above a threshold; beyond the examples, the histogram tells."""
    facts = facts_of("schedlatency-go1.26")
    rule = RULES["HighSchedulingLatency"]
    errors = [m for m in rule.run(facts) if m.severity is Severity.ERROR]
    assert errors
    for found in errors:
        assert found.worst[4].length_ns >= 10 * MS
        few, all_of_them = (
            next(m.severity for m in rule.with_thresholds({"count": n}).run(facts) if m.key == found.key)
            for n in (6, found.statistics.count)
        )
        assert few is Severity.ERROR
        assert all_of_them is Severity.INFO


def test_a_single_long_wait_for_a_lock_is_an_error() -> None:
    """The program itself causes it: only a short one in a long run is an exception."""
    assert severity_of("MutexContention", "lockwait-go1.27", 1, 20 * MS, "sync") == "error"
    assert severity_of("MutexContention", "lockwait-go1.27", 1, 19 * MS, "sync") == "info"
    assert severity_of("MutexContention", "lockwait-go1.27", 1, 9 * MS, "sync") == "none"
    assert any(m.key.kind == MUTEX for m in measured("lockwait-go1.27"))


def test_a_preempted_goroutine_does_not_wait_for_its_turn() -> None:
    """It has just run for 10 ms."""
    assert severity_of("HighSchedulingLatency", "schedlatency-go1.26", 50, 900 * MS, "preempted") == "info"
    with pytest.raises(ValueError, match="unpack"):
        severity_of("ProcessorStarvation", "starvation-go1.27", 50, 900 * MS, "preempted")


@pytest.mark.parametrize(
    ("rule", "name"), [("HighSchedulingLatency", "schedlatency-go1.26"), ("GCAssist", "markassist-go1.21")]
)
def test_what_a_machine_without_a_free_cpu_causes_is_a_warning(rule: str, name: str) -> None:
    """The same waits, in a run where Ps stay idle for a while although goroutines are ready."""
    facts = facts_of(name)
    late = [g for g in facts_of("starvation-go1.27").intervals if g.kind is IntervalKind.IDLE_P]
    busy = facts._replace(intervals=(*facts.intervals, *late))
    often = busy._replace(duration_ns=60_000 * MS)
    assert [is_busy(run) for run in (facts, busy, often)] == [False, True, False]
    worst = [max(m.severity for m in RULES[rule].run(run) if m.statistics.unit == "ns") for run in (facts, busy)]
    assert worst == [Severity.ERROR, Severity.WARN]
