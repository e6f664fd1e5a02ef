"""Facts: what is known of one trace when it has been read once; what the rules see."""

from __future__ import annotations

from dataclasses import dataclass

from gotracer_ci.analysis import goroutines, intervals
from gotracer_ci.analysis.heap import Heap, LiveHeap
from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.source.frames import SourceFrame, SourceMap
from gotracer_ci.trace.model import Trace
from gotracer_ci.trace.spec import Ev


@dataclass(frozen=True, slots=True)
class Facts:
    """One trace. start_ns: on the trace's clock; what every time that is shown is counted from.

    gomaxprocs: 0 where the trace does not say. anchor: where to show what concerns the whole program.
    program: which one was traced, "" unknown.
    """

    start_ns: int
    duration_ns: int
    gomaxprocs: int
    intervals: list[intervals.IntervalGroup]
    goroutines: goroutines.Goroutines
    heap: Heap
    anchor: SourceFrame | None
    program: str


def analyse(trace: Trace, source: SourceMap) -> Facts:
    """Reads the trace and gathers its facts. What damage ended the reading early is in `trace.damage`."""
    live = LiveHeap()
    for chunk in trace.chunks({Ev.SYNC, *live.wanted}):
        live.feed(chunk)
    tables = trace.tables
    source.learn(tables.frame(index) for index in range(len(tables.frames)))
    stacks = Stacks(tables, source)
    totals = trace.totals()
    return Facts(
        start_ns=trace.start_ns,
        duration_ns=trace.duration_ns,
        gomaxprocs=totals["gomaxprocs"],
        intervals=intervals.groups(trace, stacks),
        goroutines=goroutines.census(trace, stacks),
        heap=Heap(live.cycles, live.growth, totals["heap_allocated"], totals["heap_peak"]),
        anchor=stacks.anchor(),
        program=stacks.program(),
    )
