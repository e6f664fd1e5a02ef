"""Lives of goroutines as columns: much smaller than the records of `lives`, for tens of thousands of them."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from gotracer_ci.analysis.lives import Names, reason_of
from gotracer_ci.analysis.stacks import Stack, Stacks
from gotracer_ci.trace.observers.life_columns import FIELDS, SUMS
from gotracer_ci.trace.observers.life_columns import LifeColumns as Observer
from gotracer_ci.trace.reader import Trace

WAITS: Final = ("chan", "sync", "network", "sleep", "other")
"""Classes of waits: for channels (select included), for locks and conditions, and so on."""
_CLASSES: Final = (
    ("chan", "chan"),
    ("select", "chan"),
    ("forever", "chan"),
    ("sync", "sync"),
    ("network", "network"),
    ("sleep", "sleep"),
)


class LifeColumns(NamedTuple):
    """The goroutines of one trace in the order of their lives' numbers: of too many, those that waited longest.

    columns (int64): by name, "id", "entry", "creation", "creator", "created", "ended" (ns from the trace's start, −1 as
    in `observers.life_columns`), and in ns "total", "running", "runnable", "syscall", "syscall_blocked", "assist" (the
    length of mark assists, which is time of the states as well), and `WAITS`. names: of the functions in which they
    began, by entry. creations: the stacks that created them, by creation. left_out: further lives.
    """

    columns: Mapping[str, array[int]]
    names: Mapping[int, str]
    creations: Mapping[int, Stack]
    left_out: int


class LifeColumnsAnalysis:
    """Finds the lives of a trace's goroutines (see `reading.Analysis`)."""

    consumers = ()

    def __init__(self, trace: Trace) -> None:
        self._observer = Observer(lambda reason, stack: wait_class(reason_of(trace.tables, reason, stack)))

    @property
    def observers(self) -> Sequence[Observer]:
        return (self._observer,)

    def result(self, trace: Trace, stacks: Stacks) -> LifeColumns:
        columns, waits, left_out = self._observer.result()
        found = dict(zip((*FIELDS, *SUMS), columns, strict=True))
        start = trace.start_ns
        for name in ("created", "ended"):
            found[name] = array("q", [-1 if time == -1 else time - start for time in found[name]])
        none = array("q", bytes(8 * len(found["id"])))
        names = Names(trace.tables)
        return LifeColumns(
            {**found, **{name: waits.get(name, none) for name in WAITS}},
            {entry: names[entry] for entry in set(found["entry"])},
            {creation: stacks[creation] for creation in set(found["creation"])},
            left_out,
        )


def wait_class(reason: str) -> str:
    """Return the one of `WAITS` that a wait with this reason belongs to."""
    return next((name for word, name in _CLASSES if word in reason), "other")
