"""Scopes: the time of each life that belongs to a region, a task or a test, from a reading of its own.

A profile of a scope cuts every interval to these windows in a second reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, NamedTuple, Protocol

from gotracer_ci.analysis.ran_tests import RanTestsAnalysis
from gotracer_ci.analysis.reading import Limited, LimitedConsumer, read_for
from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.observers.scopes import Families, RegionWindows
from gotracer_ci.trace.reader import Chunk, Trace
from gotracer_ci.trace.spec import NEVER, Ev

Kind = Literal["region", "task", "test"]
MAX_PARTS: Final = 1 << 17
"""Goroutines of tasks or tests that are kept, each for one task or test."""

_Window = tuple[int, int]


class Part(NamedTuple):
    """A life's time in something of a name."""

    name: str
    life: int
    window: _Window


class Scopes(NamedTuple):
    """What is known of one kind of scope in a trace. left_out: how many parts there are beyond those that are kept."""

    parts: Sequence[Part]
    left_out: int

    @property
    def names(self) -> set[str]:
        return {part.name for part in self.parts}

    def windows(self, names: set[str]) -> dict[int, list[_Window]]:
        """Return the windows of these names by life, disjoint and in order."""
        lives: dict[int, list[_Window]] = {}
        for part in self.parts:
            if part.name in names:
                lives.setdefault(part.life, []).append(part.window)
        return {life: list(_joined(windows)) for life, windows in lives.items()}


class _Finder(Protocol):
    @property
    def observers(self) -> Sequence[Limited]: ...

    @property
    def consumers(self) -> Sequence[LimitedConsumer]: ...

    def result(self, trace: Trace, stacks: Stacks) -> Scopes: ...


def find(trace: Trace, kind: Kind) -> Scopes:
    """Read the trace for its regions, tasks or tests.

    Raises:
        TraceError: the trace has no events.
    """
    finder: _Finder = RegionScopes() if kind == "region" else TaskScopes(trace) if kind == "task" else TestScopes(trace)
    read_for(trace, (finder,))
    return finder.result(trace, Stacks(trace.tables, SourceMap(None), trace.version))


class RegionScopes:
    """The outermost regions of each type on each goroutine (see `reading.Analysis`)."""

    consumers = ()

    def __init__(self) -> None:
        self._observer = RegionWindows()

    @property
    def observers(self) -> Sequence[Limited]:
        return (self._observer,)

    def result(self, trace: Trace, stacks: Stacks) -> Scopes:
        parts = [
            Part(trace.tables.string(name), life, window)
            for (name, life), windows in self._observer.windows().items()
            for window in windows
        ]
        return Scopes(parts, self._observer.left_out())


class TaskScopes:
    """Goroutines that work for a task: from its first region, log, begin or end there to its last.

    Only tasks that begin in the trace have a type.
    """

    observers = ()
    wanted = (Ev.USER_TASK_BEGIN, Ev.USER_TASK_END, Ev.USER_REGION_BEGIN, Ev.USER_REGION_END, Ev.USER_LOG)

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._types: dict[int, int] = {}  # of open tasks
        self._parts: dict[int, dict[int, list[int]]] = {}  # of open tasks, by life: first time, last, open regions
        self._n = self._left_out = 0
        self._done: list[Part] = []

    @property
    def consumers(self) -> Sequence[LimitedConsumer]:
        return (self,)

    def limit(self, start: int, end: int) -> None:
        """Do nothing: what counts is limited when it is counted."""

    def feed(self, chunk: Chunk) -> None:
        columns = (chunk.times, chunk.types, chunk.a, chunk.c, chunk.lives)
        for now, kind, task, name, life in chunk.of(self.wanted, *columns):
            if kind == Ev.USER_TASK_BEGIN:
                self._types[task] = name
            if task not in self._types or life < 0:
                continue
            lives = self._parts.setdefault(task, {})
            part = lives.get(life)
            if part is None:
                if self._n >= MAX_PARTS:
                    self._left_out += 1
                    continue
                self._n += 1
                part = lives[life] = [now, now, 0]
            part[1] = now
            part[2] += (kind == Ev.USER_REGION_BEGIN) - (kind == Ev.USER_REGION_END)
            if kind == Ev.USER_TASK_END:
                self._end(task, now)

    def result(self, trace: Trace | None = None, stacks: Stacks | None = None) -> Scopes:
        for task in list(self._types):
            self._end(task, NEVER)
        return Scopes(self._done, self._left_out)

    def _end(self, task: int, now: int) -> None:
        name = self._trace.tables.string(self._types.pop(task))
        for life, (first, last, regions) in self._parts.pop(task, {}).items():
            self._done.append(Part(name, life, (first, now if regions > 0 else last)))


class TestScopes:
    """A test's goroutine and those that it created, directly or not, while it runs (see `reading.Analysis`)."""

    __test__ = False  # the name is no test's
    consumers = ()

    def __init__(self, trace: Trace) -> None:
        self._tests = RanTestsAnalysis(trace)
        self._families = Families()

    @property
    def observers(self) -> Sequence[Limited]:
        return (*self._tests.observers, self._families)

    def result(self, trace: Trace, stacks: Stacks) -> Scopes:
        found = self._tests.result(trace, stacks)
        rows = self._families.rows()
        children: dict[int, list[int]] = {}
        lives: dict[tuple[int, int], int] = {}
        begun = {(test.goroutine, trace.start_ns + test.begin_ns) for test in found.tests}
        for life, (goroutine, parent, birth, _) in enumerate(rows):
            children.setdefault(parent, []).append(life)
            if (goroutine, birth) in begun:
                lives[goroutine, birth] = life
        parts: list[Part] = []
        steps = 0
        left_out = found.ran - len(found.tests)
        for test in found.tests:
            begin = trace.start_ns + test.begin_ns
            end = NEVER if test.end_ns is None else trace.start_ns + test.end_ns
            if (test.goroutine, begin) not in lives:
                left_out += 1
                continue
            life = lives[test.goroutine, begin]
            seeds = [life]
            if test.is_benchmark:
                # each of its rounds has a goroutine of the same creator
                seeds = [other for other in children[rows[life][1]] if begin <= rows[other][2] < end]
            for member in _descendants(seeds, children):
                steps += 1
                if steps > MAX_PARTS:
                    left_out += 1
                    break
                _, _, birth, death = rows[member]
                if birth < end:
                    parts.append(Part(test.name, member, (max(birth, begin), min(death, end))))
        return Scopes(parts, left_out)


def _descendants(seeds: Iterable[int], children: dict[int, list[int]]) -> Iterator[int]:
    waiting = list(seeds)
    while waiting:
        life = waiting.pop()
        yield life
        waiting += children.get(life, ())


def _joined(windows: list[_Window]) -> Iterator[_Window]:
    """Yield windows in order, those that overlap as one, without empty ones."""
    first, last = 0, -1
    for start, end in sorted(windows):
        if start > last:
            if last > first:
                yield first, last
            first, last = start, end
        last = max(last, end)
    if last > first:
        yield first, last
