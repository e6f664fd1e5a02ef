"""Waits for locks, channels, system calls and processors.

Each test uses a real trace that shows a known fault of gotracer, the predecessor of this tool.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gotracer_ci.analysis.facts import analyse
from gotracer_ci.analysis.intervals import IntervalGroup, IntervalKind
from gotracer_ci.findings import Key, Severity
from gotracer_ci.rules.busy_machine import is_busy
from gotracer_ci.rules.sync_waits import primitive
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.open import open_trace
from tests.conftest import NAMES, PROGRAMS, described, facts_of, findings, measured, path_of
from tests.rules.real import MS, MUTEX, RULES, S, has_line, of_rule


@pytest.mark.parametrize("version", ["1.22", "1.27"])
@pytest.mark.parametrize(
    ("program", "key", "line"),
    [
        ("lockwait", Key("MutexContention", MUTEX, "main.(*ledger).add"), "l.mu.Lock()"),
        ("blockedread", Key("BlockedOnSyscall", "syscall", "main.readSlowly"), "syscall.Read("),
    ],
)
def test_generation_boundary(program: str, key: Key, line: str, version: str) -> None:
    """A state repeated in each generation neither ends the 4.5 s interval nor begins another."""
    (finding,) = of_rule(f"{program}-go{version}", key.rule)
    assert finding.key == key
    assert finding.severity is Severity.ERROR
    assert 4.45 * S <= finding.statistics.maximum <= 4.55 * S
    assert finding.statistics.count == 1
    assert not finding.occurrences[0].still_open
    assert has_line(finding, f"{program}/main.go", line)
    assert finding.location
    assert finding.location.function == key.place


@pytest.mark.parametrize("name", ["generations-go1.25", "generations-go1.26"])
def test_generation_boundary_in_every_state(name: str) -> None:
    """Every kind of wait has one interval of 3.3 s over all four generations."""
    longest = {
        f.key.kind: f for f in findings(name) if f.key.rule in ("MutexContention", "LongWait", "BlockedOnSyscall")
    }
    assert set(longest) == {
        "chan receive", "chan send", "select", MUTEX, "sync.(*Cond).Wait", "sync.(*WaitGroup).Wait", "syscall",
    }  # fmt: skip
    assert all(3.25 * S <= finding.statistics.maximum <= 3.35 * S for finding in longest.values())


@pytest.mark.parametrize("name", ["waitgroup-go1.24", "waitgroup-go1.26"])
def test_wait_group_and_cond_are_not_a_mutex(name: str) -> None:
    """They are LongWaits with severity info, however long."""
    assert not [m for m in measured(name) if m.key.rule == "MutexContention"]
    waits = list(RULES["LongWait"].with_thresholds({"info": 40 * MS}).run(facts_of(name)))
    kinds = {m.key.kind: m.severity for m in waits if m.severity}
    assert kinds == {"sync.(*WaitGroup).Wait": Severity.INFO, "sync.(*Cond).Wait": Severity.INFO}


@pytest.mark.parametrize("name", ["lockcontention-go1.23", "lockcontention-go1.27"])
def test_each_sync_primitive_has_its_own_name(name: str) -> None:
    """A Mutex and the two sides of an RWMutex are different kinds, each with its own place."""
    assert {(f.key.kind, f.key.place) for f in of_rule(name, "MutexContention")} == {
        (MUTEX, "main.(*counter).increment"),
        ("sync.(*RWMutex).Lock", "main.(*table).refresh"),
        ("sync.(*RWMutex).RLock", "main.(*table).lookup"),
    }


def test_the_runtimes_own_semaphores_are_not_contention() -> None:
    """Waits with reason "sync" in runtime.gcStart, GOMAXPROCS or StopTrace, of up to 265 ms, are not for user locks."""
    own = [
        (group.worst[0].length_ns, name)
        for name in NAMES
        for group in facts_of(name).intervals
        if group.reason == "sync" and primitive(group.stack.functions) is None
    ]
    assert max(own)[0] > 100 * MS
    for _, name in own:
        kinds = {m.key.kind for m in measured(name) if m.key.rule == "MutexContention"}
        assert kinds <= {MUTEX, "sync.(*RWMutex).RLock", "sync.(*RWMutex).Lock", "sync.(*Once).Do"}


@pytest.mark.parametrize("name", ["idle-go1.22", "idle-go1.27"])
def test_an_idle_service_has_no_finding(name: str) -> None:
    """Its Ps are idle because there is no work, and the signal loop waits for a signal."""
    assert findings(name) == ()


@pytest.mark.parametrize("name", ["schedlatency-go1.22", "schedlatency-go1.26"])
def test_no_starvation_where_every_p_is_busy(name: str) -> None:
    """The run queue is long, but the only P is busy all the time."""
    assert of_rule(name, "HighSchedulingLatency")
    assert all(m.statistics.maximum < 5 * MS for m in measured(name) if m.key.rule == "ProcessorStarvation")


@pytest.mark.parametrize("name", ["starvation-go1.24", "starvation-go1.27"])
def test_starvation_is_an_idle_p_beside_a_runnable_goroutine(name: str) -> None:
    """It is found if both exist at the same time, and lasts no longer than the goroutine is runnable."""
    (finding,) = of_rule(name, "ProcessorStarvation")
    assert finding.severity is Severity.ERROR
    assert has_line(finding, "starvation/main.go", "go func() {")
    runnable = max(f.statistics.maximum for f in of_rule(name, "HighSchedulingLatency"))
    assert 100 * MS < finding.statistics.maximum <= runnable


@pytest.mark.parametrize(("name", "is_most"), [("starvation-go1.21", True), ("starvation-go1.27", False)])
def test_waits_beside_an_idle_p_are_no_error_of_the_program(name: str, *, is_most: bool) -> None:
    """Go 1.21: a P was idle for most of the time that they took. Go 1.27: for less, but more than twice a second."""
    (wait,) = (m for m in measured(name) if m.key[:3] == ("HighSchedulingLatency", "created", "main.main.func"))
    idle = sum(m.statistics.total for m in measured(name) if m.key.rule == "ProcessorStarvation")
    assert (2 * idle > wait.statistics.total) is is_most
    assert is_busy(facts_of(name)) is not is_most
    assert wait.severity is Severity.WARN
    assert wait.worst[4].length_ns >= 10 * MS


@pytest.mark.parametrize("name", ["deadlock-go1.22", "deadlock-go1.27"])
def test_still_waiting_at_the_end(name: str) -> None:
    """The waits of five goroutines that are never woken count with their length so far."""
    (finding,) = findings(name)
    assert finding.key == Key("MutexContention", MUTEX, "main.(*account).deposit")
    assert finding.severity is Severity.ERROR
    assert len(finding.occurrences) == finding.statistics.count == 5
    end = facts_of(name).duration_ns
    assert all(o.still_open and not o.woken_by for o in finding.occurrences)
    assert all(o.start_ns + o.duration_ns == end for o in finding.occurrences)
    assert "still waiting at the end" in finding.message


def test_channel_waits_are_shown_and_do_not_fail_a_run() -> None:
    """Eight receivers, a sender and two selects of 900 ms have severity info. Network waits and sleeps are absent."""
    assert {(f.key.kind, f.key.place, f.statistics.count) for f in findings("chanwait-go1.25")} == {
        ("chan receive", "main.receive", 8),
        ("chan send", "main.send", 1),
        ("select", "main.receiveOrStop", 2),
    }
    assert {(f.key.rule, f.severity) for f in findings("chanwait-go1.25")} == {("LongWait", Severity.INFO)}
    kinds = {m.key.kind for name in NAMES for m in measured(name) if m.key.rule == "LongWait"}
    between = {"chan receive", "chan send", "select", "sync.(*WaitGroup).Wait", "sync.(*Cond).Wait"}
    assert kinds == between | {"os.(*Process).Wait"}


def parked(group: IntervalGroup) -> bool:
    return group.kind is IntervalKind.SYSCALL and group.worst[0].length_ns > 100 * MS


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("signals-go1.24", "os/signal.signal_recv"),
        ("idle-go1.27", "os/signal.signal_recv"),
        ("tour-go1.22", "runtime/pprof.readProfile"),
        ("tour-go1.26", "runtime/pprof.readProfile"),
    ],
)
def test_benign_parked_goroutines_are_not_findings(name: str, function: str) -> None:
    """A signal loop and the CPU profiler's wait for samples are in a call nearly all the time."""
    assert any(function in group.stack.functions for group in facts_of(name).intervals if parked(group))
    long = [f for f in of_rule(name, "BlockedOnSyscall") if function in [frame.function for frame in f.stack]]
    assert long == []


