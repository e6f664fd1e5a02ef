"""Stop-the-world pauses of the garbage collector that are longer than expected.

Detects
-------
A stop-the-world range with one of the garbage collector's reasons ("GC sweep termination", "GC mark termination", …).

Why it matters
--------------
No goroutine runs while the world is stopped: each request in flight is late by the length of the pause.

How it is measured
------------------
From the beginning of each stop-the-world range to its end, one group for each of Go's reasons. Other reasons to stop
the world, such as `runtime.ReadMemStats` or a change of GOMAXPROCS, are not the collector's and do not count. The
number of stop-the-world ranges (for any reason) and of GC cycles are compared with the baseline, too.

Thresholds
----------
`warn` and `error`: how long at least `count` pauses with one reason are. Fewer are an exception: on a busy machine,
some pauses of any program take as long as it takes until the operating system runs the thread again. An exception is no
finding; if it is above `error`, it is informational.

What to do
----------
A long pause usually means that a goroutine could not be stopped: look for tight loops over large slices and for large
copies at that moment. Fewer cycles (less allocation, a higher GOGC, GOMEMLIMIT) mean fewer pauses.

Limits
------
On a machine with too few processors, the pause includes the time that the operating system took to run the thread.
"""

from __future__ import annotations

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.intervals import IntervalGroup, IntervalKind
from gotracer_ci.findings import More
from gotracer_ci.limits import SCHEDULER, Limit
from gotracer_ci.rules.interval_rule import IntervalRule
from gotracer_ci.rules.rule import Counter, documented


def _pause(group: IntervalGroup) -> str | None:
    return group.reason if group.kind is IntervalKind.STW and group.reason.startswith("GC ") else None


def _stops(facts: Facts) -> int:
    return sum(group.count for group in facts.intervals if group.kind is IntervalKind.STW)


RULE = IntervalRule(
    info=documented("GCPauseSpike", __doc__, warn=(5e6, "ns"), error=(20e6, "ns"), count=(3, "count")),
    select=_pause,
    whole_program=True,
    more=More.STOPS,
    message="stop-the-world ({kind}) took up to {longest}; {times}",
    change="is stopped for {now} ({kind})",
    detail="Each stop-the-world with the reason '{kind}' counts.",
    suggestion=(
        "Look at what ran when the pause began: tight loops and large copies are slow to stop. "
        "Fewer GC cycles (less allocation, a higher GOGC, GOMEMLIMIT) mean fewer pauses."
    ),
    limit=SCHEDULER,
    counters=(
        Counter(
            kind="stop-the-world count",
            unit="count",
            value=_stops,
            message="stop-the-world pauses in the whole trace: {value}",
            limit=Limit("count", 1.5, 10, noun="stops"),
            change="is stopped {now} times",
        ),
        Counter(
            kind="GC cycles",
            unit="count",
            value=lambda facts: facts.heap.cycles,
            message="GC cycles in the whole trace: {value}",
            limit=Limit("count", 1.5, 5, noun="GC cycles"),
            change="has {now} GC cycles",
        ),
    ),
)
