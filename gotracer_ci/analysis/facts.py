"""Facts: everything known about one trace after reading it once. Rules get nothing else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gotracer_ci.analysis import goroutines, intervals, regions, tests, work
from gotracer_ci.analysis.consumer import Consumer, consume
from gotracer_ci.analysis.creations import Creations, creations
from gotracer_ci.analysis.heap import Heap, HeapSamples
from gotracer_ci.analysis.holders import Explainer
from gotracer_ci.analysis.holds import HoldGroup, HoldTimes
from gotracer_ci.analysis.ran_tests import RanTests, RanTestsAnalysis
from gotracer_ci.analysis.reading import Analysis, require_events
from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.analysis.stretches import RunningStretches, StretchGroup
from gotracer_ci.errors import TraceError
from gotracer_ci.notes import Note, NoteKind
from gotracer_ci.source.frames import SourceFrame, SourceMap
from gotracer_ci.source.place import anchor
from gotracer_ci.source.program import program
from gotracer_ci.trace.observers.ancestry import Ancestry
from gotracer_ci.trace.observers.groups import MAX_GROUPS, MAX_PARTS, Groups
from gotracer_ci.trace.reader import Trace

if TYPE_CHECKING:
    from gotracer_ci.analysis.durations import Durations, TimedTasks

_MERGED = Note(
    NoteKind.LIMITED, f"more than {MAX_GROUPS:,} different waits: further ones are counted without their stacks"
)
_OF_NO_TEST = Note(
    NoteKind.LIMITED, f"more than {MAX_PARTS:,} waits by test: further ones count as if they belonged to no test"
)


class Facts(NamedTuple):
    """One trace, closed: plain values that can be pickled, with every stack that they name resolved.

    go_version: the format's version, such as "1.26". events: Sync events included. start_ns: on the trace's clock;
    every time that is shown counts from it. gomaxprocs: 0 if the trace does not have it. tests: what ran of a test
    binary. ran: each of its tests. anchor: where an alert is that has no better place. program: which one was traced,
    "" if unknown. notes: what a reader must know about the mapping to the repository and about the trace, one line
    each. holds: how long locks were held. stretches: how long goroutines ran between two of their events, the longest
    in total first. damage: what ended the reading early, None for a complete trace. durations: by kind (see
    `durations.Timed`), of those that were asked for. creations: the goroutines that each place led to.
    """

    go_version: str
    events: int
    start_ns: int
    duration_ns: int
    gomaxprocs: int
    intervals: tuple[intervals.IntervalGroup, ...]
    goroutines: goroutines.Goroutines
    heap: Heap
    tests: tests.Tests
    holds: tuple[HoldGroup, ...]
    stretches: tuple[StretchGroup, ...]
    ran: RanTests
    anchor: SourceFrame | None
    program: str
    notes: tuple[Note, ...]
    damage: TraceError | None
    durations: Mapping[str, Sequence[Durations]] = {}
    creations: tuple[Creations, ...] = ()


def analyse(
    trace: Trace,
    source: SourceMap,
    consumers: Sequence[Consumer[object]] = (),
    analyses: Sequence[Analysis[object]] = (),
    timed: Collection[str] = (),
    stacks: Stacks | None = None,
) -> Facts:
    """Read the trace and gather its facts.

    Args:
        consumers, analyses: what else to feed on the way. The caller asks them for their results.
        stacks: the trace's, if the caller needs them, too: each resolves all frames.
        timed: the kinds of things that rules need the durations of. Those of tests and regions are always there.

    Raises:
        TraceError: the trace has no events, or is damaged before the first one.
    """
    groups, ancestry, heap, tasks = Groups(), Ancestry(), HeapSamples(), work.EndedTasks()
    testing = RanTestsAnalysis(trace)
    explainer, stretches = Explainer(trace.tables), RunningStretches(trace.tables)
    holds = HoldTimes(trace.tables, explainer.calls)
    timer = _timer(trace, timed)
    every = (*analyses, *(timer.analyses if timer else ()))
    observers = [
        *testing.observers,  # the others need to know which test a goroutine belongs to
        groups,
        ancestry,
        explainer.observer,
        holds.observer,
        stretches.observer,
        *(observer for analysis in every for observer in analysis.observers),
    ]
    others = [consumer for analysis in every for consumer in analysis.consumers]
    consume(trace, (heap, tasks, *consumers, *others), observers)
    require_events(trace)
    stacks = stacks or Stacks(trace.tables, source, trace.version)
    totals = trace.totals()
    ran = testing.result(trace, stacks)
    owners = work.outermost(ran)
    rows = groups.rows()
    found = tuple(intervals.groups(rows, stacks, trace.tables, explainer.result(stacks), groups.parts(), owners))
    return Facts(
        go_version=f"1.{trace.version}",
        events=trace.events,
        start_ns=trace.start_ns,
        duration_ns=trace.duration_ns,
        gomaxprocs=totals["gomaxprocs"],
        intervals=found,
        goroutines=goroutines.census(trace, stacks, ancestry),
        heap=heap.result(),
        tests=tests.tests(found, work.work(owners, ran, tasks.result(), rows, trace.tables)),
        ran=ran,
        holds=holds.result(stacks),
        stretches=stretches.result(stacks, rows),
        anchor=anchor(stacks.frames, source.repository),
        program=program(stacks.frames, source.repository),
        notes=(
            *source.notes(),
            *regions.notes(trace, stacks),
            *([_MERGED] if groups.is_merged() else ()),
            *([] if groups.has_all_parts() else [_OF_NO_TEST]),
        ),
        damage=trace.damage,
        durations={**_of_tests(ran, stacks, trace), **(timer.result(trace, stacks) if timer else {})},
        creations=creations(ancestry, stacks, owners),
    )


def _timer(trace: Trace, kinds: Collection[str]) -> TimedTasks | None:
    if "task" not in kinds:
        return None
    from gotracer_ci.analysis.durations import TimedTasks  # only objectives need it

    return TimedTasks(trace)


def _of_tests(ran: RanTests, stacks: Stacks, trace: Trace) -> dict[str, Sequence[Durations]]:
    if not ran.tests:
        return {}
    from gotracer_ci.analysis.durations import TEST, of_tests

    return {TEST: of_tests(ran, stacks, trace.start_ns)}
