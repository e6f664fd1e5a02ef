"""Tell a trace by how its file begins."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

_READ: Final = 4096
_HEADER: Final = 16
"""Bytes."""


def is_trace(path: Path) -> bool:
    """Return whether a regular file begins as a trace, gzipped or not; not if it cannot be read."""
    try:
        with open(path, "rb") as file:
            start = file.read(_READ)
    except OSError:
        return False
    if start.startswith(b"\x1f\x8b"):
        import zlib

        with suppress(zlib.error):
            start = zlib.decompressobj(wbits=31).decompress(start, _HEADER)
    return start.startswith(b"go 1.") and b" trace\0" in start[:_HEADER]
