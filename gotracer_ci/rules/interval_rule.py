"""IntervalRule: rules that are data: which intervals they look at, from which length on, and how they report them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.intervals import Interval, IntervalGroup, PlaceGroup, by_place
from gotracer_ci.findings import Finding, Key, Location, More, Occurrence, Severity, Share, Statistics
from gotracer_ci.limits import EVERY_KIND, Limit
from gotracer_ci.rules import wording
from gotracer_ci.rules.busy_machine import is_busy
from gotracer_ci.rules.holders import holders
from gotracer_ci.rules.rule import Measured, Rule, severity
from gotracer_ci.source.place import vendored
from gotracer_ci.text import duration

if TYPE_CHECKING:
    from gotracer_ci.analysis.durations import Durations


@dataclass(frozen=True, kw_only=True, eq=False)
class IntervalRule(Rule):
    """A rule with thresholds for the longest intervals of a group, which is what its findings show.

    select: returns the kind of a group in Go's words, or None if the group does not concern the rule.
    message, detail: text with fields in braces (see `_fields`). whole_program: one group for all places. more: which
    table shows more. limit: how its groups are compared, None if they are not. informational: kinds that are never more
    than info. of_machine: a busy machine causes such intervals, too; where it was, they are a warning at most.

    If it has the threshold `count`, so many intervals must be above `warn` or `error`. A group with fewer, or with a
    total that is a smaller part of the run than `share` and below `total`, is an exception: info at most, and only
    above `error`.
    """

    select: Callable[[IntervalGroup], str | None]
    message: str
    detail: str
    whole_program: bool = False
    more: More = More.GOROUTINE
    limit: Limit | None = None
    informational: frozenset[str] = frozenset()
    of_machine: bool = False

    def limits(self) -> dict[str, Limit]:
        return {**super().limits(), **({EVERY_KIND: self.limit} if self.limit else {})}

    def measure(self, facts: Facts) -> Iterator[Measured]:
        thresholds = self.thresholds
        most = Severity.WARN if self.of_machine and is_busy(facts) else Severity.ERROR
        place = _nowhere if self.whole_program else _place
        for group in by_place(facts.intervals, self.select, place):
            statistics = statistics_of(group)
            level = severity(group.longest_ns(int(thresholds.get("count", 1))), thresholds)
            if group.total_ns < min(thresholds.get("share", 0) * facts.duration_ns, thresholds.get("total", inf)):
                level = Severity.NONE
            if group.name in self.informational:
                level = min(level, Severity.INFO)
            if level is Severity.NONE and severity(group.max_ns, thresholds) is Severity.ERROR:
                level = Severity.INFO
            level = min(level, most)
            by_test = {test: Share(*part) for test, part in group.by_test.items() if test}
            yield Measured(Key(self.name, group.name, group.place), level, statistics, tuple(group.worst), by_test)

    def explain(self, facts: Facts, measured: Measured) -> Finding:
        fields = _fields(measured)
        return finding_of(
            facts,
            measured,
            message=self.message.format_map(fields),
            detail=self.detail.format_map(fields),
            suggestion=self.suggestion,
            more=self.more,
        )


def statistics_of(group: PlaceGroup | Durations) -> Statistics:
    return Statistics(
        "ns",
        group.count,
        group.total_ns,
        group.trimmed_ns,
        group.max_ns,
        group.quantile_ns(0.5),
        group.quantile_ns(0.9),
        group.quantile_ns(0.99),
    )


def finding_of(facts: Facts, measured: Measured, *, message: str, detail: str, suggestion: str, more: More) -> Finding:
    """Return the finding for a group of intervals, at the place of the longest one."""
    worst = measured.worst[0]
    return Finding(
        key=measured.key,
        severity=measured.severity,
        message=message,
        detail="\n".join([detail, *_about(worst)]),
        suggestion=suggestion,
        location=wording.location(worst.primary),
        anchor=_anchor(worst),
        stack=wording.frames(worst.stack),
        goroutine=worst.goroutine,
        timestamp_ns=worst.start_ns - facts.start_ns,
        statistics=measured.statistics,
        occurrences=tuple(_occurrence(interval, facts) for interval in measured.worst),
        groups=wording.groups(interval.group for interval in measured.worst),
        more=more,
        holders=next((holders(one.holding) for one in measured.worst if one.holding), None),
    )


def _place(group: IntervalGroup) -> str:
    return group.stack.place


def _nowhere(_: IntervalGroup) -> str:
    return ""


def _fields(measured: Measured) -> dict[str, str]:
    """What a message may contain.

    kind: of the wait. where: the goroutine's function, in words; function: its name alone; leaf: the innermost function
    of the stack. longest: the longest interval. times: how often, and how long in total. still: whether the longest
    interval had not ended.
    """
    worst, statistics = measured.worst[0], measured.statistics
    functions = worst.stack.functions
    return {
        "kind": measured.key.kind,
        "where": wording.where(worst.stack),
        "function": worst.stack.function or "an unknown function",
        "leaf": functions[0] if functions else "",
        "longest": duration(statistics.maximum),
        "times": wording.times(statistics),
        "still": ", still waiting at the end" if worst.still_open else "",
    }


def _anchor(worst: Interval) -> Location | None:
    if worst.primary:
        return None
    if worst.creator:
        return wording.location(worst.creator, "creator")
    return wording.location(vendored((worst.stack.frames, worst.creation.frames)), "anchor")


def _about(worst: Interval) -> list[str]:
    lines = []
    if worst.before_start:
        lines.append("The longest one began before the trace did; its true length is more.")
    if worst.still_open:
        lines.append("The longest one had not ended when the trace did; it counts with its length so far.")
    by = wording.cause(worst)
    if by:
        lines.append(f"The longest one was ended by {by}.")
    return lines


def _occurrence(interval: Interval, facts: Facts) -> Occurrence:
    return Occurrence(
        interval.start_ns - facts.start_ns,
        interval.length_ns,
        interval.goroutine,
        interval.still_open,
        interval.before_start,
        wording.cause(interval),
    )
