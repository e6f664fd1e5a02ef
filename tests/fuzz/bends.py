"""Mutations of a trace's structure (batches, events, numbers) or bytes."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from gotracer_ci.trace.spec import HEADER_SIZE, TIMED, Ev
from tests.fuzz.structure import Part, Record, records, with_records

POWERS = (7, 8, 14, 15, 16, 31, 32, 53, 62, 63, 64)
EDGES = tuple(sorted({0, 1, 2, 3, 4, 5, 1024, 1025, 128, 129} | {(1 << n) + d for n in POWERS for d in (-1, 0, 1)}))
"""Boundary values: states, limits of the format, integer widths. Some are too large on purpose."""


def _any(rnd: random.Random, whole: list[Part]) -> int:
    return rnd.randrange(len(whole))


def _record(rnd: random.Random, whole: list[Part], change: Callable[[list[Record], int], None]) -> None:
    """Apply a change at a random record of a batch."""
    i = _any(rnd, whole)
    entries = records(whole[i])
    if entries:
        change(entries, rnd.randrange(len(entries)))
        whole[i] = with_records(whole[i], entries)


def bend_number(rnd: random.Random, whole: list[Part]) -> None:
    """Change a time, argument, ID or length to a boundary value, a neighbor, or another event's value."""

    def change(entries: list[Record], at: int) -> None:
        numbers = list(entries[at].numbers)
        if numbers:
            k = rnd.randrange(len(numbers))
            others = rnd.choice(entries).numbers or (0,)
            near = max(0, numbers[k] + rnd.choice((-1, 1)))
            numbers[k] = rnd.choice((rnd.choice(EDGES), near, rnd.choice(others)))
            entries[at] = replace(entries[at], numbers=tuple(numbers))

    _record(rnd, whole, change)


def bend_type(rnd: random.Random, whole: list[Part]) -> None:
    """Change an event's type to one with as many arguments, or any other."""

    def change(entries: list[Record], at: int) -> None:
        count = len(entries[at].numbers)
        alike = [event for event, arguments in TIMED.items() if 1 + len(arguments) == count]
        entries[at] = replace(entries[at], kind=int(rnd.choice(alike if alike and rnd.randrange(4) else list(Ev))))

    _record(rnd, whole, change)


def drop_event(rnd: random.Random, whole: list[Part]) -> None:
    _record(rnd, whole, lambda entries, at: entries.__delitem__(at))


def repeat_event(rnd: random.Random, whole: list[Part]) -> None:
    _record(rnd, whole, lambda entries, at: entries.insert(rnd.randrange(len(entries)), entries[at]))


def swap_events(rnd: random.Random, whole: list[Part]) -> None:
    def change(entries: list[Record], at: int) -> None:
        other = rnd.choice((rnd.randrange(len(entries)), (at + 1) % len(entries)))
        entries[at], entries[other] = entries[other], entries[at]

    _record(rnd, whole, change)


def move_event(rnd: random.Random, whole: list[Part]) -> None:
    """Move an event to another batch, usually of another thread."""
    i, k = _any(rnd, whole), _any(rnd, whole)
    entries = records(whole[i])
    if i != k and entries:
        moved = entries.pop(rnd.randrange(len(entries)))
        whole[i] = with_records(whole[i], entries)
        there = records(whole[k])
        there.insert(rnd.randrange(len(there) + 1), moved)
        whole[k] = with_records(whole[k], there)


def drop_batch(rnd: random.Random, whole: list[Part]) -> None:
    del whole[_any(rnd, whole)]


def repeat_batch(rnd: random.Random, whole: list[Part]) -> None:
    whole.insert(rnd.randrange(len(whole) + 1), whole[_any(rnd, whole)])


def swap_batches(rnd: random.Random, whole: list[Part]) -> None:
    i, k = _any(rnd, whole), _any(rnd, whole)
    whole[i], whole[k] = whole[k], whole[i]


def empty_batch(rnd: random.Random, whole: list[Part]) -> None:
    i = _any(rnd, whole)
    whole[i] = replace(whole[i], body=b"")


