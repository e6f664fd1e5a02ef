"""The logs of runtime/trace: of all tasks, and of none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gotracer_ci.analysis.stacks import Stack, Stacks
from gotracer_ci.analysis.tasks import BACKGROUND, Matches
from gotracer_ci.trace.reader import Chunk, Trace
from gotracer_ci.trace.spec import NEVER, Ev

KEPT = 100_000
"""Logs that are kept, the first ones."""


class Log(NamedTuple):
    """One log. time_ns: from the trace's start. task: the task's ID, 0 for none. category: "" without one."""

    time_ns: int
    task: int
    goroutine: int
    category: str
    message: str
    stack: Stack


class TraceLogs(NamedTuple):
    """The logs of one trace, or of a part of it, in order. left_out: how many further ones there were."""

    logs: tuple[Log, ...]
    left_out: int


class LogsAnalysis:
    """Finds a trace's logs (see `reading.Analysis`). text: only those with it in their category or message."""

    observers = ()
    wanted = (Ev.USER_LOG,)

    def __init__(self, trace: Trace, *, text: str = "") -> None:
        self._matches = Matches(trace.tables, text)
        self._rows: list[tuple[int, int, int, int, int, int]] = []
        self._left_out = 0
        self._from, self._to = -NEVER, NEVER

    @property
    def consumers(self) -> Sequence[LogsAnalysis]:
        return (self,)

    def limit(self, start: int, end: int) -> None:
        """Count only what is between these two times, ns on the trace's clock; called before the first event."""
        self._from, self._to = start, end

    def feed(self, chunk: Chunk) -> None:
        columns = (chunk.times, chunk.goroutines, chunk.a, chunk.b, chunk.c, chunk.stacks)
        for now, g, task, category, message, stack in chunk.of(self.wanted, *columns):
            if not self._from <= now < self._to:
                continue
            if not (self._matches[category] or self._matches[message]):
                continue
            if len(self._rows) >= KEPT:
                self._left_out += 1
                continue
            self._rows.append((now, 0 if task in BACKGROUND else task, g, category, message, stack))

    def result(self, trace: Trace, stacks: Stacks) -> TraceLogs:
        text = trace.tables.string
        logs = [
            Log(now - trace.start_ns, task, g, text(category), text(message), stacks[stack])
            for now, task, g, category, message, stack in self._rows
        ]
        return TraceLogs(tuple(logs), self._left_out)
