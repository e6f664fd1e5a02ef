"""The regressions that can be injected into the shop, with the expected rules and places."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gotracer_ci.findings import Key

_DISK = ("main.(*journal).write", "main.(*journal).flush", "main.waitForDisk")


@dataclass(frozen=True, slots=True)
class Change:
    """One value of the shop's -change flag. It is found if any of the rules reports any of the places."""

    name: str
    what: str
    rules: tuple[str, ...]
    places: tuple[str, ...]

    def found(self, keys: Iterable[Key]) -> bool:
        return any(key.rule in self.rules and key.place in self.places for key in keys)


CHANGES: Final = (
    Change("lock", "a new lock on the hot path", ("MutexContention",), ("main.(*visits).count",)),
    Change("io2", "2 × the I/O under a lock", ("MutexContention", "BlockedOnSyscall"), _DISK),
    Change("cpu2", "2 × the CPU time under a lock", ("MutexContention",), ("main.(*ledger).add",)),
    Change("syscalls", "20 system calls more a request", ("BlockedOnSyscall",), ("main.checkPermission",)),
    Change("leak3", "3 goroutines that never end", ("GoroutineLeakGrowth",), ("main.leak",)),
    Change("hog1", "one busy goroutine", ("HighSchedulingLatency",), ("main.spinForNothing",)),
    Change("hog", "a busy goroutine for each P", ("HighSchedulingLatency",), ("main.spinForNothing",)),
    Change("leak10", "10 goroutines that never end", ("GoroutineLeakGrowth",), ("main.leak",)),
    Change("alloc1.5", "1.5 × the bytes allocated", ("HeapGrowthSpike",), ("",)),
    Change("alloc3", "3 × the bytes allocated", ("HeapGrowthSpike",), ("",)),
    Change("io1.3", "1.3 × the I/O under a lock", ("MutexContention", "BlockedOnSyscall"), _DISK),
)
BY_NAME: Final = {change.name: change for change in CHANGES}
