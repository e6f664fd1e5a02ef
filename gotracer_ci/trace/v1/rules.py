"""What each event of the old format requires before it may happen, as data."""

from __future__ import annotations

from gotracer_ci.trace.v1.spec import BLOCKS, YIELDS, Old

NONE, RUNNABLE, RUNNING, WAITING = range(4)
"""The states of a goroutine, as far as the order is concerned."""

SAME, NEXT, SECOND, IS_0, IS_1, FIRST, UNORDERED = range(7)
"""The sequence number that an event requires.

SAME: any, which stays. NEXT: any, which is counted up. SECOND: exactly the second argument. IS_0, IS_1: 0 or 1. FIRST:
the first argument. UNORDERED: none.
"""

RULES: dict[int, tuple[int, int, int]] = {
    Old.GO_CREATE: (IS_0, NONE, RUNNABLE),
    Old.GO_WAITING: (IS_1, RUNNABLE, WAITING),
    Old.GO_IN_SYSCALL: (IS_1, RUNNABLE, WAITING),
    Old.GO_START: (SECOND, RUNNABLE, RUNNING),
    Old.GO_START_LABEL: (SECOND, RUNNABLE, RUNNING),
    Old.GO_START_LOCAL: (NEXT, RUNNABLE, RUNNING),
    Old.GO_UNBLOCK: (SECOND, WAITING, RUNNABLE),
    Old.GO_SYS_EXIT: (SECOND, WAITING, RUNNABLE),
    Old.GO_UNBLOCK_LOCAL: (NEXT, WAITING, RUNNABLE),
    Old.GO_SYS_EXIT_LOCAL: (NEXT, WAITING, RUNNABLE),
    # the collector, which is no goroutine
    Old.GC_START: (FIRST, NONE, NONE),
    **dict.fromkeys(BLOCKS, (SAME, RUNNING, WAITING)),
    **dict.fromkeys(YIELDS, (SAME, RUNNING, RUNNABLE)),
}
"""The sequence number that an event requires of its subject, the state before, and the state after."""
FREE = (UNORDERED, NONE, NONE)
