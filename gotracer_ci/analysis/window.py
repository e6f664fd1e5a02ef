"""A part of a trace, and reading a trace for what is inside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from gotracer_ci.analysis.consumer import Consumer
from gotracer_ci.errors import TraceError
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import NEVER, Ev

_READERS_OWN = 2
"""Sync events that the reader adds: one at the beginning and one at the end."""


class Window(NamedTuple):
    """A part of a trace: ns from its start; None: up to its end."""

    start_ns: int = 0
    end_ns: int | None = None


WHOLE = Window()


class Limited(Protocol):
    """An observer or a consumer that can count only what is inside a window."""

    def limit(self, start: int, end: int) -> None:
        """Count only what is between these two times, ns on the trace's clock; called before the first event."""


def read_within(
    trace: Trace,
    window: Window,
    observers: Sequence[Limited] = (),
    consumers: Sequence[Consumer[object]] = (),
    limited: Sequence[Limited] = (),
) -> None:
    """Read the trace once, for observers that count only what is inside the window.

    Args:
        consumers: are fed all events that they want.
        limited: further objects that must know the window, such as consumers.

    Raises:
        TraceError: the trace has no events.
    """
    wanted = {Ev.SYNC, *(kind for consumer in consumers for kind in consumer.wanted)}
    is_limited = window == WHOLE
    for chunk in trace.chunks(wanted, observers):
        if chunk.n and not is_limited:
            # the first event is a Sync, and nothing has been reported before it
            is_limited = True
            end = NEVER if window.end_ns is None else trace.start_ns + window.end_ns
            for each in (*observers, *limited):
                each.limit(trace.start_ns + window.start_ns, end)
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
