"""The changes that can be injected into our programs: regressions, and what must stay silent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gotracer_ci.findings import Key

_DISK = ("main.(*journal).write", "main.(*journal).flush", "main.waitForDisk")
_LEDGER = ("main.(*ledger).add",)
_ORDERS = "example.com/orders."
_LOCK = ("LockHoldTimeGrowth", "MutexContention")
_DISK_LOCK = (*_LOCK, "BlockedOnSyscall", "WaitTimeGrowth")


@dataclass(frozen=True, slots=True)
class Change:
    """A difference between the judged run and its reference.

    A regression is found if any of the rules reports any of the places. Without rules, anything that is reported is a
    false alarm. arguments: of the program; without any, `-change NAME`.
    """

    program: str
    name: str
    what: str
    rules: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()

    @property
    def is_regression(self) -> bool:
        return bool(self.rules)

    def found(self, keys: Iterable[Key]) -> bool:
        return any(key.rule in self.rules and not _places_of(key).isdisjoint(self.places) for key in keys)


def _places_of(key: Key) -> set[str]:
    """Return the places of a finding. Some rules name two: "a in b" or "a to b"."""
    return set(key.place.replace(" in ", " to ").split(" to "))


def _orders(name: str, what: str, rules: str = "", *functions: str, arguments: tuple[str, ...] = ()) -> Change:
    places = tuple(f"{_ORDERS}{function}" for function in functions)
    return Change("orders", name, what, tuple(rules.split()), places, arguments)


CHANGES: Final = (
    Change("shop", "lock", "a new lock on the hot path", ("MutexContention",), ("main.(*visits).count",)),
    Change("shop", "io2", "2 × the I/O under a lock", _DISK_LOCK, _DISK),
    Change("shop", "cpu2", "2 × the CPU time under a lock", _LOCK, _LEDGER),
    Change(
        "shop",
        "syscalls",
        "20 more system calls per request",
        ("BlockedOnSyscall", "WaitCountGrowth"),
        ("main.checkPermission",),
    ),
    Change("shop", "leak3", "3 goroutines that never end", ("GoroutineLeak", "GoroutineLeakGrowth"), ("main.leak",)),
    Change("shop", "hog1", "one busy goroutine", ("HighSchedulingLatency",), ("main.spinForNothing",)),
    Change("shop", "hog", "a busy goroutine for each P", ("HighSchedulingLatency",), ("main.spinForNothing",)),
    Change("shop", "alloc1.5", "1.5 × the bytes allocated", ("HeapGrowthSpike",), ("",)),
    Change("shop", "alloc3", "3 × the bytes allocated", ("HeapGrowthSpike",), ("",)),
    Change("shop", "io1.3", "1.3 × the I/O under a lock", _DISK_LOCK, _DISK),
    Change("shop", "cpu1.3", "1.3 × the CPU time under a lock", _LOCK, _LEDGER),
    Change("shop", "work1.3", "1.3 × the CPU time under no lock", ("CpuTimeGrowth",), ("main.(*service).showArticle",)),
    _orders("nplus1", "one more query for each row", "WaitCountGrowth", "(*database).query", "catalog"),
    _orders("bytewise", "reads byte by byte", "WaitCountGrowth", "unbuffered.ReadByte", "countLines"),
    _orders("serial", "1 worker instead of 8", "ConcurrencyChange", "pack"),
    _orders("unbuffered", "a channel without its buffer", "WaitCountGrowth", "ship", "ship.func"),
    _orders("slowregion", "30 × the time in a region", "RegionDurationGrowth", "refresh"),
    _orders("churn", "20 × the goroutines", "GoroutineCreationGrowth", "notify"),
    _orders("leak1", "one goroutine is left", "GoroutineLeak", "confirm"),
    _orders("leak2", "two goroutines are left", "GoroutineLeak", "confirm"),
    _orders("unclosed", "bodies of responses are not closed", "GoroutineLeak", "fetch"),
    _orders("vario2", "2 × varying I/O under a lock", " ".join(_DISK_LOCK), "(*ledger).book", "waitForDisk"),
    _orders("vario1.3", "1.3 × varying I/O under a lock", " ".join(_DISK_LOCK), "(*ledger).book", "waitForDisk"),
    _orders("added", "one more test", arguments=("-test.skip=^$",)),
    _orders("count2", "each test runs twice", arguments=("-test.count=2",)),
    _orders("renamed", "a method has another name"),
    Change("orders-bench", "faster", "benchmarks that are four times as fast"),
)
BY_NAME: Final = {change.name: change for change in CHANGES}
