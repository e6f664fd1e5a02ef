"""What goroutines wait for: the same program has the same kinds, places and fingerprints with every Go version."""

from __future__ import annotations

import pytest

from gotracer_ci.findings import Key, Severity
from tests.conftest import described, facts_of, findings, measured
from tests.rules.real import MS, MUTEX

WAITS = ("waits-go1.21", "waits-go1.26", "waits-go1.27")
WITH_STACKS = WAITS[1:]
"""From Go 1.23 on, a goroutine that waited when the trace began has a stack."""

READ_LOCK, WRITE_LOCK, ONCE = "sync.(*RWMutex).RLock", "sync.(*RWMutex).Lock", "sync.(*Once).Do"
LOCKS = {
    "main.wantMutex": MUTEX,
    "main.wantWriteLock": WRITE_LOCK,
    "main.wantReadLock": READ_LOCK,
    "main.wantOnce": ONCE,
    "main.wantOnceFunc": ONCE,
    "main.wantOnceValue": ONCE,
    "main.relock": MUTEX,
}


def kinds(name: str, rule: str, at_least: float = 10 * MS) -> dict[str, str]:
    """Return the kinds of a rule's long waits by place."""
    found = {m.key.place: m.key.kind for m in measured(name) if m.key.rule == rule and m.statistics.maximum >= at_least}
    return dict(sorted(found.items()))


def long_waits(name: str) -> dict[str, str]:
    """Return the kinds of LongWait by place, below its threshold too."""
    return kinds(name, "LongWait")


@pytest.mark.parametrize("name", WAITS)
def test_a_primitive_has_one_exported_name_whatever_the_version(name: str) -> None:
    """Go 1.24 moved Mutex, Go 1.27 names inlined closures differently, and a Locker is a read lock.

    A goroutine that `Cond.Signal` has woken waits for the lock, which is contention.
    """
    found = kinds(name, "MutexContention")
    assert {place: kind for place, kind in found.items() if place != "main.transfer"} == dict(sorted(LOCKS.items()))
    assert long_waits(name)["main.wantGroup"] == "sync.(*WaitGroup).Wait"


def test_another_go_version_changes_no_fingerprint() -> None:
    """Go 1.27 does not put the names of callers into that of an inlined closure."""
    rules = ("MutexContention", "BlockedOnSyscall")
    older, newer = ({f.fingerprint: f for f in findings(name) if f.key.rule in rules} for name in WITH_STACKS)
    assert older.keys() == newer.keys()
    assert len(older) == len(LOCKS) + 3
    names = [sorted(frame.function for f in each.values() for frame in f.stack[:3]) for each in (older, newer)]
    assert names[0] != names[1]


@pytest.mark.parametrize("name", WITH_STACKS)
def test_a_lock_held_since_before_the_trace_is_contention(name: str) -> None:
    """The stack tells what the goroutine waits for. A channel is no finding: nothing may have been sent."""
    (finding,) = (f for f in findings(name) if f.key == Key("MutexContention", MUTEX, "main.transfer"))
    assert finding.severity is Severity.ERROR
    assert "still waiting at the end" in finding.message
    assert finding.statistics.maximum == facts_of(name).duration_ns
    parked = {group.stack.place: group.reason for group in facts_of(name).intervals if group.parked and group.stack.own}
    assert parked == {"main.transfer": "sync", "main.receive": "chan receive"}
    assert not [m for m in measured(name) if m.key.place == "main.receive"]


@pytest.mark.parametrize("name", WITH_STACKS)
def test_a_survivor_from_before_the_trace_has_a_reason(name: str) -> None:
    doing = {group.place: group.doing for group in facts_of(name).goroutines.alive}
    assert doing["~main.transfer"] == "sync"
    assert doing["~main.receive"] == "chan receive"


@pytest.mark.parametrize("name", WAITS)
def test_calls_that_only_wait_for_events_are_not_blocked(name: str) -> None:
    """EpollWait, Select, inotify and the signal loop are where a program is idle. A file lock is held by someone."""
    found = kinds(name, "BlockedOnSyscall")
    pulled = {place: kind for place, kind in found.items() if "lines" in place}
    assert found == {"main.lockFile": "syscall", **pulled}
    assert long_waits(name)["main.child"] == "os.(*Process).Wait"
    idle = {group.stack.place for group in facts_of(name).intervals if group.reason == "events"}
    assert idle == {"main.watch"}


@pytest.mark.parametrize("name", ["cgocallback-go1.22", "cgocallback-go1.27"])
def test_a_c_call_is_not_where_its_callback_was(name: str) -> None:
    """After a callback, Go 1.22 has no stack for the C call. No version counts its time for the callback."""
    calls = {m.key.place: m for m in measured(name) if m.key.rule == "BlockedOnSyscall"}
    assert {place: m.key.kind for place, m in calls.items()} == {"main.main.func": "C call", "main.callHere": "C call"}
    longest = calls["main.callHere"].statistics.maximum
    assert longest > 15 * MS if name.endswith("1.27") else longest < 15 * MS
    assert "in a C call (main._Cfunc_callHere)" in described(facts_of(name), calls["main.callHere"]).message


@pytest.mark.parametrize("name", WITH_STACKS)
def test_code_in_a_coroutine_is_the_programs(name: str) -> None:
    """A system call in an iterator is found there. One that was never stopped belongs to the caller of iter.Pull."""
    (place,) = (place for place in kinds(name, "BlockedOnSyscall") if "lines" in place)
    finding = next(f for f in findings(name) if f.key.place == place and f.key.rule == "BlockedOnSyscall")
    assert finding.location
    assert (finding.location.path, finding.location.mapped) == ("waits/coroutines.go", "exact")
    (left,) = (group for group in facts_of(name).goroutines.alive if group.place == "main.coroutines")
    assert (left.doing, left.count) == ("coroutine", 1)


@pytest.mark.parametrize("name", WAITS)
def test_a_goroutine_that_yields_does_not_wait_too_long(name: str) -> None:
    """Both runtime.GC and the program give up the only P, for milliseconds, and asked for that."""
    yields = {
        group.stack.place: group.worst[0].length_ns for group in facts_of(name).intervals
        if group.reason == "runtime.Gosched" and not group.stack.system
    }  # fmt: skip
    assert {"main.yield", "main.collect"} <= yields.keys()
    assert yields["main.yield"] > 10 * MS
    for rule in ("HighSchedulingLatency", "ProcessorStarvation"):
        assert not {m.key.kind for m in measured(name) if m.key.rule == rule} & {"runtime.Gosched"}
        assert not {"main.yield", "main.collect"} & kinds(name, rule, 0).keys()


def test_an_async_preemption_does_not_lose_the_goroutines_first_function() -> None:
    """In a leaf function without a frame, the trace's stack lacks the function that called it."""
    cut = [
        group
        for name in WAITS
        for group in facts_of(name).intervals
        if group.stack.functions[-2:] == ["time.Time.Before", "main.compare"] and "Preempt" in group.stack.functions[0]
    ]
    assert cut
    assert {group.stack.place for group in cut} == {"main.compare"}
    assert not [m.key for name in WAITS for m in measured(name) if m.key.place.startswith("~time.")]
