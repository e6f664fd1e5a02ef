"""Tell from a stack why a goroutine waits, and in which call, where the trace does not say it.

A goroutine that was already waiting when the trace began has no reason. From Go 1.23 on it has a stack, and its topmost
frames are the runtime functions that block.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import dropwhile

from gotracer_ci.source.frames import SourceFrame
from gotracer_ci.source.names import package_of

EVENTS = "events"
"""The reason that a group of system calls gets if these only wait for events."""
COROUTINE = "runtime.corostart"
"""The first function of a coroutine, which is how iter.Pull runs an iterator."""

_REASONS = {
    "runtime.chanrecv": "chan receive",
    "runtime.chansend": "chan send",
    "runtime.selectgo": "select",
    "runtime.block": "forever",
    "runtime.netpollblock": "network",
    "runtime.semacquire1": "sync",
    "sync.runtime_notifyListWait": "sync.(*Cond).Wait",
    "time.Sleep": "sleep",
    "runtime.gcParkAssist": "GC mark assist wait for work",
    "runtime.gcParkStrongFromWeak": "GC weak to strong wait",
    "internal/synctest.Run": "synctest",
    "internal/synctest.Wait": "synctest",
    # the trace has no reason for a coroutine switch; this is the runtime's own word
    COROUTINE: "coroutine",
    "runtime.coroswitch": "coroutine",
}
"""A function that blocks → the reason that the trace gives where it has one."""

_PREEMPTION = ("runtime.asyncPreempt", "runtime.asyncPreempt2")
CGO_CALL = "runtime.cgocall"
_CALLS = r"(?:^|/)(?:syscall|golang\.org/x/sys/(?:unix|windows)|internal/syscall/\w+|runtime/syscall/\w+)$"
_AROUND_CALLS = frozenset({"os", "os/signal", "internal/poll"})
"""Packages whose functions are at the top of stacks in system calls, because Go leaves out frames above them."""
_FILES = ("os.", "io.", "io/fs.", "bufio.", "internal/poll.")
"""What is between a call and the code that reads."""
_CALLBACK = ("runtime.cgocallback", "_cgoexp_")


def reason(functions: Sequence[str]) -> str:
    """Return Go's reason for a wait with this stack, leaf first, "" if the stack does not tell."""
    for function in functions:
        if function in _REASONS:
            return _REASONS[function]
        if not function.startswith("runtime."):
            break
    return ""


def is_cut(functions: Sequence[str]) -> bool:
    """Whether the stack, leaf first, may lack its end, because an async preemption loses the leaf's caller."""
    return functions[0] in _PREEMPTION and len(functions) <= 1 + sum(f in _PREEMPTION for f in functions)


def called(frames: Sequence[SourceFrame], *, may_lack_leaf: bool) -> Sequence[SourceFrame]:
    """Return the stack of a goroutine in a system call or C call, leaf first, without what is no longer on it.

    When a callback from C ends, the goroutine is in the C call again, but the trace has another stack: a thread of C
    keeps that of the callback; Go before 1.23 records what is left of the callback, or only the outer callers.

    Args:
        may_lack_leaf: whether the latter can be: a stack that does not begin with a call is then none.
    """
    functions = [frame.function for frame in frames]
    if not frames or is_c_call(functions[0]) or is_call(functions[0]) or package_of(functions[0]) in _AROUND_CALLS:
        return frames
    if any(function.startswith(_CALLBACK) for function in functions):
        return frames[functions.index(CGO_CALL) + 1 :] if CGO_CALL in functions else ()
    return () if may_lack_leaf else frames


def calls_c(functions: Iterable[str]) -> bool:
    """Whether any of the functions belongs to a call of C or from C."""
    return any(is_c_call(function) or function.startswith(_CALLBACK) for function in functions)


@lru_cache(maxsize=1 << 16)
def is_call(function: str) -> bool:
    """Whether the function makes a system call: it is of package syscall or one like it."""
    return re.search(_CALLS, package_of(function)) is not None


def is_read(function: str) -> bool:
    """Whether the function is a system call that reads."""
    return is_call(function) and function.rpartition(".")[2].lower() in ("read", "readv")


def caller(frames: Sequence[SourceFrame]) -> SourceFrame | None:
    """Return the frame that makes the system call at the top of a stack, through package os or not."""
    above = dropwhile(lambda frame: is_call(frame.function), frames)
    return next(dropwhile(lambda frame: frame.function.startswith(_FILES), above), None)


def is_c_call(function: str) -> bool:
    """Whether the function is the stub through which Go calls a C function."""
    return function.rpartition(".")[2].startswith(("_Cfunc_", "_C2func_"))
