"""The table of wakes: who waited for whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gotracer_ci.analysis.wakes import Wake, WakeFacts
from gotracer_ci.source.names import normalise
from gotracer_ci.tables.moments import TRACE, place
from gotracer_ci.tables.patterns import matching_rows
from gotracer_ci.tables.schema import schema
from gotracer_ci.tables.table import Column, Table

SCHEMA: Final = "gotracer-ci/wakes/1"
UNKNOWN: Final = "(unknown)"
_WAKE: Final = (
    Column(
        "waiter", "text", "The own code that waited; without any, or if unknown, ~ and the goroutine's first function."
    ),
    Column("reason", "text", "Why it waited, in Go's words."),
    Column(
        "waker",
        "text",
        "The own code that ended the wait, or timer, network poller or runtime; null: it had not ended.",
        optional=True,
    ),
    Column("waits", "count", "How many waits there were."),
    Column("total_ns", "ns", "How long they were in all."),
    Column("max_ns", "ns", "The longest one."),
)


def wakes_table(
    read: Sequence[tuple[str, WakeFacts]], *, merge: bool, traces: bool, still_open: bool, system: bool
) -> Table:
    """Return the table with one row for each waiter, reason and waker.

    Args:
        merge: those of all traces together.
        still_open: also waits that had not ended.
        system: also those of the runtime's own goroutines.
    """
    rows = []
    parts = [(name, found.wakes) for name, found in read]
    if merge:
        parts = [("", tuple(wake for _, wakes in parts for wake in wakes))]
    for name, wakes in parts:
        merged: dict[tuple[str, str, str, bool], list[Wake]] = {}
        for wake in wakes:
            if (still_open or not wake.is_open) and (system or not wake.waiter.system):
                waiter, waker = _waiter(wake), _waker(wake)
                merged.setdefault((normalise(waiter), wake.reason, normalise(waker), wake.is_open), []).append(wake)
        rows += [_row(name, key, same) for key, same in merged.items()]
    return Table("wake", (*((TRACE,) if traces else ()), *_WAKE), rows, dict)


def select(table: Table, waiter: str | None, reason: str | None, waker: str | None) -> Table:
    """Return the rows with these names, each exact or a glob.

    Raises:
        UsageError: no row has one of them.
    """
    for column, pattern in (("waiter", waiter), ("reason", reason), ("waker", waker)):
        table = matching_rows(table, f"--{column}", column, pattern)
    return table


def json_schema() -> dict[str, Any]:
    """Return the published JSON Schema of the document."""
    about = "The output of gotracer-ci wakes -f json: who waited for whom."
    return schema(SCHEMA, about, {}, {"wake": (TRACE, *_WAKE)}, {TRACE.name})


def _waiter(wake: Wake) -> str:
    where = place(wake.waiter) or UNKNOWN
    return f"~{where}" if wake.is_elsewhere and not where.startswith("~") else where


def _waker(wake: Wake) -> str:
    return wake.source or place(wake.waker) or UNKNOWN


def _row(trace: str, key: tuple[str, str, str, bool], wakes: Sequence[Wake]) -> dict[str, Any]:
    waiter, reason, waker, is_open = key
    return {
        "trace": trace,
        "waiter": _shown(waiter, {_waiter(wake) for wake in wakes}),
        "reason": reason,
        "waker": None if is_open else _shown(waker, {_waker(wake) for wake in wakes}),
        "waits": sum(wake.waits for wake in wakes),
        "total_ns": sum(wake.total_ns for wake in wakes),
        "max_ns": max(wake.longest_ns for wake in wakes),
    }


def _shown(normalised: str, names: set[str]) -> str:
    return min(names) if len(names) == 1 else normalised
