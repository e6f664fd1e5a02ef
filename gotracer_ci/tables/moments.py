"""The table of one goroutine's intervals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from gotracer_ci.errors import UsageError
from gotracer_ci.spelling import hint
from gotracer_ci.tables.table import Column, Row, Table

if TYPE_CHECKING:
    from gotracer_ci.analysis.moments import GoroutineTimeline, Moment
    from gotracer_ci.analysis.stacks import Stack

TRACE: Final = Column("trace", "text", "The trace's name, if there are several.")
MOMENT: Final = (
    Column("life", "id", "The number of the life, counted from 0.", shown=False),
    Column("start_ns", "ns", "When it began, from the trace's start."),
    Column("length_ns", "ns", "How long it was."),
    Column("state", "text", "running, runnable, waiting, syscall, or syscall_blocked after the loss of its P."),
    Column(
        "reason",
        "text",
        "Why the goroutine waited or was runnable, in Go's words; null without a reason.",
        optional=True,
    ),
    Column("place", "text", "The own code where it was; null while it ran, or if unknown.", optional=True),
    Column(
        "waker", "id", "The goroutine that ended the wait or made this one runnable; null if unknown.", optional=True
    ),
    Column("waker_place", "text", "Where that goroutine was; null if unknown.", optional=True),
    Column("open", "flag", "It had not ended when the trace did."),
    Column("before", "flag", "It was under way when the trace began."),
)


def timeline_table(read: Iterable[tuple[str, GoroutineTimeline]], *, traces: bool) -> Table:
    """Return the table with one row for each interval of a goroutine."""
    moments = [(name, moment) for name, found in read for moment in found.moments]
    return Table("interval", (*((TRACE,) if traces else ()), *MOMENT), moments, _moment_row)


def _moment_row(of: tuple[str, Moment]) -> Row:
    name, moment = of
    return {
        "trace": name,
        "life": moment.life,
        "start_ns": moment.start_ns,
        "length_ns": moment.length_ns,
        "state": moment.state,
        "reason": moment.reason or None,
        "place": place(moment.stack),
        "waker": None if moment.waker < 0 else moment.waker,
        "waker_place": place(moment.waker_stack),
        "open": moment.is_open,
        "before": moment.is_old,
    }


def select_moments(table: Table, state: str | None, reason: str | None, min_length: int) -> Table:
    """Return the intervals in a state, for a reason, and of at least this length.

    Raises:
        UsageError: there is none with the reason.
    """
    if reason is not None and not any(row["reason"] == reason for row in table.rows):
        raise no_reason(reason, {row["reason"] for row in table.rows if row["reason"]})
    return table.keep(
        lambda row: state in (None, row["state"]),
        lambda row: reason in (None, row["reason"]),
        lambda row: row["length_ns"] >= min_length,
    )


def no_reason(reason: str, known: set[str]) -> UsageError:
    """Return the error for a reason that nothing waited for."""
    return UsageError(f"--reason {reason}: nothing waited for it{hint(reason, known)}")


def place(stack: Stack) -> str | None:
    """Return the own-code function of a stack, or `~` and its outermost one; None if there is no stack."""
    return stack.label
