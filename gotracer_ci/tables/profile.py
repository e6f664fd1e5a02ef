"""Profiles for people: a table of functions, and a tree of calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from gotracer_ci.analysis.profile import StackProfile
from gotracer_ci.report.safe import clean
from gotracer_ci.tables.table import Column, Row, Table
from gotracer_ci.text import count, duration, percentage

MAX_NODES: Final = 200_000
"""Nodes of the tree; what is below further ones belongs to its caller."""
_SMALLEST: Final = 0.01
_DELTA: Final = "\N{GREEK CAPITAL LETTER DELTA} "


class _Sums(NamedTuple):
    function: str
    flat: int
    cumulative: int
    number: int


def functions_table(profile: StackProfile, base: StackProfile | None) -> Table:
    """Return the table of functions: time at the function and below it; with a base the difference.

    Time belongs to the topmost function of the program's own code, so that the runtime's functions do not hide it.
    """
    now = _by_function(profile)
    before = _by_function(base) if base else {}
    whole = sum(sample.ns for sample in (base or profile).samples)
    rows = []
    for function in (*now, *(name for name in before if name not in now)):
        new, old = (sums.get(function, [0, 0, 0]) for sums in (now, before))
        rows.append(_Sums(function, *(a - b for a, b in zip(new, old, strict=True))))
    rows.sort(key=lambda row: (-abs(row.flat), -abs(row.cumulative), row.function))

    def view(row: _Sums) -> Row:
        return {
            "flat_ns": row.flat,
            "flat_share": _share(row.flat, whole),
            "cumulative_ns": row.cumulative,
            "cumulative_share": _share(row.cumulative, whole),
            "count": row.number,
            "function": row.function,
        }

    mark = _DELTA if base else ""
    columns = (
        Column("flat_ns", "ns", "Time at the function.", f"{mark}FLAT"),
        Column("flat_share", "share", "Of all time.", "FLAT %"),
        Column("cumulative_ns", "ns", "Time at the function and in what it called.", f"{mark}CUM"),
        Column("cumulative_share", "share", "Of all time.", "CUM %"),
        Column("count", "count", "How many intervals or samples at the function.", f"{mark}COUNT"),
        Column("function", "text", "As the trace has it."),
    )
    return Table("function", columns, rows, view)


def _by_function(profile: StackProfile) -> dict[str, list[int]]:
    """Return [flat ns, cumulative ns, count] by function."""
    sums: dict[str, list[int]] = {}
    for sample in profile.samples:
        for function in {*(function for function, _, _ in sample.stack), sample.place}:
            sums.setdefault(function, [0, 0, 0])[1] += sample.ns
        at = sums[sample.place]
        at[0] += sample.ns
        at[2] += sample.number
    return sums


class _Node:
    """A function with its callers: how long it and all below it took."""

    __slots__ = ("before", "below", "ns", "number")

    def __init__(self) -> None:
        self.ns = self.before = self.number = 0
        self.below: dict[str, _Node] = {}

    @property
    def change(self) -> int:
        return self.ns - self.before


def tree(profile: StackProfile, base: StackProfile | None, top: int) -> Iterator[str]:
    """Yield the lines of the tree of calls, the roots first and the longest of siblings first.

    Functions below 1 % are left out. top: how many lines, 0 all.
    """
    root = _tree(profile, base)
    whole = root.before if base else root.ns
    mark = _DELTA if base else ""
    heads = [f"{mark}TIME", "SHARE", f"{mark}COUNT", "CALLS"]
    rows: list[tuple[str, str, str, str]] = []
    small = 0
    waiting = [(0, "(all)", root)]
    while waiting:
        depth, name, node = waiting.pop()
        if depth and max(node.ns, node.before) < _SMALLEST * max(root.ns, root.before):
            small += 1
            continue
        share = _share(node.change, whole)
        number = count(node.number)
        rows.append((duration(node.change), percentage(share), number, f"{'  ' * depth}{clean(name)}"))
        below = sorted(node.below.items(), key=lambda child: (abs(child[1].change), child[0]))
        waiting += [(depth + 1, name, child) for name, child in below]
    shown = rows[:top] if top else rows
    widths = [max(map(len, column)) for column in list(zip(heads, *shown, strict=True))[:3]]
    for *numbers, name in (heads, *shown):
        yield "  ".join([*(cell.rjust(width) for cell, width in zip(numbers, widths, strict=True)), name]) + "\n"
    if len(rows) > len(shown):
        yield f"{count(len(rows) - len(shown))} more lines: --top 0 shows all\n"
    if small:
        yield f"{count(small)} more function{'s' if small > 1 else ''} below 1 %\n"


def _tree(profile: StackProfile, base: StackProfile | None) -> _Node:
    root = _Node()
    nodes = 1
    for part, is_base in ((profile, False), (base, True)):
        for sample in part.samples if part else ():
            node = root
            path = [root]
            for function, _, _ in reversed(sample.stack):
                child = node.below.get(function)
                if child is None:
                    if nodes >= MAX_NODES:
                        break
                    child = node.below[function] = _Node()
                    nodes += 1
                path.append(child)
                node = child
            for node in path:
                if is_base:
                    node.before += sample.ns
                    node.number -= sample.number
                else:
                    node.ns += sample.ns
                    node.number += sample.number
    return root


def _share(part: int, whole: int) -> float:
    """Return a share without digits that nobody reads."""
    return round(part / whole, 5) if whole else 0.0
