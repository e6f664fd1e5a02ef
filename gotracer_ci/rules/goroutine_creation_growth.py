"""Code that starts more goroutines than before.

Detects
-------
More goroutines created at one place than in the baseline: a goroutine per item, or a pool that is made again each time.

Why it matters
--------------
Each goroutine costs memory and a turn of the scheduler. A changed number is also a sure sign that the code does
something else than before, because it varies from run to run by a percent or so.

How it is measured
------------------
The goroutines that were created during the trace are counted by the nearest own code that led to them: the place that
created them, or if that is library code, the place that created their creator, and so on. The number is compared with
that of the baseline's jobs or of base traces, for as much work as the run did (see WaitCountGrowth). Three traces can
confirm it with three jobs or base traces, because a goroutine may or may not be needed in time.

Thresholds
----------
None: without a baseline or base traces there is nothing to compare with.

What to do
----------
Look at the place: start a fixed number of workers instead of a goroutine per item, and keep pools.

Limits
------
The runtime's goroutines and those of package testing are left out. Whether the goroutines end is another question: see
GoroutineLeak and GoroutineLeakGrowth.
"""

from __future__ import annotations

from collections.abc import Iterator

from gotracer_ci.analysis.creations import Creations
from gotracer_ci.analysis.facts import Facts
from gotracer_ci.findings import Finding, Key, More, Severity, Share, Statistics
from gotracer_ci.limits import EVERY_KIND, Limit
from gotracer_ci.rules import wording
from gotracer_ci.rules.rule import Measured, Rule, documented
from gotracer_ci.text import plural

KIND = "goroutines created"
_LIMIT = Limit("count", 1.25, 10, noun="goroutines", jobs=3, per_work=True)


class GoroutineCreationGrowth(Rule):
    """Measures how many goroutines each place led to."""

    def limits(self) -> dict[str, Limit]:
        return {EVERY_KIND: _LIMIT}

    def measure(self, facts: Facts) -> Iterator[Measured]:
        for group in facts.creations:
            n = group.number.created
            by_test = {test: Share(number.created, number.created) for test, number in group.by_test.items() if test}
            key = Key(self.name, KIND, group.place)
            yield Measured(key, Severity.NONE, Statistics("count", n, n, n, n), by_test=by_test)

    def explain(self, facts: Facts, measured: Measured) -> Finding:
        n = plural(measured.statistics.total, "goroutine")
        return of_creations(facts, measured, self.suggestion, f"{{where}} led to {n}")


def of_creations(facts: Facts, measured: Measured, suggestion: str, message: str) -> Finding:
    """Return the finding for a place that led to goroutines. message: text with {where}."""
    group: Creations = next(group for group in facts.creations if group.place == measured.key.place)
    return Finding(
        key=measured.key,
        severity=measured.severity,
        message=message.format(where=wording.where(group.stack)),
        detail=(
            f"{plural(group.number.created, 'goroutine')} created during the trace, at most {group.number.peak:,} at "
            f"once; the first began in {group.entry or 'an unknown function'}. Compared with the baseline only."
        ),
        suggestion=suggestion,
        location=wording.location(group.stack.primary),
        stack=wording.frames(group.stack),
        goroutine=-1,
        timestamp_ns=0,
        statistics=measured.statistics,
        groups=wording.groups([group.entry]),
        more=More.CREATED,
    )


RULE = GoroutineCreationGrowth(
    info=documented("GoroutineCreationGrowth", __doc__),
    suggestion="Start a fixed number of workers instead of a goroutine per item, and keep pools.",
)
