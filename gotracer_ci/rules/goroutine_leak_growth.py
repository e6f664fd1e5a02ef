"""Goroutines that are created again and again and do not end.

Detects
-------
A net growth of the number of goroutines over the trace, and the places that create the survivors.

Why it matters
--------------
A goroutine that never ends keeps its stack and everything that it refers to. Enough of them end the process.

How it is measured
------------------
The goroutines alive at the end that were created during the trace, grouped by the place that created them; the detail
says what they wait for. A place leaks if it created survivors in both halves of the trace: a pool of workers
that is started once did not. Without enough survivors (`floor`) a ratio says nothing. The runtime's own goroutines
are left out. The number of goroutines alive at the end is compared with the baseline for each creating place, however
small.

Thresholds
----------
`warn` and `error`: survivors of one place; `warn_ratio` and `error_ratio`: survivors divided by the number of
goroutines at the start of the trace, from `floor` survivors on.

What to do
----------
Look at what the survivors wait for: a channel that nobody closes, a context that is never cancelled, a lock that is
never released, a server's connection without a deadline.

Limits
------
A service under growing load grows too. A leak that happens at one moment only is not reported as one; the
comparison with the baseline shows it. In traces of Go 1.22, goroutines that existed before the trace and never ran
during it have no name: most are the runtime's own, and none are counted.
"""

from __future__ import annotations

from collections.abc import Iterator

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.goroutines import Survivors
from gotracer_ci.findings import Finding, Key, Occurrence, Severity, Statistics
from gotracer_ci.limits import Limit
from gotracer_ci.rules import wording
from gotracer_ci.rules.rule import Measured, Rule, documented, severity
from gotracer_ci.source.place import NO_OWN_CODE
from gotracer_ci.text import count

KIND = "goroutines at the end"
SPREAD = 0.1
"""The share of survivors that each half of the trace must at least have created."""


class GoroutineLeakGrowth(Rule):
    """Compares each place's survivors with its thresholds."""

    def limits(self) -> dict[str, Limit]:
        return {KIND: Limit("count", 1.1, 2, everywhere=True, noun="goroutines")}

    def measure(self, facts: Facts) -> Iterator[Measured]:
        for group in facts.goroutines.survivors:
            if group.place != NO_OWN_CODE:
                n = group.count
                yield Measured(
                    Key(self.name, KIND, group.place), self._severity(group, facts), Statistics("count", n, n, n, n)
                )

    def explain(self, facts: Facts, measured: Measured) -> Finding:
        group = next(group for group in facts.goroutines.survivors if group.place == measured.key.place)
        first_ns = max(0, group.first_ns - facts.start_ns)
        return Finding(
            key=measured.key,
            severity=measured.severity,
            message=_message(group, facts),
            detail=f"They start in {group.entry or 'an unknown function'}. They are: {_waiting(group)}.",
            suggestion=self.suggestion,
            location=wording.location(group.creation.primary),
            stack=wording.frames(group.creation),
            goroutine=group.first,
            timestamp_ns=first_ns,
            statistics=measured.statistics,
            occurrences=(Occurrence(first_ns, 0, group.first, still_open=True),),
        )

    def _severity(self, group: Survivors, facts: Facts) -> Severity:
        early = group.created - group.late
        if not group.created or min(early, group.late) < SPREAD * group.created:
            return Severity.NONE
        limits = self.thresholds
        level = severity(group.created, limits)
        if group.created >= limits["floor"]:
            ratio = group.created / max(1, facts.goroutines.at_start)
            level = max(level, severity(ratio, {"warn": limits["warn_ratio"], "error": limits["error_ratio"]}))
        return level


def _message(group: Survivors, facts: Facts) -> str:
    creator = f"in {group.entry}" if group.place.startswith(NO_OWN_CODE) else f"created by {group.creation.function}"
    return (
        f"{count(group.count)} goroutines {creator} are still running at the end of the trace "
        f"({count(group.created)} started during it; {count(facts.goroutines.at_start)} existed at the start)"
    )


def _waiting(group: Survivors) -> str:
    most = sorted(group.waiting.items(), key=lambda item: (-item[1], item[0]))[:3]
    return "; ".join(f"{count(n)} in {what} at {function or 'an unknown place'}" for (what, function), n in most)


RULE = GoroutineLeakGrowth(
    info=documented(
        "GoroutineLeakGrowth",
        __doc__,
        warn=(100, "count"),
        error=(500, "count"),
        warn_ratio=(0.25, "ratio"),
        error_ratio=(1.0, "ratio"),
        floor=(20, "count"),
    ),
    suggestion="End them: close the channel, cancel the context, or give the wait a deadline. See what they wait for.",
)
