"""Intervals: how long goroutines spent in which state and where, grouped by (state, reason, stack), then by place.

The kernel adds up each interval when it ends, so nothing here grows with the number of events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from gotracer_ci.analysis import histogram, waits
from gotracer_ci.analysis.holders import Holding
from gotracer_ci.analysis.stacks import Stack, Stacks
from gotracer_ci.source.frames import SourceFrame
from gotracer_ci.trace import spec
from gotracer_ci.trace.observers.groups import EXAMPLES
from gotracer_ci.trace.tables import Tables

IntervalKind = spec.IntervalKind


class Interval(NamedTuple):
    """One of the longest intervals of a group.

    start_ns: on the trace's clock. still_open: it had not ended when the trace did. before_start: it began before the
    trace did. cause: the goroutine that ended the wait or made this one runnable, −1 if unknown; cause_stack: where
    that goroutine was. stack: where this goroutine was; creation: where it was created; group: the
    function in which it began, "" if unknown; holding: what explains a wait, None if nothing does.
    """

    length_ns: int
    start_ns: int
    goroutine: int
    still_open: bool
    before_start: bool
    cause: int
    cause_stack: Stack
    stack: Stack
    creation: Stack
    group: str = ""
    holding: Holding | None = None

    @property
    def primary(self) -> SourceFrame | None:
        """The frame to show, None if the repository has none of the goroutine's own code."""
        return self.stack.primary

    @property
    def creator(self) -> SourceFrame | None:
        """The own code that created the goroutine, None if it is unknown or not in the repository.

        The runtime creates its own goroutines when they are first needed, so that place does not matter.
        """
        return None if self.stack.system else self.creation.primary


class Part(NamedTuple):
    """The intervals of a group that belong to one test: how many, and their total."""

    events: int
    total_ns: int

    def plus(self, other: Part) -> Part:
        return Part(self.events + other.events, min(self.total_ns + other.total_ns, spec.LARGEST))


NO_PART = Part(0, 0)


@dataclass(frozen=True, slots=True)
class IntervalGroup:
    """All intervals of one kind, reason (in Go's words) and stack.

    reason: from the stack where the trace has none, "" if unknown.
    worst: the longest five, longest first. counts: how many intervals have which length. parked: the intervals span the
    whole trace. Those that began or ended during the trace are a group of their own. by_test: the parts that belong to
    tests, by the function of the outermost test, "" if unknown; the rest is outside every test.
    """

    kind: IntervalKind
    reason: str
    stack: Stack
    count: int
    total_ns: int
    worst: list[Interval]
    counts: histogram.Histogram
    parked: bool = False
    by_test: Mapping[str, Part] = field(default_factory=dict)

    @property
    def longest_ns(self) -> int:
        return self.worst[0].length_ns

    def __reduce__(self) -> tuple[type[IntervalGroup], tuple[Any, ...]]:
        """Pickle in half the time: a worker hands many over."""
        return IntervalGroup, _PARTS(self)


_PARTS: Final = attrgetter(*IntervalGroup.__slots__)


