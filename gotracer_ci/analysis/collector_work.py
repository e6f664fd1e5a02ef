"""The garbage collector's work alone, as its utilisation needs it: cheaper than all about its cycles and the heap."""

from __future__ import annotations

from collections.abc import Sequence

from gotracer_ci.analysis.gc import collector_of
from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.analysis.utilisation import Busy
from gotracer_ci.trace.observers.collector import STW, Collector
from gotracer_ci.trace.reader import Chunk, Trace
from gotracer_ci.trace.spec import Ev


class CollectorWork:
    """Finds the shortest time that the world was stopped, ns, None for never (see `reading.Analysis`).

    Args:
        busy: gets each piece of the collector's work, and GOMAXPROCS.
    """

    wanted = (Ev.PROCS_CHANGE,)

    def __init__(self, trace: Trace, busy: Busy) -> None:
        self._tables = trace.tables
        self._observer = collector_of(trace.tables)
        self._busy = busy
        self._shortest: int | None = None

    @property
    def observers(self) -> Sequence[Collector]:
        return (self._observer,)

    @property
    def consumers(self) -> Sequence[CollectorWork]:
        return (self,)

    def limit(self, start: int, end: int) -> None:
        """Change nothing: GOMAXPROCS counts from before the window, too (see `reading.Limited`)."""

    def feed(self, chunk: Chunk) -> None:
        for time, n in chunk.of(self.wanted, chunk.times, chunk.a):
            self._busy.procs(time, n)
        self._take()

    def _take(self) -> None:
        """Pass on the pieces that have ended."""
        string, add = self._tables.string, self._busy.add
        for what, start, end, p, _, _, label, _ in self._observer.take():
            if what == STW and (self._shortest is None or end - start < self._shortest):
                self._shortest = end - start
            add(what, start, end, p, string(label) if label else "")

    def result(self, trace: Trace, stacks: Stacks) -> int | None:
        self._take()
        return self._shortest
