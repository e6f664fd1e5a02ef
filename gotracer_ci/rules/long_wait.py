"""Long waits on channels, select, WaitGroup, Cond and child processes in the program's own code.

Detects
-------
A goroutine of the program's own code that waits a long time for another one, or for a child process.

Why it matters
--------------
Usually it does not: workers wait for work. But a wait that nobody expected is the first sign of a slow producer, a lost
message or a deadlock.

How it is measured
------------------
From the moment the goroutine blocked to the moment it became runnable, grouped by Go's reason and by place. A goroutine
that is still waiting when the trace ends counts with its length so far. If the goroutine was already waiting when the
trace began, its stack tells the reason (Go 1.23 and later; see MutexContention).

Thresholds
----------
`info`: the longest wait. LongWait is informational: it fails a run only with `--fail-on info`, and is not compared with
a baseline, because an idle worker waits longer when the program gets faster.

What to do
----------
Find out who should have sent, closed or signalled. "The longest one was ended by" names who finally did, and "While it
waited" what that goroutine did meanwhile, if it was the last one of a WaitGroup or always the same one (see
MutexContention). If it waited itself, "It took" follows those waits to what took the time, unless too much happened
during the wait.

Limits
------
A goroutine that stays in the same wait from the beginning of the trace to its end is parked and not reported. Waits for
the network and for timers are not reported either.
"""

from __future__ import annotations

from gotracer_ci.analysis.intervals import IntervalGroup, IntervalKind
from gotracer_ci.rules.interval_rule import IntervalRule
from gotracer_ci.rules.rule import documented
from gotracer_ci.rules.sync_waits import COND, WAIT_GROUP, primitive
from gotracer_ci.rules.system_calls import CHILD, kind

REASONS = ("chan receive", "chan send", "select", COND)


def _wait(group: IntervalGroup) -> str | None:
    if group.parked or group.stack.system or not group.stack.own:
        return None
    if group.kind is IntervalKind.SYSCALL:
        return CHILD if kind(group.stack.frames) == CHILD else None
    if group.kind is not IntervalKind.WAITING:
        return None
    reason: str | None = group.reason
    if reason == "sync":
        reason = primitive(group.stack.functions)
        if reason not in (WAIT_GROUP, COND):
            return None
    elif reason not in REASONS:
        return None
    return reason


RULE = IntervalRule(
    info=documented("LongWait", __doc__, info=(500e6, "ns")),
    select=_wait,
    message="{where} waited up to {longest} in {kind}{still}; {times}",
    detail="Time blocked in {kind}.",
    suggestion="Nothing, if it waits for work. Otherwise find out who should have sent, closed or signalled.",
)
