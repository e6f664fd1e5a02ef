"""Lives of goroutines: how long each one, and all that began alike, ran, was runnable, waited and was in system calls.

A life is one existence of a goroutine. Its times are cut without gap or overlap, so they sum exactly to its length.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from gotracer_ci.analysis import waits
from gotracer_ci.analysis.histogram import Histogram
from gotracer_ci.analysis.made import Records
from gotracer_ci.analysis.stacks import Stack, Stacks
from gotracer_ci.analysis.times import Times, times_of
from gotracer_ci.source.place import outermost
from gotracer_ci.trace.observers.lives import FIELDS, Lives
from gotracer_ci.trace.observers.ranges import Ranges
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import LARGEST
from gotracer_ci.trace.tables import Tables

if TYPE_CHECKING:
    from gotracer_ci.analysis.go_summary import GoRecord, GoStats

UNKNOWN = "unknown"
"""The reason of a wait that was under way when the trace began, if nothing tells it."""
_PARKS = frozenset({"runtime.gopark", "runtime.goparkunlock"})
_NO_STACK = Stack()


class RangeTimes(NamedTuple):
    """How long a life or region stopped the world, assisted and swept, ns; all of it is time of its states, too.

    assist: with the time it waited in an assist. assist_running: without; None in Go's definitions.
    """

    stw: int
    assist: int
    assist_running: int | None
    sweep: int


NO_RANGES = RangeTimes(0, 0, 0, 0)
_NO_GO_RANGES = RangeTimes(0, 0, None, 0)


class Life(NamedTuple):
    """One existence of a goroutine.

    number: of the life, because IDs can come again. name: the function in which it began, "" if unknown. creator: the
    goroutine that created it, −1 if unknown; creation: where. created_ns, started_ns (it first ran), ended_ns: from the
    trace's start; None if before the trace, never, or not by its end. waits: ns by reason. ranges: 0 if they were not
    wanted.
    """

    id: int
    number: int
    name: str
    creator: int
    creation: Stack
    created_ns: int | None
    started_ns: int | None
    ended_ns: int | None
    total_ns: int
    times: Times
    waits: dict[str, int]
    ranges: RangeTimes = NO_RANGES


class LifeGroup(NamedTuple):
    """The lives that began in one function and were created at one stack.

    created: how many during the trace. alive: how many at its end. longest_ns: the longest life. lengths: those of the
    first lives, sorted, ns.
    buckets: the lengths of all others. is_measured: whether each life is in one of the two. ranges: 0 if they
    were not wanted.
    """

    name: str
    creation: Stack
    lives: int
    created: int
    alive: int
    total_ns: int
    longest_ns: int
    times: Times
    waits: dict[str, int]
    lengths: Sequence[int]
    buckets: Histogram
    ranges: RangeTimes = NO_RANGES

    @property
    def is_measured(self) -> bool:
        return len(self.lengths) + sum(self.buckets.values()) == self.lives


class GoroutineLives(NamedTuple):
    """The goroutines of one trace, or of a part of it.

    lives: a record of each one if these were wanted, at most `observers.lengths.KEPT`, by number. counted: how many
    there were.
    """

    groups: tuple[LifeGroup, ...]
    lives: Sequence[Life]
    counted: int


class LivesAnalysis:
    """Finds the lives of a trace's goroutines (see `reading.Analysis`).

    Args:
        each: keep a record of each life.
        places: find the code that created them.
        ranges: find how long they stopped the world, assisted and swept.
    """

    consumers = ()

    def __init__(self, trace: Trace, *, each: bool = False, places: bool = False, ranges: bool = False) -> None:
        self._observer = Lives(partial(reason_of, trace.tables), each)
        self._ranges = Ranges(self._observer, each) if ranges else None
        self._places = places

    @property
    def observers(self) -> Sequence[Lives | Ranges]:
        return (self._observer, self._ranges) if self._ranges else (self._observer,)

    def result(self, trace: Trace, stacks: Stacks) -> GoroutineLives:
        known = stacks if self._places else None
        names = Names(trace.tables)
        reasons = self._observer.reasons()
        by_group = self._ranges.groups() if self._ranges else {}
        groups = [
            LifeGroup(
                names[entry_stack],
                known[creation] if known else _NO_STACK,
                counts[0],
                counts[1],
                counts[2],
                min(sum(times), LARGEST),
                counts[3],
                times_of(times),
                {reasons[i]: ns for i, ns in waited.items()},
                lengths,
                buckets,
                RangeTimes(*by_group.get((entry_stack, creation), NO_RANGES)),
            )
            for entry_stack, creation, counts, times, waited, lengths, buckets in self._observer.groups()
        ]
        return GoroutineLives(
            tuple(groups),
            self._lives(trace, names, reasons, known),
            sum(group.lives for group in groups),
        )

    def _lives(self, trace: Trace, names: Names, reasons: Sequence[str], stacks: Stacks | None) -> Records[Life]:
        start_ns = trace.start_ns
        ranges = self._ranges.records() if self._ranges else {}

        def life(_: int, record: tuple[Any, ...]) -> Life:
            entry, creation, id, number, creator, created, ran, ended, length, times, waited = record
            return Life(
                id,
                number,
                names[entry],
                creator,
                stacks[creation] if stacks else _NO_STACK,
                created - start_ns if created >= 0 else None,
                None if ran == -1 else ran - start_ns,
                None if ended == -1 else ended - start_ns,
                length,
                times_of(times),
                {reasons[i]: ns for i, ns in waited.items()},
                RangeTimes(*ranges[number]) if number in ranges else NO_RANGES,
            )

        return Records(self._observer.records(), FIELDS, life, "life")


def go_summary(trace: Trace) -> GoroutineLives:
    """Read the trace for what Go's own summary says about each goroutine.

    Raises:
        TraceError: the trace has no events.
    """
    from gotracer_ci.analysis.go_summary import summarize

    found, _ = summarize(trace)
    lives, groups = [], []
    for id in list(found):
        # both together would take much memory
        record = found.pop(id)
        life = _go_life(id, record, trace.start_ns)
        lives.append(life)
        groups.append(_group_of_one(life, created=not record.is_old))
    return GoroutineLives(tuple(groups), tuple(lives), len(lives))


def _group_of_one(life: Life, *, created: bool) -> LifeGroup:
    return LifeGroup(
        life.name,
        _NO_STACK,
        1,
        int(created),
        int(life.ended_ns is None),
        life.total_ns,
        life.total_ns,
        life.times,
        life.waits,
        [life.total_ns],
        {},
        life.ranges,
    )


def reason_of(tables: Tables, reason: int, stack: int) -> str:
    """Return the reason of a wait; without one, its stack tells it."""
    return tables.string(reason) or _why([function for function, _, _ in tables.stack(stack)])


def go_ranges_of(stats: GoStats) -> RangeTimes:
    """Return the ranges in Go's summary."""
    from gotracer_ci.analysis.go_ranges import ASSIST, STW, SWEEP

    if not stats.ranges:
        return _NO_GO_RANGES
    stw, assist, sweep = (stats.ranges.get(name, 0) for name in (STW, ASSIST, SWEEP))
    return RangeTimes(stw, assist, None, sweep)


def _go_life(id: int, record: GoRecord, start_ns: int) -> Life:
    return Life(
        id,
        record.number,
        record.name,
        record.creator,
        _NO_STACK,
        record.created - start_ns,
        None if record.started is None else record.started - start_ns,
        None if record.ended is None else record.ended - start_ns,
        record.stats.total,
        record.stats.times(),
        dict(record.stats.waits),
        go_ranges_of(record.stats),
    )


def _why(functions: Sequence[str]) -> str:
    """Return why a goroutine waits if the trace does not say it: its stack tells, leaf first."""
    found = waits.reason(functions)
    if found:
        return found
    first = next((function for function in functions if function not in _PARKS), "")
    return "system goroutine wait" if first.startswith("runtime.") else UNKNOWN


class Names:
    """The outermost functions of stacks by index, "" if unknown."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._known: dict[int, str] = {}

    def __getitem__(self, stack: int) -> str:
        if stack not in self._known:
            functions = [function for function, _, _ in self._tables.stack(stack)]
            self._known[stack] = outermost(functions) or (functions[-1] if functions else "")
        return self._known[stack]
