"""Reads the streams of the HTML report as docs/report-data.md describes them, with no code of ours."""

from __future__ import annotations

import base64
import json
import re
import zlib
from typing import Any, NamedTuple


class Decoded(NamedTuple):
    """A stream. blocks: by name, the numbers of each column by name."""

    header: dict[str, Any]
    blocks: dict[str, dict[str, list[int]]]

    def rows(self, block: str) -> list[dict[str, Any]]:
        """Return the rows of a block."""
        columns = self.blocks[block]
        return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]

    def text(self, number: int) -> str:
        """Return the string with this number."""
        found: str = self.header["strings"][number]
        return found


def decoded(data: bytes) -> Decoded:
    """Decode the bytes of a stream, and check that nothing is left over."""
    size = int.from_bytes(data[:4], "little")
    header = json.loads(data[4 : 4 + size])
    at = 4 + size
    blocks: dict[str, dict[str, list[int]]] = {}
    for name, columns in header.pop("blocks"):
        assert name not in blocks
        blocks[name] = {}
        for column, flags, count, length in columns:
            blocks[name][column] = numbers_of(data[at : at + length], flags, count)
            at += length
    assert at == len(data)
    assert header.pop("format") == 1
    return Decoded(header, blocks)


def streams_of(html: str) -> dict[str, Decoded]:
    """Return all streams of a page, by name."""
    found = re.findall(r'<script type="application/octet-stream" id="data-([^"]+)">\s*([^<\s]*)\s*</script>', html)
    return {name: decoded(zlib.decompress(base64.b64decode(data), -15)) for name, data in found}


def numbers_of(data: bytes, flags: int, count: int) -> list[int]:
    """Return the numbers of a column, and check that there are so many."""
    numbers: list[int] = []
    value = shift = last = 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            if flags & 1:
                value = -(value + 1) // 2 if value % 2 else value // 2
            last = last + value if flags & 2 else value
            numbers.append(last)
            value = shift = 0
    assert (len(numbers), shift) == (count, 0)
    return numbers
