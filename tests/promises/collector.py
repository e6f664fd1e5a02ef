"""What the facts about the garbage collector promise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from gotracer_ci.analysis.gc import Collections, CollectorAnalysis
from gotracer_ci.tables.gc import cycles_table, heap_table, stops_table
from gotracer_ci.tables.table import Table
from tests.promises.base import Facts, Sums


def _check_collections(found: Collections) -> None:
    """Work within a mark phase is not negative, and what runs of an assist is a part of it."""
    assert found.left_out == (0, 0, 0)
    for cycle in found.cycles:
        assert 0 <= cycle.assist <= cycle.assist_total
        assert min(cycle.mark_ns, cycle.dedicated, cycle.fractional, cycle.idle, cycle.unlabelled, cycle.swept) >= 0
    assert all(stop.length_ns >= 0 for stop in found.stops)
    assert sum(cycle.swept for cycle in found.cycles) <= found.sweeps[0]


def _times_of_collections(found: Collections) -> Sums:
    names = ("mark_ns", "assist", "assist_total", "dedicated", "fractional", "idle", "unlabelled")
    sums: Sums = Counter({(name,): sum(getattr(cycle, name) for cycle in found.cycles) for name in names})
    for stop in found.stops:
        sums[stop.kind, stop.stack] += stop.length_ns
    return sums


def _collections_tables(found: Collections) -> Iterator[Table]:
    for make in (cycles_table, stops_table, heap_table):
        yield make([("a.trace", found), ("b.trace", found)], traces=True)


COLLECTOR = {
    "collector": Facts(
        lambda trace: CollectorAnalysis(trace, heap=True),
        _check_collections,
        _times_of_collections,
        lambda found: Counter(dict(zip([("swept",), ("reclaimed",)], found.sweeps, strict=True))),
        _collections_tables,
    ),
}
