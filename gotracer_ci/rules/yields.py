"""Waits in the run queue that a goroutine asked for."""

from __future__ import annotations

from itertools import takewhile

from gotracer_ci.analysis.intervals import IntervalGroup

_GOSCHED = "runtime.Gosched"
_GC = "runtime.GC"


def is_intended(group: IntervalGroup) -> bool:
    """Whether the goroutine yielded, or waits in `runtime.GC` until a whole collection is done."""
    inside = takewhile(lambda name: name.startswith("runtime."), group.stack.functions)
    return group.reason == _GOSCHED or _GC in inside
