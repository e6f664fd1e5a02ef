"""What the holders of a lock did: the lines that the programs sleep at, on real traces."""

from __future__ import annotations

import pytest

from gotracer_ci.analysis.holders import Holding
from tests.conftest import NAMES, facts_of, findings, line_of

MUTEX, READ, WRITE = "sync.(*Mutex).Lock", "sync.(*RWMutex).RLock", "sync.(*RWMutex).Lock"


def holdings(name: str) -> list[Holding]:
    return [one.holding for group in facts_of(name).intervals for one in group.worst if one.holding]


@pytest.mark.parametrize("name", NAMES)
def test_no_time_is_counted_twice(name: str) -> None:
    for holding in holdings(name):
        assert 0 < sum(one.ns for one in holding.activities) <= holding.explained_ns <= holding.wait_ns
        assert 2 * holding.explained_ns >= holding.wait_ns  # otherwise it would say too little
        assert holding.goroutines >= 1
        assert [one.ns for one in holding.activities] == sorted((one.ns for one in holding.activities), reverse=True)


@pytest.mark.parametrize("name", NAMES)
def test_nobody_holds_what_ends_by_itself(name: str) -> None:
    """Timers, the network poller and the runtime are never blamed."""
    for group in facts_of(name).intervals:
        for one in group.worst:
            if one.holding:
                assert one.cause >= 0
                assert group.reason not in ("sleep", "network", "")
                assert not group.stack.system


@pytest.mark.parametrize(
    ("name", "kind", "waits", "doing", "line"),
    [
        *[(f"lockwait-go1.{version}", MUTEX, "(*ledger).add", "sleep", "time.Sleep(") for version in (19, 21, 22, 27)],
        *[
            (f"lockcontention-go1.{version}", kind, waits, "sleep", "time.Sleep(")
            for version in (19, 23, 27)
            for kind, waits in ((MUTEX, "(*counter).increment"), (READ, "(*table).lookup"), (WRITE, "(*table).refresh"))
        ],
        ("service-lock-go1.23", MUTEX, "(*service).updateInventory", "sleep", "time.Sleep("),
        ("service-lock-go1.27", MUTEX, "(*service).updateInventory", "sleep", "time.Sleep("),
        ("orders-go1.22", MUTEX, "(*Stock).Take", "sleep", "time.Sleep("),
        ("orders-go1.27", MUTEX, "(*Stock).Take", "sleep", "time.Sleep("),
    ],
)
def test_it_names_the_line(name: str, kind: str, waits: str, doing: str, line: str) -> None:
    (finding,) = (f for f in findings(name) if f.key.kind == kind and f.key.place.endswith(waits))
    assert finding.holders
    assert finding.holders.locked
    longest = finding.holders.activities[0]
    assert longest.doing == doing
    assert longest.duration_ns > 0.5 * finding.holders.wait_ns
    assert finding.holders.explained_ns > 0.9 * finding.holders.wait_ns
    assert longest.at
    assert longest.at.path
    assert line in line_of(longest.at.path, longest.at.line)
