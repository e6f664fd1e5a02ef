"""Lanes: what was on each P over time, slice by slice, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gotracer_ci.analysis.stacks import Stack, Stacks
from gotracer_ci.trace.observers.lanes import Lanes
from gotracer_ci.trace.observers.slices import Slices
from gotracer_ci.trace.reader import Chunk, Trace
from gotracer_ci.trace.spec import NEVER, Ev


class LaneTimes(NamedTuple):
    """What was on the Ps of a trace, or of a part of it.

    start_ns, end_ns: of the part, from the trace's start. begin: its beginning on the trace's clock. running_ns,
    syscall_ns, runnable_ns: how long goroutines ran, were in system calls with a P, and were runnable. ranges: see
    `Lanes.ranges`; starts are from the trace's start. stacks, reasons: by the indices that the slices have.
    """

    start_ns: int
    end_ns: int
    begin: int
    running_ns: int
    syscall_ns: int
    runnable_ns: int
    ranges: Sequence[tuple[int, int, int, bool, int]]
    stacks: Mapping[int, Stack]
    reasons: Mapping[int, str]
    slices: Slices


class LanesAnalysis:
    """Records what is on each P (see `reading.Analysis`).

    Args:
        budget: the number of records (see `observers.slices`).
        window: what to record, ns from the trace's start; None for the whole trace.
    """

    def __init__(self, budget: int, window: tuple[int, int] | None = None) -> None:
        self._lanes = Lanes(budget)
        self._start = _Start(self._lanes, window or (0, NEVER))

    @property
    def observers(self) -> Sequence[Lanes]:
        return (self._lanes,)

    @property
    def consumers(self) -> Sequence[_Start]:
        return (self._start,)

    def result(self, trace: Trace, stacks: Stacks) -> LaneTimes:
        slices = self._lanes.slices()
        first, end = trace.start_ns, trace.start_ns + trace.duration_ns
        begin = min(self._start.begin, end)
        running, syscall, runnable = self._lanes.totals()
        found_stacks, found_reasons = slices.named()
        return LaneTimes(
            begin - first,
            max(min(self._start.end, end), begin) - first,
            begin,
            running,
            syscall,
            runnable,
            self._lanes.ranges(first),
            {index: stacks[index] for index in found_stacks},
            {index: trace.tables.string(index) for index in found_reasons},
            slices,
        )


class _Start:
    """Consumer: tells the observer where the trace, or what is to be recorded of it, begins and ends."""

    wanted = (Ev.SYNC,)

    def __init__(self, lanes: Lanes, window: tuple[int, int]) -> None:
        self._lanes = lanes
        self._window = window
        self.begin, self.end = -NEVER, NEVER
        self._began = False

    def limit(self, start: int, end: int) -> None:
        self.begin, self.end = start, end

    def feed(self, chunk: Chunk) -> None:
        if self._began or not chunk.n:
            return
        # the first event is a Sync, and nothing has been reported before it
        self._began = True
        first = chunk.times[0]
        start, end = self._window
        self.begin = max(self.begin, first + start)
        self.end = min(self.end, NEVER if end == NEVER else first + end)
        self._lanes.limit(self.begin, self.end)
