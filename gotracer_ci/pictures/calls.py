"""The stacks of all traces as one tree of calls, so that each frame and each common part stands in the page once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gotracer_ci.analysis.stacks import Stack
from gotracer_ci.pictures.columns import Strings, column
from gotracer_ci.report.picture import Block
from gotracer_ci.source.frames import DEPENDENCY, OWN, STD, SourceFrame

MAX_CALLS: Final = 200_000
"""Nodes; what is called beyond them is cut off, so that its callers stand for it."""
_OWNERS: Final = {OWN: 0, DEPENDENCY: 1, STD: 2}


class Calls:
    """A tree of calls. A node is a frame below its caller; its number is at least 1, and 0 is no stack."""

    def __init__(self) -> None:
        self._frames: dict[SourceFrame, int] = {}
        self._nodes: dict[tuple[int, int], int] = {}

    def node(self, stack: Stack) -> int:
        """Return the number of the leaf of a stack; 0 for one that says nothing."""
        return self.at(stack.frames) if stack.known else 0

    def at(self, frames: Sequence[SourceFrame]) -> int:
        """Return the number of the leaf, which is the first of these frames."""
        node = 0
        for frame in reversed(frames):
            number = self._frames.setdefault(frame, len(self._frames))
            found = self._nodes.get((node, number))
            if found is None:
                if len(self._nodes) >= MAX_CALLS:
                    return node
                found = self._nodes[node, number] = len(self._nodes) + 1
            node = found
        return node

    def blocks(self, strings: Strings) -> tuple[Block, ...]:
        """Return the frames, and the nodes after their callers."""
        frames = list(self._frames)
        return (
            Block(
                "frames",
                (
                    column("function", [strings.number(frame.function) for frame in frames]),
                    column("file", [strings.number(frame.path or frame.file) for frame in frames]),
                    column("line", [frame.line for frame in frames]),
                    column("owner", [_OWNERS[frame.owner] for frame in frames]),
                    column("linked", [frame.path is not None for frame in frames]),
                ),
            ),
            Block(
                "calls",
                (
                    column("parent", [parent for parent, _ in self._nodes]),
                    column("frame", [frame for _, frame in self._nodes]),
                ),
            ),
        )
