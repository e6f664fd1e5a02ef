"""How long locks were held by goroutines that had waited for them.

How long a goroutine waits for a lock depends on who else happens to come. How long it then holds the lock is a property
of the code, and hardly varies from run to run. The trace does not say when a goroutine took a lock that was free.
"""

from __future__ import annotations

from dataclasses import dataclass

from gotracer_ci.analysis.calls import Call, Calls, Operation
from gotracer_ci.analysis.histogram import Histogram
from gotracer_ci.analysis.stacks import Stack, Stacks
from gotracer_ci.source.place import normalise
from gotracer_ci.trace.observers.holds import Holds
from gotracer_ci.trace.tables import Tables

_READS = ".RLock", ".rLockSlow", "(*rlocker).Lock", "(*rlocker).Unlock", ".RUnlock", ".rUnlockSlow"


@dataclass(frozen=True, slots=True)
class HoldGroup:
    """The holds that began after waits with one stack.

    stack: of the wait. total_ns, longest_ns, counts: of the holds' lengths, without the time that the holder was
    runnable; counts: how many have which length (see `analysis.histogram`).
    """

    stack: Stack
    count: int
    total_ns: int
    longest_ns: int
    counts: Histogram


class HoldTimes:
    """Finds the hold times of a trace while it is read. observer: gets the intervals."""

    def __init__(self, tables: Tables, calls: Calls) -> None:
        self.observer = Holds(self._is_lock, self._site)
        self._tables = tables
        self._calls = calls
        self._sites: dict[tuple[str, bool], int] = {}

    def result(self, stacks: Stacks) -> tuple[HoldGroup, ...]:
        """Return the groups, in the order in which their first holds ended."""
        return tuple(
            HoldGroup(stacks[stack], count, total, longest, counts)
            for stack, count, total, longest, counts in self.observer.rows()
        )

    def _is_lock(self, reason: int) -> bool:
        """Return whether a wait with this reason can be for a lock. Before the trace began, there was no reason."""
        return self._tables.string(reason) in ("sync", "")

    def _site(self, stack: int) -> int:
        """Return the number of the function that locks or unlocks, and of what kind of lock (see `Holds`)."""
        call = self._calls[stack]
        if call is None:
            return -1
        leaves = [name for name, _, _ in self._tables.stack(stack)[: -len(call.below) - 1 or None]]
        if not _is_locking(call, leaves):
            return -1
        reads = any(name.endswith(_READS) for name in leaves)
        return self._sites.setdefault((normalise(call.function), reads), len(self._sites))


def _is_locking(call: Call, leaves: list[str]) -> bool:
    if call.operation is Operation.COND:
        # before a goroutine waits for a Cond, it unlocks
        return any(name.endswith((".Unlock", ".RUnlock")) for name in leaves)
    return call.operation is Operation.LOCK
