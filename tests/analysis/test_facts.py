"""The heap after each GC cycle, and the goroutines at the end."""

from __future__ import annotations

from array import array
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gotracer_ci.analysis.heap import HeapSamples
from gotracer_ci.trace.reader import Chunk
from gotracer_ci.trace.spec import Ev
from tests.conftest import NAMES, facts_of

Cycle = tuple[int, int]
"""How much the program keeps, and how much it allocates while the collector marks."""
CYCLES = st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), max_size=40)


def chunk(cycles: list[Cycle], since: int) -> Chunk:
    """Return the events of GC cycles, each 10 ns long: sample, beginning, sample, new live heap, end."""
    rows = [
        row
        for i, (kept, marked) in enumerate(cycles)
        for row in (
            (10 * (since + i) + 1, Ev.HEAP_ALLOC, kept),
            (10 * (since + i) + 2, Ev.GC_BEGIN, since + i),
            (10 * (since + i) + 3, Ev.HEAP_ALLOC, kept + marked),
            (10 * (since + i) + 8, Ev.HEAP_ALLOC, kept + marked if kept >= 0 else -1),
            (10 * (since + i) + 9, Ev.GC_END, since + i),
        )
    ]
    times, kinds, values = zip(*rows, strict=True) if rows else ((), (), ())
    none = array("q", [0]) * len(rows)
    return Chunk(
        len(rows), array("q", times), array("B", kinds), none, none, none, array("q", values), none, none, none, none
    )


@given(CYCLES, st.integers(1, 5))
def test_growth_is_what_stays(cycles: list[Cycle], parts: int) -> None:
    """Compared with all pairs of a beginning and a rest of at least two cycles, for any split into chunks."""
    heap = HeapSamples()
    size = max(1, len(cycles) // parts)
    for start in range(0, len(cycles), size):
        heap.feed(chunk(cycles[start : start + size], start))
    kept = [kept for kept, _ in cycles]
    rises = [min(kept[i:]) - min(kept[:i]) for i in range(1, len(kept) - 1)]
    found = heap.result()
    assert found.cycles == len(cycles)
    assert found.peak == max(kept, default=None)
    assert (found.growth.bytes if found.growth else None) == max(rises, default=None)
    if found.growth:
        begin, end = (time // 10 for time in (found.growth.start_ns, found.growth.end_ns))
        assert begin < end < len(kept) - 1
        assert (found.growth.before, found.growth.after) == (kept[begin], min(kept[end:]))


def test_many_cycles_need_little_memory() -> None:
    """Their number comes from the file. The growth of a program that never stops growing is still found."""
    heap = HeapSamples()
    for start in range(0, 50_000, 1000):
        heap.feed(chunk([(1000 * cycle, 500) for cycle in range(start, start + 1000)], start))
    found = heap.result()
    assert found.cycles == 50_000
    assert found.growth
    assert found.growth.bytes > 0.99 * 50_000_000
    assert len(heap._live) < 10_000


def test_a_trace_without_heap_sizes_has_only_cycles() -> None:
    heap = HeapSamples()
    heap.feed(chunk([(-1, 0)] * 3, 0))
    assert heap.result() == (3, None, None, None)


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
    found: Counter[str] = Counter()
    for group in goroutines.alive:
        found[group.place] += group.count * (not group.place.endswith("record.Run"))
    assert +found == survivors
    assert goroutines.at_start == sum(n for place, n in survivors.items() if place.startswith("~"))


@pytest.mark.parametrize("name", NAMES)
def test_the_goroutines_at_the_end_add_up(name: str) -> None:
    goroutines = facts_of(name).goroutines
    assert all(0 <= group.late <= group.created <= group.count for group in goroutines.alive)
    assert all(group.created in (0, group.count) and group.late in (0, group.count) for group in goroutines.alive)
    assert sum(group.created for group in goroutines.alive) <= goroutines.created
    assert goroutines.at_end == sum(group.count for group in goroutines.alive)


@pytest.mark.parametrize("name", NAMES)
def test_gomaxprocs(name: str) -> None:
    """As the programs set it. Comparisons with a baseline depend on it."""
    program = name.split("-go")[0]
    alone = {"schedlatency", "heapgrowth", "heapblip", "allocfree", "waits"}
    four = {"causes", "crowd", "idle", "starvation"}
    assert facts_of(name).gomaxprocs == (1 if program in alone else 4 if program in four else 2)
