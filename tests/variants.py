"""Write a trace in another way, because a run counts equal files once."""

from __future__ import annotations

from gotracer_ci.trace.spec import HEADER_SIZE, Ev
from tests.trace.writer import NO_THREAD, batch, varint


def variant(data: bytes, number: int) -> bytes:
    """Return a trace that says the same as this one (of Go 1.22 or later) but is another file: one string is added."""
    at = HEADER_SIZE + 1
    numbers = []
    for _ in range(4):
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        numbers.append(value)
    generation, _, time, size = numbers
    body = bytes([Ev.STRINGS, Ev.STRING]) + varint((1 << 40) + number) + varint(0)
    return data[: at + size] + batch(generation, NO_THREAD, time, body) + data[at + size :]
