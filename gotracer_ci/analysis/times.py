"""How long something was in which state of its goroutine."""

from __future__ import annotations

from typing import NamedTuple

from gotracer_ci.trace.spec import LARGEST


class Times(NamedTuple):
    """How long a life was in which state, ns. The parts of `runnable` are None where Go's definitions do not have them.

    runnable_created: from its creation until it first ran. runnable_unblocked: after a wait, or since before the trace.
    runnable_yielded: after runtime.Gosched or a preemption. runnable_syscall: after a system call that lost its P.
    syscall: in a system call with a P. syscall_blocked: in one that has lost its P. unknown: 0 but in Go's definitions.
    """

    running: int
    runnable: int
    waiting: int
    syscall: int
    syscall_blocked: int
    runnable_created: int | None = None
    runnable_unblocked: int | None = None
    runnable_yielded: int | None = None
    runnable_syscall: int | None = None
    unknown: int = 0


def times_of(parts: tuple[int, ...]) -> Times:
    """Return the times from those by `observers.parts.PARTS`."""
    running, created, unblocked, yielded, syscall_exit, waiting, syscall, blocked = parts
    runnable = min(created + unblocked + yielded + syscall_exit, LARGEST)
    return Times(running, runnable, waiting, syscall, blocked, created, unblocked, yielded, syscall_exit)
