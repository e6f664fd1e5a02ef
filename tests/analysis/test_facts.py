"""The heap after each GC cycle, and the goroutines at the end."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gotracer_ci.analysis.heap import HeapSamples
from gotracer_ci.trace.reader import Chunk
from gotracer_ci.trace.spec import Ev
from tests.conftest import NAMES, facts_of

CYCLES = st.lists(st.integers(0, 10**9), max_size=40)


def chunk(times: list[int], live: list[int]) -> Chunk:
    """Return events in which GC cycles end, each with a heap sample just before."""
    n = len(times) * 2
    at = array("q", [value for time in times for value in (time - 1, time)])
    kinds = array("B", [kind for _ in times for kind in (Ev.HEAP_ALLOC, Ev.GC_END)])
    sizes = array("q", [value for size in live for value in (size, 1)])
    none = array("q", [0]) * n
    return Chunk(n, at, kinds, none, none, none, sizes, none, none, none, none)


@given(CYCLES, st.integers(1, 5))
def test_growth_is_the_largest_rise_to_a_later_cycle(live: list[int], parts: int) -> None:
    """Compared with all pairs of cycles, for any split into chunks."""
    times = [10 * (i + 1) for i in range(len(live))]
    heap = HeapSamples()
    size = max(1, len(live) // parts)
    for start in range(0, len(live), size):
        heap.feed(chunk(times[start : start + size], live[start : start + size]))
    rises = [after - before for i, before in enumerate(live) for after in live[i + 1 :]]
    growth = heap.result().growth
    assert heap.result().cycles == len(live)
    assert max(0, growth.bytes if growth else 0) == max(0, max(rises, default=0))
    if growth and growth.bytes > 0:
        at = dict(zip(times, live, strict=True))
        assert at[growth.end_ns] - at[growth.start_ns] == growth.bytes
        assert growth.start_ns < growth.end_ns


def test_a_cycle_without_a_heap_size_is_only_counted() -> None:
    heap = HeapSamples()
    heap.feed(chunk([10, 20, 30], [100, -1, 150]))
    growth = heap.result().growth
    assert heap.result().cycles == 3
    assert growth
    assert growth.bytes == 50


@pytest.mark.parametrize(
    ("name", "survivors"),
    [
        # goroutines from before the trace count by entry function, not by their current place
        ("service-go1.27", {"~main.(*service).serve": 4, "~main.main": 1}),
        ("smallgrowth-seven-go1.26", {"~main.work": 6, "~main.main": 1, "main.main.func": 7}),
        ("leak-go1.24", {"~main.answerPings": 4, "~main.main": 1, "main.spawnWatcher": 150}),
        ("deadlock-go1.27", {"~main.main": 1, "main.main.func": 5}),
        ("waitgroup-go1.26", {"~main.main": 1}),
    ],
)
def test_survivors_by_creator(name: str, survivors: dict[str, int]) -> None:
    goroutines = facts_of(name).goroutines
    found = {group.place: group.count for group in goroutines.survivors if not group.place.endswith("record.Run")}
    assert found == survivors
    assert goroutines.at_start == sum(n for place, n in survivors.items() if place.startswith("~"))


@pytest.mark.parametrize("name", NAMES)
def test_the_survivors_are_the_goroutines_at_the_end(name: str) -> None:
    goroutines = facts_of(name).goroutines
    assert sum(group.count for group in goroutines.survivors) == goroutines.at_end
    assert all(sum(group.waiting.values()) == group.count for group in goroutines.survivors)
    assert all(0 <= group.late <= group.created <= group.count for group in goroutines.survivors)
    assert sum(group.created for group in goroutines.survivors) <= goroutines.created


@pytest.mark.parametrize("name", NAMES)
def test_gomaxprocs(name: str) -> None:
    """As the programs set it. Comparisons with a baseline depend on it."""
    program = name.split("-go")[0]
    alone = {"schedlatency", "heapgrowth", "heapblip", "allocfree"}
    four = {"idle", "starvation"}
    assert facts_of(name).gomaxprocs == (1 if program in alone else 4 if program in four else 2)
