"""The parts of groups that belong to tests, in all builds, against a plain walk with dictionaries."""

from __future__ import annotations

from collections import Counter
from functools import cache, partial
from typing import Any

from tests.builds import BUILDS, Build, new_groups, new_tests, open_trace
from tests.trace.conftest import TRACES
from tests.trace.test_tests import kind as kind_of

WITH_TESTS = [path for path in TRACES if path.stem.partition("-")[0] in ("crowd", "hang", "orders")]
THROUGHOUT = 3
"""The flags of an interval that spans the trace."""
RUNNING = 2

Parts = dict[tuple[int, bool, int, int], dict[int, tuple[int, int]]]


def parts_of(name: str) -> tuple[Parts, Any]:
    """Return the parts of a trace's groups by (kind, parked, reason, stack), and the groups' rows."""
    opened = open_trace(name)
    tests, groups = new_tests(partial(kind_of, opened.tables), lambda _: 0), new_groups()
    for _ in opened.chunks((), (tests, groups)):
        pass
    rows = groups.rows()
    assert groups.has_all_parts()
    return {rows[n][:4]: found for n, found in groups.parts().items()}, rows


@cache
def walk(name: str) -> Parts:
    """Return the same by a walk in plain Python: each goroutine belongs to the first test among its ancestors."""
    with BUILDS["uncompiled"]().active() as build:
        found: dict[tuple[int, bool, int, int], Counter[tuple[int, str]]] = {}
        opened = open_trace(name)

        class Walk(build.observe.Observer):  # type: ignore[misc,name-defined]
            def born(self, g: int, now: int) -> int:
                all_of = self.goroutines
                owner = owners.get(all_of.creators[g], -1) if all_of.created[g] >= 0 else -1
                if all_of.entries[g] and kind_of(opened.tables, all_of.entries[g]):
                    ran.append(1)
                    owner = owner if owner >= 0 else len(ran) - 1
                owners[all_of.ids[g]] = owner
                return 0

            def interval(
                self,
                kind: int,
                reason: int,
                stack: int,
                start: int,
                length: int,
                g: int,
                cause: int,
                at: int,
                flags: int,
            ) -> int:
                owner = owners[self.goroutines.ids[g]] if g >= 0 else -1
                if kind != RUNNING and owner >= 0:
                    sums = found.setdefault((kind, flags == THROUGHOUT, reason, stack), Counter())
                    sums[owner, "count"] += 1
                    sums[owner, "total"] += length
                return 0

        owners: dict[int, int] = {}
        ran: list[int] = []
        for _ in opened.chunks((), (Walk(),)):
            pass
    return {
        key: {owner: (sums[owner, "count"], sums[owner, "total"]) for owner, _ in sums} for key, sums in found.items()
    }


def test_the_parts_are_those_of_a_plain_walk(decoder: Build) -> None:
    assert len(WITH_TESTS) >= 8
    for path in WITH_TESTS:
        parts, rows = parts_of(str(path))
        assert parts == walk(str(path))
        assert len({test for found in parts.values() for test in found}) >= 1
        for *key, count, total, _, _ in rows:
            found = parts.get(tuple(key), {}).values()
            assert sum(one[0] for one in found) <= count
            assert sum(one[1] for one in found) <= total


def test_without_tests_there_are_no_parts(decoder: Build) -> None:
    parts, rows = parts_of(str(next(path for path in TRACES if path.stem == "service-go1.27")))
    assert rows
    assert not parts


def test_groups_alone_have_no_parts(decoder: Build) -> None:
    """No observer has found the tests."""
    groups = new_groups()
    for _ in open_trace(str(WITH_TESTS[0])).chunks((), (groups,)):
        pass
    assert groups.rows()
    assert not groups.parts()
