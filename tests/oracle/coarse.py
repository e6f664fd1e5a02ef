"""Rewrite a trace as if the clock were coarse, so that events of many threads have equal times.

With a fine clock, causes precede their effects, so Go's reader hardly ever has to delay a thread's next event. Other
machines have coarser clocks. Rounding all times down keeps the order within each thread, so the trace stays valid. The
order between threads then depends on sequence numbers and on how a reader breaks ties, where ours must match Go's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gotracer_ci.trace.spec import HEADER_SIZE, TIMED, Ev
from tests.trace.writer import varint

UNTIMED = (Ev.STRINGS, Ev.STACKS, Ev.SYNC_BATCH, Ev.FREQUENCY)
AFTER_TIME = {int(event): len(names) for event, names in TIMED.items()}
SAMPLE_AFTER_TIME = 4


def coarse(trace: Path, out: Path, ticks: int) -> None:
    """Write a copy of a trace of Go 1.22 or later with every time rounded down to a multiple of `ticks`."""
    data = trace.read_bytes()
    parts = [data[:HEADER_SIZE]]
    pos = HEADER_SIZE
    while pos < len(data):
        start = pos
        kind = data[pos]
        pos += 2 if kind == Ev.EXPERIMENTAL_BATCH else 1
        if kind == Ev.END_OF_GENERATION:
            parts.append(data[start:pos])
            continue
        kept = data[start:pos]
        generation, pos = _number(data, pos)
        thread, pos = _number(data, pos)
        time, pos = _number(data, pos)
        size, pos = _number(data, pos)
        content = data[pos : pos + size]
        pos += size
        if kind == Ev.EVENT_BATCH and content and content[0] not in UNTIMED:
            rounded = _samples(content, ticks) if content[0] == Ev.CPU_SAMPLES else _events(content, time, ticks)
            content = b"".join(rounded)
            time -= time % ticks
        parts += [kept, *map(varint, (generation, thread, time, len(content))), content]
    out.write_bytes(b"".join(parts))


def _events(content: bytes, time: int, ticks: int) -> Iterator[bytes]:
    written = time - time % ticks
    pos = 0
    while pos < len(content):
        kind = content[pos]
        difference, pos = _number(content, pos + 1)
        start = pos
        for _ in range(AFTER_TIME[kind]):
            _, pos = _number(content, pos)
        time += difference
        rounded = time - time % ticks
        yield bytes([kind]) + varint(rounded - written) + content[start:pos]
        written = rounded


def _samples(content: bytes, ticks: int) -> Iterator[bytes]:
    yield content[:1]
    pos = 1
    while pos < len(content):
        kind = content[pos]
        time, pos = _number(content, pos + 1)
        start = pos
        for _ in range(SAMPLE_AFTER_TIME):
            _, pos = _number(content, pos)
        yield bytes([kind]) + varint(time - time % ticks) + content[start:pos]


def _number(data: bytes, pos: int) -> tuple[int, int]:
    value = shift = 0
    while data[pos] >= 0x80:
        value |= (data[pos] & 0x7F) << shift
        shift += 7
        pos += 1
    return value | data[pos] << shift, pos + 1
