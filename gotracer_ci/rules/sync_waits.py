"""Tell which primitive of package sync a goroutine waits on. Go gives the reason "sync" to all of them.

A kind is part of a fingerprint, so it is an exported name that every Go version has, never a function of the
implementation: Go 1.24 moved Mutex to internal/sync, and inlining decides which closures of OnceValue have a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import dropwhile, takewhile

MUTEX = "sync.(*Mutex).Lock"
WRITE_LOCK = "sync.(*RWMutex).Lock"
READ_LOCK = "sync.(*RWMutex).RLock"
ONCE = "sync.(*Once).Do"
MAP = "sync.Map"
POOL = "sync.Pool"
WAIT_GROUP = "sync.(*WaitGroup).Wait"
COND = "sync.(*Cond).Wait"
OTHER = "sync"
"""Any other semaphore, such as that of a file descriptor."""

_PRIMITIVES = {
    MUTEX: MUTEX,
    "sync.(*Mutex).lockSlow": MUTEX,
    WRITE_LOCK: WRITE_LOCK,
    READ_LOCK: READ_LOCK,
    "sync.(*RWMutex).rLockSlow": READ_LOCK,
    "sync.(*rlocker).Lock": READ_LOCK,
    ONCE: ONCE,
    "sync.(*Once).doSlow": ONCE,
    WAIT_GROUP: WAIT_GROUP,
}
_BY_TYPE = {"sync.(*Map).": MAP, "sync.(*Pool).": POOL}
_BLOCKS = ("runtime.gopark", "runtime.goparkunlock", "runtime.semacquire1")
_RUNTIME = ("runtime.", "runtime/")
_SYNC = ("sync.", "internal/sync.")


def primitive(functions: Sequence[str]) -> str | None:
    """Return the primitive that a goroutine with this stack and the reason "sync" or Cond's waits on.

    The stack is leaf first. The outermost primitive in the frames of sync is what the program called: a
    `sync.(*Once).Do` waits in a `sync.(*Mutex).Lock`. Only in `sync.(*Cond).Wait` it is the inner one: a goroutine that
    was signalled waits for its lock there. None if the runtime itself waits, or without a stack.
    """
    waiting = list(dropwhile(_BLOCKS.__contains__, functions))
    if not waiting or waiting[0].startswith(_RUNTIME):
        return None
    found = None
    for function in takewhile(lambda name: name.startswith(_SYNC), waiting):
        found = _exported(function, found) or found
    return found or OTHER


def _exported(function: str, inner: str | None) -> str | None:
    if function == COND:
        return inner or COND
    by_type = (name for prefix, name in _BY_TYPE.items() if function.startswith(prefix))
    return _PRIMITIVES.get(function) or next(by_type, None)
