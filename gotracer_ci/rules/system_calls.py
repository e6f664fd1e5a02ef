"""Tell from the stack what a goroutine in state Syscall does: the trace does not have the name of the call."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import takewhile

from gotracer_ci.analysis import waits
from gotracer_ci.source.frames import SourceFrame

SYSCALL = "syscall"
C_CALL = "C call"
CHILD = "os.(*Process).Wait"
EVENTS = waits.EVENTS
RUNTIME = "runtime"

# The runtime's function that waits for a signal, and its only caller, whose stack may lack it.
_WAITS_FOR_SIGNALS = frozenset({"os/signal.signal_recv", "os/signal.loop"})
_CHILD = re.compile(r"^os\.\(\*Process\)\.\w*[Ww]ait|\.(?:wait4|wait6|waitid|forkExec)$", re.IGNORECASE)
_EVENTS = re.compile(
    r"\.(?:epoll_?p?wait2?|p?poll|p?select6?|kevent|accept4?|pause"
    r"|getqueuedcompletionstatus(?:ex)?|waitforsingleobject|waitformultipleobjects)$",
    re.IGNORECASE,
)
# Code that makes the call by its number, which the stack does not show, and code that reads a descriptor for events.
_FOR_EVENTS = "poll|kevent|select"
_CALLS_FOR_EVENTS = re.compile(rf"\.[^/]*(?:{_FOR_EVENTS})[^/]*$", re.IGNORECASE)
_BY_NUMBER = re.compile(r"\.(?:raw)?syscall[69]?(?:n|noerror)?$", re.IGNORECASE)
_EVENT_SOURCES = "inotify|fanotify|fsnotify|kqueue|eventfd|signalfd|timerfd"
_READS_EVENTS = re.compile(_EVENT_SOURCES, re.IGNORECASE)
_TELLING = re.compile(f"{_EVENT_SOURCES}|{_FOR_EVENTS}", re.IGNORECASE)


@lru_cache(maxsize=1 << 12)
def kind(frames: tuple[SourceFrame, ...]) -> str:
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
    if not _WAITS_FOR_SIGNALS.isdisjoint(functions):
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


def telling(name: str) -> str:
    """Return the part of a function's, file's or package's own name that `kind` can depend on, "" if there is none."""
    if any(pattern.search(f".{name}") for pattern in (_CHILD, _EVENTS, _BY_NUMBER)):
        return name
    found = _TELLING.search(name)
    return found[0] if found else ""
