"""What one kind of facts promises: checks, sums that add up, and tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from gotracer_ci.analysis.reading import Analysis
from gotracer_ci.analysis.times import Times
from gotracer_ci.tables.table import Table
from gotracer_ci.trace.reader import Trace

Sums = Counter[tuple[object, ...]]
STATES = ("running", "runnable", "waiting", "syscall", "syscall_blocked")


class Facts(NamedTuple):
    """One kind of facts.

    analysis: finds them. check: asserts what they promise. times, counts: what adds up over adjoining windows, by names
    that do not depend on goroutines' IDs; times in ns. tables: every table that shows them.
    """

    analysis: Callable[[Trace], Analysis[Any]]
    check: Callable[[Any], None]
    times: Callable[[Any], Sums]
    counts: Callable[[Any], Sums]
    tables: Callable[[Any], Iterable[Table]]


def parts(times: Times) -> Sequence[int]:
    """Return the parts that sum to a length: `runnable` by its own parts."""
    return [ns for name, ns in times._asdict().items() if name != "runnable"]
