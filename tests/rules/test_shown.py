"""Places, stacks, times and ranking of findings.

Each test uses a real trace that shows a known fault of gotracer, the predecessor of this tool.
"""

from __future__ import annotations

import pytest

from gotracer_ci.findings import Key, Severity
from gotracer_ci.rules.registry import select
from gotracer_ci.rules.sync_waits import primitive
from tests.conftest import NAMES, described, facts_of, findings, measured
from tests.rules.real import MUTEX, finding_of, has_line


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
    for name in ("tour-go1.25", "gcpause-go1.26", "lockcontention-go1.27"):
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
