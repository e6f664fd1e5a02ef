"""A live heap that grows too much, or too fast.

Detects
-------
Memory that the program keeps: the live heap rises and does not fall back.

Why it matters
--------------
What is alive is what the program keeps. If it keeps growing, it reaches the container's memory limit.

How it is measured
------------------
The live heap after each GC cycle, without what was allocated while the cycle marked: the collector counts that as alive
whether it is kept or not. The growth is the lowest value of all later cycles, at least two, minus the lowest value
before. The rate counts only over at least `rate_over` and for a growth of at least `rate_from`, because a few hundred
kilobytes within a millisecond say nothing. The bytes allocated and the peak of the live heap are compared with the
baseline, too.

Thresholds
----------
`warn` and `error`: the growth; `warn_rate` and `error_rate`: the growth divided by the time it took.

What to do
----------
Take heap profiles before and after the rise (`/debug/pprof/heap`, `-diff_base`) and look at what is retained: caches
without a bound, slices kept alive by a small part of them, goroutines that do not end.

Limits
------
With fewer than three GC cycles in the trace there is no growth to measure, and growth after the last but one is not
seen. The trace does not say who allocated.
"""

from __future__ import annotations

from collections.abc import Iterator

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.heap import Growth
from gotracer_ci.findings import Finding, Key, More, Occurrence, Severity, Statistics
from gotracer_ci.limits import MB, Limit
from gotracer_ci.rules.rule import Counter, Measured, Rule, documented, severity
from gotracer_ci.text import duration, size

KIND = "live heap"


class HeapGrowthSpike(Rule):
    """Compares the largest growth of the live heap, and its rate, with its thresholds."""

    def measure(self, facts: Facts) -> Iterator[Measured]:
        growth = facts.heap.growth
        if growth and growth.bytes > 0:
            statistics = Statistics("bytes", 1, growth.bytes, growth.bytes, growth.bytes)
            yield Measured(Key(self.name, KIND, ""), self._severity(growth), statistics)

    def explain(self, facts: Facts, measured: Measured) -> Finding:
        growth = facts.heap.growth
        if growth is None:
            raise ValueError("these facts have no growth of the heap")
        took = growth.end_ns - growth.start_ns
        rate = f", {size(_rate(growth))}/s" if self._has_rate(growth) else ""
        goal = f"; the next goal is {size(growth.goal)}" if growth.goal > 0 else ""
        start_ns = growth.start_ns - facts.start_ns
        return Finding(
            key=measured.key,
            severity=measured.severity,
            message=(
                f"the live heap grew by {size(growth.bytes)} in {duration(took)} "
                f"({size(growth.before)} → {size(growth.after)}{rate})"
            ),
            detail=f"The lowest live heap of all GC cycles from then on ({facts.heap.cycles} in the trace){goal}.",
            suggestion=self.suggestion,
            location=None,
            stack=(),
            goroutine=-1,
            timestamp_ns=start_ns,
            statistics=measured.statistics,
            occurrences=(Occurrence(start_ns, took, -1),),
            more=More.CYCLES,
        )

    def _severity(self, growth: Growth) -> Severity:
        limits = self.thresholds
        level = severity(growth.bytes, limits)
        if self._has_rate(growth):
            rates = {"warn": limits["warn_rate"], "error": limits["error_rate"]}
            level = max(level, severity(_rate(growth), rates))
        return level

    def _has_rate(self, growth: Growth) -> bool:
        """Whether the growth is long and large enough for a rate."""
        limits = self.thresholds
        return growth.end_ns - growth.start_ns >= limits["rate_over"] and growth.bytes >= limits["rate_from"]


def _rate(growth: Growth) -> float:
    """Bytes per second."""
    return growth.bytes / ((growth.end_ns - growth.start_ns) / 1e9)


RULE = HeapGrowthSpike(
    info=documented(
        "HeapGrowthSpike",
        __doc__,
        warn=(100e6, "bytes"),
        error=(500e6, "bytes"),
        warn_rate=(50e6, "bytes/s"),
        error_rate=(200e6, "bytes/s"),
        rate_from=(16e6, "bytes"),
        rate_over=(100e6, "ns"),
    ),
    suggestion="Compare two heap profiles (go tool pprof -diff_base) from before and after the rise: what is retained?",
    counters=(
        Counter(
            kind="bytes allocated",
            unit="bytes",
            value=lambda facts: facts.heap.allocated,
            message="{value} were allocated",
            limit=Limit("bytes", 1.25, 4 * MB),
            change="allocates {now}",
        ),
        Counter(
            kind="peak live heap",
            unit="bytes",
            value=lambda facts: facts.heap.peak,
            message="the live heap was {value} at its peak",
            limit=Limit("bytes", 2, 8 * MB, confirms=False),
            change="has a live heap of {now}",
        ),
    ),
)
