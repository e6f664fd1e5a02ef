"""Strings, frames and stacks, deduplicated over the whole trace and decoded only when shown.

Every generation has its own ids; the kernel gets them mapped to the indices of these tables. Index 0 is "no
string" and "no stack" everywhere.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from gotracer_ci.trace.interning import Ids, Interner
from gotracer_ci.trace.varints import StackBatches, intern_text, read_strings

RESERVED = (b"", b"unblocked", b"created", b"syscall exit")
"""The first strings: none, and why a goroutine is Runnable where Go's trace gives no reason (see the kernel)."""
MAX_ENTRIES = 1 << 27
"""Of each table: `observers.groups` packs an index of each into one key."""

Extent = tuple[int, int]
"""First byte and end of a batch's contents, without the byte that says what it is."""


class Frames(Sequence[tuple[int, int, int]]):
    """Frames as (function, file, line), in columns: a trace can have a million."""

    def __init__(self) -> None:
        self._functions, self._files, self._lines = array("i"), array("i"), array("i")

    def append(self, frame: tuple[int, int, int]) -> None:
        function, file, line = frame
        self._functions.append(function)
        self._files.append(file)
        self._lines.append(line)

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, index: Any) -> Any:
        return self._functions[index], self._files[index], self._lines[index]


class FrameLists(Sequence[tuple[int, ...]]):
    """Stacks as tuples of frame indices, one after the other in a column."""

    def __init__(self) -> None:
        self._frames, self._ends = array("i"), array("q")

    def append(self, stack: tuple[int, ...]) -> None:
        self._frames.extend(stack)
        self._ends.append(len(self._frames))

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, index: Any) -> Any:
        first = self._ends[index - 1] if index > 0 else 0
        return tuple(self._frames[first : self._ends[index]])


class BadTable(Exception):
    """A generation's tables are broken, refer to what they do not have, or are too large.

    offset: where in the file, None if not at one place.
    """

    def __init__(self, problem: str, offset: int | None = None) -> None:
        super().__init__(problem)
        self.offset = offset


class Tables:
    """The tables of one trace.

    strings: raw bytes by index. frames: (function, file, line) by index, the first two of strings.
    stacks: tuples of frame indices by index, leaf first.
    """

    def __init__(self) -> None:
        self.strings: list[bytes] = []
        self.frames = Frames()
        self.stacks = FrameLists()
        self._string_index = Interner()
        self._frame_index = Interner()
        self._stack_index = Interner()
        self._decoded: dict[int, str] = {}
        for text in RESERVED:
            self.intern_string(text)
        intern_text(b"", self._stack_index, [])
        self.stacks.append(())

    def complete(self) -> None:
        """Forget how to find equal entries, which takes as much memory as the entries: no more are added."""
        del self._string_index, self._frame_index, self._stack_index

    def string(self, index: int) -> str:
        text = self._decoded.get(index)
        if text is None:
            text = self._decoded[index] = self.strings[index].decode("utf-8", "replace")
        return text

    def frame(self, index: int) -> tuple[str, str, int]:
        """Return (function, file, line)."""
        function, file, line = self.frames[index]
        return self.string(function), self.string(file), line

    def stack(self, index: int) -> list[tuple[str, str, int]]:
        """Return the frames of a stack, leaf first."""
        return [self.frame(i) for i in self.stacks[index]]

    def intern_string(self, text: bytes) -> int:
        """Return the index of a string, a new one at its first appearance."""
        return intern_text(text, self._string_index, self.strings)

    def read(self, data: Any, strings: Iterable[Extent], stacks: Iterable[Extent]) -> tuple[Ids, Ids]:
        """Read a generation's batches; return its string ids and its stack ids mapped to indices.

        Raises:
            BadTable: a batch is broken, a frame's string is missing, or there are too many strings or stacks.
        """
        string_ids = Ids()
        for start, end in strings:
            at = read_strings(data, start, end, string_ids, self._string_index, self.strings)
            if at >= 0:
                raise BadTable("the string table is broken", at)
        batches = StackBatches()
        first: int | None = None
        for start, end in stacks:
            first = start if first is None else first
            at = batches.read(data, start, end)
            if at >= 0:
                raise BadTable("the stack table is broken", at)
        try:
            return string_ids, self.add_stacks(batches, string_ids)
        except BadTable as bad:
            raise BadTable(str(bad), first) from None

    def add_stacks(self, batches: StackBatches, strings: Ids) -> Ids:
        """Intern a generation's stacks; return its stack ids mapped to indices.

        Raises:
            BadTable: a frame's string is missing, or there are too many strings or stacks.
        """
        try:
            ids: Ids = batches.intern(strings, self._frame_index, self.frames, self._stack_index, self.stacks)
        except KeyError as missing:
            raise BadTable(f"frame refers to the unknown string ID {missing.args[0]}") from None
        if max(len(self.strings), len(self.stacks)) > MAX_ENTRIES:
            raise BadTable(f"more than {MAX_ENTRIES:,} different strings or stacks")
        return ids
