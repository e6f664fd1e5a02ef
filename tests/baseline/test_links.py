"""Which of several regressions are effects of which, on small values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from gotracer_ci.baseline.causes import linked
from gotracer_ci.baseline.measurements import Conditions, TraceGroups
from gotracer_ci.baseline.verdicts import Level, Status, Verdict
from gotracer_ci.findings import Key, Share
from gotracer_ci.limits import EVERY_KIND, MS, SCHEDULER, WAITS, Limit

COUNT = Limit("count", 1.5, 50, jobs=2, per_work=True)
LIMITS = {
    ("Locks", EVERY_KIND): WAITS,
    ("Calls", EVERY_KIND): WAITS,
    ("Latency", EVERY_KIND): SCHEDULER._replace(is_effect=True),
    ("Waits", EVERY_KIND): COUNT,
    ("Created", EVERY_KIND): COUNT,
    ("Held", EVERY_KIND): Limit("each", 1.15, 5 * MS, quantile=0.1),
    ("Test", EVERY_KIND): Limit("each", 2, 20 * MS, events=1, is_effect=True),
    ("Region", EVERY_KIND): Limit("each", 2, 20 * MS, events=1),
    ("Left", EVERY_KIND): Limit("count", 1.1, 2, everywhere=True),
}
LOCK = Key("Locks", "sync.(*Mutex).Lock", "x.put")
CALLS = Key("Calls", "syscall", "x.lines")
READS = Key("Waits", "syscall", "x.lines")
SLEEPS = Key("Waits", "sleep", "x.query")
SENDS = Key("Waits", "chan send", "x.query.func")
CREATED = Key("Created", "goroutines created", "x.query")
LATENCY = Key("Latency", "unblocked", "x.query")
HELD = Key("Held", "held sync.(*Mutex).Lock", "x.put")
TEST = Key("Test", "test", "x.TestOrders")
REGION = Key("Region", "ship", "x.ship")
LEFT = Key("Left", "goroutines at the end", "x.query")


def links(
    grown: Mapping[Key, float], tests: Mapping[Key, str] | None = None, suspected: Sequence[Key] = ()
) -> dict[Key, Key]:
    """Return effect → cause. grown: by how much each group grew. tests: the test that it belongs to."""
    verdicts = {
        key: Verdict(
            key,
            Status.WORSE,
            Level.SUSPECTED if key in suspected else Level.CONFIRMED,
            LIMITS[key.rule, EVERY_KIND].unit,
            1.0,
            1.0,
            (1.0 + by,) * 3,
        )
        for key, by in grown.items()
    }
    shares = {key: {test: Share(100, 100)} for key, test in (tests or {}).items()}
    trace = TraceGroups(Conditions("1.27", 4), 1000 * MS, {}, shares=shares)
    by_fingerprint = {key.fingerprint: key for key in grown}
    return {key: by_fingerprint[verdict.cause] for key, verdict in linked(verdicts, [trace], LIMITS).items()}


@pytest.mark.parametrize(
    ("grown", "expected"),
    [
        # one more query per item: most waits are the cause, of other waits there and in closures, and of latency
        ({SLEEPS: 1300, SENDS: 900, LATENCY: 10**9}, {SENDS: SLEEPS, LATENCY: SLEEPS}),
        ({SLEEPS: 900, SENDS: 1300}, {SLEEPS: SENDS}),
        # more system calls take more time
        ({READS: 9000, CALLS: 10**9}, {CALLS: READS}),
        # a new lock is not an effect of other waits
        ({SLEEPS._replace(place=LOCK.place): 9000, LOCK: 10**9}, {}),
        # a lock that is held for longer
        ({HELD: 10**6, LOCK: 10**9, CALLS._replace(place=LOCK.place): 10**9}, {
            LOCK: HELD, CALLS._replace(place=LOCK.place): HELD
        }),
        # nothing hides a leak, and a leak explains only the goroutines that were left
        ({CREATED: 5000, LEFT: 2000, LATENCY: 10**9}, {LATENCY: CREATED}),
        ({CREATED: 2000, LEFT: 2000}, {CREATED: LEFT}),
        # other places
        ({SLEEPS: 1300, READS: 9000}, {}),
    ],
)  # fmt: skip
def test_effects_at_a_place(grown: Mapping[Key, float], expected: Mapping[Key, Key]) -> None:
    assert links(grown) == expected


def test_a_longer_test_is_an_effect_of_what_it_does() -> None:
    of = {SLEEPS: "TestOrders", TEST: "TestOrders", READS: "TestLines"}
    assert links({SLEEPS: 1300, TEST: 10**9, READS: 9000}, of) == {TEST: SLEEPS}
    assert links({TEST: 10**9, READS: 9000}, of) == {}


def test_a_longer_region_is_the_cause_of_a_longer_test() -> None:
    of = dict.fromkeys((TEST, REGION, SLEEPS), "TestOrders")
    assert links({TEST: 10**9, REGION: 10**6}, of) == {TEST: REGION}
    assert links({TEST: 10**9, REGION: 10**6, SLEEPS: 100}, of) == {TEST: SLEEPS, REGION: SLEEPS}
    assert links({TEST: 10**9, REGION._replace(place=TEST.place): 10**6}, {TEST: "TestOrders"}) == {
        TEST: REGION._replace(place=TEST.place)
    }


def test_a_cause_is_as_certain_as_its_effect() -> None:
    assert links({SLEEPS: 1300, LATENCY: 10**9}, suspected=[SLEEPS]) == {}
    assert links({SLEEPS: 1300, LATENCY: 10**9}, suspected=[SLEEPS, LATENCY]) == {LATENCY: SLEEPS}


def test_the_effect_of_an_effect_has_the_first_cause() -> None:
    of = {CALLS: "TestLines", TEST: "TestLines"}
    assert links({READS: 9000, CALLS: 10**9, TEST: 10**9}, of) == {CALLS: READS, TEST: READS}
