"""Groups of goroutines: those that began in one function and were created at one place."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from operator import add
from typing import Any, Final, NamedTuple

from gotracer_ci.analysis.group_times import GroupTime, GroupTimes, States
from gotracer_ci.analysis.stacks import Stack, is_system
from gotracer_ci.pictures.columns import Strings, block, column
from gotracer_ci.report.picture import DELTA, ZIGZAG, Block
from gotracer_ci.trace.observers.group_times import STATES
from gotracer_ci.trace.spec import LARGEST

MAX_GROUPS: Final = 1_000
"""Groups with a row of their own, those with the longest lives in total; the last row sums up all others."""
MAX_DRAWN: Final = 64
"""Groups with their states over time."""
MAX_DRAWN_BYTES: Final = 100_000
"""Of their states over time, before they are packed."""
_COLUMNS: Final = (
    ("name", 0),
    ("place", 0),
    ("system", 0),
    ("lives", 0),
    ("created", 0),
    ("alive", 0),
    ("longest", 0),
    ("total", 0),
    ("running", 0),
    ("runnable", 0),
    ("waiting", 0),
    ("syscall", 0),
    ("syscall_blocked", 0),
)
_Key = tuple[str, str]


class _Group(NamedTuple):
    """numbers: the columns after the names. over_time: None if it is not known for all of them."""

    numbers: Sequence[int]
    over_time: States | None


class Groups:
    """The groups of one trace, those with the longest lives in total first."""

    def __init__(self, found: GroupTimes) -> None:
        self._width_ns, self._parts = found.width_ns, found.parts
        known: dict[_Key, _Group] = {}
        for group in found.groups:
            key = (group.name, place(group.creation))
            known[key] = _plus(known.get(key), _Group(_numbers(group), group.over_time))
        ranked = sorted(known, key=lambda key: (-known[key].numbers[4], key))
        self._rows = [(key, known[key]) for key in ranked[:MAX_GROUPS]]
        self._numbers = {key: min(i, MAX_GROUPS) for i, key in enumerate(ranked)}
        rest: _Group | None = None
        for key in ranked[MAX_GROUPS:]:
            rest = _plus(rest, known[key])
        if rest:
            self._rows.append((("", ""), rest))

    def number(self, name: str, creation: Stack) -> int:
        """Return the row of a group, −1 if there is none."""
        return self._numbers.get((name, place(creation)), -1)

    def block(self, strings: Strings) -> Block:
        """Return all groups."""
        rows = [
            (strings.number(name), strings.number(where), int(is_system(name)), *group.numbers)
            for (name, where), group in self._rows
        ]
        return block("groups", _COLUMNS, rows)

    def states(self) -> tuple[dict[str, Any], Block]:
        """Return the states over time of the first groups, as many as fit: what the header says of them, and they."""
        drawn: list[int] = []
        columns: tuple[array[int], ...] = tuple(array("q") for _ in STATES)
        size = 0
        for number, (_, group) in enumerate(self._rows[:MAX_DRAWN]):
            if group.over_time is None:
                continue
            size += sum(len(_column(name, times).data) for name, times in zip(STATES, group.over_time, strict=True))
            if size > MAX_DRAWN_BYTES:
                break
            drawn.append(number)
            for sums, times in zip(columns, group.over_time, strict=True):
                sums.extend(times)
        header = {"groups": drawn, "parts": self._parts, "width_ns": self._width_ns}
        blocks = Block("group_states", tuple(map(_column, STATES, columns)))
        return header, blocks


def place(stack: Stack) -> str:
    """Return the own-code function of a stack, or `~` and its outermost one; "" if there is no stack."""
    if not stack.known:
        return ""
    return stack.function if stack.own else f"~{stack.function}"


def _column(name: str, times: array[int]) -> Any:
    return column(name, times, ZIGZAG | DELTA)


def _numbers(group: GroupTime) -> list[int]:
    total = min(sum(group.sums), LARGEST)
    return [group.lives, group.created, group.alive, group.longest_ns, total, *group.sums]


def _plus(before: _Group | None, group: _Group) -> _Group:
    """Return sums that saturate, and of the lengths the longest."""
    if before is None:
        return group
    numbers = [min(a + b, LARGEST) for a, b in zip(before.numbers, group.numbers, strict=True)]
    numbers[3] = max(before.numbers[3], group.numbers[3])
    if before.over_time is None or group.over_time is None:
        return _Group(numbers, None)
    return _Group(
        numbers, tuple(array("q", map(add, a, b)) for a, b in zip(before.over_time, group.over_time, strict=True))
    )
