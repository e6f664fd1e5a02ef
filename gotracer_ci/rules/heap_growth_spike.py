"""A live heap that grows too much, or too fast.

Detects
-------
The memory that the garbage collector finds alive rises from one cycle to a later one.

Why it matters
--------------
What is alive is what the program keeps. If it keeps growing, the container's limit ends it.

How it is measured
------------------
The live heap after each GC cycle; the largest rise from one cycle to a later one. What is merely allocated and freed
again is not growth. The rate counts only over at least `rate_over` and for a rise of at least `rate_from`, because a
few hundred kilobytes within a millisecond say nothing. Against a baseline the bytes allocated and the peak of the heap
are compared too.

Thresholds
----------
`warn` and `error`: the rise; `warn_rate` and `error_rate`: the rise by the time it took.

What to do
----------
Take a heap profile at the time of the rise (`/debug/pprof/heap`, `-diff_base`) and look at what is retained: caches
without a bound, slices kept by a small part of them, goroutines that do not end.

Limits
------
With fewer than two GC cycles in the trace there is no growth to measure. The trace does not say who allocated.
"""

from __future__ import annotations

from collections.abc import Iterator

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.heap import Growth
from gotracer_ci.findings import Finding, Key, Occurrence, Severity, Statistics
from gotracer_ci.rules import base
from gotracer_ci.text import duration, size

NAME = "HeapGrowthSpike"
SUGGESTION = "Compare two heap profiles (go tool pprof -diff_base) from before and after the rise: what is retained?"


def measure(facts: Facts, limits: base.Limits) -> Iterator[base.Measured]:
    heap = facts.heap
    if heap.growth and heap.growth.bytes > 0:
        yield _growth(heap.growth, facts, limits)
    if heap.peak:
        what = f"{size(heap.allocated)} were allocated"
        yield base.counter(Key(NAME, "bytes allocated", ""), "bytes", heap.allocated, facts, what, SUGGESTION)
        what = f"the heap was {size(heap.peak)} at its peak"
        yield base.counter(Key(NAME, "peak heap", ""), "bytes", heap.peak, facts, what, SUGGESTION)


def _growth(growth: Growth, facts: Facts, limits: base.Limits) -> base.Measured:
    key = Key(NAME, "live heap", "")
    took = growth.end_ns - growth.start_ns
    rate = growth.bytes / (took / 1e9)
    counts = took >= limits["rate_over"] and growth.bytes >= limits["rate_from"]
    level = base.severity(growth.bytes, limits)
    if counts:
        level = max(level, base.severity(rate, {"warn": limits["warn_rate"], "error": limits["error_rate"]}))
    statistics = Statistics("bytes", 1, growth.bytes, growth.bytes, growth.bytes)

    def describe() -> Finding:
        goal = f"; the next goal is {size(growth.goal)}" if growth.goal > 0 else ""
        return Finding(
            key=key,
            severity=level,
            message=(
                f"the live heap grew by {size(growth.bytes)} in {duration(took)} "
                f"({size(growth.before)} → {size(growth.after)}" + (f", {size(rate)}/s)" if counts else ")")
            ),
            detail=f"Measured after GC cycles ({facts.heap.cycles} in the trace){goal}.",
            suggestion=SUGGESTION,
            location=base.location(facts.anchor, "anchor"),
            stack=(),
            goroutine=-1,
            timestamp_ns=growth.start_ns - facts.start_ns,
            statistics=statistics,
            occurrences=(Occurrence(growth.start_ns - facts.start_ns, took, -1),),
        )

    return base.Measured(key, level, statistics, describe)


RULE = base.Rule(
    base.info(
        NAME,
        __doc__,
        Severity.ERROR,
        warn=(100e6, "bytes"),
        error=(500e6, "bytes"),
        warn_rate=(50e6, "bytes/s"),
        error_rate=(200e6, "bytes/s"),
        rate_from=(16e6, "bytes"),
        rate_over=(100e6, "ns"),
    ),
    measure,
)
