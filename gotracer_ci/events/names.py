"""Go's names for events, states and resources, as its package internal/trace prints them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gotracer_ci.trace.spec import Ev, GoState, ProcState

TRANSITION: Final = "StateTransition"
EXPERIMENTAL: Final = "Experimental"
_KINDS: Final[Mapping[Ev, str]] = {
    Ev.CPU_SAMPLE: "StackSample",
    Ev.PROCS_CHANGE: "Metric",
    Ev.HEAP_ALLOC: "Metric",
    Ev.HEAP_GOAL: "Metric",
    Ev.STW_BEGIN: "RangeBegin",
    Ev.STW_END: "RangeEnd",
    Ev.GC_ACTIVE: "RangeActive",
    Ev.GC_BEGIN: "RangeBegin",
    Ev.GC_END: "RangeEnd",
    Ev.GC_SWEEP_ACTIVE: "RangeActive",
    Ev.GC_SWEEP_BEGIN: "RangeBegin",
    Ev.GC_SWEEP_END: "RangeEnd",
    Ev.GC_MARK_ASSIST_ACTIVE: "RangeActive",
    Ev.GC_MARK_ASSIST_BEGIN: "RangeBegin",
    Ev.GC_MARK_ASSIST_END: "RangeEnd",
    Ev.GO_LABEL: "Label",
    Ev.USER_TASK_BEGIN: "TaskBegin",
    Ev.USER_TASK_END: "TaskEnd",
    Ev.USER_REGION_BEGIN: "RegionBegin",
    Ev.USER_REGION_END: "RegionEnd",
    Ev.USER_LOG: "Log",
    Ev.SYNC: "Sync",
}
METRICS: Final[Mapping[int, str]] = {
    Ev.PROCS_CHANGE: "/sched/gomaxprocs:threads",
    Ev.HEAP_ALLOC: "/memory/classes/heap/objects:bytes",
    Ev.HEAP_GOAL: "/gc/heap/goal:bytes",
}
GO_STATES: Final[Mapping[int, str]] = {
    GoState.UNDETERMINED: "Undetermined",
    GoState.RUNNABLE: "Runnable",
    GoState.RUNNING: "Running",
    GoState.SYSCALL: "Syscall",
    GoState.WAITING: "Waiting",
    GoState.NOT_EXIST: "NotExist",
}
PROC_STATES: Final[Mapping[int, str]] = {
    ProcState.UNDETERMINED: "Undetermined",
    ProcState.RUNNING: "Running",
    ProcState.IDLE: "Idle",
    # of these Go's reader tells only whether the P was in use
    ProcState.SYSCALL: "Running",
    ProcState.SYSCALL_ABANDONED: "Idle",
    ProcState.NOT_EXIST: "NotExist",
}
CHANGES: Final[Mapping[int, tuple[str, str]]] = {
    Ev.GO_CREATE: ("NotExist", "Runnable"),
    Ev.GO_CREATE_BLOCKED: ("NotExist", "Waiting"),
    Ev.GO_CREATE_SYSCALL: ("NotExist", "Syscall"),
    Ev.GO_START: ("Runnable", "Running"),
    Ev.GO_DESTROY: ("Running", "NotExist"),
    Ev.GO_DESTROY_SYSCALL: ("Syscall", "NotExist"),
    Ev.GO_STOP: ("Running", "Runnable"),
    Ev.GO_BLOCK: ("Running", "Waiting"),
    Ev.GO_UNBLOCK: ("Waiting", "Runnable"),
    Ev.GO_SWITCH: ("Waiting", "Runnable"),
    Ev.GO_SWITCH_DESTROY: ("Waiting", "Runnable"),
    Ev.GO_SYSCALL_BEGIN: ("Running", "Syscall"),
    Ev.GO_SYSCALL_END: ("Syscall", "Running"),
    Ev.GO_SYSCALL_END_BLOCKED: ("Syscall", "Runnable"),
}
"""The state of a goroutine before and after an event."""
OF_ANOTHER: Final = frozenset(
    {
        Ev.GO_CREATE,
        Ev.GO_CREATE_BLOCKED,
        Ev.GO_CREATE_SYSCALL,
        Ev.GO_START,
        Ev.GO_UNBLOCK,
        Ev.GO_SWITCH,
        Ev.GO_SWITCH_DESTROY,
        Ev.GO_STATUS,
        Ev.GO_STATUS_STACK,
        Ev.GC_MARK_ASSIST_ACTIVE,
        Ev.GC_MARK_ASSIST_BEGIN,
    }
)
"""Events about the goroutine of their first argument; all others are about the context's."""
CREATIONS: Final = frozenset({Ev.GO_CREATE, Ev.GO_CREATE_BLOCKED})
"""Their third argument is the new goroutine's stack."""
OWN_STACK: Final = frozenset({Ev.GO_STOP, Ev.GO_BLOCK, Ev.GO_SYSCALL_BEGIN, Ev.GO_STATUS_STACK})
"""The stack is that of the goroutine whose state changes."""
_ARGUMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "Span": ("id", "npages_value", "kindclass"),
    "SpanAlloc": ("id", "npages_value", "kindclass"),
    "SpanFree": ("id",),
    "HeapObject": ("id", "type"),
    "HeapObjectAlloc": ("id", "type"),
    "HeapObjectFree": ("id",),
    "GoroutineStack": ("id", "order"),
    "GoroutineStackAlloc": ("id", "order"),
    "GoroutineStackFree": ("id",),
}


def kind(event: Ev) -> str:
    """Return the kind of an event, such as "StateTransition"."""
    return _KINDS.get(event) or (EXPERIMENTAL if event >= Ev.SPAN else TRANSITION)


def wire_name(event: Ev) -> str:
    """Return the name of an event's type, such as "GoBlock"."""
    words = event.name.removeprefix("USER_").split("_")
    upper = {"STW", "GC", "CPU"}
    name = "".join(word if word in upper else word.capitalize() for word in words)
    return f"User{name}" if event.name.startswith("USER_") else name


def proc_change(event: int, states: int) -> tuple[str, str]:
    """Return the state of a P before and after an event.

    Args:
        states: the event's second value: both states of a ProcStatus, the one before of a ProcSteal.
    """
    if event == Ev.PROC_STATUS:
        return PROC_STATES[states >> 8], PROC_STATES[states & 0xFF]
    if event == Ev.PROC_STEAL:
        return PROC_STATES[states], "Idle"
    return ("Idle", "Running") if event == Ev.PROC_START else ("Running", "Idle")


def arguments(event: Ev) -> tuple[str, ...]:
    """Return the names of an experiment's event's arguments."""
    return _ARGUMENTS[wire_name(event)]
