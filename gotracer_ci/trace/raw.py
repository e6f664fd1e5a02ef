# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""The records of a file of Go 1.22 and later as they are: batches, tables and events, in the file's order.

No event gets a time or a goroutine, and none waits for another: this reads what is written, as Go's package
internal/trace/raw does. Different from it, batches must hold what their sizes say, and types must have a name.
"""

from __future__ import annotations

from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec
from gotracer_ci.trace.columns import column, signed
from gotracer_ci.trace.spec import TIMED, Ev
from gotracer_ci.trace.wire import Damage, Data

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.raw_text import RawText
else:
    from gotracer_ci.trace.raw_text import RawText

STRUCTURAL = {
    Ev.EVENT_BATCH: ("gen", "m", "time", "size"),
    Ev.STACKS: (),
    Ev.STACK: ("id", "nframes"),
    Ev.STRINGS: (),
    Ev.STRING: ("id",),
    Ev.CPU_SAMPLES: (),
    Ev.CPU_SAMPLE: ("time", "m", "p", "g", "stack"),
    Ev.FREQUENCY: ("freq",),
    Ev.EXPERIMENTAL_BATCH: ("exp", "gen", "m", "time"),
    Ev.SYNC_BATCH: (),
    Ev.CLOCK_SNAPSHOT: ("dt", "mono", "sec", "nsec"),
    Ev.END_OF_GENERATION: (),
}
"""Records that are no timed events, and their numbers. A string and an experiment's batch end with a text."""

_LAST = {22: Ev.USER_LOG, 23: Ev.EXPERIMENTAL_BATCH, 25: Ev.CLOCK_SNAPSHOT, 26: Ev.END_OF_GENERATION}
"""The last type of each version, besides those of experiments."""
_EXPERIMENTS_SINCE = 23

_EVENT_BATCH = cython.declare(cython.int, Ev.EVENT_BATCH)
_STACK = cython.declare(cython.int, Ev.STACK)
_STRING = cython.declare(cython.int, Ev.STRING)
_EXPERIMENTAL_BATCH = cython.declare(cython.int, Ev.EXPERIMENTAL_BATCH)
_END_OF_GENERATION = cython.declare(cython.int, Ev.END_OF_GENERATION)
_MAX_BATCH_SIZE = cython.declare(cython.longlong, spec.MAX_BATCH_SIZE)
_WORD = cython.declare(cython.ulonglong, (1 << 64) - 1)
_NUMBERS = cython.declare(cython.longlong, spec.MAX_BATCH_SIZE + 16)


def known(version: int) -> dict[int, tuple[str, ...]]:
    """Return the types of records that a version of the format has, with the numbers of each."""
    every = {**STRUCTURAL, **{kind: ("dt", *names) for kind, names in TIMED.items()}}
    last = _LAST[version]
    return {
        int(kind): numbers
        for kind, numbers in every.items()
        if kind <= last or (kind >= Ev.SPAN and version >= _EXPERIMENTS_SINCE)
    }


