"""Goroutines that are created over and over and do not end.

Detects
-------
A net growth of the number of goroutines over the trace, and the places that create the survivors.

Why it matters
--------------
A goroutine that never ends keeps its stack and all that it refers to. Enough of them end the process.

How it is measured
------------------
The goroutines alive at the end that the trace saw being created, grouped by the place that created them; what they
are blocked on is said. A place leaks if it went on creating survivors in both halves of the trace: a pool of workers
that is started once does not. Without enough survivors (`floor`) a ratio says nothing. The runtime's own goroutines
are left out. Against a baseline the number alive at the end is compared for each creating place, however small.

Thresholds
----------
`warn` and `error`: survivors of one place; `warn_ratio` and `error_ratio`: survivors by the number of goroutines
at the trace's start, from `floor` survivors on.

What to do
----------
Look at what the survivors wait for: a channel that nobody closes, a context that is never cancelled, a lock that is
never released, a server's connection without a deadline.

Limits
------
A service that just takes up more load grows too. A leak that happens at one moment only is not called one here; the
comparison with the baseline shows it. In traces of Go 1.22 goroutines that were there before the trace and never ran in
it have no name: most are the runtime's own, and none are counted.
"""

from __future__ import annotations

from collections.abc import Iterator

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.goroutines import Survivors
from gotracer_ci.findings import Finding, Key, Occurrence, Severity, Statistics
from gotracer_ci.rules import base
from gotracer_ci.source.place import NO_OWN_CODE

NAME = "GoroutineLeakGrowth"
KIND = "goroutines at the end"
SUGGESTION = "End them: close the channel, cancel the context, or give the wait a deadline. See what they wait for."
SPREAD = 0.1
"""The share of survivors that each half of the trace must at least have created."""


def measure(facts: Facts, limits: base.Limits) -> Iterator[base.Measured]:
    for group in facts.goroutines.survivors:
        if group.place != NO_OWN_CODE:
            yield _leak(group, facts, limits)


def _severity(group: Survivors, facts: Facts, limits: base.Limits) -> Severity:
    early = group.created - group.late
    if not group.created or min(early, group.late) < SPREAD * group.created:
        return Severity.NONE
    level = base.severity(group.created, limits)
    if group.created >= limits["floor"]:
        ratio = group.created / max(1, facts.goroutines.at_start)
        level = max(level, base.severity(ratio, {"warn": limits["warn_ratio"], "error": limits["error_ratio"]}))
    return level


def _leak(group: Survivors, facts: Facts, limits: base.Limits) -> base.Measured:
    key = Key(NAME, KIND, group.place)
    level = _severity(group, facts, limits)
    statistics = Statistics("count", group.count, group.count, group.count, group.count)

    def describe() -> Finding:
        creator = f"in {group.place[1:]}" if group.place.startswith("~") else f"created by {group.place}"
        blocked = "; ".join(
            f"{n} in {what} at {place.lstrip('~') or 'an unknown place'}"
            for (what, place), n in sorted(group.waiting.items(), key=lambda item: (-item[1], item[0]))[:3]
        )
        shown = group.creation.primary
        return Finding(
            key=key,
            severity=level,
            message=(
                f"{group.count:,} goroutines {creator} are alive at the end, {group.created:,} of them created "
                f"during the trace; there were {facts.goroutines.at_start:,} in all at the start"
            ),
            detail=f"They start in {group.entry or 'an unknown function'}. They are: {blocked}.",
            suggestion=SUGGESTION,
            location=base.location(shown) if shown else base.location(facts.anchor, "anchor"),
            stack=base.frames(group.creation),
            goroutine=group.first,
            timestamp_ns=max(0, group.first_ns - facts.start_ns),
            statistics=statistics,
            occurrences=(Occurrence(max(0, group.first_ns - facts.start_ns), 0, group.first, still_open=True),),
        )

    return base.Measured(key, level, statistics, describe)


RULE = base.Rule(
    base.info(
        NAME,
        __doc__,
        Severity.ERROR,
        warn=(100, "count"),
        error=(500, "count"),
        warn_ratio=(0.25, "ratio"),
        error_ratio=(1.0, "ratio"),
        floor=(20, "count"),
    ),
    measure,
)