def split_batch(rnd: random.Random, whole: list[Part]) -> None:
    """Split a batch in two at any byte."""
    i = _any(rnd, whole)
    at = rnd.randrange(len(whole[i].body) + 1)
    whole[i : i + 1] = [replace(whole[i], body=whole[i].body[:at]), replace(whole[i], body=whole[i].body[at:])]


def bend_header(rnd: random.Random, whole: list[Part]) -> None:
    """Change a batch's generation, thread, time, experiment, kind or size."""
    i = _any(rnd, whole)
    part, other = whole[i], whole[_any(rnd, whole)]
    number = rnd.choice(EDGES)
    match rnd.randrange(6):
        case 0:
            near = max(0, part.generation + rnd.choice((-1, 1)))
            whole[i] = replace(part, generation=rnd.choice((near, number, other.generation)))
        case 1:
            whole[i] = replace(part, thread=rnd.choice((other.thread, other.thread, number)))
        case 2:
            whole[i] = replace(part, time=rnd.choice((other.time, part.time + rnd.randrange(1000), number)))
        case 3:
            whole[i] = replace(part, kind=Ev.EXPERIMENTAL_BATCH, experiment=rnd.randrange(3))
        case 4:
            whole[i] = replace(part, kind=rnd.choice((rnd.randrange(256), Ev.END_OF_GENERATION)))
        case _:
            near = max(0, len(part.body) + rnd.randrange(-3, 4))
            whole[i] = replace(part, size=rnd.choice((number, near)))


def bend_generation(rnd: random.Random, whole: list[Part]) -> None:
    """Remove, repeat, swap or renumber a whole generation."""
    ids = [part.generation for part in whole if part.generation]
    if not ids:
        return
    one, other = rnd.choice(ids), rnd.choice(ids)
    its = [part for part in whole if part.generation == one]
    match rnd.randrange(4):
        case 0:
            whole[:] = [part for part in whole if part.generation != one]
        case 1:
            whole += [*its, *([Part(Ev.END_OF_GENERATION)] if rnd.randrange(2) else [])]
        case 2:
            new = {one: other, other: one}
            whole[:] = [replace(part, generation=new.get(part.generation, part.generation)) for part in whole]
        case _:
            number = rnd.choice((one + 1, one + 2, rnd.choice(EDGES)))
            whole[:] = [replace(part, generation=number) if part.generation == one else part for part in whole]


STRUCTURAL = (
    *[bend_number] * 6,
    *[bend_type] * 2,
    *[drop_event, repeat_event, swap_events, move_event] * 2,
    *(drop_batch, repeat_batch, swap_batches, empty_batch, split_batch, bend_header, bend_header, bend_generation),
)
"""The mutations with their weights."""


def flip_bit(rnd: random.Random, data: bytearray) -> None:
    data[_byte(rnd, data)] ^= 1 << rnd.randrange(8)


def set_byte(rnd: random.Random, data: bytearray) -> None:
    data[_byte(rnd, data)] = rnd.choice((0, 1, 127, 128, 255, rnd.randrange(53), rnd.randrange(256)))


def put_varint(rnd: random.Random, data: bytearray) -> None:
    """Overwrite bytes with 2^63, 2^64 − 1, 2^64 or an endless number."""
    at = _byte(rnd, data)
    data[at : at + 10] = b"\xff" * 9 + bytes([rnd.choice((0, 1, 2, 255))])


def cut(rnd: random.Random, data: bytearray) -> None:
    del data[_byte(rnd, data) :]


def drop_bytes(rnd: random.Random, data: bytearray) -> None:
    at = _byte(rnd, data)
    del data[at : at + rnd.choice((1, 2, 10, 1000))]


def repeat_bytes(rnd: random.Random, data: bytearray) -> None:
    at = _byte(rnd, data)
    data[at:at] = data[at : at + rnd.choice((1, 2, 10, 1000))]


def _byte(rnd: random.Random, data: bytearray) -> int:
    """Choose a position, usually after the header: a broken header tests little."""
    low = 0 if rnd.randrange(50) == 0 else min(HEADER_SIZE, len(data) - 1)
    return rnd.randrange(low, len(data))


RAW = (flip_bit, flip_bit, set_byte, set_byte, put_varint, cut, drop_bytes, repeat_bytes)
