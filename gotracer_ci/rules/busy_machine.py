"""Whether the machine had no CPU for the program, which makes the program's own delays longer.

A P that gets work is handed to a thread within microseconds, unless the operating system runs something else. A trace
does not show that a thread loses its CPU while it runs a goroutine. But where that happens, Ps wait for their threads,
too, and this it shows.
"""

from __future__ import annotations

from typing import Final

from gotracer_ci.analysis import histogram
from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.intervals import IntervalKind
from gotracer_ci.limits import MS

_LATE_NS: Final = MS
_TIMES: Final = 5
_TIMES_A_SECOND: Final = 2


def is_busy(facts: Facts) -> bool:
    """Report whether a P stayed idle for a millisecond while a goroutine was ready to run, again and again.

    Any goroutine tells, also one that waits on purpose or is the runtime's own.
    """
    least = histogram.bucket(_LATE_NS)
    times = sum(
        number
        for group in facts.intervals
        if group.kind is IntervalKind.IDLE_P and group.longest_ns >= _LATE_NS
        for bucket, number in group.counts.items()
        if bucket >= least
    )
    return times >= max(_TIMES, _TIMES_A_SECOND * facts.duration_ns / 1e9)
