"""Known faults of gotracer, the predecessor of this tool. Each test uses a real trace that shows the fault."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gotracer_ci.analysis.facts import analyse
from gotracer_ci.analysis.heap import Growth
from gotracer_ci.analysis.intervals import IntervalGroup, IntervalKind
from gotracer_ci.findings import Finding, Key, Severity
from gotracer_ci.rules.registry import all_rules, select
from gotracer_ci.rules.sync_waits import primitive
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.open import open_trace
from tests.conftest import NAMES, PROGRAMS, described, facts_of, findings, line_of, measured, path_of

MS = 1_000_000
S = 1000 * MS
MUTEX = "sync.(*Mutex).Lock"
RULES = {rule.name: rule for rule in all_rules()}


def of_rule(name: str, rule: str) -> list[Finding]:
    return [finding for finding in findings(name) if finding.key.rule == rule]


def finding_of(name: str, key: Key) -> Finding:
    """Return the finding of a group, whatever its severity."""
    (found,) = (m for m in measured(name) if m.key == key)
    return described(facts_of(name), found)


def has_line(finding: Finding, path: str, text: str) -> bool:
    """Report whether a finding is shown at a line with this text. Line numbers may change."""
    at = finding.location
    return at is not None and at.path == path and at.mapped == "exact" and text in line_of(path, at.line)


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


@pytest.mark.parametrize(
    ("name", "place", "line", "waker"),
    [
        ("schedlatency-go1.22", "main.transform", "<-ready", "goroutine 1 at main.release (schedlatency/main.go:"),
        ("schedlatency-go1.26", "main.transform", "<-ready", "goroutine 1 at main.release (schedlatency/main.go:"),
        ("service-go1.27", "main.(*service).placeOrder", "<-reply", "at main.(*service).serve (service/main.go:"),
    ],
)
def test_the_stack_is_the_waiters_and_the_waker_is_named_separately(
    name: str, place: str, line: str, waker: str
) -> None:
    """The stack is the waiting goroutine's own. The goroutine that woke it is named separately."""
    finding = finding_of(name, Key("HighSchedulingLatency", "unblocked", place))
    assert has_line(finding, f"{name.split('-')[0]}/main.go", line)
    assert place in [frame.function for frame in finding.stack]
    assert all(frame.function not in waker for frame in finding.stack)
    assert all(waker in occurrence.woken_by for occurrence in finding.occurrences)
    assert waker in finding.detail


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


@pytest.mark.parametrize(("name", "created"), [("smallgrowth-go1.25", 3), ("smallgrowth-seven-go1.26", 7)])
def test_small_growth_is_not_a_leak(name: str, created: int) -> None:
    """Three or seven goroutines more than six are not a leak, whatever the percentage."""
    (work,) = (s for s in facts_of(name).goroutines.survivors if s.created)
    assert work.created == created
    assert work.late == created - len([n for n in range(created) if n < 4])  # one each 60 ms of 480
    assert findings(name) == ()


@pytest.mark.parametrize(
    ("name", "place", "entry", "count", "waiting"),
    [
        ("leak-go1.24", "main.spawnWatcher", "main.(*subscription).watch", 150, "chan receive"),
        ("leak-go1.27", "main.spawnWatcher", "main.(*subscription).watch", 150, "chan receive"),
        ("service-leak-go1.27", "main.(*service).startAudit", "main.(*service).startAudit.func1", 40, "chan send"),
    ],
)
def test_a_leak_names_the_creator_and_the_wait(name: str, place: str, entry: str, count: int, waiting: str) -> None:
    """The message has the creating function, the number, and what the goroutines are blocked on."""
    (finding,) = of_rule(name, "GoroutineLeakGrowth")
    assert finding.key.place == place
    assert finding.severity is Severity.ERROR
    assert finding.statistics.total == count
    assert f"{count} goroutines created by {place}" in finding.message
    assert f"{count} in {waiting} at" in finding.detail
    assert entry in finding.detail
    assert has_line(finding, f"{name.split('-')[0]}/main.go", "go ")


@pytest.mark.parametrize(
    ("created", "late", "severity"),
    [(150, 75, "error"), (150, 15, "error"), (150, 14, "none"), (150, 0, "none"), (150, 136, "none"), (19, 9, "none")],
)
def test_a_pool_started_once_is_not_a_leak(created: int, late: int, severity: str) -> None:
    """A leak continues: each half of the trace created at least a tenth of the goroutines, and there are enough."""
    facts = facts_of("leak-go1.27")
    (leaked,) = (s for s in facts.goroutines.survivors if s.created)
    changed = facts.goroutines._replace(survivors=(replace(leaked, created=created, late=late),))
    (found,) = RULES["GoroutineLeakGrowth"].run(facts._replace(goroutines=changed))
    assert found.severity.label == severity


