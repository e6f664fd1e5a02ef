"""The interface of consumers: analyses of rare events, in plain Python over the columns of chunks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, TypeVar

from gotracer_ci.trace.reader import Chunk, Trace
from gotracer_ci.trace.spec import Ev

Result = TypeVar("Result", covariant=True)


class Fed(Protocol):
    """What gets the rare events of a trace. It keeps sums, not events, so that it does not grow with the trace."""

    @property
    def wanted(self) -> tuple[Ev, ...]:
        """The event types that it needs."""

    def feed(self, chunk: Chunk) -> None:
        """Take in the next events; some are of types that only other consumers want.

        The chunk's columns are reused afterwards.
        """


class Consumer(Fed, Protocol[Result]):
    """One analysis of a trace."""

    def result(self) -> Result:
        """Return what was found, as a plain value; called once the whole trace is read."""


def consume(trace: Trace, consumers: Iterable[Fed], observers: Sequence[Any] = ()) -> None:
    """Read the trace once and feed all consumers. `trace.damage` holds what ended the reading early.

    observers: get the intervals (`trace.observe.Observer`).
    """
    consumers = tuple(consumers)
    wanted = {Ev.SYNC, *(kind for consumer in consumers for kind in consumer.wanted)}
    for chunk in trace.chunks(wanted, observers):
        for consumer in consumers:
            consumer.feed(chunk)
