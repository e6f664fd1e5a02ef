"""A new analysis of rare events is one class and needs no other change."""

from __future__ import annotations

from collections import Counter

import pytest

from gotracer_ci.analysis.facts import analyse
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.reader import Chunk
from gotracer_ci.trace.spec import Ev
from tests.conftest import NAMES, PROGRAMS, facts_of, path_of


class Cycles:
    """Counts the GC cycles that ended."""

    wanted = (Ev.GC_END,)

    def __init__(self) -> None:
        self._count = 0

    def feed(self, chunk: Chunk) -> None:
        self._count += sum(kind == Ev.GC_END for kind in memoryview(chunk.types)[: chunk.n])

    def result(self) -> int:
        return self._count


class Kinds:
    """Counts events by type."""

    wanted = (Ev.GC_BEGIN, Ev.GC_ACTIVE, Ev.STW_BEGIN)

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def feed(self, chunk: Chunk) -> None:
        self._counts.update(kind for kind in memoryview(chunk.types)[: chunk.n] if kind in self.wanted)

    def result(self) -> dict[int, int]:
        return dict(self._counts)


@pytest.mark.parametrize("name", NAMES)
def test_a_consumer_counts_gc_cycles(name: str) -> None:
    """The count is exact, and the facts stay the same."""
    cycles = Cycles()
    facts = analyse(open_trace(path_of(name)), SourceMap(Repository.scan(PROGRAMS)), [cycles])
    assert cycles.result() == facts.heap.cycles
    assert facts == facts_of(name)


def test_each_consumer_gets_the_events_it_wants() -> None:
    """Alone, or together with consumers that want other events."""
    alone: list[object] = []
    for consumer in (Cycles(), Kinds()):
        analyse(open_trace(path_of("gcpause-go1.26")), SourceMap(None), [consumer])
        alone.append(consumer.result())
    together = (Kinds(), Cycles())
    analyse(open_trace(path_of("gcpause-go1.26")), SourceMap(None), together)
    assert [consumer.result() for consumer in reversed(together)] == alone
    assert all(alone)
