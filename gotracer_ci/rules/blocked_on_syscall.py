"""Goroutines that stay in a system call for too long.

Detects
-------
A goroutine that stays in state Syscall for a long time: files, pipes, other programs, and calls into C code.

Why it matters
--------------
A goroutine in a system call holds an operating system thread, and whatever waits for the goroutine waits too.

How it is measured
------------------
From the start of the system call to its end, grouped by place. A call that has not ended when the trace does counts
with its length so far.

Thresholds
----------
`warn` and `error`: the longest call.

What to do
----------
Give the operation a deadline, buffer it, or move it off the critical path. Network connections and pipes that support
deadlines do not block a thread at all.

Limits
------
Normal waits are left out: the signal loop of `os/signal`, the CPU profiler's wait for samples, the runtime's own
goroutines, and a goroutine that stays in the same call from the beginning of the trace to its end. The trace does not
have the name of the call, only the stack.
"""

from __future__ import annotations

from gotracer_ci.analysis.intervals import IntervalGroup, IntervalKind
from gotracer_ci.limits import WAITS
from gotracer_ci.rules.interval_rule import IntervalRule
from gotracer_ci.rules.rule import documented

SIGNAL_LOOP = "os/signal.signal_recv"
CGO = "runtime.cgocall"


def _call(group: IntervalGroup) -> str | None:
    if group.kind is not IntervalKind.SYSCALL or group.parked or group.stack.system or not group.stack.known:
        return None
    if SIGNAL_LOOP in group.stack.functions:
        return None
    return "cgo call" if group.stack.functions[0] == CGO else "syscall"


RULE = IntervalRule(
    info=documented("BlockedOnSyscall", __doc__, warn=(10e6, "ns"), error=(100e6, "ns")),
    select=_call,
    message="{where} was in a {kind} ({leaf}) for up to {longest}{still}; {times}",
    detail="Time from the start of the call to its end.",
    suggestion="Give the operation a deadline, buffer it, or move it off the critical path.",
    limit=WAITS,
)
