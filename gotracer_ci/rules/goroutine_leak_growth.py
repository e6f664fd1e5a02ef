"""Goroutines that are created again and again and do not end.

Detects
-------
A net growth of the number of goroutines over the trace, and the places that create the survivors.

Why it matters
--------------
A goroutine that never ends keeps its stack and everything that it refers to. Enough of them end the process.

How it is measured
------------------
The goroutines alive at the end that were created during the trace, grouped by the nearest own code that led to them:
the place that created them, or if that is library code, the place that created their creator, and so on. Closures count
with the function around them. The detail says what they wait for. A place leaks if it created survivors in both halves
of the trace: a pool of workers that is started once did not. Goroutines that wait forever, in Go's words (`select {}`,
a nil channel), are no pool and count whenever they were created.

A percentage says something only of many: it needs at least `floor` survivors, and as many goroutines at the start of
the trace. Where there were fewer at the start, `floor` survivors that wait for another goroutine are a warning.

Goroutines that wait for the network and have only library code on their stacks are mostly idle connections: only their
number counts, and never as an error. The same is true of the one or two that a library has beside each of these and
that wait in a `select`.

The runtime's own goroutines are left out. The number of goroutines alive at the end is compared with the baseline for
each place, however small.

Thresholds
----------
`warn` and `error`: survivors of one place; `warn_ratio` and `error_ratio`: survivors divided by the number of
goroutines at the start of the trace, if both are at least `floor`.

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

from collections import Counter
from collections.abc import Iterator, Sequence

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.goroutines import Alive
from gotracer_ci.findings import Finding, Key, More, Severity, Statistics
from gotracer_ci.limits import Limit
from gotracer_ci.rules import stuck, wording
from gotracer_ci.rules.rule import Measured, Rule, documented, severity
from gotracer_ci.source.place import NO_OWN_CODE, without_closures
from gotracer_ci.text import count, plural

KIND = "goroutines at the end"
SPREAD = 0.1
"""The share of survivors that each half of the trace must at least have created."""
FOREVER = "forever"
NETWORK = "network"
FOR_ANOTHER = frozenset({"chan receive", "chan send", "select", "sync", "sync.(*Cond).Wait", FOREVER})
"""Go's reasons for waiting until another goroutine does something."""
BESIDE = 2
"""How many goroutines a library may have for a connection besides the one that reads from it."""


class GoroutineLeakGrowth(Rule):
    """Compares each place's survivors with its thresholds."""

    def limits(self) -> dict[str, Limit]:
        return {KIND: Limit("count", 1.1, 2, everywhere=True, is_effect=True, noun="goroutines")}

    def measure(self, facts: Facts) -> Iterator[Measured]:
        for place, groups in _by_place(facts).items():
            n = sum(group.count for group in groups)
            level = self._severity(groups, facts.goroutines.at_start)
            by_test = stuck.by_test((group.test, group.count) for group in groups)
            yield Measured(Key(self.name, KIND, place), level, Statistics("count", n, n, n, n), by_test=by_test)

    def explain(self, facts: Facts, measured: Measured) -> Finding:
        groups = _by_place(facts)[measured.key.place]
        first = groups[0]
        stack = first.creator if first.creator.frames else first.stack
        first_ns = max(0, first.first_ns - facts.start_ns)
        return Finding(
            key=measured.key,
            severity=measured.severity,
            message=_message(groups, facts.goroutines.at_start),
            detail=(
                f"They start in {first.entry or 'an unknown function'}; the first is goroutine {first.first}. "
                f"They are: {_waiting(groups)}."
            ),
            suggestion=self.suggestion,
            location=wording.location(stack.primary),
            stack=wording.frames(stack),
            goroutine=first.first if measured.statistics.total == 1 else -1,
            timestamp_ns=first_ns,
            statistics=measured.statistics,
            groups=wording.groups(group.entry for group in groups),
            more=More.CREATED,
        )

    def _severity(self, groups: Sequence[Alive], at_start: int) -> Severity:
        limits = self.thresholds
        created = sum(group.created for group in groups)
        late = sum(group.late for group in groups)
        growing = min(created - late, late) >= SPREAD * created
        counted = [group for group in groups if group.created and (growing or group.doing == FOREVER)]
        idle = _idle(counted)
        n = sum(group.created for group in counted)
        level = min(severity(n, limits), Severity.WARN)
        level = max(level, severity(n - idle, limits))
        if n - idle < limits["floor"]:
            return level
        if at_start >= limits["floor"]:
            ratios = {"warn": limits["warn_ratio"], "error": limits["error_ratio"]}
            return max(level, severity((n - idle) / at_start, ratios))
        waiting = sum(group.created for group in counted if group.doing in FOR_ANOTHER)
        return max(level, Severity.WARN) if waiting - _beside(counted) >= limits["floor"] else level


def _by_place(facts: Facts) -> dict[str, list[Alive]]:
    """Return the goroutines by place, those of each by their ids."""
    found: dict[str, list[Alive]] = {}
    for group in facts.goroutines.alive:
        if group.place != NO_OWN_CODE:
            found.setdefault(without_closures(group.place), []).append(group)
    return {place: found[place] for place in sorted(found)}


def _idle(groups: Sequence[Alive]) -> int:
    """Return how many of the library's goroutines wait for the network, or beside one that does."""
    return _in_library(groups, NETWORK) + _beside(groups)


def _beside(groups: Sequence[Alive]) -> int:
    return min(_in_library(groups, "select"), BESIDE * _in_library(groups, NETWORK))


def _in_library(groups: Sequence[Alive], reason: str) -> int:
    return sum(group.created for group in groups if group.doing == reason and not group.stack.own)


def _message(groups: Sequence[Alive], at_start: int) -> str:
    first = groups[0]
    creator = f"created by {first.creator.function}"
    if first.place.startswith(NO_OWN_CODE):
        creator = f"in {first.entry}"
    elif first.creator != first.creation:
        creator += f" through {first.creation.functions[0]}"
    n, created = sum(group.count for group in groups), sum(group.created for group in groups)
    return (
        f"{plural(n, 'goroutine')} {creator} {'is' if n == 1 else 'are'} still running at the end of the trace "
        f"({count(created)} started during it; {count(at_start)} existed at the start)"
    )


def _waiting(groups: Sequence[Alive]) -> str:
    found: Counter[tuple[str, str]] = Counter()
    for group in groups:
        found[group.doing, group.stack.function] += group.count
    most = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:3]
    return "; ".join(
        f"{count(n)} {wording.doing(what)} at {function or 'an unknown place'}" for (what, function), n in most
    )


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
    change="leaves {now goroutines} behind",
)