@pytest.mark.parametrize(
    ("rise", "milliseconds", "severity"),
    [
        (50, 10, "none"),  # 5 GB/s, but for a very short time
        (10, 150, "none"),  # 67 MB/s, but little
        (20, 200, "warn"),  # 100 MB/s
        (60, 200, "error"),  # 300 MB/s
        (99, 60_000, "none"),
        (100, 60_000, "warn"),
        (500, 60_000, "error"),
    ],
)
def test_a_rate_needs_a_size_and_a_time(rise: int, milliseconds: int, severity: str) -> None:
    """Limits are 100 MB or 50 MB/s, and 500 MB or 200 MB/s. A rate counts from 16 MB and 100 ms."""
    facts = facts_of("heapgrowth-go1.26")
    growth = Growth(facts.start_ns, facts.start_ns + milliseconds * MS, 10**6, 10**6 * (rise + 1), -1)
    rule = RULES["HeapGrowthSpike"].run(facts._replace(heap=facts.heap._replace(growth=growth)))
    (found,) = (m for m in rule if m.key.kind == "live heap")
    assert found.severity.label == severity


def test_a_short_heap_peak_is_not_growth() -> None:
    """425 KB within a millisecond, freed by the next cycle, are not a rate of hundreds of MB/s."""
    assert findings("heapblip-go1.23") == ()
    values = {m.key.kind: m.statistics.total for m in measured("heapblip-go1.23") if m.key.rule == "HeapGrowthSpike"}
    assert values["bytes allocated"] > 400_000
    assert values["live heap"] < 1000


@pytest.mark.parametrize("name", ["heapgrowth-go1.22", "heapgrowth-go1.26"])
def test_heap_growth_is_the_growth_of_the_live_heap(name: str) -> None:
    """The live heap grows by 100 MB or more, at the correct rate."""
    (finding,) = findings(name)
    assert finding.key == Key("HeapGrowthSpike", "live heap", "")
    assert finding.severity is Severity.WARN
    assert 100_000_000 < finding.statistics.total < 160_000_000
    assert finding.location
    assert finding.location.mapped == "anchor"
    assert finding.location.function == "main.main"
    peak = finding_of(name, Key("HeapGrowthSpike", "peak heap", "")).statistics.total
    assert finding.statistics.total < peak


def test_read_mem_stats_is_not_gc() -> None:
    """The world was stopped twenty times, never by the collector. The stops are counted separately."""
    stops = [group for group in facts_of("memstats-go1.25").intervals if group.kind is IntervalKind.STW]
    assert sum(group.count for group in stops if group.reason == "read mem stats") == 20
    assert findings("memstats-go1.25") == ()
    of_gc = {m.key.kind: m.statistics.total for m in measured("memstats-go1.25") if m.key.rule == "GCPauseSpike"}
    assert of_gc == {"stop-the-world count": sum(group.count for group in stops), "GC cycles": 0}


@pytest.mark.parametrize("name", ["gcpause-go1.24", "gcpause-go1.26"])
def test_a_gc_pause_is_gc(name: str) -> None:
    """The collector's own pauses of 30 ms are found."""
    (finding,) = of_rule(name, "GCPauseSpike")
    assert finding.key == Key("GCPauseSpike", "GC sweep termination", "")
    assert finding.severity is Severity.ERROR
    assert 20 * MS < finding.statistics.maximum < 100 * MS


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
    assert kinds == {"chan receive", "chan send", "select", "sync.(*WaitGroup).Wait", "sync.(*Cond).Wait"}


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


@pytest.mark.parametrize("name", NAMES)
def test_goroutines_of_the_runtime_and_the_tracer_are_not_findings(name: str) -> None:
    """Users cannot fix them, and the tracer's exist only because of the trace."""
    for finding in findings(name):
        assert not finding.key.place.startswith(("~runtime.", "~runtime/trace."))
        assert finding.key.place != "~"


def test_the_worst_wait_represents_its_group() -> None:
    """The finding shows the longest wait, not the first one, and the total of all."""
    finding = finding_of(
        "lockcontention-go1.27", Key("MutexContention", "sync.(*RWMutex).RLock", "main.(*table).lookup")
    )
    worst = finding.occurrences[0]
    assert worst.start_ns > min(o.start_ns for o in finding.occurrences)
    assert worst.duration_ns == finding.statistics.maximum
    assert (finding.goroutine, finding.timestamp_ns) == (worst.goroutine, worst.start_ns)
    groups = [
        group for group in facts_of("lockcontention-go1.27").intervals if group.stack.place == finding.key.place
        and primitive(group.stack.functions) == finding.key.kind and group.reason == "sync"
    ]  # fmt: skip
    assert finding.statistics.total == sum(group.total_ns for group in groups)
    assert finding.statistics.count == sum(group.count for group in groups) > len(finding.occurrences)


