"""The kernel's parts and aggregates, compared with a slow and simple walk over the same events."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gotracer_ci.events.names import CHANGES
from gotracer_ci.trace import columns, kernel
from gotracer_ci.trace.observers.groups import EXAMPLES
from gotracer_ci.trace.spec import BEFORE, OPEN, Ev, GoState
from tests.builds import BUILDS, PACKAGE, Build, groups_of, new_groups, open_trace, uncompiled
from tests.trace.conftest import TRACES

ENDS = {Ev.GO_DESTROY, Ev.GO_DESTROY_SYSCALL}
STATES = (GoState.RUNNABLE, GoState.SYSCALL, GoState.WAITING)
"""Those that `Groups` aggregates."""
NAMES = {state.name.capitalize(): state for state in (GoState.RUNNING, *STATES)}


def test_the_compiled_modules_are_loaded_where_there_are_any() -> None:
    """A plain module earlier on the path would hide a compiled one, and only the speed would show it."""
    libraries = {file.name.split(".")[0] for file in PACKAGE.rglob("*") if file.suffix in (".so", ".pyd")}
    sources = {file.stem for file in PACKAGE.rglob("*.py") if "import cython\n" in file.read_text(encoding="utf-8")}
    assert libraries in (set(), {*sources, "_shared"}), "all modules are compiled, or none"
    assert kernel.is_compiled() is columns.is_compiled() is bool(libraries)


@pytest.mark.parametrize("name", sorted(BUILDS))
def test_each_build_is_what_it_is_called(name: str) -> None:
    build = BUILDS[name]()
    assert build.kernel.is_compiled() is build.columns.is_compiled()
    assert build.kernel.is_compiled() is (name != "uncompiled" and kernel.is_compiled())
    assert build.kernel.is_checked() is (name != "installed" or not kernel.is_compiled())


@given(st.lists(st.tuples(st.booleans(), st.integers(-4, 12) | st.sampled_from([-(2**63), 2**63 - 1]))))
def test_id_map_is_a_dict(steps: list[tuple[bool, int]]) -> None:
    """With few ids, many collide and are removed again, which is where open addressing goes wrong."""
    ours = uncompiled().columns.IdMap([key for _, key in steps * 3])
    theirs: dict[int, int] = {}
    for step, (put, key) in enumerate(steps * 3):
        if put and key not in theirs:
            ours.put(key, step)
            theirs[key] = step
        elif not put:
            assert ours.remove(key) == (theirs.pop(key, None) is not None)
        assert ours.count == len(theirs)
    assert all(ours.find(key) == theirs.get(key, -1) for _, key in steps)


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
def test_intervals_add_up(path: Path, decoder: Build) -> None:
    """Count, total and longest of each state equal those of a plain walk over the events."""
    trace, groups = open_trace(str(path)), new_groups()
    expected = walk(trace, groups)
    found: dict[GoState, list[int]] = {state: [0, 0, 0] for state in STATES}
    for kind, _, _, _, count, total, examples, histogram in groups.rows():
        if kind not in STATES:
            continue
        group = found[GoState(kind)]
        group[0] += count
        group[1] += total
        group[2] = max(group[2], examples[0][1])
        lengths = [example[1] for example in examples]
        assert lengths == sorted(lengths, reverse=True)
        assert len(examples) == min(count, EXAMPLES)
        assert sum(histogram.values()) == (count if count > EXAMPLES else 0)
    del expected[GoState.RUNNING]
    assert found == expected


def walk(trace: Any, *observers: Any) -> dict[GoState, list[int]]:
    """Return count, total and longest (ns) of the intervals of each state, from a plain walk over the events."""
    state: dict[int, tuple[GoState, int]] = {}
    lengths: defaultdict[GoState, list[int]] = defaultdict(list)
    start: int | None = None
    now = -1

    def change(goroutine: int, to: GoState | None, time: int) -> None:
        if goroutine in state:
            old, since = state.pop(goroutine)
            lengths[old].append(time - since)
        if to is not None:
            state[goroutine] = (to, time)

    for chunk in trace.chunks(None, observers):
        for now, number, _, _, g, a, b, _, _ in chunk.rows():
            event = Ev(number)
            start = now if start is None else start
            if event in (Ev.GO_STATUS, Ev.GO_STATUS_STACK):
                if b >> 8 == 0:
                    change(a, GoState(b & 0xFF), start)
            elif event in CHANGES:
                of = a if CHANGES[event][0] in ("NotExist", "Waiting", "Runnable") else g
                change(of, None if event in ENDS else NAMES[CHANGES[event][1]], now)
    for goroutine in list(state):
        change(goroutine, None, now)
    return {s: [len(lengths[s]), sum(lengths[s]), max(lengths[s], default=0)] for s in (GoState.RUNNING, *STATES)}


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
def test_parked_intervals_are_groups_of_their_own(path: Path, decoder: Build) -> None:
    """An interval that spans the whole trace says nothing, but would be the longest of a shared group."""
    trace = open_trace(str(path))
    for kind, parked, _, _, _, _, examples, _ in groups_of(trace):
        for _, length, *_, flags in examples:
            assert parked is (flags == OPEN | BEFORE)
            assert parked or kind not in STATES or length < trace.duration_ns


def test_goroutines_alive_are_those_not_ended(decoder: Build) -> None:
    trace = open_trace(str(next(path for path in TRACES if path.stem.startswith("leak"))))
    events = Counter(number for chunk in trace.chunks() for _, number, *_ in chunk.rows())
    created = events[Ev.GO_CREATE] + events[Ev.GO_CREATE_BLOCKED] + events[Ev.GO_CREATE_SYSCALL]
    ended = sum(events[event] for event in ENDS)
    totals = trace.totals()
    assert totals["goroutines_created"] == created
    assert len(list(trace.alive())) == totals["goroutines_at_start"] + created - ended


def test_unwanted_events_are_counted_all_the_same(decoder: Build) -> None:
    path = str(TRACES[0])
    whole, rare = open_trace(path), open_trace(path)
    of_whole, of_rare = new_groups(), new_groups()
    rows = sum(chunk.n for chunk in whole.chunks(None, (of_whole,)))
    syncs = [row[1] for chunk in rare.chunks([Ev.SYNC], (of_rare,)) for row in chunk.rows()]
    assert set(syncs) == {Ev.SYNC}
    assert rare.events == whole.events == rows
    assert of_rare.rows() == of_whole.rows()
