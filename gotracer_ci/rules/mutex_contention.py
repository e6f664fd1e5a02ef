"""Long waits for a lock: sync.Mutex, sync.RWMutex, sync.Once and everything built on them.

Detects
-------
A goroutine that waits for a lock that another goroutine holds.

Why it matters
--------------
Work behind one lock runs one piece at a time, however many CPUs there are.

How it is measured
------------------
From the moment the goroutine blocked to the moment it became runnable. Go gives the reason "sync" to many kinds of
waits; the stack tells which primitive it was, and each primitive is a group of its own: `sync.(*Mutex).Lock`,
`sync.(*RWMutex).Lock`, `sync.(*RWMutex).RLock`, `sync.(*Once).Do` (also for OnceFunc and OnceValue), `sync.Map`,
`sync.Pool`, and `sync` for any other semaphore. A goroutine that is still waiting when the trace ends counts with its
length so far, even if it was waiting when the trace began: that is what a deadlock looks like.

"While it waited" tells what the holders of the lock did during the longest wait that another goroutine ended. The trace
names who unlocked. If that goroutine had itself waited for the lock, it held the lock from then on, and whoever ended
that wait held it before; of a goroutine that did not wait, only what it did between the lines that lock and unlock
counts. So each time is an upper bound. Where less than the whole wait is explained, the share is given, and below half
of it there is no such line. If a holder itself waited for another lock, the line shows what that lock's holder did.

Thresholds
----------
`warn` and `error`: the longest wait. `share` and `total`: waits at a place that add up to a smaller part of the run,
and to less than `total`, are an exception: no finding, or an informational one above `error`.

What to do
----------
Hold the lock for less time: no I/O, no large allocations and no calls of unknown length under it. Split it by key, use
RWMutex where reads dominate, or hand the data over a channel.

Limits
------
Waits on a WaitGroup or Cond are not contention (see LongWait), but a goroutine that was signalled waits for the Cond's
lock. The runtime's own semaphores are not the program's. Locks without contention leave no trace at all.

If a goroutine was already waiting when the trace began, only its stack tells what for. Go 1.23 and later record that
stack when the trace's first generation ends, after about a second, so the kind of a wait that ends earlier is not
known. Earlier versions of Go do not record it.

The line about holders is for waits of at least 1 ms. It rests on the last 65,536 waits and system calls of all
goroutines, and in a very busy program a long wait can have more. Those below 10 µs count as running.
"""

from __future__ import annotations

from gotracer_ci.analysis.intervals import IntervalGroup, IntervalKind
from gotracer_ci.analysis.yields import in_test_runner
from gotracer_ci.limits import WAITS
from gotracer_ci.rules.interval_rule import IntervalRule
from gotracer_ci.rules.rule import documented
from gotracer_ci.rules.sync_waits import COND, OTHER, WAIT_GROUP, primitive


def _lock(group: IntervalGroup) -> str | None:
    if group.kind is not IntervalKind.WAITING or group.reason != "sync" or group.stack.system:
        return None
    called = primitive(group.stack.functions)
    if called in (WAIT_GROUP, COND) or (called == OTHER and group.parked) or in_test_runner(group.stack.functions):
        return None
    return called


RULE = IntervalRule(
    info=documented(
        "MutexContention", __doc__, warn=(1e6, "ns"), error=(10e6, "ns"), share=(0.05, "ratio"), total=(20e6, "ns")
    ),
    select=_lock,
    message="{where} waited up to {longest} in {kind}{still}; {times}",
    change="waits {now} in {kind}",
    detail="Time blocked in {kind} until another goroutine released it.",
    suggestion=(
        "Hold the lock for less time: no I/O and no calls of unknown length under it; split it by key, or use "
        "sync.RWMutex where reads dominate."
    ),
    limit=WAITS,
)
