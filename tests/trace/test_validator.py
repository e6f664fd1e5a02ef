"""The validator accepts correct traces and rejects wrong ones; a test makes each of its invariants fail."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from gotracer_ci.trace.spec import Ev
from tests.builds import Build, open_trace
from tests.trace.conftest import ROOT, TRACES
from tests.trace.validator import (
    EXITING,
    FROM_TO,
    INVARIANTS,
    P_RUNNING,
    RUNNING,
    SYSCALL,
    Row,
    Validator,
    Violation,
    validate,
)

MUTATED = ("tour-go1.27", "cgocallback-go1.27", "annotations-go1.26", "blockedread-go1.22", "lockcontention-go1.23")
MUTANTS = 60
"""For each kind and trace."""
Mutation = Callable[[list[Row]], None]


@cache
def _rows(name: str) -> tuple[Row, ...]:
    trace = open_trace(str(ROOT / "testdata" / "traces" / f"{name}.trace"))
    return tuple(row for chunk in trace.chunks() for row in chunk.rows())


def _check(rows: list[Row]) -> None:
    validator = Validator()
    for row in rows:
        validator.row(row)
    validator.end()


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
def test_every_committed_trace_holds(path: Path) -> None:
    trace = open_trace(str(path))
    assert validate(trace) == trace.events


@pytest.mark.parametrize("name", MUTATED)
def test_all_builds_hold(name: str, decoder: Build) -> None:
    trace = open_trace(str(ROOT / "testdata" / "traces" / f"{name}.trace"))
    assert validate(trace) == len(_rows(name))


def _find(rows: list[Row], *events: Ev, start: int = 0) -> int:
    return next(i for i, row in enumerate(rows) if i >= start and row[1] in events)


def _change(rows: list[Row], i: int, **changes: int) -> None:
    fields = dict(zip(("time", "type", "m", "p", "g", "a", "b", "c", "stack"), rows[i], strict=True))
    time, number, m, p, g, a, b, c, stack = (fields | changes).values()
    rows[i] = (time, number, m, p, g, a, b, c, stack)


def _stand_still(rows: list[Row]) -> None:
    _change(rows, 100, time=rows[99][0])


def _lose_the_end(rows: list[Row]) -> None:
    rows.pop()


def _allocate_on_another_p(rows: list[Row]) -> None:
    i = _find(rows, Ev.HEAP_ALLOC)
    _change(rows, i, p=rows[i][3] + 1)


def _be_on_two_threads(rows: list[Row]) -> None:
    """A status event that repeats the state, on a thread that does not exist."""
    second = _find(rows, Ev.SYNC, start=1)
    statuses = (i for i in range(second, len(rows)) if rows[i][1] in (Ev.GO_STATUS, Ev.GO_STATUS_STACK))
    _change(rows, next(i for i in statuses if rows[i][6] & 0xFF == SYSCALL), m=999, p=-1, g=-1)


def _start_beside_another(rows: list[Row]) -> tuple[int, int, int]:
    """Return the first start of a P while another thread has one: the row, that thread and its P."""
    validator = Validator()
    for i, row in enumerate(rows):
        if row[1] == Ev.PROC_START and validator.places.on:
            return i, *next(iter(validator.places.on.items()))
        validator.row(row)
    raise AssertionError("none")


def _put_two_ps_on_a_thread(rows: list[Row]) -> None:
    """A P starts on a thread that has another P, which is the event's context."""
    i, thread, proc = _start_beside_another(rows)
    goroutine = next(row[4] for row in reversed(rows[:i]) if row[2] == thread)
    _change(rows, i, m=thread, p=proc, g=goroutine)


def _wake_nobody(rows: list[Row]) -> None:
    del rows[_find(rows, Ev.GO_UNBLOCK)]


def _start_a_running_p(rows: list[Row]) -> None:
    i, _, proc = _start_beside_another(rows)
    _change(rows, i, a=proc)


def _lose_a_begin(rows: list[Row]) -> None:
    del rows[_find(rows, Ev.GC_BEGIN)]


def _end_the_outer_region(rows: list[Row]) -> None:
    i = _find(rows, Ev.USER_REGION_END)
    _change(rows, i, b=rows[i][6] + 1)


