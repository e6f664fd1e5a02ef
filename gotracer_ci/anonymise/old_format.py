"""Replace the names in a trace of Go 1.11 to 1.21: strings and the messages of logs are rewritten, all else is copied.

A string is only known to be a function or a file once the stacks have been read, which are at the end of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gotracer_ci.anonymise import records
from gotracer_ci.anonymise.generations import TOO_MANY, Watch, Write, encoded
from gotracer_ci.anonymise.names import MAX_FRAMES, Names
from gotracer_ci.trace import spec
from gotracer_ci.trace.v1.numbers import MAX_EVENT_SIZE, MAX_STRING_SIZE
from gotracer_ci.trace.v1.parse import MAX_FRAMES as MAX_DEPTH
from gotracer_ci.trace.v1.spec import TIMED, Old
from gotracer_ci.trace.wire import Damage, Data, varint

_LOG_NUMBERS = 1 + len(TIMED[Old.LOG])


class _Text(NamedTuple):
    """A text and where it is, with the length before it. id: of a string, −1 for a message."""

    start: int
    end: int
    id: int
    text: bytes


class OldFile:
    """A trace that can be read to its end.

    frames: the pairs of a function and a file in its stacks.

    Args:
        watch: called with how many bytes have been read.

    Raises:
        Damage: the trace is truncated or broken.
    """

    def __init__(self, data: Data, version: int, watch: Watch) -> None:
        self._data = data
        self._events = records.old_events(version)
        self._ids: dict[tuple[int, int], None] = {}
        self._has_clock = False
        for found in self._texts():
            watch(found.end)
        if not self._has_clock:
            raise Damage("the trace is truncated: the clock frequency is missing", len(data))
        wanted = {id for pair in self._ids for id in pair}
        texts = {0: b""} | {found.id: found.text for found in self._texts() if found.id in wanted}
        self.frames = {(texts[a], texts[b]): None for a, b in self._ids if a in texts and b in texts}

    def write(self, names: Names, write: Write) -> None:
        """Write the trace with these names."""
        copied = 0
        for found in self._texts():
            new = names[found.text]
            write(self._data[copied : found.start])
            write(encoded(len(new)) + new)
            copied = found.end
        write(self._data[copied:])

    def _texts(self) -> Iterator[_Text]:
        """Yield the texts in the file's order, and read the stacks on the way."""
        data, end = self._data, len(self._data)
        pos = spec.HEADER_SIZE
        while True:
            matched = self._events.match(data, pos)
            pos = matched.end() if matched else pos
            if pos == end:
                return
            at = pos
            kind = data[at] & 63
            id = -1
            if kind == Old.STRING:
                id, pos = varint(data, at + 1, end)
            elif kind in (Old.STACK, Old.LOG):
                pos = self._numbers(kind, at)
            elif kind == Old.FREQUENCY:
                _, pos = varint(data, at + 1, end)
                self._has_clock = True
            else:
                raise Damage(f"an event of type {kind} cannot be read", at)
            if kind in (Old.STRING, Old.LOG):
                start = pos
                length, pos = varint(data, pos, end)
                if length > min(MAX_STRING_SIZE, end - pos):
                    raise Damage("a text is too long, or the trace is truncated", at)
                pos += length
                yield _Text(start, pos, id, bytes(data[pos - length : pos]))

    def _numbers(self, kind: int, at: int) -> int:
        """Read a stack, or the numbers of a log event; return the position after them."""
        data, end = self._data, len(self._data)
        count = (data[at] >> 6) + 1
        pos = at + 1
        found = []
        if count > records.IN_LINE:
            size, pos = varint(data, pos, end)
            if size > min(MAX_EVENT_SIZE, end - pos):
                raise Damage("an event is too long, or the trace is truncated", at)
            found = records.numbers(bytes(data[pos : pos + size]))
            pos += size
        else:
            for _ in range(count):
                number, pos = varint(data, pos, end)
                found.append(number)
        if kind == Old.LOG and len(found) != _LOG_NUMBERS:
            raise Damage("a log event is broken", at)
        if kind == Old.STACK:
            if len(found) < 2 or not 0 <= found[1] <= MAX_DEPTH or len(found) != 2 + 4 * found[1]:
                raise Damage("the stack table is broken", at)
            self._ids.update(dict.fromkeys(zip(found[3::4], found[4::4], strict=True)))
            if len(self._ids) > MAX_FRAMES:
                raise Damage(TOO_MANY, at)
        return pos
