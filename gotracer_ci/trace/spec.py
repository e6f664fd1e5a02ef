"""The wire format of Go 1.22 and later, as data.

Facts from Go's `internal/trace/tracev2` and `internal/trace/version`: numbers, argument order and the version
that introduced each event. The format's versions are fewer than Go's: Go 1.24 writes "1.23", Go 1.27 writes "1.26".
"""

from __future__ import annotations

from enum import IntEnum

HEADER = b"go 1.%d trace\x00\x00\x00"
HEADER_SIZE = 16
VERSIONS = (22, 23, 25, 26)
"""Versions of the format that has generations."""
OLD_VERSIONS = (11, 19, 21)
"""Versions of the old format (Go 1.11 to 1.21): see `v1`."""

CLOCK_SNAPSHOT_SINCE = 25
"""Since this version a Sync batch holds Frequency and ClockSnapshot; before, a batch of its own holds Frequency."""
END_OF_GENERATION_SINCE = 26
"""Since this version a byte ends each generation; before, the next generation's first batch does."""

MAX_BATCH_SIZE = 64 << 10
MAX_FRAMES = 128
MAX_STRING_SIZE = 1 << 10
MAX_PROCS = 1 << 15
LARGEST = (1 << 63) - 1
"""Sums of times and sizes saturate there."""
MAX_TIME = 4_000_000_000_000_000_000
"""The largest time, ns: 126 years. The sum of two larger ones could exceed a signed 64-bit number."""
NEVER = (1 << 63) - 1
"""Later than any time."""


class Ev(IntEnum):
    """Event types by their wire numbers. The reader adds SYNC: one at the start of each generation and at the end."""

    NONE = 0
    EVENT_BATCH = 1
    STACKS = 2
    STACK = 3
    STRINGS = 4
    STRING = 5
    CPU_SAMPLES = 6
    CPU_SAMPLE = 7
    FREQUENCY = 8
    PROCS_CHANGE = 9
    PROC_START = 10
    PROC_STOP = 11
    PROC_STEAL = 12
    PROC_STATUS = 13
    GO_CREATE = 14
    GO_CREATE_SYSCALL = 15
    GO_START = 16
    GO_DESTROY = 17
    GO_DESTROY_SYSCALL = 18
    GO_STOP = 19
    GO_BLOCK = 20
    GO_UNBLOCK = 21
    GO_SYSCALL_BEGIN = 22
    GO_SYSCALL_END = 23
    GO_SYSCALL_END_BLOCKED = 24
    GO_STATUS = 25
    STW_BEGIN = 26
    STW_END = 27
    GC_ACTIVE = 28
    GC_BEGIN = 29
    GC_END = 30
    GC_SWEEP_ACTIVE = 31
    GC_SWEEP_BEGIN = 32
    GC_SWEEP_END = 33
    GC_MARK_ASSIST_ACTIVE = 34
    GC_MARK_ASSIST_BEGIN = 35
    GC_MARK_ASSIST_END = 36
    HEAP_ALLOC = 37
    HEAP_GOAL = 38
    GO_LABEL = 39
    USER_TASK_BEGIN = 40
    USER_TASK_END = 41
    USER_REGION_BEGIN = 42
    USER_REGION_END = 43
    USER_LOG = 44
    GO_SWITCH = 45
    GO_SWITCH_DESTROY = 46
    GO_CREATE_BLOCKED = 47
    GO_STATUS_STACK = 48
    EXPERIMENTAL_BATCH = 49
    SYNC_BATCH = 50
    CLOCK_SNAPSHOT = 51
    END_OF_GENERATION = 52
    # the allocation experiment (GODEBUG=traceallocfree=1)
    SPAN = 128
    SPAN_ALLOC = 129
    SPAN_FREE = 130
    HEAP_OBJECT = 131
    HEAP_OBJECT_ALLOC = 132
    HEAP_OBJECT_FREE = 133
    GOROUTINE_STACK = 134
    GOROUTINE_STACK_ALLOC = 135
    GOROUTINE_STACK_FREE = 136
    SYNC = 255


def _args(names: str = "") -> tuple[str, ...]:
    return tuple(names.split())


