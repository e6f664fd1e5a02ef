"""The table of how many tasks took how long, by type."""

from __future__ import annotations

from collections import Counter
from typing import Final

from gotracer_ci.tables.moments import TRACE
from gotracer_ci.tables.table import Column, Row, Table

HISTOGRAM: Final = (
    Column(
        "type", "text", "The task's type, as the program names it; null if it began before the trace.", optional=True
    ),
    Column("from_ns", "ns", "The tasks took at least this long."),
    Column("to_ns", "ns", "They took less than this."),
    Column("count", "count", "How many complete tasks of this type did."),
    Column("share", "share", "The share of the type's complete tasks."),
)


def bucket(length: int) -> int:
    """Return the bucket of a duration in ns: five a decade, ⌊5·log10(length)⌋ as in Go's task page, exact."""
    return len(str(max(length, 1) ** 5)) - 1


def lower_bound(index: int) -> int:
    """Return the shortest duration of a bucket in ns; the first bucket begins at 0."""
    if index == 0:
        return 0
    bound = int(10 ** (index / 5))
    # the float is near enough to start from
    while bucket(bound) >= index:
        bound -= 1
    while bucket(bound) < index:
        bound += 1
    return bound


def histogram_table(tasks: Table, *, merge: bool, traces: bool) -> Table:
    """Return the table with one row for each bucket from a type's shortest complete task to its longest.

    Args:
        tasks: from `tasks_table`.
        merge: types of all traces together.
        traces: with their names.
    """
    same: dict[tuple[str, str], Counter[int]] = {}
    for name, task in tasks.items:
        if task.complete:
            same.setdefault(("" if merge else name, task.type), Counter())[bucket(task.duration_ns)] += 1
    rows = [row for (trace, kind), buckets in same.items() for row in _rows(trace, kind, buckets)]
    return Table("bucket", (*((TRACE,) if traces else ()), *HISTOGRAM), rows, dict)


def _rows(trace: str, kind: str, buckets: Counter[int]) -> list[Row]:
    total = buckets.total()
    return [
        {
            "trace": trace,
            "type": kind or None,
            "from_ns": lower_bound(index),
            "to_ns": lower_bound(index + 1),
            "count": buckets[index],
            "share": buckets[index] / total,
        }
        for index in range(min(buckets), max(buckets) + 1)
    ]
