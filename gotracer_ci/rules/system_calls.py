"""Tell from the stack what a goroutine in state Syscall does: the trace does not have the name of the call."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from gotracer_ci.analysis import waits
from gotracer_ci.source.frames import SourceFrame

SYSCALL = "syscall"
C_CALL = "C call"
CHILD = "os.(*Process).Wait"
EVENTS = waits.EVENTS
RUNTIME = "runtime"

_SIGNAL_LOOP = "os/signal.loop"
_CHILD = re.compile(r"^os\.\(\*Process\)\.\w*[Ww]ait|\.(?:wait4|wait6|waitid|forkExec)$", re.IGNORECASE)
_EVENTS = re.compile(
    r"\.(?:epoll_?p?wait2?|p?poll|p?select6?|kevent|accept4?|pause"
    r"|getqueuedcompletionstatus(?:ex)?|waitforsingleobject|waitformultipleobjects)$",
    re.IGNORECASE,
)
# Code that makes the call by its number, which the stack does not show, and code that reads a descriptor for events.
_CALLS_FOR_EVENTS = re.compile(r"\.[^/]*(?:poll|kevent|select)[^/]*$", re.IGNORECASE)
_BY_NUMBER = re.compile(r"\.(?:raw)?syscall[69]?(?:n|noerror)?$", re.IGNORECASE)
_READS_EVENTS = re.compile(r"inotify|fanotify|fsnotify|kqueue|eventfd|signalfd|timerfd", re.IGNORECASE)


def kind(frames: Sequence[SourceFrame]) -> str:
    """Return what a goroutine with this stack, leaf first, is in: one of the constants above.

    `CHILD`: it starts or waits for another process. `EVENTS`: the call only waits for what happens elsewhere, such as
    epoll_wait, and is where an event loop is idle. A goroutine that reads events from a descriptor, such as inotify's,
    is told by the name or file of the code that calls. `RUNTIME`: the runtime waits for one of its own threads.
    """
    functions = [frame.function for frame in frames]
    if waits.is_c_call(functions[0]) or functions[0] == waits.CGO_CALL:
        return C_CALL
    if functions[0].startswith("runtime."):
        return RUNTIME
    if _SIGNAL_LOOP in functions:
        return EVENTS
    calls = list(takewhile(waits.is_call, functions))
    by = functions[len(calls) : len(calls) + 1]
    if any(_CHILD.search(name) for name in [*calls, *by]):
        return CHILD
    is_by_number = all(_BY_NUMBER.search(name) for name in calls)
    if any(_EVENTS.search(name) for name in calls) or (is_by_number and by and _CALLS_FOR_EVENTS.search(by[0])):
        return EVENTS
    reader = waits.caller(frames)
    if reader and waits.is_read(functions[0]):
        named = f"{reader.function} {reader.file.rpartition('/')[2]}"
        return EVENTS if _READS_EVENTS.search(named) else SYSCALL
    return SYSCALL
