# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""The parts of a goroutine's time: what is not in one is in another, so they sum to the whole."""

from __future__ import annotations

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec

PARTS = (
    "running",
    "runnable_created",
    "runnable_unblocked",
    "runnable_yielded",
    "runnable_syscall",
    "waiting",
    "syscall",
    "syscall_blocked",
)

_IS_RUNNABLE = cython.declare(cython.int, spec.IntervalKind.RUNNABLE)
_IS_RUNNING = cython.declare(cython.int, spec.IntervalKind.RUNNING)
_IS_SYSCALL = cython.declare(cython.int, spec.IntervalKind.SYSCALL)
_BEFORE = cython.declare(cython.int, spec.BEFORE)
_LARGEST = cython.declare(cython.longlong, spec.LARGEST)


@cython.cfunc
@cython.exceptval(check=False)
def part_of(kind: cython.int, reason: cython.int, flags: cython.int) -> cython.int:
    """Return the index in `PARTS` of an interval of a goroutine's state; of a system call, before it loses its P."""
    if kind == _IS_RUNNING:
        return 0
    if kind == _IS_SYSCALL:
        return 6
    if kind != _IS_RUNNABLE:
        return 5
    # the kernel's reasons: 1 unblocked, 2 created, 3 back from a system call; others are the program's yields
    return 1 if reason == 2 else 4 if reason == 3 else 2 if reason == 1 or flags & _BEFORE else 3


@cython.cfunc
@cython.exceptval(check=False)
def plus(total: cython.longlong, length: cython.longlong) -> cython.longlong:
    """Return the sum, which saturates; no sum of a real trace comes near."""
    return total + length if length <= _LARGEST - total else _LARGEST
