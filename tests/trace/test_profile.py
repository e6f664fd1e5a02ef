"""The observers of profiles: the same in all builds, and bounded whatever is in a trace."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.trace.observers.go_profile import MAX_SAMPLES as MOST_OF_GO
from gotracer_ci.trace.observers.pairs import MAX_PAIRS
from gotracer_ci.trace.observers.profile import MAX_SAMPLES
from gotracer_ci.trace.spec import LARGEST, MAX_TIME, Ev, GoState
from tests.builds import Build, installed, open_trace, trace_of
from tests.trace.conftest import TRACES
from tests.trace.hostile import RUNS, event, on_thread, split, stack, string, trace
from tests.trace.test_kernel import walk
from tests.trace.writer import batch

STATES = (GoState.RUNNABLE, GoState.RUNNING, GoState.SYSCALL, GoState.WAITING)
ALL = sum(1 << state for state in STATES)


def new_profile(opened: Any, states: int = ALL, *, wakers: bool = False) -> Any:
    module = import_module("gotracer_ci.trace.observers.profile")
    return module.Profile(states, lambda reason, _: opened.tables.string(reason), lambda stack: 1 + stack, wakers)


def new_go_profile(opened: Any, state: GoState) -> Any:
    module = import_module("gotracer_ci.trace.observers.go_profile")
    return module.GoProfile(int(state), lambda reason, _: opened.tables.string(reason))


def observed(opened: Any, found: Any) -> Any:
    for _ in opened.chunks((Ev.SYNC,), (found,)):
        pass
    return found


def profiles(path: Path) -> list[Any]:
    """Read a trace with the active build for all profiles, and return their rows."""
    opened = open_trace(str(path))
    found = [new_profile(opened, wakers=True), *(new_go_profile(opened, state) for state in STATES)]
    for _ in opened.chunks((Ev.SYNC,), found):
        pass
    return [each.rows() for each in found]


@pytest.mark.parametrize("path", TRACES[::6], ids=lambda path: path.stem)
def test_all_builds_agree(path: Path, decoder: Build) -> None:
    """`tests/analysis/test_profile.py` says what is right, on all traces."""
    found = profiles(path)
    with installed().active():
        assert profiles(path) == found


def blocking(n: int) -> Any:
    """Return a trace in which one goroutine blocks at `n` different stacks, each woken at another one."""
    stacks = split(bytes([Ev.STACKS]), (stack(k, k) for k in range(1, n + 1)), 1 << 30)
    strings = bytes([Ev.STRINGS]) + string(1)
    waits = (
        event(Ev.GO_BLOCK, 1, k) + event(Ev.GO_UNBLOCK, 1, 2 * k - 1, k) + event(Ev.GO_START, 1, 2 * k)
        for k in range(1, n + 1)
    )
    return trace_of("many", trace(batch(1, 1, 100, RUNS), *on_thread(waits, 1 << 30), tables=[*stacks, strings]))


@pytest.mark.parametrize("wakers", [False, True])
def test_many_stacks_are_bounded(wakers: bool) -> None:
    """Beyond the limit samples lose their stack, and no time is lost. Plain Python would take minutes for so many."""
    n = max(MAX_SAMPLES, MAX_PAIRS, MOST_OF_GO) + 1_000
    opened = blocking(n)
    profile = observed(opened, new_profile(opened, wakers=wakers))
    rows = profile.rows()
    assert opened.damage is None
    assert len(rows) <= MAX_SAMPLES * 3 // 2 + (1 << 11)
    expected = walk(blocking(n))
    for state in STATES:
        same = [(count, ns) for kind, *_, count, ns in rows if kind == state]
        assert (sum(count for count, _ in same), sum(ns for _, ns in same)) == tuple(expected[state][:2])
    assert profile.merged() > 0
    opened = blocking(n)
    go = observed(opened, new_go_profile(opened, GoState.WAITING))
    assert sum(count for *_, count, _ in go.rows()) == n
    assert go.merged() == n - MOST_OF_GO


def test_sums_saturate(decoder: Build) -> None:
    """Three lives of a hundred years are more than 64 bits."""
    created = b"".join(event(Ev.GO_CREATE, k, 0, 0) for k in range(2, 5))
    late = event(Ev.GO_STOP, 0, 0)
    opened = trace_of("long", trace(batch(1, 1, 100, RUNS + created), batch(1, 1, MAX_TIME - 10, late)))
    rows = observed(opened, new_profile(opened)).rows()
    assert max(ns for *_, ns in rows) == LARGEST


def test_an_id_that_comes_again_has_only_its_last_goroutine(decoder: Build) -> None:
    """In Go's definitions; ours have all."""
    path = str(next(path for path in TRACES if path.stem == "cgocallback-go1.27"))
    opened, again = open_trace(path), open_trace(path)
    own = observed(opened, new_profile(opened, 1 << GoState.SYSCALL)).rows()
    go = observed(again, new_go_profile(again, GoState.SYSCALL)).rows()
    assert sum(row[-2] for row in own) > sum(row[-2] for row in go) > 0
