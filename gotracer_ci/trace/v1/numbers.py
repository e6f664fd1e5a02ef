# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Read the numbers and texts that the records of the old format consist of."""

from __future__ import annotations

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace.columns import column
from gotracer_ci.trace.spec import HEADER_SIZE
from gotracer_ci.trace.wire import Damage, Data

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.varints import Varints
else:
    from gotracer_ci.trace.varints import Varints

MAX_EVENT_SIZE = 2048
MAX_STRING_SIZE = 1_000_000

_MAX_EVENT_SIZE = cython.declare(cython.longlong, MAX_EVENT_SIZE)
_MAX_STRING_SIZE = cython.declare(cython.longlong, MAX_STRING_SIZE)


@cython.final
@cython.cclass
class Numbers:
    """Reads a file record by record.

    position: of the next record. numbers: those of the current record, as signed 64 bits, `count` of them.
    """

    position: cython.longlong
    data: cython.const[cython.uchar][::1]
    end: cython.longlong
    numbers: cython.longlong[::1]
    count: cython.int
    _varints: Varints

    def __init__(self, data: Data) -> None:
        self.position = HEADER_SIZE
        self.data = data
        self.end = len(data)
        # one more than there is room for in an event: the parser adds the index of a text
        self.numbers = column("q", bytes(8 * (MAX_EVENT_SIZE + 1)))
        self.count = 0
        self._varints = Varints(data, HEADER_SIZE, len(data))

    @cython.cfunc
    def read(self, at: cython.longlong) -> cython.int:
        """Read the numbers of the record at `at`. More than three are preceded by their length in bytes.

        Raises:
            Damage: the record is truncated or broken.
        """
        count: cython.int = (self.data[at] >> 6) + 1
        end: cython.longlong = self.end
        k: cython.int
        self.position = at + 1
        if count <= 3:
            for k in range(count):
                self.numbers[k] = self.number()
            self.count = count
            return 0
        size: cython.longlong = self.number()
        if not 0 <= size <= _MAX_EVENT_SIZE:
            raise Damage(f"an event is longer than the {MAX_EVENT_SIZE:,} bytes that the format allows", at)
        end = self.position + size
        if end > self.end:
            raise Damage("the trace is truncated inside an event", at)
        k = 0
        while self.position < end:
            self.numbers[k] = self.number()
            k += 1
        if self.position > end:
            raise Damage("the numbers of an event do not fit in it", at)
        self.count = k
        return 0

    @cython.cfunc
    @cython.inline
    def number(self) -> cython.longlong:
        """Read an unsigned varint, as signed 64 bits."""
        if self.position < self.end and self.data[self.position] < 0x80:
            self.position += 1
            return self.data[self.position - 1]
        start: cython.longlong = self.position
        self._varints.pos = start
        value: cython.longlong = self._varints.next()
        self.position = self._varints.pos
        if self._varints.bad:
            truncated = self.position == self.end
            raise Damage("the trace is truncated inside a number" if truncated else "a number is broken", start)
        return value

    @cython.cfunc
    def text(self) -> bytes:
        """Read a text and the length before it.

        Raises:
            Damage: it is truncated or too long.
        """
        at: cython.longlong = self.position
        size: cython.longlong = self.number()
        start: cython.longlong = self.position
        if not 0 <= size <= _MAX_STRING_SIZE:
            raise Damage(f"a text is longer than the {MAX_STRING_SIZE:,} bytes that the format allows", at)
        if start + size > self.end:
            raise Damage("the trace is truncated inside a text", at)
        self.position = start + size
        return bytes(self.data[start : start + size])