@dataclass(slots=True)
class PlaceGroup:
    """The intervals of one kind of wait at one place, from all stacks that lead there.

    name: the kind of wait in Go's words. worst: the longest five, longest first. by_test: see IntervalGroup.
    """

    name: str
    place: str
    count: int = 0
    total_ns: int = 0
    worst: list[Interval] = field(default_factory=list)
    counts: histogram.Histogram = field(default_factory=dict)
    by_test: dict[str, Part] = field(default_factory=dict)

    def add(self, group: IntervalGroup) -> None:
        self.count += group.count
        self.total_ns = min(self.total_ns + group.total_ns, spec.LARGEST)
        # ties go to the earlier one, so that the order of the groups does not matter
        self.worst = sorted([*self.worst, *group.worst], key=lambda w: (-w.length_ns, w.start_ns, w.goroutine))
        del self.worst[EXAMPLES:]
        histogram.merge(self.counts, group.counts)
        for name, part in group.by_test.items():
            self.by_test[name] = self.by_test.get(name, NO_PART).plus(part)

    @property
    def max_ns(self) -> int:
        return self.worst[0].length_ns

    @property
    def trimmed_ns(self) -> int:
        """The total without the largest 1 % of the lengths, but at least without one.

        It is exact below 600 intervals, because the largest ones are known, and right to 3 % from there on. The
        histogram estimates the smaller of the two sums, what is left out or what remains: its 3 % error then matters
        least.
        """
        n = max(1, self.count // 100)
        known = self.worst[:n]
        # a total that saturates can be less than its parts
        left = max(0, self.total_ns - sum(w.length_ns for w in known))
        if n == len(known):
            return left
        goes = histogram.largest(self.counts, n - len(known), after=len(known))
        stays = histogram.largest(self.counts, self.count - n, after=n)
        return max(0, left - goes) if goes < stays else min(stays, self.total_ns)

    def quantile_ns(self, q: float) -> int:
        return histogram.quantile(self.counts, q, self.max_ns)

    def longest_ns(self, rank: int) -> int:
        """Return the length of the longest interval (rank 1), or the second longest, …; 0 if there are fewer."""
        if rank > self.count:
            return 0
        known = rank <= len(self.worst)
        return self.worst[rank - 1].length_ns if known else self.quantile_ns(1 - (rank - 1) / self.count)


def groups(
    rows: Iterable[tuple[Any, ...]],
    stacks: Stacks,
    tables: Tables,
    holdings: Mapping[tuple[int, int], Holding] = MappingProxyType({}),
    parts: Mapping[int, Mapping[int, tuple[int, int]]] = MappingProxyType({}),
    tests: Sequence[str] = (),
) -> list[IntervalGroup]:
    """Return the groups of a trace that has been read, in a fixed order.

    Args:
        rows: see `observers.groups.Groups.rows`.
        holdings: what explains the longest waits, by (reason, stack) (see `holders.Explainer`).
        parts: see `observers.groups.Groups.parts`.
        tests: the functions of the tests in `parts`.
    """
    found = []
    for n, (kind, parked, reason, stack, count, total, examples, counts) in enumerate(rows):
        if kind == IntervalKind.SWEEP:  # no rule asks for them, and resolving their stacks takes time
            continue
        if not counts:
            counts = {}
            for example in examples:
                index = histogram.bucket(example[1])
                counts[index] = counts.get(index, 0) + 1
        where, why = stacks.whole(stack, *examples[0][3:5]), tables.string(reason)
        if kind == IntervalKind.SYSCALL:
            where = stacks.called(where)
            why = waits.EVENTS if stacks.reads_events(where) else why
        if kind == IntervalKind.WAITING and not why:
            why = waits.reason(where.functions)
        holding = holdings.get((reason, stack)) if kind == IntervalKind.WAITING else None
        worst = [
            Interval(
                length,
                start,
                goroutine,
                bool(flags & spec.OPEN),
                bool(flags & spec.BEFORE),
                -1 if kind == IntervalKind.REGION else cause,  # a region has the ID of its task there
                stacks[0 if kind == IntervalKind.REGION else cause_stack],
                where,
                stacks[creation],
                stacks[entry or stack].first,
                holding if holding and holding.explains(start, goroutine) else None,
            )
            for start, length, goroutine, creation, entry, cause, cause_stack, flags in examples
        ]
        by_test = _by_test(parts[n], tests) if n in parts else {}
        found.append(IntervalGroup(IntervalKind(kind), why, where, count, total, worst, counts, parked, by_test))
    return found


def _by_test(parts: Mapping[int, tuple[int, int]], tests: Sequence[str]) -> dict[str, Part]:
    found: dict[str, Part] = {}
    for test, part in parts.items():
        found[tests[test]] = found.get(tests[test], NO_PART).plus(Part(*part))
    return found


def by_place(
    found: Iterable[IntervalGroup],
    name: Callable[[IntervalGroup], str | None],
    place: Callable[[IntervalGroup], str],
) -> list[PlaceGroup]:
    """Merge groups by name and place, and sort the result by these.

    Args:
        name: returns what a group is called, None to leave it out.
    """
    merged: dict[tuple[str, str], PlaceGroup] = {}
    for group in found:
        called = name(group)
        if called is not None:
            key = (called, place(group))
            if key not in merged:
                merged[key] = PlaceGroup(*key)
            merged[key].add(group)
    return [merged[key] for key in sorted(merged)]
