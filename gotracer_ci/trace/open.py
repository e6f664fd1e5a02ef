"""Opening a trace: a file, a gzipped file, or standard input."""

from __future__ import annotations

import io
import mmap
import sys
import zlib
from typing import BinaryIO

from gotracer_ci.errors import TraceError
from gotracer_ci.trace.reader import Trace

STDIN = "-"
GZIP_MAGIC = b"\x1f\x8b"
MAX_UNPACKED = 8 << 30
"""Largest size of an unpacked trace in bytes: more than any real one has, and less than would harm a machine."""


def open_trace(name: str) -> Trace:
    """Open a file, a gzipped file or, as "-", standard input.

    Raises:
        TraceError: it cannot be opened, or is not a trace that can be read.
    """
    try:
        if name == STDIN:
            if sys.stdin is None:
                raise TraceError(name, "standard input is closed")
            raw = memoryview(sys.stdin.buffer.read())
        else:
            with open(name, "rb") as file:
                raw = _mapped(file)
    except IsADirectoryError:
        raise TraceError(name, "is a directory; name its traces, or use a glob such as 'traces/*.trace'") from None
    except FileNotFoundError:
        raise TraceError(name, "no such file") from None
    except OSError as error:
        raise TraceError(name, f"cannot be read: {error.strerror}") from None
    if raw[:2] == GZIP_MAGIC:
        return Trace(name, *_unpacked(name, raw))
    return Trace(name, raw)


def _mapped(file: BinaryIO) -> memoryview:
    try:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (ValueError, OSError, io.UnsupportedOperation):
        # empty files and pipes cannot be mapped
        return memoryview(file.read())


def _unpacked(name: str, raw: memoryview) -> tuple[memoryview, TraceError | None]:
    """Return what a gzipped file holds, as far as it can be unpacked, and what is wrong with the rest."""
    import gzip

    parts: list[bytes] = []
    size = 0
    damage: TraceError | None = None
    with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
        try:
            # read1, because read would drop what it had unpacked before the damage
            while part := file.read1(1 << 20):
                size += len(part)
                if size > MAX_UNPACKED:
                    damage = TraceError(name, f"unpacks to more than {MAX_UNPACKED >> 30} GiB")
                    break
                parts.append(part)
        except (EOFError, OSError, zlib.error) as error:
            damage = TraceError(name, f"the gzip file is truncated or damaged: {error}")
    if not parts and damage:
        raise damage
    return memoryview(b"".join(parts)), damage
