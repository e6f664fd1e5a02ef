"""Regions of runtime/trace that take longer than before.

Detects
-------
A region whose usual length is more than twice that of the baseline.

Why it matters
--------------
A region is what somebody found worth measuring. If it takes longer, users usually wait longer too.

How it is measured
------------------
From `trace.StartRegion` or `trace.WithRegion` to the region's end, grouped by the region's type and the place where it
begins. The median of a trace's regions counts. Regions that are still open at the end count with their length so far.

Thresholds
----------
None: without a baseline or base traces there is nothing to compare with. `[[objective]]` in the configuration sets a
limit of your own.

What to do
----------
`gotracer-ci regions` shows how long regions ran, were runnable and waited, and for what. A regression says where the
longest one spent its time; `gotracer-ci regions --critical-path` shows it in full.

Limits
------
Durations depend on the machine and on its load. So the median must grow to more than twice its value and by 1 ms, and
all regions of the group together must become 20 ms longer. Without base traces growth is only suspected if the 10th
percentile did not grow as much, or if the test around the regions was running or runnable for the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.intervals import IntervalGroup, IntervalKind, by_place
from gotracer_ci.findings import Finding, Key, More, Severity, Share, Statistics
from gotracer_ci.limits import MS, Limit
from gotracer_ci.rules import machine_time, wording
from gotracer_ci.rules.interval_rule import IntervalRule
from gotracer_ci.rules.rule import Measured, documented
from gotracer_ci.text import count, duration


def _region(group: IntervalGroup) -> str | None:
    return group.reason if group.kind is IntervalKind.REGION and group.reason else None


class RegionDurationGrowth(IntervalRule):
    """Measures the median length of regions instead of their total."""

    def measure(self, facts: Facts) -> Iterator[Measured]:
        machine: Mapping[str, machine_time.MachineTime] | None = None
        for group in by_place(facts.intervals, self.select, lambda group: group.stack.place):
            machine = machine_time.of_tests(facts) if machine is None else machine
            usual = group.quantile_ns(0.5)
            cpu = sum(machine[test].cpu for test in group.by_test if test)
            yield Measured(
                Key(self.name, group.name, group.place),
                Severity.NONE,
                Statistics("each", group.count, usual, usual, usual),
                tuple(group.worst),
                {test: Share(*part) for test, part in group.by_test.items() if test},
                machine_ns=usual - group.quantile_ns(0.1) + cpu // group.count,
            )

    def explain(self, facts: Facts, measured: Measured) -> Finding:
        n, usual = measured.statistics.count, duration(measured.statistics.total)
        took = f"took {usual}" if n == 1 else f"took {usual} (the median of {count(n)})"
        where = wording.where(measured.worst[0].stack)
        return replace(super().explain(facts, measured), message=f'region "{measured.key.kind}" at {where} {took}')


RULE = RegionDurationGrowth(
    info=documented("RegionDurationGrowth", __doc__),
    select=_region,
    message="",
    detail="From its start to its end; the longest took {longest}.",
    suggestion="gotracer-ci regions shows how long regions ran, were runnable and waited, and for what.",
    more=More.REGIONS,
    limit=Limit("each", 2, 20 * MS, events=1),
)
