"""Read parts of a trace a second time: only the windows that turned out to matter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from gotracer_ci.analysis.reading import Analysis, Window, read
from gotracer_ci.errors import TraceError
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.reader import Index, Trace

Found = TypeVar("Found")


def read_windows(
    trace: Trace,
    source: SourceMap,
    windows: Sequence[tuple[int, int]],
    analysis: Callable[[Trace, Sequence[int]], Analysis[Sequence[Found]]],
    index: Index | None = None,
) -> list[Found]:
    """Read windows of a trace and return what was found in each.

    Windows in the same generations are read together. What a goroutine did before the first of these generations is
    not known (see `Trace.part`).

    Args:
        windows: times on the trace's clock.
        analysis: begins an analysis of a part of the trace that has the windows of these numbers; it finds something
            in each.
        index: of a reading of the same file; None if this very trace has been read, with `is_read_again`.

    Raises:
        TraceError: the trace's file has changed, or a window has too many intervals.
    """
    index = index or trace.index()
    if trace.has_changed(index):
        raise TraceError(trace.name, "has changed since it was read; run the command again")
    found: dict[int, Found] = {}
    for numbers in _together(index, windows):
        start, end = min(windows[n][0] for n in numbers), max(windows[n][1] for n in numbers)
        part = trace.part(index, start, end)
        part.watch = None
        inside = Window(start - index.start_ns, end - index.start_ns)
        found.update(zip(numbers, read(part, source, analysis(part, numbers), inside), strict=True))
    return [found[n] for n in range(len(windows))]


def _together(index: Index, windows: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Return the numbers of the windows in lists, each of windows that share generations with others in it."""
    groups: list[list[int]] = []
    reached = -1
    for n in sorted(range(len(windows)), key=windows.__getitem__):
        start, end = (sum(mark.start <= time for mark in index.marks) for time in windows[n])
        if groups and start <= reached:
            groups[-1].append(n)
        else:
            groups.append([n])
        reached = max(reached, end)
    return groups
