"""Patterns of records that consist of nothing but numbers, which stay as they are.

What a pattern does not match could hold a name, so it is never copied.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from gotracer_ci.trace import raw
from gotracer_ci.trace.encoding import decoded
from gotracer_ci.trace.spec import Ev
from gotracer_ci.trace.v1 import raw as old_raw
from gotracer_ci.trace.v1.spec import Old

_NUMBER: Final = rb"[\x80-\xff]{0,9}+[\x00-\x7f]"
_NUMBERS: Final = re.compile(b"(?:%s)*+" % _NUMBER, re.DOTALL)
_CONTINUED: Final = bytes(range(0x80, 0x100))
IN_LINE: Final = 3
"""An event of the old format with more numbers has the length of these before them."""


def _repeated(firsts: Mapping[int, Iterable[int]]) -> re.Pattern[bytes]:
    """Return a pattern for any number of records. firsts: first bytes by how many numbers follow."""
    kinds = (
        b"[%s](?:%s){%d}" % (b"".join(b"\\x%02x" % first for first in some), _NUMBER, numbers)
        for numbers, some in firsts.items()
    )
    return re.compile(b"(?:%s)*+" % b"|".join(kinds), re.DOTALL)


@cache
def events(version: int) -> re.Pattern[bytes]:
    """Return the pattern for what is in a batch without strings and stacks, since Go 1.22."""
    firsts: dict[int, list[int]] = {}
    others = {Ev.EVENT_BATCH, Ev.EXPERIMENTAL_BATCH, Ev.STRINGS, Ev.STRING, Ev.STACKS, Ev.STACK, Ev.END_OF_GENERATION}
    for kind, numbers in raw.known(version).items():
        if kind not in others:
            firsts.setdefault(len(numbers), []).append(kind)
    return _repeated(firsts)


@cache
def old_events(version: int) -> re.Pattern[bytes]:
    """Return the pattern for the records without texts, stacks and the clock, up to Go 1.21."""
    firsts: dict[int, list[int]] = {}
    for kind, numbers in old_raw.known(version).items():
        if kind not in (Old.STACK, Old.STRING, Old.LOG, Old.FREQUENCY):
            short = len(numbers) <= IN_LINE
            first = kind | (len(numbers) - 1 if short else IN_LINE) << 6
            firsts.setdefault(len(numbers) + (not short), []).append(first)
    return _repeated(firsts)


def numbers(data: bytes) -> list[int]:
    """Return the varints that data consists of, as signed 64 bits; [] if it is not a sequence of varints."""
    if not _NUMBERS.fullmatch(data):
        return []
    found: list[int] = decoded(data, len(data.translate(None, _CONTINUED)), zigzag=False, delta=False).tolist()
    return found
