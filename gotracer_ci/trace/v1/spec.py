"""The wire format of Go 1.11 to 1.21 as data, and the terms of the newer format for it."""

from __future__ import annotations

from enum import IntEnum


class Old(IntEnum):
    """Event types by their wire numbers. SYSCALL_BLOCKS is not on the wire: a GO_SYSCALL that GO_SYS_BLOCK follows."""

    BATCH = 1
    FREQUENCY = 2
    STACK = 3
    GOMAXPROCS = 4
    PROC_START = 5
    PROC_STOP = 6
    GC_START = 7
    GC_DONE = 8
    STW_START = 9
    STW_DONE = 10
    SWEEP_START = 11
    SWEEP_DONE = 12
    GO_CREATE = 13
    GO_START = 14
    GO_END = 15
    GO_STOP = 16
    GO_SCHED = 17
    GO_PREEMPT = 18
    GO_SLEEP = 19
    GO_BLOCK = 20
    GO_UNBLOCK = 21
    GO_BLOCK_SEND = 22
    GO_BLOCK_RECV = 23
    GO_BLOCK_SELECT = 24
    GO_BLOCK_SYNC = 25
    GO_BLOCK_COND = 26
    GO_BLOCK_NET = 27
    GO_SYSCALL = 28
    GO_SYS_EXIT = 29
    GO_SYS_BLOCK = 30
    GO_WAITING = 31
    GO_IN_SYSCALL = 32
    HEAP_ALLOC = 33
    HEAP_GOAL = 34
    TIMER_GOROUTINE = 35
    FUTILE_WAKEUP = 36
    STRING = 37
    GO_START_LOCAL = 38
    GO_UNBLOCK_LOCAL = 39
    GO_SYS_EXIT_LOCAL = 40
    GO_START_LABEL = 41
    GO_BLOCK_GC = 42
    ASSIST_START = 43
    ASSIST_DONE = 44
    TASK_CREATE = 45
    TASK_END = 46
    REGION = 47
    LOG = 48
    CPU_SAMPLE = 49
    SYSCALL_BLOCKS = 63


_ARGUMENTS = {
    Old.GOMAXPROCS: "procs stack",
    Old.PROC_START: "thread",
    Old.PROC_STOP: "",
    Old.GC_START: "gc_seq stack",
    Old.GC_DONE: "",
    Old.STW_START: "kind",
    Old.STW_DONE: "",
    Old.SWEEP_START: "stack",
    Old.SWEEP_DONE: "swept reclaimed",
    Old.GO_CREATE: "new_g new_stack stack",
    Old.GO_START: "g g_seq",
    Old.GO_END: "",
    Old.GO_STOP: "stack",
    Old.GO_SCHED: "stack",
    Old.GO_PREEMPT: "stack",
    Old.GO_SLEEP: "stack",
    Old.GO_BLOCK: "stack",
    Old.GO_UNBLOCK: "g g_seq stack",
    Old.GO_BLOCK_SEND: "stack",
    Old.GO_BLOCK_RECV: "stack",
    Old.GO_BLOCK_SELECT: "stack",
    Old.GO_BLOCK_SYNC: "stack",
    Old.GO_BLOCK_COND: "stack",
    Old.GO_BLOCK_NET: "stack",
    Old.GO_SYSCALL: "stack",
    Old.GO_SYS_EXIT: "g g_seq time",
    Old.GO_SYS_BLOCK: "",
    Old.GO_WAITING: "g",
    Old.GO_IN_SYSCALL: "g",
    Old.HEAP_ALLOC: "bytes",
    Old.HEAP_GOAL: "bytes",
    Old.FUTILE_WAKEUP: "",
    Old.GO_START_LOCAL: "g",
    Old.GO_UNBLOCK_LOCAL: "g stack",
    Old.GO_SYS_EXIT_LOCAL: "g time",
    Old.GO_START_LABEL: "g g_seq label_string",
    Old.GO_BLOCK_GC: "stack",
    Old.ASSIST_START: "stack",
    Old.ASSIST_DONE: "",
    Old.TASK_CREATE: "task parent_task name_string stack",
    Old.TASK_END: "task stack",
    Old.REGION: "task mode name_string stack",
    Old.LOG: "task key_string stack",  # the message follows as text
    Old.CPU_SAMPLE: "time p g stack",
}
TIMED = {event: tuple(names.split()) for event, names in _ARGUMENTS.items()}
"""Arguments of the timed events, after the type byte and the time difference. One named `stack` is always the last."""

STARTS = {Old.GO_START, Old.GO_START_LOCAL, Old.GO_START_LABEL}
BLOCKS = {
    Old.GO_SLEEP,
    Old.GO_BLOCK,
    Old.GO_BLOCK_SEND,
    Old.GO_BLOCK_RECV,
    Old.GO_BLOCK_SELECT,
    Old.GO_BLOCK_SYNC,
    Old.GO_BLOCK_COND,
    Old.GO_BLOCK_NET,
    Old.GO_BLOCK_GC,
    Old.GO_SYS_BLOCK,
}
YIELDS = {Old.GO_SCHED, Old.GO_PREEMPT}
LEAVES = {Old.GO_END, Old.GO_STOP} | YIELDS | BLOCKS
"""After these the P runs no goroutine."""
NAMES_CONTEXT = {Old.GO_SYS_EXIT, Old.GO_WAITING, Old.GO_IN_SYSCALL} | STARTS
"""Their first argument is the goroutine that they belong to."""
NAMES_OTHER = {Old.GO_CREATE, Old.GO_UNBLOCK, Old.GO_UNBLOCK_LOCAL, Old.GO_SYS_EXIT_LOCAL}
"""Their first argument is another goroutine. (Go's reader gives GO_SYS_EXIT_LOCAL to what its P ran last.)"""

TIMER_P = 1_000_001
NETPOLL_P = 1_000_002
SYSCALL_P = 1_000_003
GC_P = 1_000_004
"""Stand-ins for a P: for the timers and the network poller of the runtime, for ends of system calls, for GC cycles."""

BLOCK_REASONS: dict[int, bytes] = {
    Old.GO_STOP: b"forever",
    Old.GO_SLEEP: b"sleep",
    Old.GO_BLOCK: b"",
    Old.GO_BLOCK_SEND: b"chan send",
    Old.GO_BLOCK_RECV: b"chan receive",
    Old.GO_BLOCK_SELECT: b"select",
    Old.GO_BLOCK_SYNC: b"sync",
    Old.GO_BLOCK_COND: b"sync.(*Cond).Wait",
    Old.GO_BLOCK_NET: b"network",
    Old.GO_BLOCK_GC: b"GC mark assist wait for work",
}
STOP_REASONS: dict[int, bytes] = {Old.GO_SCHED: b"runtime.Gosched", Old.GO_PREEMPT: b"preempted"}
STW_KINDS = (
    b"",
    b"GC mark termination",
    b"GC sweep termination",
    b"write heap dump",
    b"goroutine profile",
    b"goroutine profile cleanup",
    b"all goroutine stack trace",
    b"read mem stats",
    b"AllThreadsSyscall",
    b"GOMAXPROCS",
    b"start trace",
    b"stop trace",
    b"CountPagesInUse (test)",
    b"ReadMetricsSlow (test)",
    b"ReadMemStatsSlow (test)",
    b"PageCachePagesLeaked (test)",
    b"ResetDebugLog (test)",
)
"""By their number in Go 1.21. In older versions 0 and 1 are the first two with a name."""
STW_KINDS_SINCE = 21
CPU_SAMPLES_SINCE = 19
