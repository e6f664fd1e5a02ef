"""Goroutines that have to do the garbage collector's marking before they may continue.

Detects
-------
Mark assists: a goroutine that allocates faster than the collector marks has to mark itself, or to wait for marking.

Why it matters
--------------
Assists add latency to the code that allocates, and grow with the rate of allocation.

How it is measured
------------------
From the beginning of each mark assist to its end, grouped by the place that allocated. Time in which the goroutine was
not running inside the assist counts too: it delayed the program all the same.

Thresholds
----------
`warn` and `error`: how long at least `count` assists at a place are. `share`: assists that add up to a smaller part of
the run are an exception. An exception is no finding; if it is above `error`, it is informational. A machine without a
free CPU also stops the goroutines that mark: in a run in which a P was idle for a millisecond while a goroutine was
ready to run, five times and twice a second, an assist is a warning at most.

What to do
----------
Allocate less there: reuse buffers, preallocate slices, avoid conversions. A higher GOGC or GOMEMLIMIT gives the
collector more room.

Limits
------
An assist that was under way when the trace began has no stack and is not reported. Assists of the runtime's own
goroutines, mainly the tracer's, are left out.
"""

from __future__ import annotations

from gotracer_ci.analysis.intervals import IntervalGroup, IntervalKind
from gotracer_ci.limits import ASSISTS
from gotracer_ci.rules.interval_rule import IntervalRule
from gotracer_ci.rules.rule import documented


def _assist(group: IntervalGroup) -> str | None:
    is_assist = group.kind is IntervalKind.MARK_ASSIST and group.stack.known and not group.stack.system
    return "GC mark assist" if is_assist else None


RULE = IntervalRule(
    info=documented(
        "GCAssist",
        __doc__,
        warn=(1e6, "ns"),
        error=(10e6, "ns"),
        count=(5, "count"),
        share=(0.05, "ratio"),
    ),
    select=_assist,
    message="{where} assisted the GC for up to {longest}; {times}",
    change="assists the GC for {now}",
    detail="Time from the beginning of the mark assist to its end.",
    suggestion="Allocate less there: reuse buffers, preallocate; or give the collector more room (GOGC, GOMEMLIMIT).",
    limit=ASSISTS,
    of_machine=True,
)