def _end_a_task_twice(rows: list[Row]) -> None:
    i = _find(rows, Ev.USER_TASK_END)
    rows.insert(i + 1, rows[i])
    _change(rows, i + 1, time=rows[i][0] + 1)


CONTROLS: dict[str, tuple[str, Mutation]] = {
    "sync": ("tour-go1.27", _lose_the_end),
    "time": ("tour-go1.27", _stand_still),
    "context": ("tour-go1.27", _allocate_on_another_p),
    "goroutine threads": ("blockedread-go1.22", _be_on_two_threads),
    "proc threads": ("lockcontention-go1.23", _put_two_ps_on_a_thread),
    "goroutine states": ("tour-go1.27", _wake_nobody),
    "proc states": ("lockcontention-go1.23", _start_a_running_p),
    "ranges": ("tour-go1.27", _lose_a_begin),
    "regions": ("annotations-go1.26", _end_the_outer_region),
    "tasks": ("annotations-go1.26", _end_a_task_twice),
}


@pytest.mark.parametrize("invariant", INVARIANTS)
def test_each_invariant_is_seen_to_fail(invariant: str) -> None:
    name, mutate = CONTROLS[invariant]
    rows = list(_rows(name))
    mutate(rows)
    with pytest.raises(Violation) as caught:
        _check(rows)
    assert caught.value.invariant == invariant


def _drop(rows: list[Row], i: int) -> None:
    del rows[i]


def _swap(rows: list[Row], i: int) -> None:
    """Two events change places but the times stay, as in a wrong order of ties."""
    j = next((j for j in range(i + 1, len(rows)) if rows[j][2] == rows[i][2]), i + 1)
    first, second = rows[i], rows[j]
    rows[i], rows[j] = second, first
    _change(rows, i, time=first[0])
    _change(rows, j, time=second[0])


def _change_goroutine(rows: list[Row], i: int) -> None:
    _change(rows, i, g=rows[i][4] + 1)


@pytest.mark.parametrize(("mutate", "least"), [(_drop, 0.97), (_swap, 0.9), (_change_goroutine, 1.0)])
def test_mutants_are_caught(mutate: Callable[[list[Row], int], None], least: float) -> None:
    """Nearly all are found: a goroutine's last transition, and two unrelated ones, can be anywhere."""
    dice = random.Random(22)
    found: Counter[str] = Counter()
    for name in MUTATED:
        rows = _rows(name)
        moves = {*FROM_TO, Ev.PROC_START, Ev.PROC_STOP, Ev.PROC_STEAL}
        places = [i for i, row in enumerate(rows[:-50]) if row[1] in moves]
        for i in dice.sample(places, min(MUTANTS, len(places))):
            mutant = list(rows)
            mutate(mutant, i)
            try:
                _check(mutant)
            except Violation as violation:
                found[violation.invariant] += 1
            else:
                found["none"] += 1
    assert found["none"] <= (1 - least) * found.total()


@pytest.mark.parametrize("holds", [True, False])
def test_an_exiting_thread_has_no_id_in_the_next_generation(holds: bool) -> None:
    """Go's reader shows thread 0 there, too. A thread with a goroutine does not exit."""
    thread, proc, goroutine = 20171, 3, 14
    to_running = 0 << 8 | P_RUNNING, P_RUNNING << 8 | P_RUNNING
    rows: list[Row] = [
        (0, Ev.SYNC, -1, -1, -1, 1, 0, 0, 0),
        (1, Ev.PROC_STATUS, thread, -1, -1, proc, to_running[0], 0, 0),
        (2, Ev.GO_STATUS, thread, proc, -1, goroutine, RUNNING, 0, 0),
        (3, Ev.GO_DESTROY, thread, proc, goroutine, 0, 0, 0, 0),
        (4, Ev.SYNC, -1, -1, -1, 2, 0, 0, 0),
        (5, Ev.PROC_STATUS, EXITING, -1, -1, proc, to_running[1], 0, 0),
        (6, Ev.PROC_STOP, EXITING, proc, -1, proc, 0, 0, 0),
        (7, Ev.SYNC, -1, -1, -1, 3, 0, 0, 0),
    ]
    if holds:
        _check(rows)
    else:
        del rows[3]
        with pytest.raises(Violation, match="proc threads"):
            _check(rows)
