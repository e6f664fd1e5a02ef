"""The sync primitive that a stack waits on, with the function names of Go 1.22 to 1.27."""

from __future__ import annotations

import pytest

from gotracer_ci.rules.sync_waits import primitive

LOCK = "sync.(*Mutex).Lock"
SLOW = "sync.(*Mutex).lockSlow"
ONCE = "sync.(*Once).Do"


@pytest.mark.parametrize(
    ("stack", "called"),
    [
        ([LOCK, "main.f"], LOCK),
        (["sync.runtime_SemacquireMutex", SLOW, LOCK, "main.f"], LOCK),
        (["internal/sync.(*Mutex).lockSlow", "internal/sync.(*Mutex).Lock", LOCK, "main.f"], LOCK),
        ([SLOW, "main.f"], LOCK),
        (["sync.(*RWMutex).RLock", "main.f"], "sync.(*RWMutex).RLock"),
        ([SLOW, LOCK, "sync.(*RWMutex).Lock", "main.f"], "sync.(*RWMutex).Lock"),
        ([LOCK, "sync.(*Once).doSlow", ONCE, "main.f"], ONCE),
        ([LOCK, "sync.(*Once).doSlow", "main.f"], ONCE),
        (["sync.runtime_Semacquire", "sync.(*WaitGroup).Wait", "main.f"], "sync.(*WaitGroup).Wait"),
        (["sync.runtime_notifyListWait", "sync.(*Cond).Wait", "main.f"], "sync.(*Cond).Wait"),
        ([LOCK, "sync.(*Pool).pinSlow", "sync.(*Pool).Get", "main.f"], "sync.(*Pool).Get"),
        # the wait is not for the lock of an outer caller
        (["sync.(*WaitGroup).Wait", "main.f", ONCE, "main.g"], "sync.(*WaitGroup).Wait"),
        (["internal/poll.runtime_Semacquire", "internal/poll.(*fdMutex).rwlock"], "internal/poll.(*fdMutex)"),
        (["runtime.gcStart", "runtime.mallocgc", "main.f"], None),
        (["runtime.semacquire", "runtime.stopTheWorldGC", "runtime.GOMAXPROCS", "main.main"], None),
        (["example.com/sync.(*Mutex).Lock", "main.f"], None),
        (["main.wait", ONCE], None),
        ([], None),
    ],
)  # fmt: skip
def test_primitive(stack: list[str], called: str | None) -> None:
    assert primitive(stack) == called
