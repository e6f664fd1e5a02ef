"""Opening a trace: a file, a gzipped file, standard input, or what a URL names."""

from __future__ import annotations

import io
import mmap
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO, Protocol

from gotracer_ci.errors import TraceError
from gotracer_ci.trace import memory, wire
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import HEADER_SIZE
from gotracer_ci.urls import is_url, redacted

STDIN = "-"
GZIP_MAGIC = b"\x1f\x8b"
MAX_UNPACKED = 8 << 30
"""Largest size in bytes of a trace that is not a plain file: more than any real one has."""
PART = 1 << 20


def open_trace(name: str, processes: int = 1, place: str | None = None) -> Trace:
    """Open a file, a gzipped file, a URL or, as "-", standard input.

    processes: how many open traces at the same time, each in its part of the memory. place: the path of the file, if it
    is not the name.

    Raises:
        TraceError: it cannot be opened, or is not a trace that can be read.
    """
    try:
        if name == STDIN:
            if sys.stdin is None:
                raise TraceError(name, "standard input is closed")
            return _collected(name, sys.stdin.buffer, processes)
        if is_url(name):
            return _fetched(name, processes)
        with open(place or name, "rb") as file:
            raw = _mapped(file)
            if raw is None or raw[: len(GZIP_MAGIC)] == GZIP_MAGIC:
                return _collected(name, file, processes)
            return Trace(name, raw)
    except IsADirectoryError:
        raise TraceError(name, "is a directory; name its traces, or use a glob such as 'traces/*.trace'") from None
    except FileNotFoundError:
        raise TraceError(name, "no such file") from None
    except OSError as error:
        raise TraceError(name, f"cannot be read: {error.strerror}") from None


def trace_of(name: str, data: bytes, processes: int = 1) -> Trace:
    """Open a trace, gzipped or not, that is in memory.

    Raises:
        TraceError: as for `open_trace`.
    """
    if data and data[: len(GZIP_MAGIC)] != GZIP_MAGIC:
        return Trace(name, memoryview(data))
    return _collected(name, io.BytesIO(data), processes)


def _fetched(url: str, processes: int) -> Trace:
    from gotracer_ci.remote.stores import Stream

    stream = Stream(url)
    try:
        # its name, too, is shown
        return _collected(redacted(url), stream, processes)
    finally:
        stream.close()


def _mapped(file: BinaryIO) -> memoryview | None:
    """Return the file's contents, or None if it cannot be mapped, such as an empty file or a pipe."""
    try:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (ValueError, OSError, io.UnsupportedOperation):
        return None


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Joined(io.RawIOBase):
    """A stream from its beginning, of which the first bytes have been read."""

    def __init__(self, first: bytes, rest: _Readable) -> None:
        self._first = first
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        part, self._first = self._first[: len(view)], self._first[len(view) :]
        part = part or self._rest.read(len(view))
        view[: len(part)] = part
        return len(part)


def _collected(name: str, stream: _Readable, processes: int) -> Trace:
    """Open a stream: it is read once, and unpacked on the way if it is gzipped."""
    first = stream.read(len(GZIP_MAGIC))
    whole = io.BufferedReader(_Joined(first, stream))
    if first != GZIP_MAGIC:
        return _kept(name, whole.read1, processes, packed=False)
    import gzip

    with gzip.GzipFile(fileobj=whole) as unpacked:
        # read1, because read would drop what it had unpacked before the damage
        return _kept(name, unpacked.read1, processes, packed=True)


def _kept(name: str, read: Callable[[int], bytes], processes: int, *, packed: bool) -> Trace:
    """Read all parts into memory that is given back while the trace is read. The first ones tell whether it is one."""
    room = _room(min(MAX_UNPACKED, memory.available() // (4 * processes) * 3))
    size = 0
    damage: TraceError | None = None
    try:
        while part := read(PART):
            if size + len(part) > len(room):
                problem = (
                    f"{'unpacks to' if packed else 'has'} more than the {len(room) >> 20:,} MiB that fit into memory"
                )
                damage = TraceError(name, problem)
                break
            room[size : size + len(part)] = part
            size += len(part)
            if size - len(part) < HEADER_SIZE <= size:
                wire.version(memoryview(room)[:size])
    except wire.Damage as wrong:
        raise TraceError(name, wrong.problem, wrong.offset) from None
    except TraceError as lost:
        # what arrived before is a part of the trace
        damage = lost
    except (EOFError, OSError, zlib.error) as error:
        if not packed:
            raise
        damage = TraceError(name, f"the gzip file is truncated or damaged: {error}")
    if damage and size < HEADER_SIZE:
        raise damage
    with suppress(OSError, ValueError, SystemError):
        room.resize(max(size, 1))
    return Trace(name, memoryview(room)[:size], damage)


def _room(size: int) -> mmap.mmap:
    """Return memory of this size, or of less if the system gives no more. Only what is written to takes space."""
    while True:
        try:
            return memory.anonymous(max(size, PART))
        except MemoryError:
            if size <= PART:
                raise
            # the address space of the process is limited
            size //= 2