@cython.final
@cython.cclass
class Raw:
    """Reads a file record by record.

    position: of the next record; after a `Damage`, of the one that is broken.

    Args:
        text: gets the records that it shows; None if none is wanted.
    """

    _text: RawText
    _position: cython.longlong
    _data: cython.const[cython.uchar][::1]
    _end: cython.longlong
    _batch_end: cython.longlong
    _batch_at: cython.longlong
    _version: cython.int
    _last: cython.int  # the type of the last record
    _is_shown: cython.bint
    # by type: how many numbers, −1 for an unknown type; bytes and records so far
    _known: cython.schar[::1]
    _sizes: cython.longlong[::1]
    _counts: cython.longlong[::1]
    # of the current record: its numbers, and the extent of its text
    _numbers: cython.longlong[::1]
    _n: cython.int
    _text_start: cython.longlong
    _text_end: cython.longlong

    def __init__(self, data: Data, version: int, text: Any) -> None:
        numbers = known(version)
        self._data = data
        self._end = len(data)
        self._version = version
        self._text = text
        self._position = self._batch_end = self._batch_at = spec.HEADER_SIZE
        self._last = self._n = 0
        self._is_shown = False
        self._text_start = self._text_end = 0
        self._known = column("b", [len(numbers[kind]) if kind in numbers else -1 for kind in range(256)])
        self._sizes = column("q", [0]) * 256
        self._counts = column("q", [0]) * 256
        self._numbers = column("q", bytes(8 * (spec.MAX_BATCH_SIZE + 16)))

    @property
    def position(self) -> int:
        return self._position

    def totals(self) -> list[tuple[int, int, int]]:
        """Return (type, bytes, records) of the types read so far. A batch has only the bytes of its header."""
        return [(kind, self._sizes[kind], self._counts[kind]) for kind in range(256) if self._counts[kind]]

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
            self._sizes[kind] += self._position - at
            self._counts[kind] += 1
            self._last = kind
            if text is None:
                continue
            if kind == _EVENT_BATCH:
                self._is_shown = text.shows_batch(self._numbers[1])
            elif kind == _EXPERIMENTAL_BATCH:
                self._is_shown = text.shows_batch(self._numbers[2])
            elif kind == _END_OF_GENERATION:
                self._is_shown = text.shows_batch(-2)
            if self._is_shown and text.shows(kind):
                text.line(kind, self._numbers, self._n)
                if kind in (_STRING, _EXPERIMENTAL_BATCH):
                    text.data(bytes(self._data[self._text_start : self._text_end]))
                text.end_line()
        if self._position == self._end:
            self._check_end()
        return self._position < self._end

    @cython.cfunc
    def _next(self, at: cython.longlong) -> cython.int:
        """Read the record at `at`; return its type."""
        data: cython.const[cython.uchar][::1] = self._data
        kind: cython.int = data[at]
        count: cython.int = self._known[kind]
        is_batch: cython.bint = kind in (_EVENT_BATCH, _EXPERIMENTAL_BATCH)
        limit: cython.longlong = min(self._batch_end, self._end)
        if at == self._batch_end:
            limit = self._end
            if count < 0 or not (is_batch or kind == _END_OF_GENERATION):
                raise Damage("no batch begins here", at)
        elif count < 0:
            raise Damage(f"unknown event type {kind}", at)
        elif is_batch:
            raise Damage("a batch begins inside another one", at)
        pos: cython.longlong = self._read_numbers(at + 1, limit, 0, count)
        if kind == _STACK:
            # a frame has at least four bytes
            if not 0 <= self._numbers[1] <= (limit - pos) // 4:
                raise self._overrun(limit, at)
            pos = self._read_numbers(pos, limit, count, count + 4 * self._numbers[1])
        elif kind in (_STRING, _EXPERIMENTAL_BATCH):
            pos = self._read_numbers(pos, limit, count, count + 1)
            self._n = count
            if kind == _EXPERIMENTAL_BATCH:
                self._check_size(self._numbers[count], at)
            if not 0 <= self._numbers[count] <= limit - pos:
                raise self._overrun(limit, at)
            self._text_start = pos
            pos += self._numbers[count]
            self._text_end = pos
        if kind == _EVENT_BATCH:
            self._check_size(self._numbers[3], at)
            self._batch_at = at
            self._batch_end = pos + self._numbers[3]
        elif at == self._batch_end:
            self._batch_end = pos
        self._position = pos
        return kind

    @cython.cfunc
    def _read_numbers(
        self, pos: cython.longlong, limit: cython.longlong, first: cython.longlong, stop: cython.longlong
    ) -> cython.longlong:
        """Read numbers `first` to `stop` of a record, as signed 64 bits; return the position after them."""
        data: cython.const[cython.uchar][::1] = self._data
        k: cython.longlong
        value: cython.ulonglong
        byte: cython.ulonglong
        shift: cython.int
        for k in range(first, stop):
            value = 0
            shift = 0
            while True:
                if pos == limit:
                    raise self._overrun(limit, self._position)
                byte = data[pos]
                pos += 1
                # the tenth byte has room for one bit
                if shift == 63 and byte > 1:
                    raise Damage("a number is broken", self._position)
                value |= (byte & 0x7F) << shift
                if byte < 0x80:
                    break
                shift += 7
            self._numbers[k] = cython.cast(cython.longlong, value) if cython.compiled else signed(value)
        self._n = stop
        return pos

    def _check_size(self, size: int, at: int) -> None:
        if not 0 <= size <= _MAX_BATCH_SIZE:
            raise Damage(f"batch of {size & _WORD:,} bytes is larger than the format allows", at)

    def _overrun(self, limit: int, at: int) -> Damage:
        """Return the damage of a record that does not end before `limit`."""
        if limit < self._end or limit == self._batch_end:
            return Damage("an event does not end in its batch", at)
        return Damage("the trace is truncated inside an event", at)

    def _check_end(self) -> None:
        if self._batch_end > self._end:
            raise Damage("the trace is truncated inside a batch", self._batch_at)
        if not self._last:
            raise Damage("the trace holds no events", self._end)
        if self._version >= spec.END_OF_GENERATION_SINCE and self._last != _END_OF_GENERATION:
            raise Damage("the trace is truncated: its last generation has no end", self._end)
