"""Groups of goroutines: how long those that began alike were in each state, in total and over time."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import NamedTuple

from gotracer_ci.analysis.lives import Names
from gotracer_ci.analysis.stacks import Stack, Stacks
from gotracer_ci.trace.observers.group_times import GroupTimes as Observer
from gotracer_ci.trace.reader import Chunk, Trace
from gotracer_ci.trace.spec import Ev

States = tuple["array[int]", ...]


class GroupTime(NamedTuple):
    """The lives that began in one function and were created at one stack.

    created: during the trace. alive: at its end. longest_ns: the longest life. sums: ns by `SUMS` of the observer.
    over_time: by its `STATES` the ns in each part of the trace; None if there are too many groups.
    """

    name: str
    creation: Stack
    lives: int
    created: int
    alive: int
    longest_ns: int
    sums: tuple[int, ...]
    over_time: States | None


class GroupTimes(NamedTuple):
    """The groups of one trace. width_ns: of its parts, a power of two; parts: how many there are."""

    groups: tuple[GroupTime, ...]
    width_ns: int
    parts: int


class GroupTimesAnalysis:
    """Finds the groups of a trace's goroutines (see `reading.Analysis`)."""

    wanted = (Ev.SYNC,)

    def __init__(self) -> None:
        self._observer = Observer()
        self._has_begun = False

    @property
    def observers(self) -> Sequence[Observer]:
        return (self._observer,)

    @property
    def consumers(self) -> Sequence[GroupTimesAnalysis]:
        return (self,)

    def limit(self, start: int, end: int) -> None:
        """The observer is limited (see `reading.Limited`)."""

    def feed(self, chunk: Chunk) -> None:
        if not self._has_begun and chunk.n:
            # the first event is a Sync, and nothing has been reported before it
            self._has_begun = True
            self._observer.begin(chunk.times[0])

    def result(self, trace: Trace, stacks: Stacks) -> GroupTimes:
        shift, parts = self._observer.over_time(trace.start_ns + trace.duration_ns)
        names = Names(trace.tables)
        states = self._observer.states
        groups = [
            GroupTime(names[entry], stacks[creation], lives, created, alive, longest, sums, states(number, parts))
            for number, entry, creation, (lives, created, alive, longest), sums in self._observer.groups()
        ]
        return GroupTimes(tuple(groups), 1 << shift, parts)
