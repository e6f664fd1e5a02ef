"""Work: how often a program did what it is there for: its tests or, without tests, its tasks or regions.

Numbers of events can be compared only for the same work: `go test -count=2` doubles what a test does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import gcd
from typing import Any, Final

from gotracer_ci.analysis.ran_tests import TOP_LEVEL, RanTests
from gotracer_ci.trace.reader import Chunk
from gotracer_ci.trace.spec import Ev, IntervalKind
from gotracer_ci.trace.tables import Tables

MOST: Final = 1_000
"""Names of work that are kept, those that come first in the alphabet."""
_MISNAMED: Final = 0.1
"""The part of a round's tests that may have another name in another round: a stack can lack the test's function."""


class EndedTasks:
    """Consumer: how many tasks ended, by the index of their type."""

    wanted = (Ev.USER_TASK_END,)

    def __init__(self) -> None:
        self._types: Counter[int] = Counter()

    def feed(self, chunk: Chunk) -> None:
        self._types.update(name for (name,) in chunk.of(self.wanted, chunk.c))

    def result(self) -> Counter[int]:
        return self._types


def work(
    owners: Sequence[str], ran: RanTests, tasks: Counter[int], groups: Iterable[tuple[Any, ...]], tables: Tables
) -> dict[str, int]:
    """Return how often each unit of work was done, by name.

    A test is named by its function; tests whose function is unknown are left out. Tasks are called `task TYPE`, regions
    `region TYPE`. Regions that are still open count, too.

    Args:
        owners: see `outermost`.
        groups: see `observers.groups.Groups.rows`.
    """
    found: Counter[str] = Counter()
    if ran.ran:
        found.update(owner for owner, test in zip(owners, ran.tests, strict=True) if owner and test.parent < 0)
    elif tasks:
        for name, count in tasks.items():
            found[f"task {tables.string(name)}"] += count
    else:
        for kind, _, name, _, count, *_ in groups:
            if kind == IntervalKind.REGION:
                found[f"region {tables.string(name)}"] += count
    return dict(sorted(found.items())[:MOST])


def outermost(ran: RanTests) -> list[str]:
    """Return the function of the outermost test around each test, "" if it is unknown.

    A stack without the test's function shows one that the test called, which is no name of a test.
    """
    tops = {i: test for i, test in enumerate(ran.tests) if test.parent < 0}
    tests = [i for i, test in tops.items() if not test.is_benchmark]
    found = {i: test.function if TOP_LEVEL.match(test.function) else "" for i, test in tops.items()}
    found.update(zip(tests, _rounds([found[i] for i in tests]), strict=True))
    owners: list[str] = []
    for i, test in enumerate(ran.tests):
        owners.append(found[i] if test.parent < 0 else owners[test.parent])
    return owners


def _rounds(functions: Sequence[str]) -> Sequence[str]:
    """Return the functions of tests with those that were unknown but in one round.

    With -count and -cpu a test binary runs all of its tests several times, always in the same order. So the usual name
    of a test in all rounds is the right one.
    """
    last: dict[str, int] = {}
    size = 0
    for i, function in enumerate(functions):
        if function:
            size = gcd(size, i - last.get(function, i))
            last[function] = i
    if not size:
        return functions
    seen = [Counter(filter(None, functions[i::size])).most_common() for i in range(size)]
    named = [names for names in seen if names]
    if sum(len(names) > 1 for names in named) > _MISNAMED * len(named):
        return functions
    usual = [names[0][0] if names else "" for names in seen]
    return [usual[i % size] for i in range(len(functions))]
