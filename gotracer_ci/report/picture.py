"""What the HTML page draws of traces: streams of blocks, whose columns are numbers as varints.

docs/report-data.md names all of them. A stream is packed into one element of the page, which inflates it when it is
first looked at.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

ZIGZAG: Final = 1
"""A column's flag: n stands for n / 2, and if it is odd for −(n + 1) / 2."""
DELTA: Final = 2
"""A column's flag: each number is the difference from the one before it, the first one from 0."""
FORMAT: Final = 1
_LEVEL: Final = 1  # 4 takes twice as long for 2 to 14 % less


@dataclass(frozen=True, slots=True)
class Column:
    """Numbers as LEB128 varints. flags: ZIGZAG and DELTA, as bits. count: how many."""

    name: str
    flags: int
    count: int
    data: bytes


class Block(NamedTuple):
    """Columns that belong together; most have one number for each of the same things."""

    name: str
    columns: tuple[Column, ...]

    @property
    def rows(self) -> int:
        """How many things its first column describes."""
        return self.columns[0].count


@dataclass(frozen=True)
class Stream:
    """Blocks with a header of JSON values."""

    header: Mapping[str, Any]
    blocks: tuple[Block, ...]

    @cached_property
    def deflated(self) -> bytes:
        """Its bytes, compressed (RFC 1951, without a header that could hold a date)."""
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        return packer.compress(unpacked(self)) + packer.flush()


class Pictures(NamedTuple):
    """The streams of a report.

    summaries: one for each trace, first those of the run, then those of the base commit. calls: the stacks and profiles
    of all. worst: the number of the trace that lanes and tables are of.
    """

    summaries: tuple[Stream, ...]
    calls: Stream
    worst: int
    lanes: Stream
    tables: Stream

    @property
    def streams(self) -> tuple[Stream, ...]:
        return (*self.summaries, self.calls, self.lanes, self.tables)


NOTHING: Final = Stream({}, ())


def unpacked(stream: Stream) -> bytes:
    """Return a stream as bytes: the header's length (32 bits, little endian), the header, and all columns.

    The header gets the format's version and the layout: [block, [[column, flags, count, bytes], …]] for each block.
    """
    layout = [
        [block.name, [[column.name, column.flags, column.count, len(column.data)] for column in block.columns]]
        for block in stream.blocks
    ]
    header = {"format": FORMAT, **stream.header, "blocks": layout}
    text = json.dumps(header, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode()
    columns = (column.data for block in stream.blocks for column in block.columns)
    return b"".join((len(text).to_bytes(4, "little"), text, *columns))


def packed(stream: Stream) -> str:
    """Return a stream as the page holds it: deflated, in base64."""
    return base64.b64encode(stream.deflated).decode()
