"""Ps that sit idle while goroutines are ready to run.

Detects
-------
A goroutine in the run queue and, at the same time, an idle P.

Why it matters
--------------
The program has both work and processors, but they do not come together: the operating system does not run the thread
that was woken, or the scheduler cannot hand over the work.

How it is measured
------------------
For each time that a goroutine is Runnable, the part of it during which at least one P was idle. Time in which the world
was stopped does not count, since Ps are idle then on purpose. Neither do the waits of goroutines that were preempted:
they have just run for 10 ms. A service with nothing to do has idle Ps, but no goroutine that waits for one. The waits
of `runtime.Gosched`, of `runtime.GC` and inside the test runner are intended and do not count.

Thresholds
----------
`warn` and `error`: how long at least `count` such parts are. `share`: a total that is a smaller part of the run is an
exception. An exception is no finding; if it is above `error`, it is informational.

What to do
----------
Look at the machine first: fewer CPUs than GOMAXPROCS assumes (container quotas), or other programs that use them. In
the program: goroutines locked to a thread (`runtime.LockOSThread`), and threads that stay in C code.
`gotracer-ci goroutines --run-queue` shows what the Ps did during the longest waits.

Limits
------
Waking a thread always takes some microseconds; these add to the total, but never reach a threshold alone.
"""

from __future__ import annotations

from gotracer_ci.analysis.intervals import IntervalGroup, IntervalKind
from gotracer_ci.analysis.yields import is_intended
from gotracer_ci.findings import More
from gotracer_ci.limits import MS, Limit
from gotracer_ci.rules.interval_rule import IntervalRule
from gotracer_ci.rules.rule import documented

_PREEMPTED = "preempted"


def _idle(group: IntervalGroup) -> str | None:
    is_idle = group.kind is IntervalKind.IDLE_P and group.stack.known and not group.stack.system
    return (
        "idle P"
        if is_idle and not is_intended(group.reason, group.stack.functions) and group.reason != _PREEMPTED
        else None
    )


RULE = IntervalRule(
    info=documented(
        "ProcessorStarvation",
        __doc__,
        warn=(10e6, "ns"),
        error=(100e6, "ns"),
        count=(5, "count"),
        share=(0.05, "ratio"),
    ),
    select=_idle,
    whole_program=True,
    message="a P was idle for up to {longest} while a goroutine in {function} was ready to run; {times}",
    change="is ready to run for {now} while a P is idle",
    detail="Time in which a goroutine was runnable and a P idle; the stack is the waiting goroutine's own.",
    suggestion=(
        "Check that the machine has as many CPUs as GOMAXPROCS assumes (container quotas, other programs); "
        "then look for runtime.LockOSThread and long C calls."
    ),
    more=More.QUEUE,
    limit=Limit("ns", 2, 20 * MS, share=0.02, is_effect=True),
)
