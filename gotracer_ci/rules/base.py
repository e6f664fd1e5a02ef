"""What a rule is: frozen metadata, a docstring that documents it, and a pure function from facts to measurements.

A rule measures everything of its kind, not only what exceeds a threshold: the baseline compares it all. The words
are made only for what is shown.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.intervals import Interval, PlaceGroup
from gotracer_ci.analysis.stacks import Stack
from gotracer_ci.findings import (
    Finding,
    Frame,
    Key,
    Location,
    Occurrence,
    RuleInfo,
    Severity,
    Statistics,
    Threshold,
)
from gotracer_ci.source.frames import SourceFrame
from gotracer_ci.source.place import primary
from gotracer_ci.text import duration

SECTIONS = ("Detects", "Why it matters", "How it is measured", "Thresholds", "What to do", "Limits")

Limits = dict[str, float]
"""A rule's thresholds that are in force, by name, in their units."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One rule at one place of one trace. severity: NONE below every threshold. describe: makes the finding."""

    key: Key
    severity: Severity
    statistics: Statistics
    describe: Callable[[], Finding]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule; `info.sections` come from the docstring of the module that defines it."""

    info: RuleInfo
    measure: Callable[[Facts, Limits], Iterable[Measured]]

    @property
    def name(self) -> str:
        return self.info.name

    def with_thresholds(self, changed: dict[str, float]) -> Rule:
        limits = tuple(replace(t, value=changed.get(t.name, t.value)) for t in self.info.thresholds)
        return replace(self, info=replace(self.info, thresholds=limits))

    def run(self, facts: Facts) -> Iterator[Measured]:
        yield from self.measure(facts, {t.name: t.value for t in self.info.thresholds})


def info(name: str, document: str | None, worst: Severity, **thresholds: tuple[float, str]) -> RuleInfo:
    """A rule's metadata. document: its module's docstring: one sentence, then the headings of `SECTIONS`.

    thresholds: name → (value, unit), in the order to show.
    """
    text = inspect.cleandoc(document or "")
    parts = re.split(r"^(" + "|".join(SECTIONS) + r")\n-+\n", text, flags=re.MULTILINE)
    if tuple(parts[1::2]) != SECTIONS:
        raise ValueError(f"{name}: its docstring needs the headings {', '.join(SECTIONS)}, in this order")
    summary = " ".join(parts[0].split())
    sections = tuple(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))
    limits = tuple(Threshold(key, value, unit) for key, (value, unit) in thresholds.items())
    return RuleInfo(name, summary, sections, limits, worst)


def severity(value: float, limits: Limits) -> Severity:
    """By the thresholds `warn` and `error`."""
    if value >= limits["error"]:
        return Severity.ERROR
    return Severity.WARN if value >= limits["warn"] else Severity.NONE


def counter(key: Key, unit: str, value: int, facts: Facts, what: str, suggestion: str) -> Measured:
    """A number that is only compared with the baseline: it has no threshold of its own."""
    statistics = Statistics(unit, 1 if unit == "bytes" else value, value, value, value)

    def describe() -> Finding:
        return Finding(
            key=key,
            severity=Severity.NONE,
            message=what,
            detail="Counted over the whole trace and compared with the baseline only.",
            suggestion=suggestion,
            location=location(facts.anchor, "anchor"),
            stack=(),
            goroutine=-1,
            timestamp_ns=0,
            statistics=statistics,
        )

    return Measured(key, Severity.NONE, statistics, describe)


def wait(
    rule: str,
    group: PlaceGroup,
    level: Severity,
    facts: Facts,
    message: Callable[[PlaceGroup], str],
    detail: str,
    suggestion: str,
    key: Key | None = None,
) -> Measured:
    """The measurement of a group of intervals at a place; its finding shows the longest one."""
    key = key or Key(rule, group.name, group.place)
    statistics = Statistics(
        "ns",
        group.count,
        group.total_ns,
        group.trimmed_ns,
        group.max_ns,
        group.quantile_ns(0.5),
        group.quantile_ns(0.9),
        group.quantile_ns(0.99),
    )

    def describe() -> Finding:
        worst = group.worst[0]
        shown = worst.primary
        return Finding(
            key=key,
            severity=level,
            message=message(group),
            detail="\n".join([detail, *_about(worst)]),
            suggestion=suggestion,
            location=location(shown) if shown else location(facts.anchor, "anchor"),
            stack=frames(worst.stack),
            goroutine=worst.goroutine,
            timestamp_ns=worst.start_ns - facts.start_ns,
            statistics=statistics,
            occurrences=tuple(_occurrence(interval, facts) for interval in group.worst),
        )

    return Measured(key, level, statistics, describe)


def longest(
    rule: str,
    groups: Iterable[PlaceGroup],
    limits: Limits,
    facts: Facts,
    message: Callable[[PlaceGroup], str],
    detail: str,
    suggestion: str,
) -> Iterator[Measured]:
    """The measurements of a rule whose thresholds `warn` and `error` are for the longest interval of a group.

    detail: as for `wait`; "{}" in it stands for the group's name.
    """
    for group in groups:
        level = severity(group.max_ns, limits)
        yield wait(rule, group, level, facts, message, detail.format(group.name), suggestion)


def location(frame: SourceFrame | None, mapped: str = "") -> Location | None:
    if frame is None or frame.path is None:
        return None
    return Location(frame.path, max(1, frame.line), frame.function, mapped or frame.mapped)


def frames(stack: Stack) -> tuple[Frame, ...]:
    return tuple(Frame(f.function, f.file, f.line, f.owner, f.path) for f in stack.frames)


def times(group: PlaceGroup) -> str:
    """How often and how long in all: what follows the worst case in a message."""
    if group.count == 1:
        return "once"
    return f"{group.count:,} times, {duration(group.total_ns)} in all"


def still(group: PlaceGroup) -> str:
    """Whether the worst one had not ended: " and is still waiting"."""
    return ", still waiting at the end" if group.worst[0].still_open else ""


def where(group: PlaceGroup) -> str:
    """The place in words; a place without own code is the goroutine's entry function."""
    if not group.place.startswith("~"):
        return group.place
    return f"a goroutine of {group.place[1:]}" if group.place != "~" else "an unnamed goroutine"


def _about(worst: Interval) -> list[str]:
    lines = []
    if worst.before_start:
        lines.append("The longest one was under way when the trace began; its true length is more.")
    if worst.still_open:
        lines.append("The longest one had not ended when the trace did; it counts with its length so far.")
    by = _cause(worst)
    if by:
        lines.append(f"The longest one was ended by {by}.")
    return lines


def _cause(interval: Interval) -> str:
    if interval.cause < 0 and not interval.cause_stack.index:
        return ""
    who = f"goroutine {interval.cause}" if interval.cause >= 0 else "the runtime"
    shown = primary(interval.cause_stack.frames) or interval.cause_stack.own
    if shown is None and interval.cause_stack.frames:
        shown = interval.cause_stack.frames[-1]
    return f"{who} at {shown.function} ({shown.path or shown.file}:{shown.line})" if shown else who


def _occurrence(interval: Interval, facts: Facts) -> Occurrence:
    return Occurrence(
        interval.start_ns - facts.start_ns,
        interval.length_ns,
        interval.goroutine,
        interval.still_open,
        interval.before_start,
        _cause(interval),
    )
