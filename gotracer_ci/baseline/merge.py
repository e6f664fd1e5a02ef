"""Merge two baselines that were updated independently. The result does not depend on which one is ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import astuple
from heapq import merge
from pathlib import Path

from gotracer_ci.baseline.records import KEPT_ENTRIES, Baseline, Group, Part
from gotracer_ci.baseline.schema import parse
from gotracer_ci.errors import BaselineError
from gotracer_ci.findings import Key

_EMPTY = Part((), {})
_NUMBER = re.compile(r"\d+")


def unite(ours: Baseline, theirs: Baseline, base: Baseline | None = None) -> Baseline:
    """Return the entries of both, the newest ten of each program.

    Args:
        base: the common ancestor. Entries that one side removed from it stay removed.
    """
    ours, theirs, base = _aligned((ours, theirs, base or Baseline({})))
    parts = {}
    for program in sorted(ours.parts.keys() | theirs.parts.keys()):
        part = _united(*(side.parts.get(program, _EMPTY) for side in (ours, theirs, base)))
        if part.entries:
            parts[program] = part
    return Baseline(parts)


def sides(text: str, path: Path) -> tuple[Baseline, Baseline]:
    """Return the two baselines of a file with git's conflict markers.

    Lines that git merged itself are on both sides. A group that only one side added then has no values on the other.

    Raises:
        BaselineError: the markers are not git's, or a side is not a baseline, because git removed lines from both that
            only one side had dropped.
    """
    texts: list[list[str]] = [[], []]
    both: tuple[int, ...] = (0, 1)
    into = both
    for line in text.splitlines(keepends=True):
        marker = line[:7]
        if marker == "<<<<<<<" and into == both:
            into = (0,)
        elif marker == "|||||||" and into == (0,):
            into = ()
        elif line.rstrip() == "=======" and into in ((0,), ()):
            into = (1,)
        elif marker == ">>>>>>>" and into == (1,):
            into = both
        elif marker in {"<<<<<<<", "|||||||", ">>>>>>>"}:
            raise BaselineError(f"{path}: malformed conflict markers; restore it from version control")
        else:
            for side in into:
                texts[side].append(line)
    try:
        ours, theirs = (parse("".join(lines), path) for lines in texts)
    except BaselineError as error:
        problem = str(error).rpartition("; ")[0]
        raise BaselineError(f"{problem}; merge the files of git show :2:FILE and git show :3:FILE instead") from None
    return ours, theirs


def _aligned(baselines: Sequence[Baseline]) -> list[Baseline]:
    """Give a part without a name, from a file of schema 1, the only name that the others have."""
    names = {name for baseline in baselines for name in baseline.parts if name}
    if len(names) != 1:
        return list(baselines)
    (name,) = names
    return [
        Baseline({name: baseline.parts[""]}) if list(baseline.parts) == [""] else baseline for baseline in baselines
    ]


def _united(ours: Part, theirs: Part, base: Part) -> Part:
    """Merge one program's parts. A change on only one side wins."""
    old = {entry.id: entry for entry in base.entries}
    mine, other = ({entry.id: entry for entry in side.entries} for side in (ours, theirs))
    kept = []
    for entry_id in _in_order([entry.id for entry in ours.entries], [entry.id for entry in theirs.entries]):
        if entry_id in mine and entry_id in other:
            first, second = sorted((mine[entry_id], other[entry_id]), key=astuple)
            kept.append(second if first == old.get(entry_id) else first)
        elif entry_id not in old:
            kept.append(mine.get(entry_id) or other[entry_id])
    kept = kept[-KEPT_ENTRIES:]
    groups = {}
    for key in ours.groups.keys() | theirs.groups.keys():
        groups[key] = _group(key, [entry.id for entry in kept], (ours, theirs, base))
    return Part(tuple(kept), groups, _lines(ours.ordered(), theirs.ordered()), ours.tests | theirs.tests)


