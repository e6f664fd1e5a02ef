"""A window of a trace that has been read before: the lanes of its page, in more detail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from gotracer_ci.analysis.lanes import LanesAnalysis
from gotracer_ci.analysis.reading import Window, read
from gotracer_ci.errors import TraceError
from gotracer_ci.pictures.calls import Calls
from gotracer_ci.pictures.columns import Strings
from gotracer_ci.pictures.lanes import budget, lanes
from gotracer_ci.report.picture import Stream
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.reader import Index, Trace

_ROOM: Final = 1_000_000
"""Bytes of a window, enough for all slices of a tenth of a second: a browser draws so many at once."""


class TraceWindows:
    """The windows of one trace.

    Args:
        number: the trace's in the report.
        trace: not read yet.
        index: from the first reading.
        source: returns what maps the frames of a window.
    """

    def __init__(self, number: int, trace: Trace, index: Index, source: Callable[[], SourceMap]) -> None:
        self._number = number
        self._trace = trace
        self._index = index
        self._source = source

    def read(self, start: int, end: int, check: Callable[[], None]) -> bytes:
        """Return the lanes between two times, ns from the trace's start, as a stream with a call tree of its own.

        Args:
            check: called between the parts of the work. Its exceptions end it.

        Raises:
            TraceError: the trace's file has changed, or nothing of it can be read.
        """
        if self._trace.has_changed(self._index):
            raise TraceError(self._trace.name, "has changed since it was read; run gotracer-ci view again")
        first = self._index.start_ns
        part = self._trace.part(self._index, first + start, first + end)
        part.watch = lambda _: check()
        times = read(part, self._source(), LanesAnalysis(budget(_ROOM)), Window(start, end))
        calls, strings = Calls(), Strings()
        nodes = {index: calls.node(stack) for index, stack in times.stacks.items()}
        stream = lanes(self._number, times, nodes, _ROOM)
        blocks = (*stream.blocks, *calls.blocks(strings))
        return Stream({**stream.header, "strings": strings.values()}, blocks).deflated
