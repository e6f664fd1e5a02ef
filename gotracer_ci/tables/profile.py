"""Profiles for people: a table of functions, and a tree of calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from gotracer_ci.analysis.profile import TYPES, StackProfile
from gotracer_ci.report.safe import clean
from gotracer_ci.tables.schema import SIDES, document
from gotracer_ci.tables.table import Column, Row, Table
from gotracer_ci.text import count, duration, percentage

MAX_NODES: Final = 200_000
"""Nodes of the tree; what is below further ones belongs to its caller."""
SIDES_SCHEMA: Final = "gotracer-ci/diff-profile/1"
SIDES_ROW: Final = (
    Column("base_ns", "ns", "Time at the function in a base trace on average.", "BASE"),
    Column("head_ns", "ns", "Time at the function in a head trace on average.", "HEAD"),
    Column("change_ns", "ns", "How much longer it is in the head; negative if it is shorter.", "CHANGE"),
    Column("ratio", "ratio", "The head's time over the base's; null if the base has none.", optional=True),
    Column("base_cumulative_ns", "ns", "Time at the function and in what it called, in a base trace.", shown=False),
    Column("head_cumulative_ns", "ns", "The same in a head trace.", shown=False),
    Column("cumulative_change_ns", "ns", "How much longer that is in the head.", "CUM CHANGE"),
    Column("base_count", "number", "How many intervals or samples at the function in a base trace."),
    Column("head_count", "number", "The same in a head trace."),
    Column("function", "text", "As the trace has it."),
)
_NONE: Final = (0, 0, 0)
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


def sides_table(base: StackProfile, head: StackProfile) -> tuple[Table, int]:
    """Return the table of the functions whose times differ, the largest difference first, and how many are the same.

    As in `functions_table`, time belongs to the topmost own-code function.
    """
    before, now = _by_function(base), _by_function(head)
    pairs = [(function, before.get(function, _NONE), now.get(function, _NONE)) for function in {**now, **before}]
    changed = [pair for pair in pairs if pair[1] != pair[2]]
    changed.sort(key=lambda pair: (-abs(pair[2][0] - pair[1][0]), -abs(pair[2][1] - pair[1][1]), pair[0]))
    return Table("function", SIDES_ROW, changed, _view_sides), len(pairs) - len(changed)


def sides_schema() -> dict[str, Any]:
    """Return the published JSON Schema of the document of two profiles."""
    about = "The output of gotracer-ci diff --profile TYPE -f json: profiles of two sets of traces, side by side."
    members = {"type": {"enum": list(TYPES), "description": "The type of the profiles."}, **SIDES}
    return document(SIDES_SCHEMA, about, members, {"function": SIDES_ROW})


def _view_sides(pair: tuple[str, Sequence[int], Sequence[int]]) -> Row:
    function, (base, base_below, base_number), (head, head_below, head_number) = pair
    return {
        "base_ns": base,
        "head_ns": head,
        "change_ns": head - base,
        "ratio": round(head / base, 3) if base else None,
        "base_cumulative_ns": base_below,
        "head_cumulative_ns": head_below,
        "cumulative_change_ns": head_below - base_below,
        "base_count": base_number,
        "head_count": head_number,
        "function": function,
    }


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
