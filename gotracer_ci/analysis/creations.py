"""Goroutines that were created during the trace, by the place that led to them: how many, and how many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

from gotracer_ci.analysis.stacks import Stack, Stacks, is_system
from gotracer_ci.source.place import NO_OWN_CODE, entry, normalise
from gotracer_ci.trace.observers.ancestry import Ancestry

Key = TypeVar("Key")
_TESTING = "testing."


class Number(NamedTuple):
    """How many goroutines were created, and the most of them that existed at once."""

    created: int
    peak: int


class Creations(NamedTuple):
    """The goroutines that one place led to.

    place: the nearest own code that led to them (see `goroutines.Alive`). stack: one that it was on. entry: the
    function in which the first of them began. by_test: the parts that belong to tests, by the function of the
    outermost test, "" if unknown; peaks of parts are at different times.
    """

    place: str
    stack: Stack
    entry: str
    number: Number
    by_test: Mapping[str, Number]


def creations(ancestry: Ancestry, stacks: Stacks, tests: Sequence[str]) -> tuple[Creations, ...]:
    """Return what each place led to, by place; without the goroutines of the runtime and of package testing.

    Args:
        tests: the function of each row of `observers.tests.Tests`.
    """
    sources = ancestry.sources()
    found: dict[str, tuple[Stack, str]] = {}
    places: list[str | None] = []
    for node, first, *_ in sources:
        function = entry(stacks[first].frames)
        if is_system(function) or function.startswith(_TESTING):
            places.append(None)
            continue
        stack = stacks.nearest_own(ancestry.stacks(node) or [0])
        place = stack.place if stack.frames else NO_OWN_CODE + normalise(function)
        places.append(place)
        found.setdefault(place, (stack, function))
    owned = [
        (place, tests[row]) if place is not None and row >= 0 else None
        for place, (_, _, row, _) in zip(places, sources, strict=True)
    ]
    whole = _numbers(ancestry, places)
    parts: dict[str, dict[str, Number]] = {}
    for (place, test), number in _numbers(ancestry, owned).items():
        parts.setdefault(place, {})[test] = number
    return tuple(
        Creations(place, stack, function, whole[place], parts.get(place, {}))
        for place, (stack, function) in sorted(found.items(), key=lambda item: item[0])
    )


def _numbers(ancestry: Ancestry, keys: Sequence[Key | None]) -> dict[Key, Number]:
    """Return the numbers for each key of a source, None to leave the source out."""
    index: dict[Key, int] = {}
    groups = [-1 if key is None else index.setdefault(key, len(index)) for key in keys]
    created = [0] * len(index)
    for group, (*_, number) in zip(groups, ancestry.sources(), strict=True):
        if group >= 0:
            created[group] += number
    return dict(zip(index, map(Number, created, ancestry.peaks(groups, len(index))), strict=True))
