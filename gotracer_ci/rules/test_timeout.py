"""Tests that ran into their timeout.

Detects
-------
A test binary that was ended by `-timeout`.

Why it matters
--------------
The tests that were still running may never end. The trace shows where they wait.

How it is measured
------------------
The testing package's alarm, `testing.(*M).startAlarm.func1`, is alive at the end of the trace. It runs only when the
time is over. Each place where a test was at that moment is a finding; the detail lists all goroutines of own code with
their waits. Tests that only wait for their subtests or for their turn are left out.

Thresholds
----------
`error`: how many goroutines the timeout interrupted at one place.

What to do
----------
Find out who should have sent, closed, signalled or unlocked, and why it did not. Give waits in tests a deadline of
their own, so that the test fails where the problem is.

Limits
------
A test may only have been slow: the trace cannot tell whether it would have ended. The stack of a goroutine that runs at
the end is that of the last time it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.goroutines import Alive
from gotracer_ci.analysis.tests import tests_of
from gotracer_ci.findings import Finding, Key, More, Statistics
from gotracer_ci.limits import Limit
from gotracer_ci.rules import stuck, wording
from gotracer_ci.rules.rule import Measured, Rule, documented, severity
from gotracer_ci.text import duration

KIND = "test timeout"


class TestTimeout(Rule):
    """Reports where the tests were when the time was over."""

    def limits(self) -> dict[str, Limit]:
        return {KIND: Limit("count", 1, 0, everywhere=True, noun="goroutines")}

    def measure(self, facts: Facts) -> Iterator[Measured]:
        if stuck.alarm(facts):
            for place, groups in _culprits(facts).items():
                n = max(1, sum(group.count for group in groups))
                yield Measured(
                    Key(self.name, KIND, place), severity(n, self.thresholds), Statistics("count", n, n, n, n)
                )

    def explain(self, facts: Facts, measured: Measured) -> Finding:
        alarm = stuck.alarm(facts)
        if alarm is None:
            raise ValueError("no test of these facts timed out")
        groups = _culprits(facts)[measured.key.place]
        others = [group for group in stuck.with_own_code(facts) if group not in groups]
        stack = groups[0].stack if groups else alarm.stack
        names = sorted(tests_of(group.stack for group in groups))
        who = ", ".join([*names[:3], *([f"{len(names) - 3} more"] if len(names) > 3 else [])])
        where = f": {who or stack.function} {stuck.sentence(groups[0], facts)}" if groups else ""
        return Finding(
            key=measured.key,
            severity=measured.severity,
            message=f"test timed out after {duration(alarm.first_ns - facts.start_ns)}{where}",
            detail="\n".join(["When the time was over:", *stuck.lines([*groups, *others], facts)]),
            suggestion=self.suggestion,
            location=wording.location(stack.primary),
            stack=wording.frames(stack),
            goroutine=-1 if measured.statistics.total > 1 else groups[0].first if groups else alarm.first,
            timestamp_ns=(groups[0].since_ns if groups else alarm.first_ns) - facts.start_ns,
            statistics=measured.statistics,
            occurrences=stuck.occurrences(groups, facts),
            groups=wording.groups(group.entry for group in groups),
            more=More.STUCK,
        )


def _culprits(facts: Facts) -> dict[str, Sequence[Alive]]:
    """Return the goroutines that the timeout interrupted, by place: the tests; without any, all with own code."""
    blocked = stuck.with_own_code(facts)
    tests = [group for group in blocked if tests_of([group.stack])]
    found: dict[str, list[Alive]] = {}
    for group in tests or blocked:
        found.setdefault(group.stack.place, []).append(group)
    return {place: found[place] for place in sorted(found)} if found else {"": ()}


RULE = TestTimeout(
    info=documented("TestTimeout", __doc__, error=(1, "count")),
    suggestion="Find out who should have sent, closed, signalled or unlocked. Give the wait a deadline of its own.",
    change="holds {now goroutines} when a test times out",
)
