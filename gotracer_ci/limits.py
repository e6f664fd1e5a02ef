"""Limits of comparison: how much a group may grow before it is worse than the baseline. Each rule has its own.

Run to run, the total time of an unchanged program's waits varies by a factor, more for the scheduler's waits than for
locks and system calls. Its counters vary by a few percent at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from gotracer_ci.findings import Key

MS: Final = 1_000_000
MB: Final = 1_000_000
EVERY_KIND: Final = ""
LEAST_NS: Final = MS
"""How much longer a single event must at least be."""


class Limit(NamedTuple):
    """How much the groups of one class may grow.

    unit: "ns" for totals of times, "each" for the time of a single event, "count" or "bytes". tolerance, floor: a
    value is over the limit above `tolerance * before + floor`. share: the floor is at least this part of the run's
    wall time (see `of_run`). confirms: whether a value over the limit can be more than suspected. varies: more at a
    place that had it before is only suspected. everywhere: compared with runs of another Go version or GOMAXPROCS,
    too. by_medians: also worse if the medians say so (see `baseline.criteria`); only for waits that the program's own
    code causes. is_effect: may be the effect of another regression (see `baseline.causes`). noun: what a count
    counts, as a plural; "" if the number needs none. quantile: compare this quantile of the lengths of single events
    (see `baseline.quantiles`), 0 for none; the floor is then for the sum of what they exceed it by. by_speed: correct
    it for the machine's speed. of_base: how much the median may grow compared with base traces, 0 if it is not
    compared. jobs: how many jobs or base traces a changed count needs to be confirmed; of a total time, how many jobs
    it needs beside base traces; of a quantile, 0 compares base traces only. events: how many events a trace needs.
    per_work: it grows with the work that the program does. fewer: less is worse, too.
    """

    unit: str
    tolerance: float
    floor: float
    share: float = 0.0
    confirms: bool = True
    varies: bool = False
    everywhere: bool = False
    by_medians: bool = False
    is_effect: bool = False
    noun: str = ""
    quantile: float = 0.0
    by_speed: bool = False
    of_base: float = 0.0
    jobs: int = 1
    events: int = 5
    per_work: bool = False
    fewer: bool = False

    @property
    def is_timing(self) -> bool:
        return self.unit in ("ns", "each")

    def of_all(self, events: float) -> Limit:
        """Return the limit of the time of one event if so many together may be longer by the floor."""
        return self._replace(floor=max(LEAST_NS, self.floor / max(1.0, events)))

    def of_run(self, wall_ns: float) -> Limit:
        """Return the limit in a run of this length, with its share of it in the floor."""
        return self._replace(floor=max(self.floor, self.share * wall_ns), share=0.0)

    def above(self, before: float) -> float:
        """Return the value that a group must exceed to be more than noise, given its value before."""
        return self.tolerance * before + (0 if self.quantile else self.floor)

    def gone(self, value: float) -> bool:
        """Report whether a group counts as absent: a baseline file does not store total times below 1 ms."""
        return value < (MS if self.unit == "ns" else 1)


WAITS: Final = Limit("ns", 1.5, 5 * MS, share=0.005, by_medians=True)
"""Waits for locks."""
CALLS_IN_ALL: Final = WAITS._replace(varies=True)
"""System calls: how long a disk takes varies by a factor, so only more calls or longer ones are sure (see `CALLS`)."""
SCHEDULER: Final = Limit("ns", 3, 20 * MS, share=0.02)
"""Times that depend on the machine and on what else runs there."""
ASSISTS: Final = SCHEDULER._replace(jobs=5)
"""Mark assists: they also depend on when a collection starts, which base traces of the same moment do not tell."""
LEAKS: Final = Limit("count", 1.05, 0, everywhere=True, noun="goroutines")
"""Goroutines that were left: one more than ever before, or one in twenty where there are many."""
HOLDS: Final = Limit("each", 1.15, 5 * MS, share=0.005, quantile=0.1, jobs=3)
"""How long a lock is held. Run to run, it varies by 2 %."""
CPU: Final = HOLDS._replace(tolerance=1.2, floor=20 * MS, by_speed=True, confirms=False, is_effect=True)
"""How long a piece of code runs. It depends on the CPU, so it is only suspected."""
CALLS: Final = Limit("each", 1.5, 5 * MS, share=0.005, quantile=0.1, jobs=5, of_base=1.5)
"""How long a single system call takes."""
SLEEPS: Final = Limit("each", 1.5, 5 * MS, share=0.005, quantile=0.5, jobs=0, confirms=False)
"""How long a single wait for time or for the network takes. On a busy machine, timers are late by a factor."""

Limits = Mapping[tuple[str, str], Limit]
"""(rule, kind) → limit, with `EVERY_KIND` for all kinds of the rule that have none of their own."""


def limit_of(limits: Limits, key: Key) -> Limit | None:
    """Return the limit for a group, or None if it is not compared."""
    return limits.get((key.rule, key.kind)) or limits.get((key.rule, EVERY_KIND))
