"""Stacks as plain values: each frame is mapped to the repository once, and each stack is built when it is needed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from gotracer_ci.analysis import waits
from gotracer_ci.source.frames import OWN, STD, SourceFrame, SourceMap
from gotracer_ci.source.names import normalise
from gotracer_ci.source.place import entry, place, primary
from gotracer_ci.trace.tables import Tables

_CALLBACKS_KEEP_STACKS = 23
"""The first version of Go in which a C call has the right stack after a callback."""
_TEST: Final = re.compile(r"\.((?:Test|Fuzz|Example|Benchmark)(?![a-z])\w{0,200})(?:\.func)?$")
_RUNS_TESTS: Final = "TestMain"
_RUNS_THE_PROGRAM = frozenset({"runtime.main", waits.COROUTINE, "runtime.cgocallback"})


@dataclass(frozen=True)
class Stack:
    """A stack, leaf first. Without frames: there is none."""

    frames: tuple[SourceFrame, ...] = ()

    def __getstate__(self) -> dict[str, object]:
        """Pickle the frames only: the rest follows from them."""
        return {"frames": self.frames}

    @cached_property
    def functions(self) -> list[str]:
        """The functions' names, leaf first."""
        return [frame.function for frame in self.frames]

    @property
    def known(self) -> bool:
        """Whether it says anything: Go writes one nameless frame where it could not get the stack."""
        return any(frame.function for frame in self.frames)

    @cached_property
    def place(self) -> str:
        """See `source.place.place`."""
        return place(self.frames)

    @cached_property
    def primary(self) -> SourceFrame | None:
        """The frame to show, None if no own-code frame is in the repository."""
        return primary(self.frames)

    @cached_property
    def own(self) -> SourceFrame | None:
        """The topmost own-code frame."""
        return next((frame for frame in self.frames if frame.owner == OWN), None)

    @cached_property
    def function(self) -> str:
        """The function at `place` as the trace has it: with a closure's number and without `~`; "" if unknown."""
        return self.own.function if self.own else entry(self.frames)

    @cached_property
    def label(self) -> str | None:
        """The own-code function as the trace has it, or `~` and the outermost one; None if the stack says nothing."""
        if not self.known:
            return None
        return self.function if self.own else f"~{self.function}"

    @cached_property
    def test(self) -> str:
        """The outermost test function on the stack, or that of a closure, without its package; "" if there is none."""
        found = (_TEST.search(normalise(name)) for name in reversed(self.functions))
        return next((name[1] for name in found if name and name[1] != _RUNS_TESTS), "")

    @property
    def first(self) -> str:
        """The function in which a goroutine with this stack began, "" if unknown."""
        return entry(self.frames) or (self.functions[-1] if self.frames else "")

    @cached_property
    def system(self) -> bool:
        """Whether this is one of the runtime's own goroutines (see `is_system`)."""
        return is_system(self.functions[-1] if self.frames else "")


def is_system(first: str) -> bool:
    """Whether a goroutine whose first function this is is one of the runtime's own: in package runtime (Go's rule).

    Not those that the runtime starts to run the program's code: main, coroutines and threads of C. The goroutines
    of finalizers and cleanups remain the runtime's. Those of the tracer and the CPU profiler exist only because of
    the measurement, so they count as the runtime's.
    """
    return first not in _RUNS_THE_PROGRAM and first.startswith(("runtime.", "runtime/trace.", "runtime/pprof."))


def _stand_in(name: str) -> SourceFrame:
    return SourceFrame(name, "", 0, STD, None, "", generated=False, test=False)


class Stacks:
    """The stacks of one trace by index. Index 0 is no stack. Frames are resolved when they are first needed.

    Args:
        version: the minor version of Go in the trace's header.
    """

    def __init__(self, tables: Tables, source: SourceMap, version: int) -> None:
        self._tables = tables
        self._source = source
        self._version = version
        self._stacks: dict[int, Stack] = {}
        self._named: dict[tuple[str, str, int], SourceFrame] = {}

    @cached_property
    def frames(self) -> Sequence[SourceFrame]:
        """All frames of the trace, by index."""
        frame, indices = self._tables.frame, range(len(self._tables.frames))
        # there can be a million, so their names are made twice rather than held
        self._source.learn(frame(index) for index in indices)
        return [self._source.resolve(*frame(index)) for index in indices]

    def __getitem__(self, index: int) -> Stack:
        stack = self._stacks.get(index)
        if stack is None:
            frames = self.frames
            stack = self._stacks[index] = Stack(tuple([frames[i] for i in self._tables.stacks[index]]))
        return stack

    def resolved(self, frames: Sequence[tuple[str, str, int]]) -> Stack:
        """Return a stack of these frames; one without a file stands for something that is no code."""
        self.frames  # noqa: B018 (the source must have learnt all frames of the trace)
        return Stack(tuple([self._of(frame) for frame in frames]))

    def _of(self, named: tuple[str, str, int]) -> SourceFrame:
        frame = self._named.get(named)
        if frame is None:
            frame = self._source.resolve(*named) if named[1] else _stand_in(named[0])
            self._named[named] = frame
        return frame

    def whole(self, index: int, creation: int, entry: int) -> Stack:
        """Return a goroutine's stack with what is missing below it, if it has no own code.

        Below a coroutine comes its creation stack, because the code that pulls waits for it. An async preemption in a
        function without a frame loses that function's caller: if that was the goroutine's first function, it is added.
        If nothing tells where such a goroutine began, there is no stack.

        Args:
            creation: the index of the stack that created the goroutine, 0 if unknown.
            entry: that of the goroutine's first function, 0 if unknown.
        """
        stack = self[index]
        if stack.own or not stack.known:
            return stack
        last = stack.functions[-1]
        if last == waits.COROUTINE:
            return Stack((*stack.frames, *self[creation].frames))
        first = self[entry].functions[-1:]
        if first and first != [last] and first != ["runtime.main"]:
            return Stack((*stack.frames, *self[entry].frames))
        return Stack() if not first and waits.is_cut(stack.functions) else stack

    def nearest_own(self, lineage: Sequence[int]) -> Stack:
        """Return the first of these stacks that has own code; without one, the first.

        Args:
            lineage: indices of the stacks that created a goroutine, its creator, and so on.
        """
        found = (self[index] for index in lineage if self[index].own)
        return next(found, self[lineage[0]])

    def called(self, stack: Stack) -> Stack:
        """Return the stack of a goroutine in a system call or C call, without what is no longer on it."""
        frames = waits.called(stack.frames, may_lack_leaf=self._may_lack_leaf)
        return stack if len(frames) == len(stack.frames) else Stack(tuple(frames))

    def reads_events(self, stack: Stack) -> bool:
        """Whether a goroutine in this system call reads events: code in the same file adds watches of inotify."""
        caller = waits.caller(stack.frames) if self._watchers else None
        return caller is not None and caller.file in self._watchers and waits.is_read(stack.functions[0])

    @cached_property
    def _may_lack_leaf(self) -> bool:
        return self._version < _CALLBACKS_KEEP_STACKS and waits.calls_c(frame.function for frame in self.frames)

    @cached_property
    def _watchers(self) -> set[str]:
        """The files whose code adds watches of inotify."""
        adds = {index for index, frame in enumerate(self.frames) if frame.function.endswith(".InotifyAddWatch")}
        if not adds:
            return set()
        found = (
            waits.caller(self[index].frames) for index, at in enumerate(self._tables.stacks) if at and at[0] in adds
        )
        return {frame.file for frame in found if frame}
