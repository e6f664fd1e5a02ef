"""What rules share that compare how long single events take: their groups have histograms and no thresholds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from gotracer_ci.analysis import histogram
from gotracer_ci.analysis.stacks import Stack
from gotracer_ci.findings import Finding, Holders, Key, Severity, Statistics
from gotracer_ci.rules import wording
from gotracer_ci.rules.rule import Measured
from gotracer_ci.text import count, duration


class Timed(Protocol):
    """Events of one kind."""

    @property
    def count(self) -> int: ...

    @property
    def longest_ns(self) -> int: ...

    @property
    def counts(self) -> Mapping[int, int]: ...


Group = TypeVar("Group", bound=Timed)


@dataclass(slots=True)
class Merged:
    """The events of one kind at one place. counts: how many have which length (see `analysis.histogram`)."""

    kind: str
    place: str
    count: int = 0
    longest_ns: int = 0
    counts: histogram.Histogram = field(default_factory=dict)

    def measured(self, rule: str, q: float) -> Measured:
        """Return what is compared: this quantile. It has no thresholds, so it is no finding by itself."""
        value, p50, p90, p99 = (histogram.quantile(self.counts, each, self.longest_ns) for each in (q, 0.5, 0.9, 0.99))
        statistics = Statistics("each", self.count, value, value, self.longest_ns, p50, p90, p99)
        return Measured(Key(rule, self.kind, self.place), Severity.NONE, statistics, lengths=self.counts)


def merged(groups: Iterable[Group], name: Callable[[Group], tuple[str, str] | None]) -> list[Merged]:
    """Merge groups by kind and place, and sort the result by these.

    Args:
        name: returns the kind and the place of a group, None to leave it out.
    """
    found: dict[tuple[str, str], Merged] = {}
    for group in groups:
        key = name(group)
        if key is not None:
            one = found.setdefault(key, Merged(*key))
            one.count += group.count
            one.longest_ns = max(one.longest_ns, group.longest_ns)
            histogram.merge(one.counts, group.counts)
    return [found[key] for key in sorted(found)]


def finding(
    measured: Measured, stack: Stack, *, message: str, detail: str, suggestion: str, holders: Holders | None = None
) -> Finding:
    """Generate a finding for events at one stack. message: {times} becomes how long they took."""
    statistics = measured.statistics
    times = longest = duration(statistics.maximum)
    if statistics.count > 1:
        times = f"{duration(statistics.p50)} at the median of {count(statistics.count)} times, {longest} at most"
    return Finding(
        key=measured.key,
        severity=measured.severity,
        message=message.replace("{times}", times),
        detail=f"{detail} Compared with the baseline only.",
        suggestion=suggestion,
        location=wording.location(stack.primary),
        stack=wording.frames(stack),
        goroutine=-1,
        timestamp_ns=0,
        statistics=statistics,
        holders=holders,
    )
