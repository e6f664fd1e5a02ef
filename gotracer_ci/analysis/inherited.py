"""Goroutines that were created inside a region: each one counts as a region of the same type from birth to end.

Go's reader does so, too, but without a type. The innermost region of the creator counts; a goroutine without an open
region of its own passes on the one that it inherited.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from gotracer_ci.analysis.lives import Life, LivesAnalysis
from gotracer_ci.analysis.reading import Limited
from gotracer_ci.analysis.region_times import Region, RegionsAnalysis, RegionTimes, group_of
from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.trace.reader import Chunk, Trace
from gotracer_ci.trace.spec import NEVER, Ev

KEPT = 100_000
"""Goroutines created inside a region, and open regions, that are kept."""
_CREATES = (Ev.GO_CREATE, Ev.GO_CREATE_BLOCKED)


class Inherited(NamedTuple):
    """The region in which a goroutine was created. name: an index of the trace's strings."""

    name: int
    task: int


class InheritedRegions:
    """Finds the goroutines that were created inside a region; a consumer. left_out: how many more than `KEPT`."""

    wanted = (*_CREATES, Ev.GO_DESTROY, Ev.USER_REGION_BEGIN, Ev.USER_REGION_END)

    def __init__(self) -> None:
        self.left_out = 0
        self._start = -NEVER
        self._n = 0
        self._open: dict[int, list[Inherited]] = {}  # goroutine → its open regions, the innermost last
        self._found: dict[tuple[int, int], Inherited] = {}  # (goroutine, when it was created)

    def limit(self, start: int, end: int) -> None:
        """A goroutine created before this time has no beginning; the lives are already cut to the window."""
        self._start = start

    def feed(self, chunk: Chunk) -> None:
        for now, kind, g, a, b in chunk.of(self.wanted, chunk.times, chunk.types, chunk.goroutines, chunk.a, chunk.b):
            if kind in _CREATES:
                self._leaves(a)
                if g in self._open:
                    self._creates(a, now, self._open[g][-1])
            elif kind == Ev.GO_DESTROY:
                self._leaves(g)
            elif kind == Ev.USER_REGION_BEGIN and self._n < KEPT:
                self._n += 1
                self._open.setdefault(g, []).append(Inherited(b, a))
            elif kind == Ev.USER_REGION_END and g in self._open:
                # as in Go's reader, the innermost ends
                self._n -= 1
                self._open[g].pop()
                if not self._open[g]:
                    del self._open[g]

    def _creates(self, id: int, now: int, region: Inherited) -> None:
        if len(self._found) >= KEPT:
            self.left_out += 1
            return
        self._found[id, now] = region
        self._open[id] = [region]
        self._n += 1

    def _leaves(self, id: int) -> None:
        self._n -= len(self._open.pop(id, ()))

    def regions(self, trace: Trace, lives: Iterable[Life]) -> Iterator[Region]:
        """Yield a region for each of these lives that was created inside one."""
        for life in lives:
            created = trace.start_ns + (life.created_ns or 0)
            found = None if life.created_ns is None else self._found.get((life.id, created))
            if found is not None:
                yield Region(
                    trace.tables.string(found.name),
                    life.creation,
                    life.id,
                    found.task,
                    life.created_ns if created >= self._start else None,
                    life.ended_ns,
                    life.total_ns,
                    life.times,
                    life.waits,
                    life.ranges,
                    inherited=True,
                )


class InheritingAnalysis:
    """Finds a trace's regions with those that goroutines inherit (see `reading.Analysis`).

    The arguments are those of `RegionsAnalysis`. At most `observers.lengths.KEPT` goroutines are found.
    """

    def __init__(
        self,
        trace: Trace,
        *,
        each: bool = False,
        ranges: bool = False,
        goroutine: int | None = None,
        shortest: int = 0,
        longest: int | None = None,
    ) -> None:
        only: dict[str, Any] = {"goroutine": goroutine, "shortest": shortest, "longest": longest}
        self._regions = RegionsAnalysis(trace, each=each, ranges=ranges, **only)
        self._lives = LivesAnalysis(trace, each=True, places=True, ranges=ranges)
        self._inherited = InheritedRegions()
        self._each = each
        self._goroutine = goroutine
        self._shortest = shortest
        self._longest = NEVER if longest is None else longest

    @property
    def observers(self) -> Sequence[Limited]:
        return (*self._regions.observers, *self._lives.observers)

    @property
    def consumers(self) -> Sequence[InheritedRegions]:
        return (self._inherited,)

    def result(self, trace: Trace, stacks: Stacks) -> RegionTimes:
        found, lives = self._regions.result(trace, stacks), self._lives.result(trace, stacks)
        more = [
            region
            for region in self._inherited.regions(trace, lives.lives)
            if self._goroutine in (None, region.goroutine) and self._shortest <= region.duration_ns <= self._longest
        ]
        return RegionTimes(
            (*found.groups, *map(group_of, more)),
            [*found.regions, *more] if self._each else (),
            found.counted + len(more),
            found.left_out,
            max(self._inherited.left_out, lives.counted - len(lives.lives)),
            found.has_goroutine,
        )
