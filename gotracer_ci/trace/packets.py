# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Packets: the protobuf messages of Perfetto's trace format.

The fields are those of `TracePacket`, `TrackEvent` and `DebugAnnotation` in Perfetto's protos/perfetto/trace. All
packets are of one sequence, whose first one must have cleared its interned data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

BEGIN, END, INSTANT, COUNTER = range(1, 5)
"""What an event is: `TrackEvent.Type`."""
LONGEST_NAME = 1024
"""Bytes of a name that is not interned."""

_SIZE = cython.declare(cython.longlong, 1 << 16)
_ROOM = cython.declare(cython.longlong, 1 << 12)  # more than a packet has
_LONGEST = cython.declare(cython.longlong, LONGEST_NAME)
_COUNTER = cython.declare(cython.int, COUNTER)
# Plain Python has no 64-bit overflow: the mask does what C does by itself.
_WORD = cython.declare(cython.ulonglong, (1 << 64) - 1)


@cython.final
@cython.cclass
class Packets:
    """Packets one after the other, which are passed on some hundreds at a time.

    An event is begun by `start`, then gets its name, annotations and flows, and `packet` ends it.

    Args:
        sink: gets the bytes.
    """

    _sink: Any
    _origin: cython.longlong
    _data: Any
    _out: cython.uchar[::1]
    _at: cython.longlong
    _event: cython.uchar[::1]  # the event that has been begun
    _n: cython.longlong

    def __init__(self, sink: Callable[[bytes], object]) -> None:
        self._sink = sink
        self._origin = 0
        self._data = bytearray(_SIZE)
        self._out = self._data
        self._at = 0
        self._event = bytearray(_ROOM)
        self._n = 0

    def begin(self, origin: int) -> None:
        """Count times from this one on, ns on the trace's clock."""
        self._origin = origin

    def raw(self, data: bytes) -> None:
        """Write packets that are complete."""
        n: cython.longlong = len(data)
        if n > _ROOM:
            self.flush()
            self._sink(data)
            return
        if self._at > _SIZE - _ROOM - 32:
            self.flush()
        memoryview(self._data)[self._at : self._at + n] = data
        self._at += n

    def counter(self, track: cython.longlong, time: cython.longlong, value: cython.longlong) -> None:
        """Write the value of a counter from a moment on."""
        self.start(_COUNTER, 0, track)
        self._n = _varint(self._event, self._n, 30 << 3)
        self._n = _varint(self._event, self._n, value)
        self.packet(time)

    def flush(self) -> None:
        """Pass on what has been written."""
        if self._at:
            self._sink(bytes(memoryview(self._data)[: self._at]))
        self._at = 0

    @cython.cfunc
    @cython.exceptval(-1)
    def start(self, kind: cython.int, name: cython.longlong, track: cython.longlong) -> cython.int:
        """Begin the next packet's event. name: 0 for none."""
        self._event[0] = 9 << 3
        self._event[1] = kind
        self._n = 2
        if name > 0:
            self._event[2] = 10 << 3
            self._n = _varint(self._event, 3, name)
        self._event[self._n] = 11 << 3
        self._n = _varint(self._event, self._n + 1, track)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def inline(self, name: bytes, in_call: cython.bint) -> cython.int:
        """Name the event with text that is not interned."""
        text: cython.const[cython.uchar][::1] = name
        suffix: cython.const[cython.uchar][::1] = b" (syscall)"
        i: cython.longlong
        n: cython.longlong = min(len(text), _LONGEST)
        more: cython.longlong = len(suffix) if in_call else 0
        self._n = _varint(self._event, self._n, 23 << 3 | 2)
        self._n = _varint(self._event, self._n, n + more)
        for i in range(n):
            self._event[self._n + i] = text[i]
        self._n += n
        for i in range(more):
            self._event[self._n + i] = suffix[i]
        self._n += more
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def text(self, key: cython.longlong, id: cython.longlong) -> cython.int:
        """Annotate the event with an interned text."""
        at: cython.longlong = self._n
        self._event[at] = 4 << 3 | 2
        self._event[at + 2] = 1 << 3
        self._n = _varint(self._event, at + 3, key)
        self._n = _varint(self._event, self._n, 17 << 3)
        self._n = _varint(self._event, self._n, id)
        self._event[at + 1] = cython.cast(cython.uchar, self._n - at - 2)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def number(self, key: cython.longlong, value: cython.longlong) -> cython.int:
        """Annotate the event with a number."""
        at: cython.longlong = self._n
        self._event[at] = 4 << 3 | 2
        self._event[at + 2] = 1 << 3
        self._n = _varint(self._event, at + 3, key)
        self._event[self._n] = 4 << 3
        self._n = _varint(self._event, self._n + 1, value)
        self._event[at + 1] = cython.cast(cython.uchar, self._n - at - 2)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def flow(self, tag: cython.int, flow: cython.longlong) -> cython.int:
        i: cython.int
        self._n = _varint(self._event, self._n, tag)
        for i in range(8):
            self._event[self._n + i] = flow >> 8 * i & 255
        self._n += 8
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def packet(self, time: cython.longlong) -> cython.int:
        """Write the packet of the event."""
        i: cython.longlong
        if self._at > _SIZE - _ROOM - 32:
            self.flush()
        time = max(time - self._origin, 0)
        head: cython.longlong = _length(time) + _length(self._n)
        self._out[self._at] = 1 << 3 | 2
        at: cython.longlong = _varint(self._out, self._at + 1, 6 + head + self._n)
        self._out[at] = 8 << 3
        at = _varint(self._out, at + 1, time)
        self._out[at] = 10 << 3
        self._out[at + 1] = 1
        self._out[at + 2] = 13 << 3
        self._out[at + 3] = 2
        self._out[at + 4] = 11 << 3 | 2
        at = _varint(self._out, at + 5, self._n)
        for i in range(self._n):
            self._out[at + i] = self._event[i]
        self._at = at + self._n
        return 0


@cython.cfunc
@cython.exceptval(-1)
@cython.inline
def _varint(out: cython.uchar[::1], at: cython.longlong, number: cython.longlong) -> cython.longlong:
    """Write a number as 64 bits; return where it ends."""
    word: cython.ulonglong = cython.cast(cython.ulonglong, number) & _WORD
    while word > 127:
        out[at] = word & 127 | 128
        word >>= 7
        at += 1
    out[at] = word
    return at + 1


@cython.cfunc
@cython.exceptval(-1)
@cython.inline
def _length(number: cython.longlong) -> cython.longlong:
    """Return how many bytes a number takes; it is not negative."""
    n: cython.longlong = 1
    while number > 127:
        number >>= 7
        n += 1
    return n
