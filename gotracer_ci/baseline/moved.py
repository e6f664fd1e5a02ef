"""Pair groups that moved: after a rename the old place has nothing any more, and a new one has about as much.

A pair is one group. It counts only if it got worse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from gotracer_ci.findings import Key
from gotracer_ci.limits import Limits, limit_of

Sized = tuple[float, Key]
"""A group and its size: its median value."""
_ALIKE: Final = 2


def pairs(new: Iterable[Sized], gone: Iterable[Sized], limits: Limits) -> Iterator[tuple[Key, Key]]:
    """Yield the new and the old key of each group that probably moved, each key at most once.

    A function of the same name comes first (its package or type was renamed), then the group closest in size.

    Args:
        new: the groups that no reference has.
        gone: the groups that only the references have.
    """
    fresh, former = list(new), list(gone)

    def alike(one: Sized, other: Sized) -> bool:
        limit = limit_of(limits, one[1])
        if _apart(one, other) <= _ALIKE or limit is None:
            return limit is not None
        return max(one[0], other[0]) <= limit.above(min(one[0], other[0]))

    for part in (_named, _kind):
        found = list(_closest(fresh, former, part, alike))
        yield from ((to[1], since[1]) for to, since in found)
        paired = {group for pair in found for group in pair}
        fresh = [group for group in fresh if group not in paired]
        former = [group for group in former if group not in paired]


def _kind(key: Key) -> tuple[str, ...]:
    return key[:2]


def _named(key: Key) -> tuple[str, ...]:
    words = key.place.split(".")
    while len(words) > 1 and words[-1] == "func":  # closures
        words.pop()
    return (*key[:2], words[-1])


def _closest(
    new: list[Sized], old: list[Sized], part: Callable[[Key], tuple[str, ...]], alike: Callable[[Sized, Sized], bool]
) -> Iterator[tuple[Sized, Sized]]:
    """Pair the new and old groups of one part that are alike, each at most once, in one walk by size."""
    of_part: dict[tuple[str, ...], list[Sized]] = {}
    for group in sorted(old):
        of_part.setdefault(part(group[1]), []).append(group)
    walks: dict[tuple[str, ...], list[Sized]] = {}
    for group in sorted(new):
        walks.setdefault(part(group[1]), []).append(group)
    for name, mine in walks.items():
        theirs = of_part.get(name, [])
        i = j = 0
        while i < len(mine) and j < len(theirs):
            apart = _apart(mine[i], theirs[j])
            if j + 1 < len(theirs) and _apart(mine[i], theirs[j + 1]) < apart:
                j += 1
            elif i + 1 < len(mine) and _apart(mine[i + 1], theirs[j]) < apart:
                i += 1
            elif alike(mine[i], theirs[j]):
                yield mine[i], theirs[j]
                i, j = i + 1, j + 1
            elif mine[i][0] < theirs[j][0]:
                # the others are even larger
                i += 1
            else:
                j += 1


def _apart(one: Sized, other: Sized) -> float:
    """The larger over the smaller; neither is zero, because both groups have or had more than nothing."""
    return max(one[0] / other[0], other[0] / one[0])
