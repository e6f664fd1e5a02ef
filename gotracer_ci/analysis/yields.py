"""Waits in the run queue that are intended: a goroutine asked for them, or the test runner made it wait its turn."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import dropwhile, takewhile

_GOSCHED = "runtime.Gosched"
_GC = "runtime.GC"
_TEST_RUNNER = "testing."
_PRIMITIVES = ("runtime.", "sync.", "internal/")


def is_intended(reason: str, functions: Sequence[str]) -> bool:
    """Whether the goroutine yielded, or waits in `runtime.GC` until a whole collection is done, or in the test runner.

    functions: of the stack, leaf first.

    The test runner starts all parallel tests and subtests at the same time, and then as many as there are Ps can run.
    """
    inside = takewhile(lambda name: name.startswith("runtime."), functions)
    return reason == _GOSCHED or _GC in inside or in_test_runner(functions)


def in_test_runner(functions: Sequence[str]) -> bool:
    """Whether the wait with this stack, leaf first, is the testing package's own."""
    caller = next(dropwhile(lambda name: name.startswith(_PRIMITIVES), functions), "")
    return caller.startswith(_TEST_RUNNER)
