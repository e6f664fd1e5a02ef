"""Read a trace once, for one analysis or several, and only what is inside a window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeVar

from gotracer_ci.analysis.consumer import Fed
from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.errors import TraceError
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import NEVER, Ev

Result = TypeVar("Result", covariant=True)
Found = TypeVar("Found")
_READERS_OWN = 2
"""Sync events that the reader adds: one at the beginning and one at the end."""


class Window(NamedTuple):
    """A part of a trace, from a time to another one.

    start_ns, end_ns: ns from its start, None: up to its end. wall_start_ns, wall_end_ns: on the wall clock instead, ns
    since 1970; None: the others count.
    """

    start_ns: int = 0
    end_ns: int | None = None
    wall_start_ns: int | None = None
    wall_end_ns: int | None = None

    def on(self, trace: Trace) -> tuple[int, int]:
        """Return its two times on the trace's clock, NEVER for its end.

        Raises:
            TraceError: the window is on the wall clock, and the trace has no such times.
        """
        wall = [time for time in (self.wall_start_ns, self.wall_end_ns) if time is not None]
        if wall and trace.started_ns is None:
            problem = "has no wall-clock times, which Go 1.25 and later record: give times from its start, such as 1.5s"
            raise TraceError(trace.name, problem)
        first = trace.started_ns or 0
        start = self.start_ns if self.wall_start_ns is None else max(self.wall_start_ns - first, 0)
        end = self.end_ns if self.wall_end_ns is None else max(self.wall_end_ns - first, 0)
        return trace.start_ns + start, NEVER if end is None else trace.start_ns + end


WHOLE = Window()


class Limited(Protocol):
    """What can count only what is inside a window."""

    def limit(self, start: int, end: int) -> None:
        """Count only what is between these two times, ns on the trace's clock; called before the first event."""


class LimitedConsumer(Fed, Limited, Protocol):
    """A consumer of rare events that can count only what is inside a window."""


class Analysis(Protocol[Result]):
    """What a command wants to know of a trace, found in one reading. Several can share one.

    observers: get the intervals (see `trace.observe.Observer`). consumers: get rare events.
    """

    @property
    def observers(self) -> Sequence[Limited]: ...

    @property
    def consumers(self) -> Sequence[LimitedConsumer]: ...

    def result(self, trace: Trace, stacks: Stacks) -> Result:
        """Return what was found, as plain values that can be pickled; called once, after the trace has been read."""


def read(trace: Trace, source: SourceMap, analysis: Analysis[Found], window: Window = WHOLE) -> Found:
    """Read the trace for one analysis.

    Raises:
        TraceError: the trace has no events, or no wall-clock times for a window that needs them.
    """
    read_for(trace, (analysis,), window)
    return analysis.result(trace, Stacks(trace.tables, source, trace.version))


def read_for(trace: Trace, analyses: Sequence[Analysis[object]], window: Window = WHOLE) -> None:
    """Read the trace once for several analyses, which can then be asked for their results.

    Raises:
        TraceError: the trace has no events, or no wall-clock times for a window that needs them.
    """
    observers = [observer for analysis in analyses for observer in analysis.observers]
    consumers = [consumer for analysis in analyses for consumer in analysis.consumers]
    wanted = {Ev.SYNC, *(kind for consumer in consumers for kind in consumer.wanted)}
    is_limited = window == WHOLE
    for chunk in trace.chunks(wanted, observers):
        if chunk.n and not is_limited:
            # the first event is a Sync, and nothing has been reported before it
            is_limited = True
            start, end = window.on(trace)
            for limited in (*observers, *consumers):
                limited.limit(start, end)
        for consumer in consumers:
            consumer.feed(chunk)
    require_events(trace)


def require_events(trace: Trace) -> None:
    """Check a trace that has been read.

    Raises:
        TraceError: it has no events, or is damaged before the first one.
    """
    if trace.events <= _READERS_OWN:
        raise trace.damage or TraceError(trace.name, "holds no events; was the trace stopped and flushed?")
