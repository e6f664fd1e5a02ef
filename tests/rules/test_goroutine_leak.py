"""GoroutineLeak: which goroutines were left waiting, and how one leak stays one finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.goroutines import MOMENT_NS, Alive
from gotracer_ci.analysis.stacks import Stack
from gotracer_ci.findings import Severity, Share
from gotracer_ci.rules.merge import measure
from gotracer_ci.rules.registry import select
from gotracer_ci.rules.rule import Rule
from tests.conftest import NAMES, described, facts_of, findings, measured
from tests.rules.real import RULES, has_line, of_rule

RULE = RULES["GoroutineLeak"]
GROWTH = RULES["GoroutineLeakGrowth"]


def left(facts: Facts) -> dict[str, int]:
    """Return how many goroutines each place left."""
    return {found.key.place: found.statistics.total for found in RULE.run(facts)}


def with_alive(facts: Facts, alive: Sequence[Alive], *, is_over: bool = True) -> Facts:
    return facts._replace(goroutines=facts.goroutines._replace(alive=tuple(alive), is_over=is_over))


def created_in(name: str) -> list[Alive]:
    return [group for group in facts_of(name).goroutines.alive if group.created]


@pytest.mark.parametrize(
    ("name", "place", "count", "line"),
    [
        ("smallgrowth-go1.25", "main.main", 3, "for job := range jobs {"),
        ("smallgrowth-seven-go1.26", "main.main", 7, "for job := range jobs {"),
        ("tour-go1.19", "main.forever", 2, "select {}"),
        ("tour-go1.27", "main.forever", 2, "select {}"),
        ("waits-go1.27", "main.coroutines", 1, "iter.Pull(numbers())"),
    ],
)
def test_what_is_left_is_shown_where_it_waits(name: str, place: str, count: int, line: str) -> None:
    """Neither both halves of the trace nor a number of twenty is needed, and alone it does not fail a run."""
    (finding,) = of_rule(name, RULE.name)
    assert (finding.key.place, finding.statistics.total) == (place, count)
    assert finding.severity is Severity.INFO
    assert finding.message.startswith(f"{count} goroutine{'s' if count > 1 else ''} left, ")
    assert has_line(finding, f"{name.split('-')[0]}/{'coroutines' if count == 1 else 'main'}.go", line)


def test_a_message_names_the_wait_and_the_creator() -> None:
    facts = facts_of("service-leak-go1.27")
    (found,) = RULE.run(facts)
    finding = described(facts, found)
    assert finding.message == (
        "40 goroutines left, blocked in chan send at main.(*service).startAudit.func1, created by "
        "main.(*service).startAudit"
    )
    assert finding.detail.startswith("40 blocked in chan send at main.(*service).startAudit.func1 (service/main.go:87)")


def test_an_unread_body_is_named() -> None:
    """Both goroutines of a connection are in package net/http: the finding is at the code that fetched."""
    facts = facts_of("connections-go1.27")
    (found,) = RULE.run(facts)
    finding = described(facts, found)
    assert (found.key.place, found.statistics.total) == ("main.fetch", 48)
    assert has_line(finding, "connections/main.go", "Get(")
    assert "a response body that was neither closed nor read to its end" in finding.detail


def test_an_idle_connection_is_not_left() -> None:
    """Its reader waits for the network, and its writer in a select beside it; then one body is not closed."""
    facts = facts_of("connections-go1.27")
    alive = created_in("connections-go1.27")
    idle = [replace(group, doing="network") if "readLoop" in group.entry else group for group in alive]
    assert left(with_alive(facts, idle)) == {}
    one = replace(alive[0], count=1, created=1, settled=1)
    assert "readLoop" in one.entry or "writeLoop" in one.entry
    assert left(with_alive(facts, [*idle, one])) == {"main.fetch": 1}


@pytest.mark.parametrize("name", NAMES)
def test_a_place_has_one_finding_about_its_goroutines(name: str) -> None:
    places = [f.key.place for f in findings(name) if f.key.rule in (RULE.name, GROWTH.name)]
    assert len(places) == len(set(places))


def test_the_more_severe_of_two_findings_stays() -> None:
    name = "leak-go1.27"
    assert [f.key.rule for f in findings(name) if f.severity is Severity.WARN] == [GROWTH.name]
    rules = select([], [], {"GoroutineLeak.error": "1"})
    strict = [found for found in measure(rules, facts_of(name)) if found.severity > Severity.INFO]
    assert [(found.key.rule, found.severity) for found in strict] == [(RULE.name, Severity.ERROR)]


def test_goroutines_that_wait_for_a_lock_are_the_locks_finding() -> None:
    assert [f.key.rule for f in findings("deadlock-go1.27")] == ["MutexContention"]
    (found,) = (found for found in measured("deadlock-go1.27") if found.key.rule == RULE.name)
    assert (found.severity, found.statistics.total) == (Severity.NONE, 5)


@pytest.mark.parametrize("name", ["hang-go1.27", "standstill-go1.27"])
def test_a_timeout_and_a_deadlock_are_no_leaks(name: str) -> None:
    assert created_in(name)
    assert left(facts_of(name)) == {}


def test_a_short_wait_counts_only_when_everything_is_over() -> None:
    """Not if another goroutine still runs, or in the middle of a service's requests."""
    facts = facts_of("smallgrowth-go1.25")
    (group,) = created_in("smallgrowth-go1.25")
    fresh = replace(group, settled=0)
    runs = replace(group, doing="running", count=1, settled=0)
    assert left(with_alive(facts, [fresh])) == {"main.main": 3}
    assert left(with_alive(facts, [fresh, runs])) == {}
    assert left(with_alive(facts, [replace(group, settled=2), runs])) == {"main.main": 2}
    assert left(with_alive(facts, [fresh], is_over=False)) == {}
    assert left(with_alive(facts, [fresh, replace(runs, doing="syscall", settled=1)])) == {"main.main": 3}


