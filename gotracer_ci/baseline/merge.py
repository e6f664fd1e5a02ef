"""Merge baselines that were updated independently. The result does not depend on their order."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import astuple, replace
from functools import reduce
from heapq import merge
from pathlib import Path
from typing import TypeVar

from gotracer_ci.baseline.records import KEPT_ENTRIES, Baseline, Entry, Group, Part, absent, is_counted
from gotracer_ci.baseline.schema import dump, parse
from gotracer_ci.baseline.shares import Shares
from gotracer_ci.errors import BaselineError
from gotracer_ci.findings import Key

_EMPTY = Part((), {})
_NUMBER = re.compile(r"\d+")
_Name = TypeVar("_Name", bound=str | Key)


def unite(ours: Baseline, theirs: Baseline, base: Baseline | None = None) -> Baseline:
    """Return the entries of both, the newest ten of each program.

    Args:
        base: the common ancestor. Entries that one side removed from it stay removed.
    """
    return _shortened(_both(*_aligned((ours, theirs, base or Baseline({})))))


def unite_all(named: Mapping[str, Baseline]) -> Baseline:
    """Return the entries of all, the newest ten of each program. A job that several have counts once.

    The result is the same in whatever order the baselines are given.

    Args:
        named: at least one baseline, by the name of its file.

    Raises:
        BaselineError: two files have different jobs under one ID, of which only one would count.
    """
    aligned = _aligned(list(named.values()))
    _check_jobs(dict(zip(named, aligned, strict=True)))
    first, *others = sorted(aligned, key=dump)
    nothing = Baseline({})
    return _shortened(reduce(lambda ours, theirs: _both(ours, theirs, nothing), others, first))


def _check_jobs(named: Mapping[str, Baseline]) -> None:
    seen: dict[tuple[str, str], tuple[str, Entry]] = {}
    for name, baseline in named.items():
        for program, part in sorted(baseline.parts.items()):
            for entry in part.entries:
                # what a later version or an acceptance never changes
                job = replace(entry, rules=None, work=(), tests=0)
                first, known = seen.setdefault((program, entry.id), (name, job))
                if job != known:
                    problem = f"its job {entry.id} is another one than in {first}, and only one would count"
                    remedy = "give each job its own --run-id, or its own job-index in the action"
                    raise BaselineError(f"{name}: {problem}; {remedy}")


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


def _both(ours: Baseline, theirs: Baseline, base: Baseline) -> Baseline:
    parts = {}
    for program in sorted(ours.parts.keys() | theirs.parts.keys()):
        part = _united(*(side.parts.get(program, _EMPTY) for side in (ours, theirs, base)))
        if part.entries:
            parts[program] = part
    return Baseline(parts)


def _shortened(baseline: Baseline) -> Baseline:
    """Keep the newest entries of each program. References stay, also those that were the value of an older entry."""
    return Baseline({program: _newest(part) for program, part in baseline.parts.items()})


def _newest(part: Part) -> Part:
    if len(part.entries) <= KEPT_ENTRIES:
        return part
    groups = {}
    for key, group in part.groups.items():
        kept = replace(group, values=group.values[-KEPT_ENTRIES:], counts=group.counts[-KEPT_ENTRIES:])
        groups[key] = kept.measured_from(group.reference, group.accepted)
    return replace(part, entries=part.entries[-KEPT_ENTRIES:], groups=groups)


def _united(ours: Part, theirs: Part, base: Part) -> Part:
    """Merge one program's parts, with all their entries. A change on only one side wins."""
    old = {entry.id: entry for entry in base.entries}
    mine, other = ({entry.id: entry for entry in side.entries} for side in (ours, theirs))
    kept = []
    for entry_id in _in_order([entry.id for entry in ours.entries], [entry.id for entry in theirs.entries]):
        if entry_id in mine and entry_id in other:
            first, second = sorted((mine[entry_id], other[entry_id]), key=_fields)
            kept.append(second if first == old.get(entry_id) else first)
        elif entry_id not in old:
            kept.append(mine.get(entry_id) or other[entry_id])
    groups = {}
    for key in ours.groups.keys() | theirs.groups.keys():
        groups[key] = _group(key, kept, (ours, theirs, base))
    mine_there, theirs_there = ours.ordered(), theirs.ordered()
    lines = {key: mine_there.get(key) or theirs_there[key] for key in _names(mine_there, theirs_there)}
    return Part(tuple(kept), groups, lines, _names(ours.work, theirs.work), _names(ours.rules, theirs.rules))


def _fields(entry: Entry) -> tuple[object, ...]:
    return astuple(replace(entry, rules=entry.rules or ()))


def _names(ours: Collection[_Name], theirs: Collection[_Name]) -> tuple[_Name, ...]:
    """Return the names of both in their order, then those of one side in that side's order."""
    mine, other = dict.fromkeys(ours), dict.fromkeys(theirs)
    both = min([name for name in mine if name in other], [name for name in other if name in mine])
    return (*both, *merge((name for name in mine if name not in other), (name for name in other if name not in mine)))


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


def _group(key: Key, entries: Sequence[Entry], three: tuple[Part, Part, Part]) -> Group:
    found = [side.groups.get(key) for side in three]
    unit = next(group.unit for group in found if group)
    cells = [_cells(side, key, unit) for side in three]
    values: list[float | None] = []
    counts: list[int] = []
    for entry in entries:
        value, count = _cell([side.get(entry.id) for side in cells])
        values.append(value)
        counts.append(count)
    ours, theirs, base = (group or Group(unit, ()) for group in found)
    texts = {ours.accepted, theirs.accepted}
    accepted = " / ".join(sorted(texts - {base.accepted} if len(texts) > 1 else texts))
    changed = [side for side in (ours, theirs) if side.reference and side.reference != base.reference]
    by = [side for side in changed if side.accepted] or changed or [side for side in (ours, theirs) if side.reference]
    # where no side has another reference than its first value, it is the first value of all
    is_first = all(side.ref is None for side in by)
    reference = 0.0 if is_first else min(side.reference for side in by)
    news = [side for side in (ours, theirs) if side.accepted not in ("", base.accepted)]
    if news and (ours.accepted != theirs.accepted or _differ(cells[0], cells[1])):
        raised = max(side.reference for side in news)
        values = [value if value is None else max(value, raised) for value in values]
    shares = _shares([entry.id for entry in entries], three, found)
    group = Group(unit, tuple(values), tuple(counts) if is_counted(unit) else (), shares=shares)
    return group.measured_from(reference, accepted)


def _shares(ids: Sequence[str], three: Sequence[Part], found: Sequence[Group | None]) -> Shares:
    """Merge a group's parts by test: those of the side that changed them, or that has the newest job."""
    *sides, base = [group.shares if group else () for group in found]
    ages = [max((ids.index(entry.id) for entry in part.entries if entry.id in ids), default=-1) for part in three[:2]]
    changed = [pair for pair in zip(ages, sides, strict=True) if pair[1] not in ((), base)]
    return max(changed, default=(0, base))[1]


def _cells(part: Part, key: Key, unit: str) -> dict[str, tuple[float | None, int]]:
    """Return a group's value and count in each entry of a side, 0 if there is none."""
    group = part.groups.get(key) or absent(key, unit, part.entries)
    counts = group.counts or (0,) * len(part.entries)
    return {entry.id: (group.values[i], counts[i]) for i, entry in enumerate(part.entries)}


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
