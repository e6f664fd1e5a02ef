"""Rules that compare how long single events take: what they measure, and how they describe it."""

from __future__ import annotations

import re

from gotracer_ci.findings import Severity
from gotracer_ci.rules.cpu_time_growth import RULE as CPU_TIME
from gotracer_ci.rules.lock_hold_time_growth import RULE as HOLD_TIME
from tests.conftest import LIMITS, NAMES, facts_of, findings

LOCK = "example.com/programs/orders.(*Stock).Take"


def test_a_held_lock_is_measured_and_described() -> None:
    facts = facts_of("orders-go1.27")
    (held,) = HOLD_TIME.run(facts)
    assert held.key[:3] == ("LockHoldTimeGrowth", "held sync.(*Mutex).Lock", LOCK)
    assert held.severity is Severity.NONE
    assert sum(held.lengths.values()) == held.statistics.count == 74
    finding = HOLD_TIME.describe(facts, held)
    # it sleeps for 2 ms under the lock
    assert finding.message.startswith(f"{LOCK} held sync.(*Mutex).Lock for 2.")
    assert re.search(r" ms at the median of 74 times, [2-9]\.\d+ ms at most$", finding.message)
    assert finding.location
    assert finding.location.path == "orders/orders.go"
    assert finding.holders
    assert finding.holders.activities[0].doing == "sleep"


def test_each_lock_is_a_kind_of_its_own() -> None:
    found = {(held.key.kind, held.key.place) for held in HOLD_TIME.run(facts_of("lockcontention-go1.27"))}
    assert found == {
        ("held sync.(*Mutex).Lock", "main.(*counter).increment"),
        ("held sync.(*RWMutex).Lock", "main.(*table).refresh"),
        ("held sync.(*RWMutex).RLock", "main.(*table).lookup"),
    }


def test_running_code_is_measured_and_described() -> None:
    facts = facts_of("service-lock-go1.27")
    found = {stretch.key[1:3]: stretch for stretch in CPU_TIME.run(facts)}
    stretch = found["running from sleep to unblock", "main.queryDatabase to main.(*service).serve"]
    finding = CPU_TIME.describe(facts, stretch)
    assert finding.message.startswith("main.queryDatabase ran for ")
    assert re.search(r"from sleep at main\.queryDatabase \(service/main\.go:\d+\) to unblock at", finding.detail)


def test_without_a_reference_they_say_nothing() -> None:
    rules = {HOLD_TIME.name, CPU_TIME.name}
    assert not [finding for name in NAMES for finding in findings(name) if finding.key.rule in rules]
    assert {rule for rule, _ in LIMITS} >= rules
