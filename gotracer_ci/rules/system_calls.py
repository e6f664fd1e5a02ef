"""Tell from the stack what a goroutine in state Syscall does: the trace does not have the name of the call."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import dropwhile, takewhile

from gotracer_ci.analysis import waits
from gotracer_ci.source.frames import SourceFrame

SYSCALL = "syscall"
C_CALL = "C call"
CHILD = "os.(*Process).Wait"
EVENTS = "events"

_SIGNAL_LOOP = "os/signal.loop"
# Between a call and the code that reads.
_FILES = ("os.", "io.", "io/fs.", "bufio.", "internal/poll.")
_CHILD = re.compile(r"^os\.\(\*Process\)\.\w*[Ww]ait|\.(?:wait4|wait6|waitid|forkExec)$", re.IGNORECASE)
_EVENTS = re.compile(
    r"\.(?:epoll_?p?wait2?|p?poll|p?select6?|kevent|accept4?|pause"
    r"|getqueuedcompletionstatus(?:ex)?|waitforsingleobject|waitformultipleobjects)$",
    re.IGNORECASE,
)
# Code that makes the call by number, and code that reads the descriptor that events come from.
_CALLS_FOR_EVENTS = re.compile(r"epoll_?p?wait|kevent|ppoll|pselect", re.IGNORECASE)
_READS = re.compile(r"\.readv?$", re.IGNORECASE)
_READS_EVENTS = re.compile(r"inotify|fanotify|fsnotify|kqueue|eventfd|signalfd|timerfd", re.IGNORECASE)


def kind(frames: Sequence[SourceFrame]) -> str:
    """Return what a goroutine with this stack, leaf first, is in: `C_CALL`, `CHILD`, `EVENTS` or else `SYSCALL`.

    `CHILD`: it starts or waits for another process. `EVENTS`: the call only waits for what happens elsewhere, such as
    epoll_wait, and is where an event loop is idle. A goroutine that reads events from a descriptor, such as inotify's,
    is told by the name or file of the code that calls.
    """
    functions = [frame.function for frame in frames]
    if waits.is_c_call(functions[0]) or functions[0] == waits.CGO_CALL:
        return C_CALL
    if _SIGNAL_LOOP in functions:
        return EVENTS
    calls = list(takewhile(waits.is_call, functions))
    above = frames[len(calls) :]
    if any(_CHILD.search(name) for name in [*calls, *functions[len(calls) : len(calls) + 1]]):
        return CHILD
    if any(_EVENTS.search(name) for name in calls) or (above and _CALLS_FOR_EVENTS.search(above[0].function)):
        return EVENTS
    reader = next(dropwhile(lambda frame: frame.function.startswith(_FILES), above), None)
    if reader and any(_READS.search(name) for name in calls):
        named = f"{reader.function} {reader.file.rpartition('/')[2]}"
        return EVENTS if _READS_EVENTS.search(named) else SYSCALL
    return SYSCALL
