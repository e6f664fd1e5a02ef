"""The sync primitive that a stack waits on, with the function names of Go 1.19 to 1.27."""

from __future__ import annotations

import pytest

from gotracer_ci.rules.sync_waits import primitive

LOCK = "sync.(*Mutex).Lock"
SLOW = "sync.(*Mutex).lockSlow"
ONCE = "sync.(*Once).Do"
COND = "sync.(*Cond).Wait"
READ_LOCK = "sync.(*RWMutex).RLock"


@pytest.mark.parametrize(
    ("stack", "called"),
    [
        ([LOCK, "main.f"], LOCK),
        (["sync.runtime_SemacquireMutex", SLOW, LOCK, "main.f"], LOCK),
        (["internal/sync.(*Mutex).lockSlow", "internal/sync.(*Mutex).Lock", LOCK, "main.f"], LOCK),
        (["runtime.gopark", "runtime.goparkunlock", "runtime.semacquire1", SLOW, LOCK, "main.f"], LOCK),
        ([SLOW, "main.f"], LOCK),
        ([READ_LOCK, "main.f"], READ_LOCK),
        ([READ_LOCK, "sync.(*rlocker).Lock", "main.f"], READ_LOCK),
        ([SLOW, LOCK, "sync.(*RWMutex).Lock", "main.f"], "sync.(*RWMutex).Lock"),
        ([LOCK, "sync.(*Once).doSlow", ONCE, "main.f"], ONCE),
        ([LOCK, "sync.(*Once).doSlow", "main.f"], ONCE),
        ([LOCK, "sync.(*Once).doSlow", ONCE, "sync.OnceValue[...].func1", "main.f"], ONCE),
        ([LOCK, "sync.(*Once).doSlow", ONCE, "main.main.OnceValue[...].func7", "main.f"], ONCE),
        (["sync.runtime_Semacquire", "sync.(*WaitGroup).Wait", "main.f"], "sync.(*WaitGroup).Wait"),
        (["sync.runtime_SemacquireWaitGroup", "sync.(*WaitGroup).Wait", "main.f"], "sync.(*WaitGroup).Wait"),
        (["sync.runtime_notifyListWait", COND, "main.f"], COND),
        # a goroutine that was signalled waits for the lock
        ([LOCK, COND, "main.f"], LOCK),
        ([READ_LOCK, "sync.(*rlocker).Lock", COND, "main.f"], READ_LOCK),
        ([LOCK, "sync.(*Pool).pinSlow", "sync.(*Pool).Get", "main.f"], "sync.Pool"),
        ([LOCK, "sync.(*Map).Swap", "sync.(*Map).Store", "main.f"], "sync.Map"),
        (["internal/sync.(*Mutex).Lock", "internal/sync.(*HashTrieMap[...]).Swap", "sync.(*Map).Store"], "sync.Map"),
        (["internal/sync.(*Mutex).Lock", "internal/sync.(*HashTrieMap[...]).LoadOrStore", "unique.Make[...]"], "sync"),
        # the wait is not for the lock of an outer caller
        (["sync.(*WaitGroup).Wait", "main.f", ONCE, "main.g"], "sync.(*WaitGroup).Wait"),
        (["internal/poll.runtime_Semacquire", "internal/poll.(*fdMutex).rwlock"], "sync"),
        (["example.com/sync.(*Mutex).Lock", "main.f"], "sync"),
        (["runtime.gcStart", "runtime.mallocgc", "main.f"], None),
        (["runtime.semacquire", "runtime.stopTheWorldGC", "runtime.GOMAXPROCS", "main.main"], None),
        ([], None),
    ],
)  # fmt: skip
def test_primitive(stack: list[str], called: str | None) -> None:
    assert primitive(stack) == called
