"""Regions of runtime/trace: how long each one, and all of one type that began alike, was in each state.

A region's times are cut like those of a goroutine's life, so they sum exactly to its length.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from gotracer_ci.analysis.histogram import Histogram
from gotracer_ci.analysis.lives import NO_RANGES, RangeTimes, go_ranges_of, reason_of
from gotracer_ci.analysis.made import Records
from gotracer_ci.analysis.stacks import Stack, Stacks
from gotracer_ci.analysis.times import Times, times_of
from gotracer_ci.trace.observers.region_ranges import RegionRanges
from gotracer_ci.trace.observers.regions import FIELDS, Regions
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import NEVER

if TYPE_CHECKING:
    from gotracer_ci.analysis.go_summary import GoRegion
    from gotracer_ci.source.frames import SourceMap


class Region(NamedTuple):
    """One region. task: its task's ID, 0 for the background. stack: where it began, without frames if unknown.

    begin_ns, end_ns: from the trace's start; None if the trace, or the part of it that was read, does not have it.
    waits: ns by reason. inherited: it is a goroutine that was created inside a region (see `inherited`).
    """

    type: str
    stack: Stack
    goroutine: int
    task: int
    begin_ns: int | None
    end_ns: int | None
    duration_ns: int
    times: Times
    waits: dict[str, int]
    ranges: RangeTimes = NO_RANGES
    inherited: bool = False


class RegionGroup(NamedTuple):
    """The regions of one type that began at one stack.

    number: how many there are. no_end, no_begin: how many lack them. total_ns: the length of all. longest_ns: of the
    longest complete one. lengths: of the first complete ones, sorted, ns. buckets: of all other complete ones.
    """

    type: str
    stack: Stack
    number: int
    no_end: int
    no_begin: int
    total_ns: int
    longest_ns: int
    times: Times
    waits: dict[str, int]
    lengths: Sequence[int]
    buckets: Histogram
    ranges: RangeTimes = NO_RANGES
    inherited: bool = False


class RegionTimes(NamedTuple):
    """The regions of one trace, or of a part of it.

    regions: a record of each one if these were wanted, at most `observers.lengths.KEPT`, in the order of their ends.
    counted: how many there were. left_out: how many are not counted, because their times are not known. not_kept: how
    many goroutines may have been created inside a region and are not counted as one. has_goroutine: false if only those
    of one goroutine are wanted, and the trace does not have it.
    """

    groups: tuple[RegionGroup, ...]
    regions: Sequence[Region]
    counted: int
    left_out: int
    not_kept: int = 0
    has_goroutine: bool = True


class RegionsAnalysis:
    """Finds a trace's regions (see `reading.Analysis`).

    Args:
        each: keep a record of each region.
        ranges: find how long their goroutines stopped the world, assisted and swept meanwhile.
        goroutine: only this one's.
        shortest, longest: only regions of these lengths, ns.
    """

    consumers = ()

    def __init__(
        self,
        trace: Trace,
        *,
        each: bool = False,
        ranges: bool = False,
        goroutine: int | None = None,
        shortest: int = 0,
        longest: int | None = None,
    ) -> None:
        only = -1 if goroutine is None else goroutine
        most = NEVER if longest is None else longest
        self._observer = Regions(partial(reason_of, trace.tables), each, only, shortest, most)
        self._ranges = RegionRanges(self._observer, each) if ranges else None

    @property
    def observers(self) -> Sequence[Regions | RegionRanges]:
        return (self._observer, self._ranges) if self._ranges else (self._observer,)

    def result(self, trace: Trace, stacks: Stacks) -> RegionTimes:
        text = trace.tables.string
        reasons = self._observer.reasons()
        by_group = self._ranges.groups() if self._ranges else {}
        groups = [
            RegionGroup(
                text(name),
                stacks[stack],
                counts[0],
                counts[1],
                counts[2],
                length,
                counts[3],
                times_of(times),
                {reasons[k]: ns for k, ns in waited.items()},
                lengths,
                buckets,
                RangeTimes(*by_group.get(i, NO_RANGES)),
            )
            for i, (name, stack, counts, length, times, waited, lengths, buckets) in enumerate(self._observer.groups())
        ]
        counted = sum(group.number for group in groups)
        return RegionTimes(
            tuple(groups),
            self._regions(trace, reasons, stacks),
            counted,
            self._observer.left_out(),
            has_goroutine=self._observer.has_goroutine(),
        )

    def _regions(self, trace: Trace, reasons: Sequence[str], stacks: Stacks) -> Records[Region]:
        text, start_ns = trace.tables.string, trace.start_ns
        ranges = self._ranges.records() if self._ranges else {}

        def region(i: int, record: tuple[Any, ...]) -> Region:
            name, stack, goroutine, task, begin, end, length, times, waited = record
            return Region(
                text(name),
                stacks[stack],
                goroutine,
                task,
                None if begin == -1 else begin - start_ns,
                None if end == -1 else end - start_ns,
                length,
                times_of(times),
                {reasons[k]: ns for k, ns in waited.items()},
                RangeTimes(*ranges[i]) if i in ranges else NO_RANGES,
            )

        return Records(self._observer.records(), FIELDS, region, None)


def go_regions(
    trace: Trace, source: SourceMap, *, goroutine: int | None = None, shortest: int = 0, longest: int | None = None
) -> RegionTimes:
    """Read the trace for what Go's own summary says about each region. The arguments are those of `RegionsAnalysis`.

    Raises:
        TraceError: the trace has no events.
    """
    from gotracer_ci.analysis.go_summary import summarize

    records, _ = summarize(trace)
    stacks = Stacks(trace.tables, source, trace.version)
    regions = [
        _go_region(id, region, stacks, trace)
        for id, record in records.items()
        if goroutine in (None, id)
        for region in record.regions
        if shortest <= region.stats.total and (longest is None or region.stats.total <= longest)
    ]
    groups = [group_of(region) for region in regions]
    has_goroutine = goroutine is None or goroutine in records
    return RegionTimes(tuple(groups), regions, len(regions), 0, has_goroutine=has_goroutine)


def group_of(region: Region) -> RegionGroup:
    """Return a group of this region only."""
    is_complete = region.begin_ns is not None and region.end_ns is not None
    return RegionGroup(
        region.type,
        region.stack,
        1,
        int(region.end_ns is None),
        int(region.begin_ns is None),
        region.duration_ns,
        region.duration_ns if is_complete else 0,
        region.times,
        region.waits,
        [region.duration_ns] if is_complete else [],
        {},
        region.ranges,
        region.inherited,
    )


def _go_region(goroutine: int, region: GoRegion, stacks: Stacks, trace: Trace) -> Region:
    return Region(
        trace.tables.string(region.name),
        stacks[region.stack],
        goroutine,
        region.task,
        None if region.begin is None else region.begin - trace.start_ns,
        None if region.end is None else region.end - trace.start_ns,
        region.stats.total,
        region.stats.times(),
        {reason: ns for reason, ns in region.stats.waits.items() if ns},
        go_ranges_of(region.stats),
    )
