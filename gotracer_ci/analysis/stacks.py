"""Stacks with their owners and places, resolved once each, and only those that something asks for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from gotracer_ci.source.frames import OWN, SourceFrame, SourceMap
from gotracer_ci.source.place import anchor, place, primary
from gotracer_ci.source.program import program
from gotracer_ci.trace.tables import Tables


class Stack:
    """A stack, leaf first.

    index: of the trace's tables, 0 for no stack.
    """

    def __init__(self, index: int, tables: Tables, source: SourceMap) -> None:
        self.index = index
        self._tables = tables
        self._source = source

    @cached_property
    def functions(self) -> list[str]:
        """The functions' names, leaf first."""
        tables = self._tables
        return [tables.string(tables.frames[frame][0]) for frame in tables.stacks[self.index]]

    @property
    def known(self) -> bool:
        """Whether it says anything: there is no stack, or one of a single nameless frame, where Go could not get it."""
        return any(self.functions)

    @cached_property
    def frames(self) -> tuple[SourceFrame, ...]:
        return tuple(self._source.resolve(*frame) for frame in self._tables.stack(self.index))

    @cached_property
    def place(self) -> str:
        """See `source.place.place`."""
        return place(self.frames)

    @cached_property
    def primary(self) -> SourceFrame | None:
        """The frame to show, None where none of the stack is in the repository."""
        return primary(self.frames)

    @property
    def own(self) -> SourceFrame | None:
        """The topmost own-code frame."""
        return next((frame for frame in self.frames if frame.owner == OWN), None)

    @cached_property
    def system(self) -> bool:
        """Whether this is one of the runtime's own goroutines: all but main that start in package runtime (Go's rule).

        Those of the tracer and the CPU profiler, which are there only because somebody looks, are not the program's.
        """
        entry = self.functions[-1] if self.functions else ""
        return entry != "runtime.main" and entry.startswith(("runtime.", "runtime/trace.", "runtime/pprof."))


class Stacks:
    """The stacks of one trace by index."""

    def __init__(self, tables: Tables, source: SourceMap) -> None:
        self._tables = tables
        self._source = source
        self._stacks: dict[int, Stack] = {}

    def __getitem__(self, index: int) -> Stack:
        stack = self._stacks.get(index)
        if stack is None:
            stack = self._stacks[index] = Stack(index, self._tables, self._source)
        return stack

    def anchor(self) -> SourceFrame | None:
        """Where to show a finding of the whole program."""
        return anchor(self._frames(), self._source.repository)

    def program(self) -> str:
        """See `source.program.program`."""
        return program(self._frames(), self._source.repository)

    def _frames(self) -> Iterator[SourceFrame]:
        return (self._source.resolve(*self._tables.frame(i)) for i in range(len(self._tables.frames)))
