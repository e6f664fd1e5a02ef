"""Strings, frames and stacks, deduplicated over the whole trace and decoded only when shown.

Every generation has its own ids; the kernel gets them mapped to the indices of these tables. Index 0 is "no
string" and "no stack" everywhere.
"""

from __future__ import annotations

from array import array

RESERVED = (b"", b"unblocked", b"created", b"syscall exit")
"""The first strings: none, and why a goroutine is Runnable where Go's trace gives no reason (see the kernel)."""
MAX_ENTRIES = 1 << 27
"""Of each table: the kernel packs an index of each into one key."""
DENSE_SLACK = 1024

IdColumn = tuple["array[int]", dict[int, int]]
"""Generation ids to indices: a dense int32 column (−1: no such id), and a dict for the few ids beyond it."""


class BadTable(Exception):
    """A generation's tables name what they do not have, or hold more than can be."""


class Tables:
    """The tables of one trace.

    strings: raw bytes by index. frames: (function, file, line) by index, the first two of strings.
    stacks: tuples of frame indices by index, leaf first.
    """

    def __init__(self) -> None:
        self.strings: list[bytes] = []
        self.frames: list[tuple[int, int, int]] = []
        self.stacks: list[tuple[int, ...]] = []
        self._string_index: dict[bytes, int] = {}
        self._frame_index: dict[tuple[int, int, int], int] = {}
        self._stack_index: dict[tuple[int, ...], int] = {}
        for text in RESERVED:
            self.intern_string(text)
        self._intern_stack(())

    def string(self, index: int) -> str:
        return self.strings[index].decode("utf-8", "replace")

    def frame(self, index: int) -> tuple[str, str, int]:
        """(function, file, line)."""
        function, file, line = self.frames[index]
        return self.string(function), self.string(file), line

    def stack(self, index: int) -> list[tuple[str, str, int]]:
        """The frames of a stack, leaf first."""
        return [self.frame(i) for i in self.stacks[index]]

    def intern_string(self, text: bytes) -> int:
        index = self._string_index.setdefault(text, len(self.strings))
        if index == len(self.strings):
            self.strings.append(text)
        return index

    def _intern_stack(self, frames: tuple[int, ...]) -> int:
        index = self._stack_index.setdefault(frames, len(self.stacks))
        if index == len(self.stacks):
            self.stacks.append(frames)
        return index

    def _intern_frame(self, frame: tuple[int, int, int]) -> int:
        index = self._frame_index.setdefault(frame, len(self.frames))
        if index == len(self.frames):
            self.frames.append(frame)
        return index

    def add_generation(
        self, strings: dict[int, bytes], stacks: dict[int, tuple[int, ...]], pcs: dict[int, tuple[int, int, int]]
    ) -> tuple[IdColumn, IdColumn]:
        """Takes over a generation's strings (id → bytes), stacks (id → pcs) and frames (pc → ids and line).

        Returns: the columns from its string ids and its stack ids to indices.

        Raises:
            BadTable: a stack's frame names a string that there is not, or there are too many strings or stacks.
        """
        string_ids = {id: self.intern_string(text) for id, text in strings.items()}
        string_ids[0] = 0
        frame_of: dict[int, int] = {}
        for pc, (function, file, line) in pcs.items():
            if function not in string_ids or file not in string_ids:
                raise BadTable(
                    f"a frame names string {function if function not in string_ids else file}, which is not there"
                )
            frame_of[pc] = self._intern_frame((string_ids[function], string_ids[file], line))
        stack_ids = {id: self._intern_stack(tuple([frame_of[pc] for pc in frames])) for id, frames in stacks.items()}
        stack_ids[0] = 0
        if max(len(self.strings), len(self.stacks)) > MAX_ENTRIES:
            raise BadTable(f"more than {MAX_ENTRIES:,} different strings or stacks")
        return _column(string_ids), _column(stack_ids)


def _column(ids: dict[int, int]) -> IdColumn:
    """Runtimes number from 1 on without gaps: dense. What lies far beyond (never seen, but possible) is sparse."""
    size = min(max(ids) + 1, 4 * len(ids) + DENSE_SLACK)
    dense = array("i", [-1]) * size
    sparse = {}
    for id, index in ids.items():
        if 0 <= id < size:
            dense[id] = index
        else:
            sparse[id] = index
    return dense, sparse