def _lines(ours: dict[Key, str], theirs: dict[Key, str]) -> dict[Key, str]:
    """Return the groups of both in their order, then those of one side in that side's order."""
    both = min([key for key in ours if key in theirs], [key for key in theirs if key in ours])
    rest = merge((key for key in ours if key not in theirs), (key for key in theirs if key not in ours))
    return {key: ours.get(key) or theirs[key] for key in (*both, *rest)}


def _in_order(ours: Sequence[str], theirs: Sequence[str]) -> Iterator[str]:
    """Yield all ids in an order that fits both sides. If both allow several, the lowest run number comes first."""
    waiting = {entry_id: set[str]() for entry_id in (*ours, *theirs)}
    for side in (ours, theirs):
        for i, entry_id in enumerate(side):
            waiting[entry_id] |= set(side[:i])
    while waiting:
        free = [entry_id for entry_id, before in waiting.items() if not before & waiting.keys()]
        first = min(free or waiting, key=_number)  # contradicting orders leave no ID that may come next
        del waiting[first]
        yield first


def _number(entry_id: str) -> tuple[list[int], str]:
    """Sort key: "4711-2" comes after "4711-1" and before "12000-1"."""
    return [int(digits) for digits in _NUMBER.findall(entry_id)], entry_id


def _group(key: Key, ids: Sequence[str], three: tuple[Part, Part, Part]) -> Group:
    found = [side.groups.get(key) for side in three]
    unit = next(group.unit for group in found if group)
    cells = [_cells(side, key) for side in three]
    values: list[float | None] = []
    counts: list[int] = []
    for entry_id in ids:
        value, count = _cell([side.get(entry_id) for side in cells])
        values.append(value)
        counts.append(count)
    ours, theirs, base = (group or Group(unit, ()) for group in found)
    texts = {ours.accepted, theirs.accepted}
    accepted = " / ".join(sorted(texts - {base.accepted} if len(texts) > 1 else texts))
    changed = [side for side in (ours, theirs) if side.reference and side.reference != base.reference]
    by = [side for side in changed if side.accepted] or changed or [side for side in (ours, theirs) if side.reference]
    reference = min((side.reference for side in by), default=0.0)
    news = [side for side in (ours, theirs) if side.accepted not in ("", base.accepted)]
    if news and (ours.accepted != theirs.accepted or _differ(cells[0], cells[1])):
        raised = max(side.reference for side in news)
        values = [value if value is None else max(value, raised) for value in values]
    group = Group(unit, tuple(values), tuple(counts) if unit == "ns" else ())
    return group.measured_from(reference, accepted)


def _cells(part: Part, key: Key) -> dict[str, tuple[float | None, int]]:
    """Return a group's value and count in each entry of a side, 0 if there is none."""
    group = part.groups.get(key)
    size = len(part.entries)
    values = group.values if group else (0.0,) * size
    counts = group.counts if group and group.counts else (0,) * size
    return {entry.id: (values[i], counts[i]) for i, entry in enumerate(part.entries)}


def _differ(ours: dict[str, tuple[float | None, int]], theirs: dict[str, tuple[float | None, int]]) -> bool:
    """Report whether one side raised the values that both have, even if git copied its reason to both."""
    return any(ours[entry_id] != theirs[entry_id] for entry_id in ours.keys() & theirs.keys())


def _cell(three: Sequence[tuple[float | None, int] | None]) -> tuple[float | None, int]:
    """Merge one value: a side that changed it wins. Of two changes a dropped value wins, then the larger one."""
    ours, theirs, base = three
    if ours is None or theirs is None or ours == theirs:
        return ours or theirs or (0.0, 0)
    if base in (ours, theirs):
        return theirs if base == ours else ours
    if ours[0] is None or theirs[0] is None:
        return None, max(ours[1], theirs[1])
    return max(ours[0], theirs[0]), max(ours[1], theirs[1])
