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
Calls that only wait for events are not blocked: epoll, kqueue, poll, select, accept, pause, reads of inotify, and the
signal loop of `os/signal`. The same goes for a goroutine that stays in one call from the beginning of the trace to its
end. Waits for child processes are in LongWait. The runtime's own goroutines are left out, and so
are its waits for its own threads, such as those of the garbage collector when it starts. What the testing package does
by itself, such as removing a test's temporary directories, is left out too.

The trace does not have the name of the call, only the stack. A read of events is told from any other read by the name
of the function or file that reads, or if code in the same file adds inotify watches during the trace. A call by number,
such as `syscall.Syscall(syscall.SYS_POLL, …)`, is told by the name of the function that makes it.

Before Go 1.23, a C call has no stack after a callback, and its time from then on is left out.
"""

from __future__ import annotations

from gotracer_ci.analysis.intervals import IntervalGroup, IntervalKind
from gotracer_ci.analysis.yields import in_test_runner
from gotracer_ci.limits import CALLS_IN_ALL
from gotracer_ci.rules.interval_rule import IntervalRule
from gotracer_ci.rules.rule import documented
from gotracer_ci.rules.system_calls import C_CALL, SYSCALL, kind


def _call(group: IntervalGroup) -> str | None:
    if group.kind is not IntervalKind.SYSCALL or group.parked or group.stack.system or not group.stack.known:
        return None
    if group.stack.own is None and in_test_runner(group.stack.functions[-2:]):
        return None
    call = group.reason or kind(group.stack.frames)
    return call if call in (SYSCALL, C_CALL) else None


RULE = IntervalRule(
    info=documented("BlockedOnSyscall", __doc__, warn=(10e6, "ns"), error=(100e6, "ns")),
    select=_call,
    message="{where} was in a {kind} ({leaf}) for up to {longest}{still}; {times}",
    change="spends {now} in system calls",
    detail="Time from the start of the call to its end.",
    suggestion="Give the operation a deadline, buffer it, or move it off the critical path.",
    limit=CALLS_IN_ALL,
)
