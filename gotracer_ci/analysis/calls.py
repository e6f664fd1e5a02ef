"""Call sites of locks, channels and the like: which function takes or gives something back, and on which line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from gotracer_ci.trace.tables import Tables

_BELOW = ("runtime.", "sync.", "internal/sync.", "internal/poll.")
"""Packages between the program's call and where the goroutine blocks, or wakes another one."""
_CHANNELS = ("runtime.chan", "runtime.closechan", "runtime.selectgo", "runtime.selectnb")
_WAIT_GROUP, _COND = "sync.(*WaitGroup).", "sync.(*Cond)."
_LOCKS = ("sync.", "internal/sync.", "internal/poll.")
_DEFERRED = ("runtime.deferreturn", "runtime.gopanic", "runtime.Goexit")
_CLOSURE = re.compile(r"\.(?:func\d+|deferwrap\d+)$")
HELPER = re.compile(r"(?i:try|read|write|un|r|w)*(?i:lock|acquire|release)(?![a-z])")


class Operation(Enum):
    """What a goroutine waits on, or another one ends a wait with. OTHER: of the runtime itself, or unknown."""

    LOCK = 1
    WAIT_GROUP = 2
    COND = 3
    CHANNEL = 4
    OTHER = 5


_KEPT_BYHELPERS = (Operation.LOCK, Operation.CHANNEL)


class Call(NamedTuple):
    """A call of such an operation.

    function, line: that contain the call. below: the frames that called it, outermost last, as indices of the table.
    reads: whether it gives back a read lock. deferred: a deferred call, whose line means nothing.
    """

    operation: Operation
    function: str
    line: int
    below: tuple[int, ...]
    reads: bool = False
    deferred: bool = False

    @property
    def site(self) -> tuple[str, int]:
        return self.function, self.line


class Calls:
    """The calls at the leaves of a trace's stacks, by the stacks' indices."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._known: dict[tuple[int, str], Call | None] = {}

    def __getitem__(self, stack: int) -> Call | None:
        return self.of(stack)

    def of(self, stack: int, besides: str = "") -> Call | None:
        """Return the call at the leaf of a stack, None if there is none.

        A closure that its own function calls, and a function whose name says that all it does is to lock or unlock,
        stand for their callers.

        Args:
            besides: not if it is this function.
        """
        key = (stack, besides)
        if key not in self._known:
            self._known[key] = self._find(self._tables.stacks[stack], besides)
        return self._known[key]

    def line_in(self, stack: int, call: Call) -> int:
        """Return the line on which a goroutine with this stack is in the function of `call`, 0 if it is not in it.

        It is the same invocation of the function, or another one from the same line.
        """
        frames = self._tables.stacks[stack]
        i = len(frames) - len(call.below) - 1
        if i < 0 or frames[i + 1 :] != call.below:
            return 0
        function, _, line = self._tables.frame(frames[i])
        return line if function == call.function else 0

    def _find(self, frames: Sequence[int], besides: str) -> Call | None:
        named = [self._tables.frame(frame) for frame in frames]
        first = next((i for i, (name, _, _) in enumerate(named) if not name.startswith(_BELOW)), len(named))
        if first == len(named) or not named[first][0]:
            return None
        leaves = [name for name, _, _ in named[:first]]
        operation = _operation(leaves)
        deferred = any(name in _DEFERRED for name in leaves)
        while first + 1 < len(named) and named[first][0] != besides:
            name, above = named[first][0], named[first + 1][0]
            closure = _CLOSURE.search(name)
            if closure and name[: closure.start()] == above:
                deferred = True
            elif operation not in _KEPT_BYHELPERS or not HELPER.match(name.rpartition(".")[2]):
                break
            first += 1
            while first + 1 < len(named) and named[first][0] in _DEFERRED:
                first += 1
                deferred = True
        reads = any(name.endswith((".RUnlock", ".rUnlockSlow")) for name in leaves)
        return Call(operation, named[first][0], named[first][2], tuple(frames[first + 1 :]), reads, deferred)


def _operation(leaves: Sequence[str]) -> Operation:
    """Return what the frames between the program's call and the leaf do. Compilers leave out those of channels."""
    if any(name.startswith(_WAIT_GROUP) for name in leaves):
        return Operation.WAIT_GROUP
    # a goroutine that was signalled waits for the Cond's lock inside of Cond.Wait
    if any(name.startswith(_COND) for name in leaves) and not any(".Lock" in name for name in leaves):
        return Operation.COND
    if any(name.startswith(_LOCKS) for name in leaves):
        return Operation.LOCK
    return Operation.CHANNEL if not leaves or leaves[0].startswith(_CHANNELS) else Operation.OTHER
