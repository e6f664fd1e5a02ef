"""Tell from a stack why a goroutine waits, and in which call, where the trace does not say it.

A goroutine that was already waiting when the trace began has no reason. From Go 1.23 on it has a stack, and its topmost
frames are the runtime functions that block.
"""

from __future__ import annotations

from collections.abc import Sequence

from gotracer_ci.source.frames import SourceFrame
from gotracer_ci.source.names import package_of

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
_CGO_CALL = "runtime.cgocall"
_CALLS = frozenset({"syscall", "unix", "windows", "linux", "os", "poll"})
"""The last elements of the packages that make system calls."""
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


def called(frames: Sequence[SourceFrame]) -> Sequence[SourceFrame]:
    """Return the stack of a goroutine in a system call or C call, leaf first, without what is no longer on it.

    When a callback from C ends, the goroutine is in the C call again, but the trace has the stack of the callback: Go
    before 1.23 records what is left of it, and a thread of C has no other stack.
    """
    functions = [frame.function for frame in frames]
    if not any(function.startswith(_CALLBACK) for function in functions):
        return frames
    if is_c_call(functions[0]) or package_of(functions[0]).rpartition("/")[2] in _CALLS:
        return frames
    return frames[functions.index(_CGO_CALL) + 1 :] if _CGO_CALL in functions else ()


def is_c_call(function: str) -> bool:
    """Whether the function is the stub through which Go calls a C function."""
    return function.rpartition(".")[2].startswith(("_Cfunc_", "_C2func_"))
