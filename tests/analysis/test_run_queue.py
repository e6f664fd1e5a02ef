"""The longest waits in the run queue, and what the Ps did meanwhile, against a slow and simple walk."""

from __future__ import annotations

from collections import Counter

import pytest

from gotracer_ci.analysis.reading import Window, read
from gotracer_ci.analysis.run_queue import NO_GOROUTINE, QueueWait, RunQueueAnalysis, read_queue
from gotracer_ci.analysis.yields import is_intended
from gotracer_ci.errors import TraceError
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.observers.lanes import LOST, RETURNED, STAYS
from gotracer_ci.trace.observers.timeline import Timeline
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.spec import Ev, GoState
from tests.conftest import PROGRAMS, path_of
from tests.trace.slices import Walk

NUMBER = 20
TRACES = (
    "blockedread-go1.19", "starvation-go1.21", "schedlatency-go1.22", "generations-go1.25", "tour-go1.26",
    "crowd-go1.27", "waits-go1.27",
)  # fmt: skip


def waits(name: str, *, system: bool = True, window: Window | None = None) -> list[QueueWait]:
    trace = open_trace(path_of(name))
    trace.is_read_again = True
    source = SourceMap(Repository.scan(PROGRAMS))
    found = read(trace, source, RunQueueAnalysis(trace, NUMBER, system=system), window or Window())
    return read_queue(trace, source, found)


def gomaxprocs(name: str) -> set[int]:
    """Return what GOMAXPROCS was in the trace."""
    trace = open_trace(path_of(name))
    seen = {a for chunk in trace.chunks((Ev.PROCS_CHANGE,)) for a in memoryview(chunk.a)[: chunk.n]}
    return (seen or {0}) | {trace.gomaxprocs_at_start}


@pytest.mark.parametrize("name", TRACES)
def test_the_longest_waits_are_those_of_all_timelines(name: str) -> None:
    trace = open_trace(path_of(name))
    timelines = [Timeline(id) for id in range(200)]
    for _ in trace.chunks((), timelines):
        pass
    lengths = []
    for _, kind, reason, stack, start, end, *_ in (row for each in timelines for row in each.rows()):
        functions = [function for function, _, _ in trace.tables.stack(stack)]
        if kind == GoState.RUNNABLE and not is_intended(trace.tables.string(reason), functions):
            lengths.append((start - trace.start_ns, end - start))
    longest = sorted(lengths, key=lambda one: (-one[1], one[0]))[:NUMBER]
    assert [one.length_ns for one in waits(name)] == [length for _, length in longest]
    assert {(one.start_ns, one.length_ns) for one in waits(name)} <= set(lengths)


@pytest.mark.parametrize("name", TRACES)
def test_what_the_ps_did_is_what_their_slices_say(name: str) -> None:
    """In the whole trace, and where a window cuts the slices of several Ps at once."""
    trace = open_trace(path_of(name))
    walk = Walk(trace)
    checked = 0
    for wait in (*waits(name), *waits(name, window=Window(2_000_000, 9_000_000))):
        start, end = trace.start_ns + wait.start_ns, trace.start_ns + wait.start_ns + wait.length_ns
        expected: Counter[str] = Counter()
        procs: dict[str, set[int]] = {}
        for proc, slices in walk.slices.items():
            for one in slices:
                ns = min(one.end, end) - max(one.start, start)
                if ns > 0:
                    doing = "syscall" if one.ending in (RETURNED, LOST, STAYS) else "running"
                    expected[doing] += ns
                    procs.setdefault(doing, set()).add(proc)
                    checked += 1
        for doing in ("running", "syscall"):
            same = [each for each in wait.meanwhile if each.doing == doing]
            assert sum(each.ns for each in same) == expected[doing]
            assert {proc for each in same for proc in each.procs} == procs.get(doing, set())
    assert checked


@pytest.mark.parametrize("name", TRACES)
def test_the_parts_sum_to_the_time_of_all_ps(name: str) -> None:
    """A goroutine that waits while all Ps have one finds none idle; if one is idle, its time is in what is left."""
    values = gomaxprocs(name)
    for wait in waits(name):
        assert sum(each.ns for each in wait.meanwhile) == wait.procs_ns
        if len(values) == 1:
            assert wait.procs_ns == wait.length_ns * max(values)
        rest = sum(each.ns for each in wait.meanwhile if each.doing == NO_GOROUTINE)
        assert 0 <= wait.idle_ns <= min(rest, wait.length_ns)


def test_on_one_p_the_others_ran() -> None:
    """Twelve goroutines share one P, which is never idle: see the program."""
    wait = waits("schedlatency-go1.26", system=False)[0]
    assert (wait.procs_ns, wait.idle_ns) == (wait.length_ns, 0)
    ran = sum(each.ns for each in wait.meanwhile if each.doing == "running" and each.group == "main.main.func1.1")
    assert ran > 0.9 * wait.length_ns


def test_idle_ps_are_named() -> None:
    """The program's Ps are idle while goroutines are runnable, because other processes use the CPUs."""
    wait = max(waits("starvation-go1.27", system=False), key=lambda each: each.idle_ns)
    assert wait.idle_ns > 10_000_000


def test_a_window_cuts_the_waits() -> None:
    (cut, *_) = waits("schedlatency-go1.26", window=Window(20_000_000, 30_000_000))
    assert 20_000_000 <= cut.start_ns < cut.start_ns + cut.length_ns <= 30_000_000
    assert sum(each.ns for each in cut.meanwhile) == cut.procs_ns


def test_too_many_intervals_are_refused() -> None:
    trace = open_trace(path_of("tour-go1.27"))
    trace.is_read_again = True
    source = SourceMap(Repository.scan(PROGRAMS))
    found = read(trace, source, RunQueueAnalysis(trace, 100))
    with pytest.raises(TraceError, match="more than 50 intervals"):
        read_queue(trace, source, found, most=50)