@pytest.mark.parametrize("all_the_while", [True, False])
def test_a_call_that_spans_the_whole_trace_is_not_a_finding(all_the_while: bool) -> None:
    """Such a call only shows that a goroutine waits there. A call that began or ended in the trace is a finding."""
    facts = facts_of("blockedread-go1.27")
    (group,) = (g for g in facts.intervals if parked(g) and g.stack.place == "main.readSlowly")
    changed = facts._replace(intervals=(replace(group, parked=all_the_while),))
    assert len(list(RULES["BlockedOnSyscall"].run(changed))) == (not all_the_while)


@pytest.mark.parametrize("name", ["cgocallback-go1.22", "cgocallback-go1.27"])
def test_goroutines_of_c_threads(name: str) -> None:
    """They begin and end in state Syscall, which is not a blocking call. Only the calls of C functions are."""
    calls = [m for m in measured(name) if m.key.rule == "BlockedOnSyscall"]
    assert [(m.key.place, m.key.kind) for m in calls] == [("main.callHere", "C call"), ("main.main.func", "C call")]
    assert [m.statistics.count for m in calls] == [1 if name.endswith("1.22") else 2, 3]


def test_a_truncated_trace_gives_findings_up_to_the_damage(tmp_path: Path) -> None:
    """The wait for a lock that is open at the end of the file is found, with its length so far."""
    whole = Path(path_of("lockwait-go1.27")).read_bytes()
    cut = tmp_path / "cut.trace"
    cut.write_bytes(whole[: len(whole) // 2])
    trace = open_trace(str(cut))
    facts = analyse(trace, SourceMap(Repository.scan(PROGRAMS)))
    assert trace.damage
    assert trace.damage.offset
    (found,) = (m for m in RULES["MutexContention"].run(facts) if m.severity)
    finding = described(facts, found)
    assert 1 * S < finding.statistics.maximum < 4 * S
    assert finding.occurrences[0].still_open
    assert finding.occurrences[0].start_ns + finding.statistics.maximum == facts.duration_ns
