"""Parts of a trace: which goroutines, and from when to when. To find them, the trace is read before it is exported."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

from gotracer_ci.analysis.reading import WHOLE, Window, read_for
from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.analysis.task_events import TaskEventsAnalysis
from gotracer_ci.errors import UsageError
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.observers.wakers import Wakers
from gotracer_ci.trace.reader import Trace

LEVELS: Final = 2
"""How far wakes are followed back."""


class Cut(NamedTuple):
    """A part of a trace. goroutines: Go's IDs, None for all."""

    window: Window = WHOLE
    goroutines: Collection[int] | None = None


def of_goroutine(trace: Trace, id: int, window: Window) -> Cut:
    """Return a goroutine and those that woke it inside the window, two levels deep.

    Args:
        trace: one that is read again (see `Trace.is_read_again`), and has not been read yet.

    Raises:
        UsageError: the trace has no such goroutine.
    """
    chosen, known = _with_wakers(trace, {id}, window)
    if not known:
        raise UsageError(
            f"--goroutine {id}: the trace has no goroutine with this ID; gotracer-ci goroutines --each lists them"
        )
    return Cut(window, chosen)


def of_task(trace: Trace, id: int) -> Cut:
    """Return the time of a task, the goroutines that worked for it and its descendants, and those that woke them.

    Args:
        trace: one that is read again (see `Trace.is_read_again`), and has not been read yet.

    Raises:
        UsageError: the trace has no such task.
    """
    analysis = TaskEventsAnalysis(id)
    read_for(trace, (analysis,))
    found = analysis.result(trace, Stacks(trace.tables, SourceMap(None), trace.version))
    if not found.is_known:
        raise UsageError(f"--task {id}: the trace has no task with this ID; gotracer-ci tasks --each lists them")
    own = {event.what: event.time_ns for event in found.events if event.depth == 0}
    window = Window(own.get("task begin", 0), own.get("task end"))
    goroutines = {event.goroutine for event in found.events if event.goroutine >= 0}
    return Cut(window, _with_wakers(trace, goroutines, window)[0])


def _with_wakers(trace: Trace, goroutines: set[int], window: Window) -> tuple[set[int], set[int]]:
    """Return some goroutines with what woke them, and which of them the trace has."""
    chosen = set(goroutines)
    last, known = chosen, None
    for _ in range(LEVELS):
        wakers = Wakers(last)
        same = trace.again()
        same.is_read_again = True
        read_for(same, (_Only(wakers),), window)
        known = wakers.known() if known is None else known
        last = wakers.found() - chosen
        chosen |= last
    return chosen, known or set()


class _Only:
    """An analysis with one observer and no consumers (see `reading.Analysis`)."""

    consumers = ()

    def __init__(self, observer: Wakers) -> None:
        self.observers = (observer,)

    def result(self, _trace: Trace, _stacks: Stacks) -> None:
        """Return nothing: the observer has what was found."""
