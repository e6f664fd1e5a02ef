# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""The text of a file's records, as Go's package internal/trace/raw writes it."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Mapping
from itertools import accumulate
from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace.columns import signed

FRAME = ("pc", "func", "file", "line")
"""The numbers of a stack's frame."""

# Plain Python has no 64-bit overflow: the mask does what C does by itself.
_WORD = cython.declare(cython.ulonglong, (1 << 64) - 1)
_FRAME = cython.declare(cython.int, 256)  # the entry after those of all types
_NUMBER = cython.declare(cython.longlong, 64)  # bytes of a name and a number, at most
_ZERO = cython.declare(cython.int, ord("0"))


@cython.final
@cython.cclass
class RawText:
    """Collects the lines of records: `GoBlock dt=12 reason_string=3 stack=17`.

    A stack's frames and the text of a string follow on lines of their own, which begin with a tab.

    Args:
        records: each type's name, and the names of its numbers; a stack has four more for each frame.
        types: only these types of records.
        batches: only records in batches of these threads, of these Ps in the old format; None for all.
        quote: puts the bytes of a string in quotation marks.
    """

    _templates: dict
    _parts: list
    _quote: Any
    _batches: Any
    _types: cython.const[cython.uchar][::1]
    # the words before the numbers, one after the other, and where each ends; by type the first one and how many
    _words: cython.const[cython.uchar][::1]
    _word_ends: cython.const[cython.int][::1]
    _first: cython.const[cython.int][::1]
    _count: cython.const[cython.int][::1]
    _digits: cython.const[cython.uchar][::1]
    _room: Any
    _out: cython.uchar[::1]
    _used: cython.longlong

    def __init__(
        self,
        records: Mapping[int, tuple[str, tuple[str, ...]]],
        types: Collection[int],
        batches: Collection[int] | None,
        quote: Callable[[bytes], str],
    ) -> None:
        heads = {kind: [f"{name} {numbers[0]}=", *(f" {n}=" for n in numbers[1:])] if numbers else [name]
                 for kind, (name, numbers) in records.items()}  # fmt: skip
        heads[_FRAME] = [f"\n\t{FRAME[0]}=", *(f" {name}=" for name in FRAME[1:])]
        words = [b""]
        first = [0] * (_FRAME + 1)
        count = [0] * (_FRAME + 1)
        for kind, of_kind in heads.items():
            first[kind] = len(words)
            count[kind] = len(records[kind][1]) if kind in records else len(FRAME)
            words += [word.encode() for word in of_kind]
        self._templates = {
            kind: "%d".join([*of_kind, ""] if count[kind] else of_kind) for kind, of_kind in heads.items()
        }
        self._parts = []
        self._quote = quote
        self._batches = None if batches is None else {signed(number & ((1 << 64) - 1)) for number in batches}
        self._types = bytes(kind in types for kind in range(256))
        self._words = b"".join(words)
        self._word_ends = array("i", accumulate(map(len, words)))
        self._first = array("i", first)
        self._count = array("i", count)
        self._digits = b"".join(b"%02d" % k for k in range(100))
        self._room = bytearray(1 << 16)
        self._out = self._room
        self._used = 0

    @cython.cfunc
    @cython.exceptval(-1)
    def shows_batch(self, owner: cython.longlong) -> cython.int:
        """Return whether the records of a batch are shown. owner: its thread, in the old format its P."""
        return self._batches is None or owner in self._batches

    @cython.cfunc
    @cython.exceptval(check=False)
    def shows(self, kind: cython.int) -> cython.int:
        return self._types[kind]

    @cython.cfunc
    @cython.exceptval(-1)
    def line(self, kind: cython.int, numbers: cython.longlong[::1], n: cython.int) -> cython.int:
        """Begin the line of a record with `n` numbers."""
        count: cython.int = self._count[kind]
        k: cython.int
        if not cython.compiled:
            values = [number & _WORD for number in numbers[:n]]
            self._parts.append(self._templates[kind] % tuple(values[:count]))
            for k in range(count, n, 4):
                self._parts.append(self._templates[_FRAME] % tuple(values[k : k + 4]))
            return 0
        self._reserve((n + 1) * _NUMBER)
        word: cython.int = self._first[kind]
        if not count:
            self._word(word)
        for k in range(count):
            self._word(word + k)
            self._number(numbers[k])
        word = self._first[_FRAME]
        for k in range(n - count):
            self._word(word + (k & 3))
            self._number(numbers[count + k])
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def data(self, data: bytes) -> cython.int:
        """Add the line of a string, which is none for an empty one, as in Go."""
        if data:
            self._add(b"\n\tdata=" + self._quote(data).encode())
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def end_line(self) -> cython.int:
        if not cython.compiled:
            self._parts.append("\n")
            return 0
        self._reserve(1)
        self._out[self._used] = 10
        self._used += 1
        return 0

    def take(self) -> bytes:
        """Return the text collected since the last call."""
        if not cython.compiled:
            text = "".join(self._parts).encode()
            self._parts.clear()
            return text
        done: bytes = bytes(memoryview(self._room)[: self._used])
        self._used = 0
        return done

    def _add(self, text: bytes) -> None:
        if not cython.compiled:
            self._parts.append(text.decode())
            return
        self._reserve(len(text))
        memoryview(self._room)[self._used : self._used + len(text)] = text
        self._used += len(text)

    @cython.cfunc
    @cython.exceptval(check=False)
    def _word(self, word: cython.int) -> cython.int:
        at: cython.longlong = self._used
        k: cython.int
        for k in range(self._word_ends[word - 1], self._word_ends[word]):
            self._out[at] = self._words[k]
            at += 1
        self._used = at
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _number(self, value: cython.ulonglong) -> cython.int:
        rest: cython.ulonglong = value
        pair: cython.int
        size: cython.int = 1
        while rest > 9:
            rest //= 10
            size += 1
        at: cython.longlong = self._used + size
        self._used = at
        while value > 99:
            pair = value % 100
            value //= 100
            at -= 2
            self._out[at] = self._digits[2 * pair]
            self._out[at + 1] = self._digits[2 * pair + 1]
        if value > 9:
            self._out[at - 2] = self._digits[2 * value]
            self._out[at - 1] = self._digits[2 * value + 1]
        else:
            self._out[at - 1] = _ZERO + value
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _reserve(self, size: cython.longlong) -> cython.int:
        if self._used + size > len(self._out):
            room: Any = bytearray(2 * (self._used + size))
            memoryview(room)[: self._used] = memoryview(self._room)[: self._used]
            self._room = room
            self._out = room
        return 0