TIMED: dict[Ev, tuple[str, ...]] = {
    Ev.PROCS_CHANGE: _args("procs stack"),
    Ev.PROC_START: _args("p p_seq"),
    Ev.PROC_STOP: _args(),
    Ev.PROC_STEAL: _args("p p_seq m"),
    Ev.PROC_STATUS: _args("p pstatus"),
    Ev.GO_CREATE: _args("new_g new_stack stack"),
    Ev.GO_CREATE_SYSCALL: _args("new_g"),
    Ev.GO_START: _args("g g_seq"),
    Ev.GO_DESTROY: _args(),
    Ev.GO_DESTROY_SYSCALL: _args(),
    Ev.GO_STOP: _args("reason_string stack"),
    Ev.GO_BLOCK: _args("reason_string stack"),
    Ev.GO_UNBLOCK: _args("g g_seq stack"),
    Ev.GO_SYSCALL_BEGIN: _args("p_seq stack"),
    Ev.GO_SYSCALL_END: _args(),
    Ev.GO_SYSCALL_END_BLOCKED: _args(),
    Ev.GO_STATUS: _args("g m gstatus"),
    Ev.STW_BEGIN: _args("kind_string stack"),
    Ev.STW_END: _args(),
    Ev.GC_ACTIVE: _args("gc_seq"),
    Ev.GC_BEGIN: _args("gc_seq stack"),
    Ev.GC_END: _args("gc_seq"),
    Ev.GC_SWEEP_ACTIVE: _args("p"),
    Ev.GC_SWEEP_BEGIN: _args("stack"),
    Ev.GC_SWEEP_END: _args("swept reclaimed"),
    Ev.GC_MARK_ASSIST_ACTIVE: _args("g"),
    Ev.GC_MARK_ASSIST_BEGIN: _args("stack"),
    Ev.GC_MARK_ASSIST_END: _args(),
    Ev.HEAP_ALLOC: _args("bytes"),
    Ev.HEAP_GOAL: _args("bytes"),
    Ev.GO_LABEL: _args("label_string"),
    Ev.USER_TASK_BEGIN: _args("task parent_task name_string stack"),
    Ev.USER_TASK_END: _args("task stack"),
    Ev.USER_REGION_BEGIN: _args("task name_string stack"),
    Ev.USER_REGION_END: _args("task name_string stack"),
    Ev.USER_LOG: _args("task key_string value_string stack"),
    Ev.GO_SWITCH: _args("g g_seq"),
    Ev.GO_SWITCH_DESTROY: _args("g g_seq"),
    Ev.GO_CREATE_BLOCKED: _args("new_g new_stack stack"),
    Ev.GO_STATUS_STACK: _args("g m gstatus stack"),
    Ev.SPAN: _args("id npages kindclass"),
    Ev.SPAN_ALLOC: _args("id npages kindclass"),
    Ev.SPAN_FREE: _args("id"),
    Ev.HEAP_OBJECT: _args("id type"),
    Ev.HEAP_OBJECT_ALLOC: _args("id type"),
    Ev.HEAP_OBJECT_FREE: _args("id"),
    Ev.GOROUTINE_STACK: _args("id order"),
    Ev.GOROUTINE_STACK_ALLOC: _args("id order"),
    Ev.GOROUTINE_STACK_FREE: _args("id"),
}
"""The events of a thread's batches: a type byte, a time difference, then these as unsigned varints.

An argument's name ends in its type where it has one: `_string` and `_stack` are ids of the generation's tables, `_seq`
orders the events of one goroutine, P or GC. The one named just "stack" is that of the context's goroutine.
"""


class GoState(IntEnum):
    """A goroutine's states: the wire's numbers, and two of Go's that are never on the wire."""

    UNDETERMINED = 0
    RUNNABLE = 1
    RUNNING = 2
    SYSCALL = 3
    WAITING = 4
    NOT_EXIST = 5


class IntervalKind(IntEnum):
    """What an interval is: a goroutine's state, or another time with a beginning and an end.

    IDLE_P: the part of a Runnable interval during which a P was idle. STW: a stop-the-world range. MARK_ASSIST, SWEEP,
    REGION: the ranges of these names.
    """

    RUNNABLE = GoState.RUNNABLE
    RUNNING = GoState.RUNNING
    SYSCALL = GoState.SYSCALL
    WAITING = GoState.WAITING
    IDLE_P = 5
    STW = 6
    MARK_ASSIST = 7
    SWEEP = 8
    REGION = 9


OPEN = 1
"""Flag of an interval that had not ended when the trace did, or when its goroutine did."""
BEFORE = 2
"""Flag of an interval that was under way when the trace began."""


class ProcState(IntEnum):
    """A P's states: the wire's numbers, and two of Go's that are never on the wire."""

    UNDETERMINED = 0
    RUNNING = 1
    IDLE = 2
    SYSCALL = 3
    SYSCALL_ABANDONED = 4
    NOT_EXIST = 5
