"""Split a trace into batches and records, and join them again, so that mutations can target a chosen place."""

from __future__ import annotations

from dataclasses import dataclass, replace

from gotracer_ci.trace.spec import HEADER_SIZE, TIMED, Ev
from tests.trace.writer import varint

ARITY = {int(event): 1 + len(arguments) for event, arguments in TIMED.items()}
TABLES = {Ev.STACKS, Ev.STRINGS, Ev.CPU_SAMPLES, Ev.SYNC_BATCH}
RECORDS = {Ev.STRING: 2, Ev.CPU_SAMPLE: 5, Ev.FREQUENCY: 1, Ev.CLOCK_SNAPSHOT: 4}


@dataclass(frozen=True, slots=True)
class Part:
    """A batch, or the end of a generation (kind 52). size: the size in its header, None for the actual size."""

    kind: int
    experiment: int = 0
    generation: int = 0
    thread: int = 0
    time: int = 0
    body: bytes = b""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One event or table entry: a type byte, numbers, and raw bytes."""

    kind: int
    numbers: tuple[int, ...]
    raw: bytes = b""


def parts(data: bytes) -> list[Part]:
    """Split a trace into batches."""
    found = []
    pos = HEADER_SIZE
    while pos < len(data):
        kind = data[pos]
        pos += 1
        if kind == Ev.END_OF_GENERATION:
            found.append(Part(kind))
            continue
        experiment = 0
        if kind == Ev.EXPERIMENTAL_BATCH:
            experiment = data[pos]
            pos += 1
        (generation, thread, time, size), pos = numbers(data, pos, 4)
        found.append(Part(kind, experiment, generation, thread, time, data[pos : pos + size]))
        pos += size
    return found


def joined(header: bytes, whole: list[Part]) -> bytes:
    """Join batches to the bytes of a trace."""
    out = bytearray(header)
    for part in whole:
        out.append(part.kind & 0xFF)
        if part.kind == Ev.END_OF_GENERATION:
            continue
        if part.kind == Ev.EXPERIMENTAL_BATCH:
            out.append(part.experiment & 0xFF)
        size = len(part.body) if part.size is None else part.size
        for number in (part.generation, part.thread, part.time, size):
            out += varint(number)
        out += part.body
    return bytes(out)


def records(part: Part) -> list[Record]:
    """Split a batch into events or entries. An unreadable rest becomes one record of raw bytes (kind −1)."""
    body = part.body
    found = []
    pos = 0
    if body and body[0] in TABLES:
        found.append(Record(-1, (), body[:1]))
        pos = 1
    while pos < len(body):
        try:
            kind = body[pos]
            count = RECORDS.get(Ev(kind), ARITY.get(kind, 0)) if kind in set(Ev) else 0
            raw = b""
            if kind == Ev.STACK:
                (id, frames), at = numbers(body, pos + 1, 2)
                more, at = numbers(body, at, 4 * min(frames, 1000))
                values = (id, frames, *more)
            else:
                values, at = numbers(body, pos + 1, count)
            if kind == Ev.STRING:
                raw = body[at : at + values[1]]
                at += len(raw)
            if kind != Ev.STACK and not count:
                raise IndexError
        except IndexError:
            return [*found, Record(-1, (), body[pos:])]
        found.append(Record(kind, values, raw))
        pos = at
    return found


def with_records(part: Part, whole: list[Record]) -> Part:
    out = bytearray()
    for record in whole:
        if record.kind >= 0:
            out.append(record.kind)
        for number in record.numbers:
            out += varint(number)
        out += record.raw
    return replace(part, body=bytes(out))


def numbers(data: bytes, pos: int, count: int) -> tuple[tuple[int, ...], int]:
    """Read a number of unsigned varints. Return them and the position after them."""
    found = []
    for _ in range(count):
        value = shift = 0
        while True:
            byte = data[pos]
            pos += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        found.append(value)
    return tuple(found), pos
