"""How many bytes of a file each type of record takes."""

from __future__ import annotations

from typing import Final, NamedTuple

from gotracer_ci.events.records import records
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import HEADER_SIZE

HEADER: Final = "(header)"
REST: Final = "(not read)"


class Part(NamedTuple):
    """The records of one type. records: how many, None for bytes that are no records."""

    name: str
    size: int
    records: int | None


def footprint(trace: Trace) -> list[Part]:
    """Read the trace's records; return what they take, the largest part first. The sum is the size of the trace.

    A batch takes only the bytes of its header: what it holds are records, too.
    """
    parts = [Part(HEADER, HEADER_SIZE, None)]
    for reader in trace.records():
        totals = reader.totals()
        position = reader.position
    names = records(trace.version)
    parts += [Part(names[kind][0], size, count) for kind, size, count in totals]
    if position < trace.size:
        parts.append(Part(REST, trace.size - position, None))
    return sorted(parts, key=lambda part: -part.size)
