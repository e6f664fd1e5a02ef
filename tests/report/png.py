"""PNG files: their size, and a text inside."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEY = b"Description\0\0\0\0\0"  # of an iTXt chunk: not compressed, no language


def size(data: bytes) -> tuple[int, int]:
    """Return width and height in pixels."""
    width, height = struct.unpack(">II", next(content for kind, content in _chunks(data) if kind == b"IHDR")[:8])
    return width, height


def text(data: bytes) -> str:
    """Return the text that `with_text` added."""
    found = (content for kind, content in _chunks(data) if kind == b"iTXt")
    return next(found).removeprefix(_KEY).decode()


def with_text(data: bytes, text: str) -> bytes:
    """Return the picture with a description inside."""
    first, *others = _chunks(data)
    chunks = [first, (b"iTXt", _KEY + text.encode()), *others]
    return _SIGNATURE + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    assert data.startswith(_SIGNATURE)
    at = len(_SIGNATURE)
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
