"""Columns of a stream: made of numbers and strings."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from gotracer_ci.report.picture import DELTA, ZIGZAG, Block, Column
from gotracer_ci.report.safe import clean
from gotracer_ci.trace.encoding import encoded

MAX_TEXT: Final = 200
"""Characters of a string; a longer one ends with "…"."""
Thing = TypeVar("Thing")


def column(name: str, numbers: Iterable[int], flags: int = 0) -> Column:
    """Return numbers (int64) as a column; without ZIGZAG none may be negative, nor with DELTA a difference."""
    values = numbers if isinstance(numbers, (array, memoryview)) else array("q", numbers)
    return Column(name, flags, len(values), encoded(values, bool(flags & ZIGZAG), bool(flags & DELTA)))


def joined(parts: Sequence[Column]) -> Column:
    """Return one column of several without DELTA that have the same name and flags."""
    return replace(parts[0], count=sum(part.count for part in parts), data=b"".join(part.data for part in parts))


def block(name: str, columns: Sequence[tuple[str, int]], rows: Sequence[Sequence[int]]) -> Block:
    """Return rows as a block. columns: the name and the flags of each one."""
    numbers = list(zip(*rows, strict=True)) or [()] * len(columns)
    return Block(name, tuple(column(of, values, flags) for (of, flags), values in zip(columns, numbers, strict=True)))


def longest(things: Sequence[Thing], most: int, length: Callable[[Thing], int]) -> Sequence[Thing]:
    """Return things in their order: of too many, the longest."""
    if len(things) <= most:
        return things
    kept = sorted(range(len(things)), key=lambda i: (-length(things[i]), i))[:most]
    return [things[i] for i in sorted(kept)]


def known(number: int | None) -> int:
    """Return a number, −1 for one that is unknown."""
    return -1 if number is None else number


class Strings:
    """The strings of one stream by number, in the order in which they are first needed; 0 is the empty one."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {"": 0}

    def number(self, text: str) -> int:
        found = self._numbers.get(text)
        if found is None:
            shown = clean(text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…")
            found = self._numbers.setdefault(shown, len(self._numbers))
        return found

    def values(self) -> list[str]:
        return list(self._numbers)
