"""Goroutines that are stuck in a system call for too long.

Detects
-------
A goroutine in state Syscall for long: files, pipes, other programs, and calls of C code.

Why it matters
--------------
A goroutine in a system call holds an operating system thread, and what waits for it waits too.

How it is measured
------------------
From the entry of the system call to its exit, across the trace's generations, grouped by place. A call that had
not ended when the trace did counts with its length so far.

Thresholds
----------
`warn` and `error`: the longest call.

What to do
----------
Give the operation a deadline, buffer it, or move it off the path that is waited for. Network connections and pipes
that support deadlines do not block a thread at all.

Limits
------
What is normal is left out: the signal loop of `os/signal`, the CPU profiler's wait for samples, the runtime's own
goroutines, and a goroutine that sat in the same call from the trace's beginning to its end, of which nothing can be
told. The name of the call is not in the trace, only the stack.
"""

from __future__ import annotations

from collections.abc import Iterator

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.intervals import IntervalGroup, Kind, PlaceGroup, by_place
from gotracer_ci.findings import Severity
from gotracer_ci.rules import base
from gotracer_ci.text import duration

NAME = "BlockedOnSyscall"
SUGGESTION = "Give the operation a deadline, buffer it, or move it off the path that is waited for."
SIGNAL_LOOP = "os/signal.signal_recv"
CGO = "runtime.cgocall"


def measure(facts: Facts, limits: base.Limits) -> Iterator[base.Measured]:
    groups = by_place(facts.intervals, _call)
    detail = "Time from the entry of the call to its exit."
    return base.longest(NAME, groups, limits, facts, _message, detail, SUGGESTION)


def _call(group: IntervalGroup) -> str | None:
    if group.kind is not Kind.SYSCALL or group.parked or group.stack.system or not group.stack.known:
        return None
    if SIGNAL_LOOP in group.stack.functions:
        return None
    return "cgo call" if group.stack.functions[0] == CGO else "syscall"


def _message(group: PlaceGroup) -> str:
    what = "a call of C code" if group.name == "cgo call" else "a system call"
    leaf = group.worst[0].stack.functions[0]
    return (
        f"{base.where(group)} was in {what} ({leaf}) for up to {duration(group.max_ns)}"
        f"{base.still(group)}; {base.times(group)}"
    )


RULE = base.Rule(
    base.info(NAME, __doc__, Severity.ERROR, warn=(10e6, "ns"), error=(100e6, "ns")),
    measure,
)
