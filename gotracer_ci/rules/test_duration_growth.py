"""Tests that take longer than before.

Detects
-------
A test whose usual duration is more than twice that of the baseline.

Why it matters
--------------
A test does the same each time, so a longer one is the first sign that the code under test became slower. Slow tests
also make a pipeline slow.

How it is measured
------------------
From the start of the test to its end, with its subtests and without the time that it waits for its turn after
`t.Parallel`. If it ran several times, the median counts. The detail tells what the test and its goroutines waited for.

Thresholds
----------
None: without a baseline or base traces there is nothing to compare with. `[[objective]]` in the configuration sets a
limit of your own.

What to do
----------
Look at what the test waits for. `gotracer-ci tests` shows the times of each test. A regression says where the longest
run spent its time; `gotracer-ci tests --critical-path` shows it in full.

Limits
------
Only top-level tests whose name is known are compared (see `gotracer-ci tests`). Durations depend on the machine and on
its load, so smaller changes than twice the time and 20 ms are not reported. A busy machine makes code run several times
as long, and timers late. Without base traces a longer test is therefore only suspected if it was running or runnable,
slept or waited for the network for the rest. How long a disk takes varies even more, so growth that is mostly time in
as many system calls as before is only suspected, too. Benchmarks run for as long as they are told to, so they are left
out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.intervals import IntervalKind
from gotracer_ci.analysis.yields import in_test_runner
from gotracer_ci.findings import Finding, Key, More, Severity, Share, Statistics
from gotracer_ci.limits import EVERY_KIND, MS, Limit
from gotracer_ci.rules import machine_time, wording
from gotracer_ci.rules.interval_rule import finding_of
from gotracer_ci.rules.per_trace import PerTrace
from gotracer_ci.rules.rule import Measured, Rule, documented
from gotracer_ci.text import duration, plural

KIND = "test"
_LIMIT = Limit("each", 2, 20 * MS, events=1, is_effect=True)
_SHOWN = 4
_STATES = {IntervalKind.RUNNABLE: "runnable", IntervalKind.SYSCALL: "syscall"}


class TestDurationGrowth(Rule):
    """Measures the median duration of each test."""

    __test__ = False

    def limits(self) -> dict[str, Limit]:
        return {EVERY_KIND: _LIMIT}

    def measure(self, facts: Facts) -> Iterator[Measured]:
        machine = machine_time.of_tests(facts) if facts.durations.get(KIND) else {}
        for found in facts.durations.get(KIND, ()):
            place = found.worst[0].stack.place
            if found.name in facts.tests.work and place.endswith(f".{found.name}"):
                usual = found.quantile_ns(0.5)
                yield Measured(
                    Key(self.name, KIND, place),
                    Severity.NONE,
                    Statistics("each", found.count, usual, usual, usual),
                    found.worst,
                    {found.name: Share(found.count, found.total_ns)},
                    machine_ns=sum(machine[found.name]) // found.count,
                )

    def explain(self, facts: Facts, measured: Measured) -> Finding:
        (name,) = measured.by_test
        count, usual = measured.statistics.count, duration(measured.statistics.total)
        took = f"took {usual}" if count == 1 else f"took {usual} (the median of {plural(count, 'run')})"
        return finding_of(
            facts,
            measured,
            message=f"{name} {took}",
            detail=f"With its goroutines it was {waiting_for(facts, name)}.",
            suggestion=self.suggestion,
            more=More.TESTS,
        )


def waiting_for(facts: Facts, test: str) -> str:
    """Return what a test and its goroutines did besides running, the most first: `1.2 s asleep at x.query`."""
    found = _waits(facts).get(test, Counter())
    most = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN]
    return (
        "; ".join(
            f"{duration(ns)} {wording.doing(doing)}" + (f" at {function}" if function else "")
            for (doing, function), ns in most
        )
        or "only running"
    )


@PerTrace
def _waits(facts: Facts) -> dict[str, Counter[tuple[str, str]]]:
    """Return by test how long its goroutines did what, and where."""
    found: dict[str, Counter[tuple[str, str]]] = {}
    for group in facts.intervals:
        doing = _STATES.get(group.kind) or (group.reason if group.kind is IntervalKind.WAITING else "")
        if group.by_test and doing and not in_test_runner(group.stack.functions):
            for test, part in group.by_test.items():
                found.setdefault(test, Counter())[doing, group.stack.function] += part.total_ns
    return found


RULE = TestDurationGrowth(
    info=documented("TestDurationGrowth", __doc__),
    suggestion="Look at what the test waits for: the code may do more, one thing after the other, or behind a lock.",
)
