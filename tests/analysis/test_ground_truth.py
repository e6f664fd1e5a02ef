"""Times that programs are known to spend: they sleep, spin, wait and block for a length that their sources say."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gotracer_ci.analysis.lives import Life, LivesAnalysis
from gotracer_ci.analysis.reading import read
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.open import open_trace
from tests.conftest import NAMES, PROGRAMS, path_of

MS = 1_000_000


def lives_of(name: str) -> Sequence[Life]:
    trace = open_trace(path_of(name))
    return read(trace, SourceMap(Repository.scan(PROGRAMS)), LivesAnalysis(trace, each=True)).lives


def of_program(program: str) -> pytest.MarkDecorator:
    names = [name for name in NAMES if name.rpartition("-go")[0] == program]
    assert names
    return pytest.mark.parametrize("name", names)


@of_program("blockedread")
def test_a_blocked_read_is_in_a_system_call_without_its_p(name: str) -> None:
    """It takes 4.5 s, and the runtime takes the P away within 10 ms."""
    (main,) = (life for life in lives_of(name) if life.name in ("main.main", "runtime.main"))
    assert 4500 * MS <= main.times.syscall + main.times.syscall_blocked < 4600 * MS
    assert main.times.syscall < 20 * MS
    assert main.times.runnable < 100 * MS


@of_program("idle")
def test_a_system_call_that_spans_the_trace_is_not_runnable(name: str) -> None:
    """The goroutine of signal.Notify waits for a signal all the time. Go 1.22 has no stack that names it."""
    (loop,) = (life for life in lives_of(name) if life.times.syscall_blocked > 1000 * MS)
    assert loop.name in ("os/signal.loop", "")
    assert loop.times.syscall_blocked == loop.total_ns


@of_program("lockwait")
def test_a_lock_is_waited_for_as_long_as_it_is_held(name: str) -> None:
    """It is held for 4.5 s, and one goroutine waits for it."""
    waits = [ns for life in lives_of(name) if life.name == "main.main.func1.1" for ns in life.waits.values()]
    assert len([ns for ns in waits if 4400 * MS < ns < 4700 * MS]) == 1


@of_program("schedlatency")
def test_work_on_one_p_makes_the_others_runnable(name: str) -> None:
    """Eight goroutines wait for 10 ms, and then each needs the only P for some of the next 20 ms."""
    workers = [life for life in lives_of(name) if life.name == "main.main.func1.1"]
    assert len(workers) == 16
    for life in workers:
        assert life.times.waiting > 9 * MS
        yielded = life.times.runnable_yielded or 0
        assert life.times.running + yielded >= 20 * MS
    ran = sum(life.times.running for life in workers)
    assert ran <= max(life.ended_ns or 0 for life in workers)
    assert max(life.times.runnable for life in workers) > 50 * MS
