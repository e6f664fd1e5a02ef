"""The columns that say how long goroutines were in which state, for the tables that have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Final

from gotracer_ci.analysis import histogram
from gotracer_ci.analysis.lives import RangeTimes
from gotracer_ci.analysis.times import Times
from gotracer_ci.tables.moments import no_reason
from gotracer_ci.tables.table import Column, Row, Table

TIMES: Final = (
    Column("running_ns", "ns", "Time on a P."),
    Column("runnable_ns", "ns", "Time ready to run without a P: the sum of the four parts."),
    Column("runnable_created_ns", "ns", "From the creation to the first run.", shown=False, optional=True),
    Column("runnable_unblocked_ns", "ns", "After a wait, or since before the trace.", shown=False, optional=True),
    Column("runnable_yielded_ns", "ns", "After runtime.Gosched or a preemption.", shown=False, optional=True),
    Column("runnable_syscall_ns", "ns", "After a system call that lost its P.", shown=False, optional=True),
    Column("waiting_ns", "ns", "Time waiting, whatever for."),
    Column("syscall_ns", "ns", "Time in system calls with a P."),
    Column("syscall_blocked_ns", "ns", "Time in system calls that had lost their P."),
    Column("unknown_ns", "ns", "Time in no state: 0, but in Go's definitions.", shown=False),
)
RANGES: Final = (
    Column("stw_ns", "ns", "How long the world was stopped for it.", "STW"),
    Column("assist_ns", "ns", "How long it ran in mark assists; null in Go's definitions.", optional=True),
    Column("assist_total_ns", "ns", "The length of its mark assists, with the time that it waited in them."),
    Column("sweep_ns", "ns", "How long it swept."),
)
_NAMES: Final = tuple(f"{part}_ns" for part in Times._fields)
REASONS: Final = Column("waiting_by_reason_ns", "ns by name", "Time waiting by reason; the times sum to waiting_ns.")


def by_column(times: Times) -> dict[str, int | None]:
    """Return the values of `TIMES`."""
    return dict(zip(_NAMES, times, strict=True))


def sum_of(every: Iterable[Times]) -> Times:
    """Return the sums; a part that one does not have is None."""
    sums: list[Any] = [None if None in column else sum(column) for column in zip(*every, strict=True)]
    return Times(*sums)


def ranges_of(every: Iterable[RangeTimes]) -> dict[str, int | None]:
    """Return the values of `RANGES`: the sums."""
    stw, assist, running, sweep = zip(*every, strict=True)
    return {
        "stw_ns": sum(stw),
        "assist_ns": None if None in running else sum(running),
        "assist_total_ns": sum(assist),
        "sweep_ns": sum(sweep),
    }


def ranked(waits: dict[str, int]) -> dict[str, int]:
    """Return the reasons with the longest first."""
    return dict(sorted(waits.items(), key=lambda wait: (-wait[1], wait[0]))) if len(waits) > 1 else waits


def of_reason(table: Table, reason: str, *, keep_order: bool) -> Table:
    """Return the rows that waited for a reason, with no other reasons; the longest first, or in their order.

    Raises:
        UsageError: no row did.
    """
    name = REASONS.name
    found = table.keep(lambda row: reason in row[name])
    if not found.items:
        raise no_reason(reason, {known for row in table.rows for known in row[name]})

    def view(item: Any) -> Row:
        row = table.view(item)
        return {**row, name: {reason: row[name][reason]}}

    items = found.items if keep_order else sorted(found.items, key=lambda item: -view(item)[name][reason])
    return replace(found, items=items, view=view, value=None)


def sorted_of(every: Sequence[Sequence[int]]) -> Sequence[int]:
    """Return the lengths of several groups in one; those of each are sorted."""
    return every[0] if len(every) == 1 else sorted(chain.from_iterable(every))


def all_buckets(lengths: Sequence[int], buckets: histogram.Histogram) -> histogram.Histogram:
    """Return the histogram of `lengths` and of the others, which only `buckets` has; {} if there are no others."""
    if not buckets:
        return {}
    every: histogram.Histogram = Counter(map(histogram.bucket, lengths))
    histogram.merge(every, buckets)
    return every


def percentile(lengths: Sequence[int], every: histogram.Histogram, p: int, longest: int) -> int:
    """Return the length that `p` percent of the instances do not exceed.

    Args:
        lengths: of the instances, sorted.
        every: their histogram, which gives the percentile to 3 %; {} if `lengths` has all, and gives it exactly.
    """
    if every:
        return histogram.quantile(every, p / 100, longest)
    return lengths[(p * len(lengths) + 99) // 100 - 1]
