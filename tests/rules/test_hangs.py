"""Tests that time out, and programs that stand still."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.findings import Key, Severity
from tests.conftest import NAMES, described, facts_of, findings
from tests.rules.real import MS, RULES, has_line, of_rule

TIMED_OUT = [name for name in NAMES if name.startswith("hang-")]
STANDING = [name for name in NAMES if name.startswith("standstill-")]
DEADLOCK, TIMEOUT = RULES["Deadlock"], RULES["TestTimeout"]
PACKAGE = "example.com/programs/hang"


@pytest.mark.parametrize("name", TIMED_OUT)
def test_a_timeout_is_an_error_at_each_blocked_test(name: str) -> None:
    found = {finding.key: finding for finding in of_rule(name, "TestTimeout")}
    drain = found.pop(Key("TestTimeout", "test timeout", f"{PACKAGE}.drain"))
    swap = found.pop(Key("TestTimeout", "test timeout", f"{PACKAGE}.(*pair).swap"))
    assert not found
    assert drain.message.startswith("test timed out after 1 s: TestDrain waited ")
    assert drain.message.endswith(" s in chan receive")
    assert swap.message.startswith("test timed out after 1 s: TestPairs waited ")
    assert swap.message.endswith(" ms in sync.(*Mutex).Lock")
    assert {drain.severity, swap.severity} == {Severity.ERROR}
    assert has_line(drain, "hang/hang.go", "range in")
    assert has_line(swap, "hang/hang.go", "second.Lock()")


@pytest.mark.parametrize("name", TIMED_OUT)
def test_a_timeout_lists_every_goroutine_of_own_code(name: str) -> None:
    """Three are blocked. TestPairs itself waits for its subtest only, so it is not listed."""
    for finding in of_rule(name, "TestTimeout"):
        _, *lines = finding.detail.splitlines()
        assert len(lines) == 3
        assert sum("sync.(*Mutex).Lock for " in line and "swap (hang/hang.go:34)" in line for line in lines) == 2
        assert sum("chan receive for " in line and "drain (hang/hang.go:20)" in line for line in lines) == 1
        assert sum(line.endswith(f", created by {PACKAGE}.TestPairs.func2") for line in lines) == 1


def test_a_timeout_without_a_blocked_test_is_reported_too() -> None:
    """All that is known is that the time was over."""
    facts = facts_of("hang-go1.27")
    alarm = tuple(group for group in facts.goroutines.alive if "startAlarm" in group.entry)
    only = facts._replace(goroutines=facts.goroutines._replace(alive=alarm))
    (found,) = TIMEOUT.run(only)
    finding = described(only, found)
    assert finding.severity is Severity.ERROR
    assert finding.message == "test timed out after 1 s"
    assert finding.key.place == ""


@pytest.mark.parametrize("name", STANDING)
def test_a_program_that_stands_still_is_an_error(name: str) -> None:
    (finding,) = of_rule(name, "Deadlock")
    assert finding.key == Key("Deadlock", "deadlock", "")
    assert finding.severity is Severity.ERROR
    assert finding.message.startswith(
        "deadlock: all 4 goroutines wait for each other at the end of the trace, for up to "
    )
    _, *lines = finding.detail.splitlines()
    waits = ("sync.(*WaitGroup).Wait", "chan receive", "sync.(*Mutex).Lock", "sync.(*Mutex).Lock")
    places = ("main.main.func1", "main.(*shelf).print", "main.(*shelf).pack", "main.(*shelf).label")
    assert sorted(line.split(" for ")[0].split(": in ")[1] for line in lines) == sorted(waits)
    assert all(sum(f" at {place} (standstill/main.go:" in line for line in lines) == 1 for place in places)


def standing(**changes: Any) -> Facts:
    """Return a program that stands still, in which one goroutine is different."""
    facts = facts_of("standstill-go1.27")
    (last,) = (group for group in facts.goroutines.alive if group.doing == "chan receive")
    alive = tuple(replace(group, **changes) if group is last else group for group in facts.goroutines.alive)
    return facts._replace(goroutines=facts.goroutines._replace(alive=alive))


@pytest.mark.parametrize("doing", ["select", "sleep", "network", "syscall", "running", "runnable", "waiting"])
def test_a_goroutine_that_may_go_on_is_no_deadlock(doing: str) -> None:
    assert list(DEADLOCK.run(standing())) != []
    assert list(DEADLOCK.run(standing(doing=doing))) == []


def test_a_goroutine_that_just_began_to_wait_is_no_deadlock() -> None:
    facts = facts_of("standstill-go1.27")
    end_ns = facts.start_ns + facts.duration_ns
    assert list(DEADLOCK.run(standing(last_ns=end_ns - 499 * MS))) == []
    assert list(DEADLOCK.run(standing(last_ns=end_ns - 500 * MS))) != []


def test_main_must_wait_too() -> None:
    """While main goes on, it may end all waits of the others: this main holds the lock that they wait for."""
    assert findings("deadlock-go1.27")
    assert of_rule("deadlock-go1.27", "Deadlock") == []


@pytest.mark.parametrize("name", NAMES)
def test_healthy_programs_have_neither(name: str) -> None:
    rules = {finding.key.rule for finding in findings(name)} & {"Deadlock", "TestTimeout"}
    assert rules == ({"TestTimeout"} if name in TIMED_OUT else {"Deadlock"} if name in STANDING else set())