def test_ranked_by_time_lost() -> None:
    """Among findings of equal severity, the first has lost the most time, not occurred most often."""
    for name in ("tour-go1.25", "gcpause-go1.24", "lockcontention-go1.27"):
        errors = [f.statistics.total for f in findings(name) if f.severity is Severity.ERROR]
        assert errors == sorted(errors, reverse=True)
        assert len(errors) > 1


def test_goroutines_without_own_code_are_separate_groups() -> None:
    """Goroutines of net/http are not the user's code, but they are not a single group either."""
    places = {m.key.place for m in measured("idle-go1.27") if m.key.rule == "BlockedOnSyscall"}
    assert {"~net/http.(*conn).serve", "~net/http.(*persistConn).writeLoop"} <= places


@pytest.mark.parametrize("name", ["vendored-go1.27", "vendored-runner-go1.27"])
def test_a_dependencys_lock_is_shown_at_the_caller(name: str) -> None:
    """The lock is in example.com/dep, and the finding is shown where own code calls it."""
    (finding,) = findings(name)
    assert finding.key == Key("MutexContention", MUTEX, "main.recordVisit")
    assert has_line(finding, "vendored/main.go", "counter.Add(page)")
    owners = {frame.function: frame.owner for frame in finding.stack}
    assert owners["example.com/dep.(*Counter).Add"] == "dependency"
    assert owners["main.recordVisit"] == "own"
    assert owners[MUTEX] == "std"


@pytest.mark.parametrize("name", NAMES)
def test_times_are_relative_to_the_traces_start(name: str) -> None:
    """No time is the raw clock's, which would be minutes in a trace of a second."""
    facts = facts_of(name)
    end = facts.duration_ns
    for found in measured(name):
        finding = described(facts, found)
        assert 0 <= finding.timestamp_ns <= end
        assert all(0 <= o.start_ns <= o.start_ns + o.duration_ns <= end for o in finding.occurrences)


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


@pytest.mark.parametrize("name", ["markassist-go1.25", "gcpause-go1.26"])
def test_mark_assist(name: str) -> None:
    """The place is the function that allocates."""
    finding = max(of_rule(name, "GCAssist"), key=lambda f: f.statistics.total)
    assert finding.key.kind == "GC mark assist"
    assert finding.severity is Severity.ERROR
    program, place, line = {
        "markassist-go1.25": ("markassist", "main.buildIndex", "make([]*work.Node"),
        "gcpause-go1.26": ("gcpause", "main.fillBuffers", "make([]byte"),
    }[name]
    assert finding.key.place == place
    assert has_line(finding, f"{program}/main.go", line)


@pytest.mark.parametrize("name", ["cgocallback-go1.22", "cgocallback-go1.27"])
def test_goroutines_of_c_threads(name: str) -> None:
    """They begin and end in state Syscall, which is not a blocking call. Only the three calls of C.runThread are."""
    assert findings(name) == ()
    calls = [m for m in measured(name) if m.key.rule == "BlockedOnSyscall"]
    assert [(m.key.place, m.statistics.count) for m in calls] == [("main.main.func", 3)]


@pytest.mark.parametrize(
    "pair", [("lockcontention-go1.27", "lockcontention-runner-go1.27"), ("vendored-go1.27", "vendored-runner-go1.27")]
)
def test_paths_of_a_runner_change_nothing(pair: tuple[str, str]) -> None:
    """Keys, fingerprints and lines are the same with -trimpath and with absolute paths of another machine."""
    trimmed, runner = ({f.key: f for f in findings(name) if f.key.rule == "MutexContention"} for name in pair)
    assert trimmed.keys() == runner.keys()
    for key, finding in trimmed.items():
        assert finding.location == runner[key].location
        assert finding.fingerprint == runner[key].fingerprint
        own, its_own = ([(f.path, f.line) for f in x.stack if f.owner == "own"] for x in (finding, runner[key]))
        assert own == its_own
    assert any(frame.file.startswith("/home/runner/") for finding in runner.values() for frame in finding.stack)


def test_thresholds_decide_the_severity() -> None:
    """The same measurement is an error, a warning or nothing, depending on the thresholds."""
    key = Key("MutexContention", MUTEX, "main.(*ledger).add")
    for warn, error, severity in [("4s", "4.4s", "error"), ("4s", "5s", "warn"), ("5s", "6s", "none")]:
        (rule,) = select(["MutexContention"], [], {"MutexContention.warn": warn, "MutexContention.error": error})
        (found,) = (m for m in rule.run(facts_of("lockwait-go1.27")) if m.key == key)
        assert found.severity.label == severity
