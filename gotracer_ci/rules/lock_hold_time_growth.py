"""Locks that are held for longer than before.

Detects
-------
A lock that goroutines hold for longer than in the baseline: more I/O, more computing, or another lock under it.

Why it matters
--------------
Whoever wants the lock waits for its holder. How long goroutines wait for a lock depends on when they happen to come, so
only a large change can be told from noise. How long they hold it depends on the code.

How it is measured
------------------
Of the goroutines that waited in `sync.(*Mutex).Lock`, `(*RWMutex).Lock` or `RLock`: from the moment such a goroutine
runs with the lock to the moment it unlocks it in the same function and thereby wakes another one. The time in which it
is runnable, because there is no free P, does not count. Holds that nobody waits for leave no trace.

The 10th percentile is compared: the machine adds to the longer holds first. It is taken over all traces of a job
together, with the bounds that the number of holds allows (two standard errors). A lock is held for longer if the
lower bound of this run is above 1.15 × the upper bound of every job, and if the difference adds up to 5 ms, or 0.5 % of
the run if that is more. From eight jobs on, the highest one is left out. Each side needs 20 holds a trace, and at least
half of the jobs must have the lock. Three jobs or three base traces can confirm it.

Thresholds
----------
None: it only speaks if there is a baseline or base traces.

What to do
----------
Look at what the holders do, which the finding shows if it is known. Do less under the lock: no I/O, no large
allocations and no calls of unknown length.

Limits
------
A lock with fewer than 20 contended holds in a trace is not seen. If only a few holds get longer, the 10th percentile
stays; see MutexContention for the time that goroutines wait. A lock that one function takes and another one gives back
is seen only if their names say that this is all they do, such as `acquire` and `release`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.holds import HoldGroup
from gotracer_ci.analysis.intervals import IntervalKind
from gotracer_ci.findings import Finding, Holders
from gotracer_ci.limits import EVERY_KIND, HOLDS, Limit
from gotracer_ci.rules import wording
from gotracer_ci.rules.event_times import finding, merged
from gotracer_ci.rules.holders import holders
from gotracer_ci.rules.rule import Measured, Rule, documented
from gotracer_ci.rules.sync_waits import MUTEX, READ_LOCK, WRITE_LOCK, primitive

HELD = "held "


@dataclass(frozen=True, kw_only=True, eq=False)
class LockHoldTimeGrowth(Rule):
    def measure(self, facts: Facts) -> Iterator[Measured]:
        for group in merged(facts.holds, _named):
            yield group.measured(self.name, HOLDS.quantile)

    def explain(self, facts: Facts, measured: Measured) -> Finding:
        worst = next(
            group for group in _largest_first(facts.holds) if _named(group) == (measured.key.kind, measured.key.place)
        )
        lock = measured.key.kind.removeprefix(HELD)
        return finding(
            measured,
            worst.stack,
            message=f"{wording.where(worst.stack)} held {lock} for {{times}}",
            detail=(
                f"Time from when a goroutine that had waited in {lock} ran with the lock until it unlocked it, without "
                "the time in which it was runnable."
            ),
            suggestion=self.suggestion,
            holders=_holders(facts, measured),
        )

    def limits(self) -> dict[str, Limit]:
        return {EVERY_KIND: HOLDS}


def _named(group: HoldGroup) -> tuple[str, str] | None:
    lock = primitive(group.stack.functions)
    if lock not in (MUTEX, WRITE_LOCK, READ_LOCK) or group.stack.own is None:
        return None
    return f"{HELD}{lock}", group.stack.place


def _largest_first(groups: tuple[HoldGroup, ...]) -> list[HoldGroup]:
    return sorted(groups, key=lambda group: -group.total_ns)


def _holders(facts: Facts, measured: Measured) -> Holders | None:
    """Return what the holders did while another goroutine waited at the same place, for the longest such wait."""
    waits = (
        interval
        for group in facts.intervals
        if group.kind is IntervalKind.WAITING
        and group.stack.place == measured.key.place
        and f"{HELD}{primitive(group.stack.functions)}" == measured.key.kind
        for interval in group.worst
        if interval.holding
    )
    longest = max(waits, key=lambda interval: interval.length_ns, default=None)
    return holders(longest.holding) if longest and longest.holding else None


RULE = LockHoldTimeGrowth(
    info=documented("LockHoldTimeGrowth", __doc__),
    suggestion="Do less under the lock: no I/O, no large allocations and no calls of unknown length.",
)
