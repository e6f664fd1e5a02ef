"""Traces that were anonymised, and what is in them."""

from __future__ import annotations

from gotracer_ci.anonymise.rewriting import Renamed
from gotracer_ci.errors import TraceError
from gotracer_ci.trace.reader import Trace

Row = tuple[int, ...]


def written(trace: Trace) -> tuple[bytes, TraceError | None]:
    """Return an anonymised trace, and why the rest of it was left out."""
    out = bytearray()
    renamed = Renamed(trace)
    renamed.write(out.extend)
    return bytes(out), renamed.damage


def anonymised(data: bytes) -> Trace:
    """Return a whole trace anonymised, not read yet."""
    new, damage = written(opened(data))
    assert damage is None
    return opened(new)


def opened(data: bytes) -> Trace:
    return Trace("some.trace", memoryview(data))


def rows(trace: Trace) -> list[Row]:
    """Read a trace to its end."""
    return [row for chunk in trace.chunks() for row in chunk.rows()]


def described(trace: Trace) -> tuple[object, ...]:
    """Read a trace; return everything in it but the strings, which its events and frames have by their numbers."""
    events = rows(trace)
    damage = trace.damage and trace.damage.problem
    return events, list(trace.tables.frames), list(trace.tables.stacks), trace.started_ns, damage
