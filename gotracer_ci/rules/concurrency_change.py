"""Places whose goroutines are fewer or more at once than before.

Detects
-------
A pool that has become serial, such as 8 workers that became 1, or a limit of concurrency that is gone.

Why it matters
--------------
Work that runs one piece at a time takes as many times longer. Work without a limit takes as much memory and as many
connections as there are items.

How it is measured
------------------
The most goroutines of one place that existed at once, counted like those of GoroutineCreationGrowth. Fewer than half as
many and 1.5 less than in every job are a change, and so are more than twice as many and 10 more. A number that varies
by more than this between the jobs is not compared downwards. Where as many were created, and fewer are left at the end
of the trace, they only end earlier: somebody closes them now, or a finalizer does, because the garbage collector ran.
Three traces can confirm it with three jobs or base traces.

Thresholds
----------
None: without a baseline or base traces there is nothing to compare with.

What to do
----------
Compare the number with what the code asks for: a limit, the size of a pool, or GOMAXPROCS.

Limits
------
Goroutines that exist but only wait for a lock or a token count as well: see WaitCountGrowth and MutexContention. The
runtime's goroutines and those of package testing are left out. Goroutines that a finalizer ends may be fewer at once if
the garbage collector runs earlier, and none of them was left at the end before.
"""

from __future__ import annotations

from collections.abc import Iterator

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.findings import Finding, Key, Severity, Share, Statistics
from gotracer_ci.limits import EVERY_KIND, Limit
from gotracer_ci.rules.goroutine_creation_growth import of_creations
from gotracer_ci.rules.rule import Measured, Rule, documented
from gotracer_ci.text import plural

KIND = "goroutines at once"
_LIMIT = Limit("count", 2, 10, is_effect=True, noun="goroutines at once", jobs=3, fewer=True)


class ConcurrencyChange(Rule):
    """Measures the peak of each place's goroutines."""

    def limits(self) -> dict[str, Limit]:
        return {EVERY_KIND: _LIMIT}

    def measure(self, facts: Facts) -> Iterator[Measured]:
        for group in facts.creations:
            created, peak = group.number
            by_test = {test: Share(number.created, number.peak) for test, number in group.by_test.items() if test}
            statistics = Statistics("count", created, peak, peak, peak)
            yield Measured(Key(self.name, KIND, group.place), Severity.NONE, statistics, by_test=by_test)

    def explain(self, facts: Facts, measured: Measured) -> Finding:
        n = plural(measured.statistics.total, "goroutine")
        return of_creations(facts, measured, self.suggestion, f"{{where}} led to at most {n} at once")


RULE = ConcurrencyChange(
    info=documented("ConcurrencyChange", __doc__),
    suggestion="Compare the number with what the code asks for: a limit, the size of a pool, or GOMAXPROCS.",
)
