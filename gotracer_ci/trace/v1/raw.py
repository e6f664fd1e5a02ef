# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""The records of a file of the old format as they are, in the file's order: see `trace.raw`."""

from __future__ import annotations

from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace.columns import column
from gotracer_ci.trace.spec import HEADER_SIZE
from gotracer_ci.trace.v1.parse import MAX_FRAMES
from gotracer_ci.trace.v1.spec import CPU_SAMPLES_SINCE, TIMED, Old
from gotracer_ci.trace.wire import Damage, Data

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.raw_text import RawText
    from cython.cimports.gotracer_ci.trace.v1.numbers import Numbers
else:
    from gotracer_ci.trace.raw_text import RawText
    from gotracer_ci.trace.v1.numbers import Numbers

STRUCTURAL = {
    Old.BATCH: ("p", "ticks"),
    Old.FREQUENCY: ("freq",),
    Old.STACK: ("id", "nframes"),
    Old.TIMER_GOROUTINE: ("g",),
    Old.STRING: ("id",),
}
"""Records that are no timed events, and their numbers. A string ends with a text, and so does a log event."""

_MAX_FRAMES = cython.declare(cython.longlong, MAX_FRAMES)
_BATCH = cython.declare(cython.int, Old.BATCH)
_FREQUENCY = cython.declare(cython.int, Old.FREQUENCY)
_STACK = cython.declare(cython.int, Old.STACK)
_STRING = cython.declare(cython.int, Old.STRING)
_LOG = cython.declare(cython.int, Old.LOG)


def known(version: int) -> dict[int, tuple[str, ...]]:
    """Return the types of records that a version of the format has, with the numbers of each."""
    every = {**STRUCTURAL, **{kind: ("dt", *names) for kind, names in TIMED.items()}}
    return {int(kind): numbers for kind, numbers in every.items()
            if kind != Old.CPU_SAMPLE or version >= CPU_SAMPLES_SINCE}  # fmt: skip


@cython.final
@cython.cclass
class OldRaw:
    """Reads a file record by record: the same as `trace.raw.Raw`."""

    _text: RawText
    _reader: Numbers
    _data: cython.const[cython.uchar][::1]
    _end: cython.longlong
    _position: cython.longlong
    _in_batch: cython.bint
    _has_frequency: cython.bint
    _is_shown: cython.bint
    _known: cython.schar[::1]
    _sizes: cython.longlong[::1]
    _counts: cython.longlong[::1]
    _string: bytes

    def __init__(self, data: Data, version: int, text: Any) -> None:
        numbers = known(version)
        self._text = text
        self._reader = Numbers(data)
        self._data = data
        self._end = len(data)
        self._position = HEADER_SIZE
        self._in_batch = self._has_frequency = self._is_shown = False
        self._known = column("b", [len(numbers[kind]) if kind in numbers else -1 for kind in range(64)])
        self._sizes = column("q", [0]) * 64
        self._counts = column("q", [0]) * 64
        self._string = b""

    @property
    def position(self) -> int:
        return self._position

    def totals(self) -> list[tuple[int, int, int]]:
        """Return (type, bytes, records) of the types read so far. A batch has only the bytes of its header."""
        return [(kind, self._sizes[kind], self._counts[kind]) for kind in range(64) if self._counts[kind]]

    def read(self, size: cython.longlong) -> bool:
        """Read about `size` bytes; return whether there is more.

        Raises:
            Damage: the next record is broken, or the file is truncated. All before it have been read.
        """
        text: RawText = self._text
        stop: cython.longlong = min(self._position + size, self._end)
        kind: cython.int
        at: cython.longlong
        while self._position < stop:
            at = self._position
            kind = self._next(at)
            self._position = self._reader.position
            self._sizes[kind] += self._position - at
            self._counts[kind] += 1
            if text is None:
                continue
            if kind == _BATCH:
                self._is_shown = text.shows_batch(self._reader.numbers[0])
            if text.shows(kind) and (self._is_shown or (not self._in_batch and text.shows_batch(-2))):
                text.line(kind, self._reader.numbers, self._reader.count)
                if kind in (_STRING, _LOG):
                    text.data(self._string)
                text.end_line()
        if self._position == self._end and not self._has_frequency:
            raise Damage("the trace is truncated: the clock frequency is missing", self._end)
        return self._position < self._end

    @cython.cfunc
    def _next(self, at: cython.longlong) -> cython.int:
        """Read the record at `at`; return its type."""
        reader: Numbers = self._reader
        kind: cython.int = self._data[at] & 63
        count: cython.int = self._known[kind]
        if count < 0:
            raise Damage(f"unknown event type {kind}", at)
        if kind == _STRING:
            reader.position = at + 1
            reader.numbers[0] = reader.number()
            reader.count = 1
            self._string = reader.text()
            return kind
        if kind == _BATCH:
            if self._data[at] >> 6 != 1:
                raise Damage("the header of a batch is broken", at)
            self._in_batch = True
        elif not self._in_batch:
            raise Damage("an event comes before the first batch", at)
        reader.read(at)
        if kind == _STACK:
            if reader.count < 2 or not 0 <= reader.numbers[1] <= _MAX_FRAMES:
                raise Damage("the stack table is broken", at)
            count += 4 * reader.numbers[1]
        if reader.count != count:
            raise Damage(f"an event of type {kind} has {reader.count} numbers, not {count}", at)
        if kind == _FREQUENCY:
            self._has_frequency = True
        elif kind == _LOG:
            self._string = reader.text()
        return kind
