"""Tell which primitive of package sync a goroutine waits on. Go gives the reason "sync" to all of them."""

from __future__ import annotations

from collections.abc import Sequence

WAIT_GROUP = "sync.(*WaitGroup).Wait"
COND = "sync.(*Cond).Wait"

_BELOW = ("runtime.", "internal/sync.")
_SYNC = "sync."


def primitive(functions: Sequence[str]) -> str | None:
    """Return the function of package sync that the program called, such as "sync.(*Mutex).Lock".

    The stack, leaf first, begins with frames of the runtime, then of sync. The outermost of sync is what the program
    called: a `sync.(*Once).Do` waits in a `sync.(*Mutex).Lock`. `internal/poll` uses the same semaphores for its
    descriptors. None if the runtime itself waits.
    """
    called = None
    for function in functions:
        if function.startswith(_SYNC):
            called = function
        elif called is not None:
            break
        elif function.startswith("internal/poll."):
            return "internal/poll.(*fdMutex)"
        elif not function.startswith(_BELOW):
            return None
    return _public(called) if called else None


def _public(function: str) -> str:
    """Return the exported method of a helper: "sync.(*Once).doSlow" → "sync.(*Once).Do" if the caller was inlined."""
    return {
        "sync.(*Mutex).lockSlow": "sync.(*Mutex).Lock",
        "sync.(*Once).doSlow": "sync.(*Once).Do",
        "sync.(*RWMutex).rLockSlow": "sync.(*RWMutex).RLock",
    }.get(function, function)
