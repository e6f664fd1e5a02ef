"""The interface of rules: metadata, documentation, limits of comparison, and how facts become findings.

A rule measures all of its kind, not only what exceeds a threshold, since the baseline compares everything. Text is
generated only for what is shown.
"""

from __future__ import annotations

import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.intervals import Interval
from gotracer_ci.findings import Finding, Key, RuleInfo, Severity, Share, Statistics, Threshold
from gotracer_ci.limits import Limit
from gotracer_ci.notes import Note
from gotracer_ci.rules.wording import location
from gotracer_ci.text import quantity

SECTIONS = ("Detects", "Why it matters", "How it is measured", "Thresholds", "What to do", "Limits")


class Measured(NamedTuple):
    """What a rule measured at one place of one trace: plain values.

    severity: NONE below every threshold. worst: the longest intervals, longest first; empty for what has none.
    by_test: the parts of it that belong to tests, by the names of the test functions; the rest belongs to none, or to
    one whose name is unknown. lengths: how many events have which length, if these are compared. machine_ns: how much
    of the time of one event may only be there because the machine was busy; 0 if that is unknown.
    """

    key: Key
    severity: Severity
    statistics: Statistics
    worst: tuple[Interval, ...] = ()
    by_test: Mapping[str, Share] = {}
    lengths: Mapping[int, int] = {}
    machine_ns: int = 0


class Counter(NamedTuple):
    """A number of the whole program that is only compared with the baseline and has no threshold.

    unit: "count" or "bytes". value: takes it from the facts, None if the trace does not have it. message: one line in
    which {value} is replaced. change: see `Finding.change`.
    """

    kind: str
    unit: str
    value: Callable[[Facts], int | None]
    message: str
    limit: Limit
    change: str = ""

    def measure(self, rule: str, facts: Facts) -> Iterator[Measured]:
        value = self.value(facts)
        if value is not None:
            count = 1 if self.unit == "bytes" else value
            yield Measured(Key(rule, self.kind, ""), Severity.NONE, Statistics(self.unit, count, value, value, value))

    def describe(self, measured: Measured, suggestion: str) -> Finding:
        value = measured.statistics.total
        return Finding(
            key=measured.key,
            severity=measured.severity,
            message=self.message.format(value=quantity(value, self.unit)),
            detail="Counted over the whole trace and compared with the baseline only.",
            suggestion=suggestion,
            location=None,
            stack=(),
            goroutine=-1,
            timestamp_ns=0,
            statistics=measured.statistics,
            change=self.change,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Rule(ABC):
    """A rule. Subclasses implement `measure` and `explain`, and name their limits.

    info: from `documented`. suggestion: what to do, for findings. counters: what else it compares with the baseline.
    absolute: its findings count whatever the run is compared with, and have no verdict; it must have no limits.
    change: what is said of a place that got worse, see `Finding.change`; {kind} is replaced.
    """

    info: RuleInfo
    suggestion: str
    counters: tuple[Counter, ...] = ()
    absolute: bool = False
    change: str = ""

    @property
    def name(self) -> str:
        return self.info.name

    @property
    def thresholds(self) -> dict[str, float]:
        """The thresholds in force, in their units."""
        return {threshold.name: threshold.value for threshold in self.info.thresholds}

    @property
    def timed(self) -> frozenset[str]:
        """What the facts must have the durations of (see `analysis.facts.analyse`)."""
        return frozenset()

    def with_thresholds(self, changed: Mapping[str, float]) -> Self:
        """Return the rule with some thresholds changed."""
        if not changed:
            return self
        limits = tuple(t._replace(value=changed.get(t.name, t.value)) for t in self.info.thresholds)
        return replace(self, info=replace(self.info, thresholds=limits))

    def run(self, facts: Facts) -> Iterator[Measured]:
        """Measure everything of the rule's kind, below every threshold, too."""
        yield from self.measure(facts)
        for counter in self.counters:
            yield from counter.measure(self.name, facts)

    def describe(self, facts: Facts, measured: Measured) -> Finding:
        """Generate the finding for what `run` measured in these facts, with an anchor if it has no location."""
        finding = self._explained(facts, measured)
        change = finding.change or self.change.replace("{kind}", measured.key.kind)
        finding = replace(finding, absolute=self.absolute, change=change)
        if finding.alert_location or facts.anchor is None:
            return finding
        return replace(finding, anchor=location(facts.anchor, "anchor"))

    def _explained(self, facts: Facts, measured: Measured) -> Finding:
        for counter in self.counters:
            if counter.kind == measured.key.kind and not measured.worst:
                return counter.describe(measured, self.suggestion)
        return self.explain(facts, measured)

    def notes(self, every: Sequence[Facts]) -> Iterator[Note]:
        """Yield what a reader must know about how these traces of a run were judged."""
        yield from ()

    def limits(self) -> dict[str, Limit]:
        """How groups are compared with the baseline: kind, or `EVERY_KIND`, → limit. Other groups are not compared."""
        return {counter.kind: counter.limit for counter in self.counters}

    @abstractmethod
    def measure(self, facts: Facts) -> Iterator[Measured]:
        """Measure all but the counters."""

    @abstractmethod
    def explain(self, facts: Facts, measured: Measured) -> Finding:
        """Generate the finding for what `measure` yielded."""


def documented(name: str, document: str | None, **thresholds: tuple[float, str]) -> RuleInfo:
    """Return a rule's metadata.

    Args:
        document: its module's docstring: one sentence, then the headings of `SECTIONS`.
        thresholds: name → (value, unit), in the order to show. "info", "warn" and "error" are severities.

    Raises:
        ValueError: a heading is missing.
    """
    text = inspect.cleandoc(document or "")
    parts = re.split(r"^(" + "|".join(SECTIONS) + r")\n-+\n", text, flags=re.MULTILINE)
    if tuple(parts[1::2]) != SECTIONS:
        raise ValueError(f"{name}: its docstring needs the headings {', '.join(SECTIONS)}, in this order")
    summary = " ".join(parts[0].split())
    sections = tuple(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))
    worst = max((level for level in Severity if level.label in thresholds), default=Severity.NONE)
    limits = tuple(Threshold(key, value, unit) for key, (value, unit) in thresholds.items())
    return RuleInfo(name, summary, worst, limits, sections)


def severity(value: float, thresholds: Mapping[str, float]) -> Severity:
    """Return the highest severity whose threshold ("info", "warn" or "error") the value reaches."""
    reached = (level for level in Severity if level.label in thresholds and value >= thresholds[level.label])
    return max(reached, default=Severity.NONE)
