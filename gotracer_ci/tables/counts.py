"""The table of numbers of two sets of traces, side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from gotracer_ci.analysis.counts import KINDS, WAKE, Counted, Counts
from gotracer_ci.tables.schema import SIDES, document
from gotracer_ci.tables.table import Column, Row, Table

SCHEMA: Final = "gotracer-ci/diff-counts/1"
_DIGITS: Final = 3
_ROW: Final = (
    Column("kind", "text", f"What is counted: {', '.join(KINDS)}."),
    Column(
        "reason",
        "text",
        "Why goroutines waited, or the world was stopped, in Go's words; else null.",
        optional=True,
    ),
    Column(
        "place",
        "text",
        "The own code that waited, made the call or led to the goroutine; without any, ~ and the goroutine's first "
        "function. Null for the whole program.",
        optional=True,
    ),
    Column(
        "waker",
        "text",
        "Of a wake, the own code that ended the wait, or timer, network poller or runtime; else null.",
        optional=True,
    ),
    Column("base", "number", "How many there are in a base trace on average."),
    Column("head", "number", "How many there are in a head trace on average."),
    Column("change", "change", "By how many the head has more; negative if it has fewer."),
    Column("ratio", "ratio", "The head's number over the base's; null if the base has none.", optional=True),
)


class _Pair(NamedTuple):
    what: Counted
    base: float
    head: float

    @property
    def surprise(self) -> float:
        """How far the numbers are apart, as the square of standard deviations if they were random."""
        return (self.head - self.base) ** 2 / (self.head + self.base)


def counts_table(base: Sequence[Counts], head: Sequence[Counts]) -> tuple[Table, int]:
    """Return the table of the numbers that differ, what changed most first, and how many are the same.

    A wake is left out if its wait has no other waker on either side: it says nothing more than the number of waits.
    """
    before, now = _usual(base), _usual(head)
    every = before.keys() | now.keys()
    wakers = Counter((what.reason, what.place) for what in every if what.kind == WAKE)
    pairs = [
        _Pair(what, before.get(what, 0.0), now.get(what, 0.0))
        for what in every
        if what.kind != WAKE or wakers[what.reason, what.place] > 1
    ]
    changed = [pair for pair in pairs if pair.base != pair.head]
    changed.sort(key=lambda pair: (-pair.surprise, pair.what))
    return Table("number", _ROW, changed, _view), len(pairs) - len(changed)


def _usual(side: Sequence[Counts]) -> dict[Counted, float]:
    """Return the numbers of one trace on average."""
    total: dict[Counted, int] = {}
    for trace in side:
        for what, number in trace.numbers.items():
            total[what] = total.get(what, 0) + number
    return {what: round(number / len(side), _DIGITS) for what, number in total.items()}


def _view(pair: _Pair) -> Row:
    what, base, head = pair
    return {
        "kind": what.kind,
        "reason": what.reason or None,
        "place": what.place or None,
        "waker": what.waker or None,
        "base": base,
        "head": head,
        "change": round(head - base, _DIGITS),
        "ratio": round(head / base, _DIGITS) if base else None,
    }


def made_with(base: Sequence[Counts], head: Sequence[Counts]) -> Iterator[str]:
    """Yield how the sides differ besides their code."""
    before, now = (sorted({_conditions(trace) for trace in side}) for side in (base, head))
    if before != now:
        yield f"base: {' or '.join(before)}; head: {' or '.join(now)}: numbers can differ because of that"


def _conditions(trace: Counts) -> str:
    program = trace.program or "an unknown program"
    return f"{program}, Go {trace.go_version}, GOMAXPROCS {trace.gomaxprocs}"


def json_schema() -> dict[str, Any]:
    """Return the published JSON Schema of the document."""
    about = "The output of gotracer-ci diff --counts -f json: numbers of two sets of traces, side by side."
    return document(SCHEMA, about, SIDES, {"number": _ROW})
