"""The stacks that led to a goroutine, also after the goroutines in between have ended."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.trace.observers.ancestry import DEPTH, KEPT
from gotracer_ci.trace.spec import Ev
from tests.builds import Build, ancestry_of, open_trace, trace_of
from tests.trace.conftest import TRACES
from tests.trace.writer import case

ENDS = (Ev.GO_DESTROY, Ev.GO_DESTROY_SYSCALL)
BIRTHS = (Ev.GO_CREATE, Ev.GO_CREATE_BLOCKED)
HEAD = """# one
expect ok
trace go 1.26
stack entry main.work@main.go:1
generation 1
thread 1 at 100
+1 ProcStatus p=0 pstatus=Running
+1 GoStatus g=1 m=1 gstatus=Running
"""


def walked(trace: Any) -> dict[int, tuple[int, ...]]:
    """Return the creation stacks of each goroutine at the end, its own first, without repetitions one after another."""
    lines: dict[int, tuple[int, ...]] = {}
    for chunk in trace.chunks():
        for kind, goroutine, new, stack in chunk.columns(chunk.types, chunk.goroutines, chunk.a, chunk.stacks):
            if kind in BIRTHS:
                above = lines.get(goroutine, ())
                lines[new] = above if not stack or above[:1] == (stack,) else (stack, *above)
            elif kind in ENDS:
                lines.pop(goroutine, None)
    return lines


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
def test_the_stacks_are_those_of_a_plain_walk(path: Path, decoder: Build) -> None:
    expected = walked(open_trace(str(path)))
    trace = open_trace(str(path))
    ancestry = ancestry_of(trace)
    found = {id: tuple(ancestry.stacks(ancestry.of(id))) for id, *_ in trace.alive()}
    assert found == {id: expected.get(id, ()) for id in found}


def test_some_creators_are_gone(decoder: Build) -> None:
    """In this trace, every connection was made by a goroutine that has ended."""
    trace = open_trace(str(next(path for path in TRACES if path.stem == "connections-go1.27")))
    ancestry = ancestry_of(trace)
    alive = {id for id, *_ in trace.alive()}
    orphans = [id for id, _, creator, *_ in trace.alive() if creator > 0 and creator not in alive]
    assert len(orphans) == 48
    assert all(len(ancestry.stacks(ancestry.of(id))) == 2 for id in orphans)


def chain(*stacks: str) -> Any:
    """Return a trace in which goroutine 1 starts 2 at the first of these stacks, ends, 2 starts 3 at the next, …"""
    names = "".join(f"stack {name} main.{name}@main.go:1\n" for name in dict.fromkeys(stacks))
    events = "\n".join(
        f"+1 GoCreate new_g={n} new_stack=entry stack={stack}\n+1 GoDestroy\n+1 GoStart g={n} g_seq=1"
        for n, stack in enumerate(stacks, 2)
    )
    return trace_of("chain", case(HEAD.replace("generation", names + "generation", 1) + events).data)


def names(trace: Any) -> list[str]:
    """Return the functions that led to the only goroutine at the end."""
    ancestry = ancestry_of(trace)
    assert trace.damage is None
    ((id, *_),) = trace.alive()
    return [trace.tables.stack(index)[0][0] for index in ancestry.stacks(ancestry.of(id))]


def test_a_chain_of_goroutines_needs_no_more_room(decoder: Build) -> None:
    """A goroutine that starts the next one as its last act, again and again: one stack after the first."""
    assert names(chain("start", *["tick"] * 1000)) == ["main.tick", "main.start"]


@pytest.mark.parametrize("length", [DEPTH - 1, DEPTH, DEPTH + 1, 1000, 1001])
def test_of_a_long_line_the_nearest_are_known(length: int, decoder: Build) -> None:
    trace = chain("start", *(["tick", "tock"] * length)[:length])
    ancestry = ancestry_of(trace)
    ((id, *_),) = trace.alive()
    found = [trace.tables.stack(index)[0][0] for index in ancestry.stacks(ancestry.of(id))]
    nearest = [*(["main.tick", "main.tock"] * length)[:length][::-1], "main.start"]
    assert found == nearest[: len(found)]
    assert min(length + 1, KEPT) <= len(found) <= DEPTH
    assert len(ancestry) <= 4 * DEPTH


@pytest.mark.parametrize("path", TRACES[::3], ids=lambda path: path.stem)
def test_how_many_were_created_and_existed_at_once_is_exact(path: Path, decoder: Build) -> None:
    """By first function, as a plain walk counts it: each goroutine of the trace is in one source."""
    created: Counter[int] = Counter()
    most: Counter[int] = Counter()
    alive: Counter[int] = Counter()
    entries: dict[int, int] = {}
    for chunk in open_trace(str(path)).chunks():
        for kind, goroutine, new, entry in chunk.columns(chunk.types, chunk.goroutines, chunk.a, chunk.c):
            if kind in BIRTHS:
                entries[new] = entry
                created[entry] += 1
                alive[entry] += 1
                most[entry] = max(most[entry], alive[entry])
            elif kind in ENDS and goroutine in entries:
                alive[entries.pop(goroutine)] -= 1
    trace = open_trace(str(path))
    ancestry = ancestry_of(trace)
    sources = ancestry.sources()
    found: Counter[int] = Counter()
    for _, entry, test, number in sources:
        found[entry] += number
        assert test == -1
    assert found.total() == trace.totals()["goroutines_created"]
    if not {Ev.GO_CREATE_SYSCALL} & kinds_of(path):
        assert found == created
        known = sorted(created)
        peaks = ancestry.peaks([known.index(entry) for _, entry, *_ in sources], len(known))
        assert dict(zip(known, peaks, strict=True)) == most
    assert ancestry.is_complete()
    assert ancestry.peaks([-1] * len(sources), 0) == []


def kinds_of(path: Path) -> set[int]:
    return {kind for chunk in open_trace(str(path)).chunks() for (kind,) in chunk.columns(chunk.types)}
