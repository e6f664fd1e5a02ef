"""GoroutineLeakGrowth: which goroutines count, from how many on, and where they belong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.goroutines import Alive
from gotracer_ci.findings import Severity
from tests.conftest import facts_of, findings, measured
from tests.rules.real import RULES, has_line, of_rule

RULE = RULES["GoroutineLeakGrowth"]


def created_in(name: str) -> list[Alive]:
    """Return the goroutines at the end that were created during the trace."""
    return [group for group in facts_of(name).goroutines.alive if group.created]


def with_goroutines(name: str, at_start: int, *groups: Alive) -> Facts:
    facts = facts_of(name)
    return facts._replace(goroutines=facts.goroutines._replace(alive=groups, at_start=at_start))


def severity_of(facts: Facts) -> str:
    (found,) = RULE.run(facts)
    return found.severity.label


def several(group: Alive, early: int, late: int) -> tuple[Alive, Alive]:
    """Return the group created so often in each half of the trace."""
    return replace(group, count=early, created=early, late=0), replace(group, count=late, created=late, late=late)


@pytest.mark.parametrize(("name", "created"), [("smallgrowth-go1.25", 3), ("smallgrowth-seven-go1.26", 7)])
def test_small_growth_is_not_a_leak(name: str, created: int) -> None:
    """Three or seven goroutines more than six are not a leak, whatever the percentage."""
    work = created_in(name)
    assert sum(group.created for group in work) == created
    assert sum(group.late for group in work) == created - len([n for n in range(created) if n < 4])  # each 60 ms of 480
    assert {finding.severity for finding in findings(name)} == {Severity.INFO}


@pytest.mark.parametrize(
    ("name", "place", "entry", "count", "waiting"),
    [
        ("leak-go1.21", "main.spawnWatcher", "main.(*subscription).watch", 150, "chan receive"),
        ("leak-go1.24", "main.spawnWatcher", "main.(*subscription).watch", 150, "chan receive"),
        ("leak-go1.27", "main.spawnWatcher", "main.(*subscription).watch", 150, "chan receive"),
        ("service-leak-go1.27", "main.(*service).startAudit", "main.(*service).startAudit.func1", 40, "chan send"),
    ],
)
def test_a_leak_names_the_creator_and_the_wait(name: str, place: str, entry: str, count: int, waiting: str) -> None:
    """The message has the creating function, the number, and what the goroutines are blocked on."""
    (finding,) = of_rule(name, RULE.name)
    assert finding.key.place == place
    assert finding.severity is Severity.WARN
    assert finding.statistics.total == count
    assert f"{count} goroutines created by {place} are" in finding.message
    assert f"{count} in {waiting} at" in finding.detail
    assert entry in finding.detail
    assert has_line(finding, f"{name.split('-')[0]}/main.go", "go ")


@pytest.mark.parametrize(
    ("early", "late", "at_start", "severity"),
    [
        # the number alone: few goroutines existed at the start
        (10, 9, 3, "none"),
        (10, 10, 3, "warn"),
        (50, 49, 19, "warn"),
        (250, 249, 3, "warn"),
        (250, 250, 3, "error"),
        # a percentage needs many
        (10, 10, 20, "error"),
        (10, 10, 80, "warn"),
        (10, 10, 81, "none"),
        (10, 9, 20, "none"),
        # a pool of workers that is started once: each half creates at least a tenth
        (135, 15, 20, "error"),
        (136, 14, 20, "none"),
        (14, 136, 20, "none"),
        (600, 0, 20, "none"),
    ],
)
def test_the_number_decides_and_where_there_are_many_the_percentage(
    early: int, late: int, at_start: int, severity: str
) -> None:
    group = created_in("leak-go1.27")[0]
    assert severity_of(with_goroutines("leak-go1.27", at_start, *several(group, early, late))) == severity


@pytest.mark.parametrize("name", ["connections-go1.21", "connections-go1.27"])
def test_a_librarys_goroutines_belong_to_the_own_code_that_led_to_them(name: str) -> None:
    """Their creator is a goroutine of the library, too, and has ended: fetch is in the stack that created that one."""
    (finding,) = of_rule(name, RULE.name)
    assert finding.key.place == "main.fetch"
    assert finding.severity is Severity.WARN
    assert finding.message.startswith("48 goroutines created by main.fetch through net/http.(*Transport).dialConn are ")
    assert "24 in select at net/http.(*persistConn).readLoop" in finding.detail
    assert has_line(finding, "connections/main.go", "client.Get(url)")


@pytest.mark.parametrize("name", ["connections-go1.21", "connections-go1.27"])
def test_idle_connections_are_no_leak(name: str) -> None:
    """A server has a goroutine for each: 24 of 1 that existed at the start say nothing."""
    (listen,) = (m for m in measured(name) if m.key.place == "main.listen" and m.key.rule == RULE.name)
    assert listen.statistics.total == 25
    assert listen.severity is Severity.NONE


@pytest.mark.parametrize(
    ("connections", "beside", "at_start", "severity"),
    [
        (49, 0, 20, "none"),
        (99, 0, 20, "none"),
        (100, 0, 20, "warn"),
        (2000, 0, 20, "warn"),
        (30, 30, 20, "none"),  # one reads and one waits to write
        (30, 60, 3, "none"),
        (10, 40, 3, "warn"),  # 20 of those in a select are beside no connection
        (0, 40, 3, "warn"),
    ],
)
def test_connections_count_with_their_number_and_never_as_an_error(
    connections: int, beside: int, at_start: int, severity: str
) -> None:
    name = "connections-go1.27"
    reading = next(g for g in created_in(name) if g.doing == "network" and "conn).serve" in g.entry)
    writing = replace(next(g for g in created_in(name) if "writeLoop" in g.entry), creator=reading.creator)
    groups = (
        *several(reading, connections - connections // 2, connections // 2),
        *several(writing, beside - beside // 2, beside // 2),
    )
    assert severity_of(with_goroutines(name, at_start, *groups)) == severity


@pytest.mark.parametrize("name", ["forever-go1.21", "forever-go1.27"])
def test_goroutines_that_wait_forever_are_no_pool(name: str) -> None:
    """They count although none was created in the second half."""
    (finding,) = of_rule(name, RULE.name)
    assert finding.key.place == "main.abandon"
    assert finding.severity is Severity.WARN
    assert finding.statistics.total == 240
    assert "120 blocked forever at main.abandon.func1" in finding.detail
    group = created_in(name)[0]
    assert severity_of(with_goroutines(name, 1, *several(group, 600, 0))) == "error"
    assert severity_of(with_goroutines(name, 1, *several(group, 19, 0))) == "none"