@pytest.mark.parametrize("rule", [RULE, GROWTH])
def test_a_function_and_its_closures_are_one_place(rule: Rule) -> None:
    """Which of several goroutines at a channel is left depends on which was faster."""
    (group,) = created_in("smallgrowth-go1.25")
    assert group.creator.place == group.place == "main.main.func"
    outside = replace(group, count=1, creator=Stack((group.creator.frames[0]._replace(function="main.main"),)))
    mixed = with_alive(facts_of("smallgrowth-go1.25"), [group, outside])
    assert [(found.key.place, found.statistics.total) for found in rule.run(mixed)] == [("main.main", 4)]


@pytest.mark.parametrize("doing", ["network", "sleep", "running", "runnable", "syscall"])
def test_who_waits_for_no_goroutine_is_not_left(doing: str) -> None:
    (group,) = created_in("smallgrowth-go1.25")
    facts = facts_of("smallgrowth-go1.25")
    assert left(with_alive(facts, [replace(group, doing=doing)])) == {}
    assert left(with_alive(facts, [replace(group, entry="testing.tRunner")])) == {}
    assert left(with_alive(facts, [replace(group, created=0)])) == {}


def test_settled_goroutines_have_waited_long_enough() -> None:
    facts = facts_of("leak-go1.27")
    end = facts.start_ns + facts.duration_ns
    assert facts.goroutines.is_over
    for group in facts.goroutines.alive:
        assert 0 <= group.settled <= group.count
        assert (group.settled == group.count) == (end - group.last_ns >= MOMENT_NS)
        assert (group.settled > 0) == (end - group.since_ns >= MOMENT_NS)
    assert not facts_of("standstill-go1.27").goroutines.is_over


def test_goroutines_belong_to_the_test_that_led_to_them() -> None:
    """Also those of a subtest, and those that the test's helpers created."""
    facts = facts_of("hang-go1.27")
    own = [group for group in facts.goroutines.alive if group.stack.own]
    assert {group.stack.place.rpartition(".")[2]: group.test for group in own} == {
        "drain": "TestDrain",
        "swap": "TestPairs",
    }
    swaps = [group for group in facts.goroutines.alive if group.entry.endswith("swap")]
    two = [replace(group, test=test) for group in swaps for test in ("TestPairs", "TestMore", "")]
    (found,) = RULE.run(with_alive(facts, two))
    assert found.by_test == {"TestPairs": Share(1, 1), "TestMore": Share(1, 1)}
    assert found.statistics.total == 3
