"""Tasks, regions, tests and waits that take longer than the configuration allows.

Detects
-------
An objective that is missed. Objectives are limits for the times of tasks, regions, tests and waits, in `[[objective]]`
tables of the configuration file.

Why it matters
--------------
The other rules, and the comparison with a baseline, know what is unusual. Only you know what is too slow: "99 % of all
checkouts take at most 200 ms".

How it is measured
------------------
A task or region from its begin to its end; a test from its start to its end, without the time in which it waited for
its turn after `t.Parallel`; a wait from the moment the goroutine blocked to the moment it became runnable. What the
trace has only a part of counts with the length of that part. Each trace is judged by itself. Percentiles of tasks and
tests are exact, those of regions and waits right to 3 %; `max` is always exact.

Thresholds
----------
None but your own: without objectives the rule finds nothing. A finding has the severity of its objective, `error` by
default. It counts whether or not there is a baseline, and is not compared with it: an objective that was missed before
is still missed.

What to do
----------
Find out where the time goes: the finding names the slowest instances and the command that shows more. If the limit is
too strict, change it in the configuration file.

Limits
------
With fewer than 100 instances, p99 is the maximum; with fewer than 20, p95 is. The message says so. Set `min_count` to
judge only what occurs often enough. A wait that lasts from the beginning of the trace to its end is not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from gotracer_ci.analysis import waits
from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.intervals import IntervalGroup, IntervalKind, PlaceGroup, by_place
from gotracer_ci.findings import Finding, Key, More, Severity, Threshold
from gotracer_ci.notes import Note, NoteKind
from gotracer_ci.rules import wording
from gotracer_ci.rules.interval_rule import finding_of, statistics_of
from gotracer_ci.rules.objectives import LIMITS, Objective
from gotracer_ci.rules.rule import Measured, Rule, documented
from gotracer_ci.rules.sync_waits import primitive
from gotracer_ci.source.names import MAIN_PACKAGES, package_of
from gotracer_ci.spelling import closest_names
from gotracer_ci.text import count, duration, plural

if TYPE_CHECKING:
    from gotracer_ci.analysis.durations import Durations

_MORE: Final = {"task": More.TASKS, "region": More.REGIONS, "test": More.TESTS, "wait": More.GOROUTINE}
_TEST_BINARY: Final = " (test)"
_NAMED: Final = 3


class _Group(NamedTuple):
    """What an objective judges as one: all tasks or regions of a type, runs of a test, or waits at a place."""

    kind: str
    name: str
    times: Durations | PlaceGroup


class _Miss(NamedTuple):
    """A limit that a group exceeds."""

    objective: Objective
    limit: str
    limit_ns: int
    value_ns: int


class _Missed(NamedTuple):
    """A group that misses objectives, with all the limits that it exceeds."""

    group: _Group
    misses: Sequence[_Miss]

    @property
    def severity(self) -> Severity:
        return max(miss.objective.severity for miss in self.misses)


@dataclass(frozen=True, kw_only=True, eq=False)
class ObjectiveRule(Rule):
    """Reports what misses an objective. Without objectives it needs nothing and finds nothing."""

    objectives: tuple[Objective, ...] = ()

    def for_objectives(self, objectives: tuple[Objective, ...]) -> ObjectiveRule:
        """Return the rule with these objectives, whose limits reports show as its thresholds."""
        if not objectives:
            return self
        shown = [
            Threshold(f"{objective.target} {limit}", value, "ns")
            for objective in objectives
            for limit, value in objective.limits
        ]
        return replace(self, objectives=objectives, info=replace(self.info, thresholds=tuple(shown)))

    @property
    def timed(self) -> frozenset[str]:
        return frozenset(objective.subject for objective in self.objectives) - {"wait"}

    def measure(self, facts: Facts) -> Iterator[Measured]:
        for key, missed in self._missed(facts).items():
            times = missed.group.times
            yield Measured(key, missed.severity, statistics_of(times), tuple(times.worst))

    def explain(self, facts: Facts, measured: Measured) -> Finding:
        group, misses = self._missed(facts)[measured.key]
        what = f"{group.kind} {group.name}"
        if misses[0].objective.subject == "wait":
            what = f"{wording.where(measured.worst[0].stack)} in {group.kind}"
        by_limit = sorted(misses, key=lambda miss: LIMITS.index(miss.limit))
        exceeded = ", ".join(_words(miss, group.times.count) for miss in by_limit)
        objectives = dict.fromkeys(miss.objective for miss in misses)
        return finding_of(
            facts,
            measured,
            message=f"{what} missed its objective: {exceeded}; {wording.times(measured.statistics)}",
            detail="\n".join(_described(objective) for objective in objectives),
            suggestion=self.suggestion,
            more=_MORE[misses[0].objective.subject],
        )

    def notes(self, every: Sequence[Facts]) -> Iterator[Note]:
        """Yield what was not judged: objectives that match nothing, and groups with too few instances."""
        has_any = dict.fromkeys(self.objectives, False)
        few: dict[Objective, dict[str, int]] = {objective: {} for objective in self.objectives}
        for facts in every if self.objectives else ():
            for objective, labels in few.items():
                for group in _groups(objective, facts):
                    has_any[objective] = True
                    if group.times.count < objective.min_count:
                        labels[_label(group)] = labels.get(_label(group), 0) + 1
        for objective, labels in few.items():
            about = f"objective {objective.number} ({objective.target})"
            if not has_any[objective]:
                text = f"{about}: no trace has such a {objective.subject}{_closest(objective, every)}"
                yield Note(NoteKind.UNMATCHED, text, about)
            elif labels:
                text = f"{about}: {_too_few(labels, objective.min_count, len(every))}"
                yield Note(NoteKind.OBJECTIVE, text, about)

    def _missed(self, facts: Facts) -> dict[Key, _Missed]:
        found: dict[Key, _Missed] = {}
        for objective in self.objectives:
            for group in _groups(objective, facts):
                misses = list(_misses(objective, group.times))
                if not misses:
                    continue
                key = Key(self.name, group.kind, group.name)
                # two objectives may judge the same waits, one of them only those below a package
                shown = max((group, found[key].group), key=lambda one: one.times.count) if key in found else group
                found[key] = _Missed(shown, [*(found[key].misses if key in found else ()), *misses])
        return {key: found[key] for key in sorted(found)}


def _groups(objective: Objective, facts: Facts) -> Iterator[_Group]:
    """Yield what the objective is about in these facts, whether or not there is enough of it."""
    if objective.subject == "wait":
        for waited in by_place(facts.intervals, lambda group: _wait(objective, group, facts.program), _place):
            yield _Group(waited.name, waited.place, waited)
    elif objective.subject == "region":
        for region in by_place(facts.intervals, lambda group: _region(objective, group), lambda _: ""):
            yield _Group(objective.subject, region.name, region)
    else:
        for times in facts.durations.get(objective.subject, ()):
            if objective.matches(times.name):
                yield _Group(objective.subject, times.name, times)


def _wait(objective: Objective, group: IntervalGroup, program: str) -> str | None:
    """Return the kind of a wait that the objective is about, in Go's words."""
    kind = _kind(group)
    if kind is None or not (objective.matches(kind) or objective.matches(group.reason)):
        return None
    packages = {package_of(function) for function in group.stack.functions} if objective.below else {""}
    if packages & MAIN_PACKAGES:
        packages.add(program.removesuffix(_TEST_BINARY))
    return kind if any(objective.covers(package) for package in packages) else None


def _kind(group: IntervalGroup) -> str | None:
    if group.parked or group.stack.system:
        return None
    if group.kind is IntervalKind.SYSCALL:
        return None if group.reason == waits.EVENTS else "syscall"
    if group.kind is not IntervalKind.WAITING:
        return None
    return primitive(group.stack.functions) if group.reason == "sync" else group.reason or None


def _region(objective: Objective, group: IntervalGroup) -> str | None:
    return group.reason if group.kind is IntervalKind.REGION and objective.matches(group.reason) else None


def _place(group: IntervalGroup) -> str:
    return group.stack.place


def _misses(objective: Objective, times: Durations | PlaceGroup) -> Iterator[_Miss]:
    if times.count >= objective.min_count:
        for limit, limit_ns in objective.limits:
            value = times.max_ns if _is_maximum(limit, times.count) else times.quantile_ns(int(limit[1:]) / 100)
            if value > limit_ns:
                yield _Miss(objective, limit, limit_ns, value)


def _is_maximum(limit: str, number: int) -> bool:
    """Whether so many instances have no other value for this limit: p99 of fewer than 100 is the longest one."""
    return limit == "max" or (int(limit[1:]) * number + 99) // 100 == number


def _words(miss: _Miss, number: int) -> str:
    text = f"{miss.limit} {duration(miss.value_ns)} > {duration(miss.limit_ns)}"
    is_other = miss.limit == "max" or number == 1 or not _is_maximum(miss.limit, number)
    return text if is_other else f"{text} (of {count(number)}: the maximum)"


def _described(objective: Objective) -> str:
    limits = ", ".join(f"{limit} {duration(value)}" for limit, value in objective.limits)
    return f"Objective {objective.number} in the configuration file: {objective.target}, {limits}."


def _label(group: _Group) -> str:
    return f"{group.kind} {group.name}".rstrip()


def _too_few(few: Mapping[str, int], least: int, traces: int) -> str:
    shown = [
        name if number == traces else f"{name} in {number} of {plural(traces, 'trace')}"
        for name, number in list(few.items())[:_NAMED]
    ]
    more = f" and {len(few) - _NAMED} more" if len(few) > _NAMED else ""
    return f"fewer than min_count {count(least)} of {', '.join(shown)}{more}, so not judged"


def _closest(objective: Objective, every: Iterable[Facts]) -> str:
    """Return `; did you mean checkout?` if there is something of a similar name in the traces."""
    any_name = replace(objective, pattern="*", below="")
    names = {
        group.kind if objective.subject == "wait" else group.name
        for facts in every
        for group in _groups(any_name, facts)
    }
    if any(objective.matches(name) for name in names):
        return ""  # none is below the package
    near = closest_names(objective.pattern, sorted(names))
    return f"; did you mean {near}?" if near else ""


_INFO: Final = documented("Objective", __doc__)
RULE = ObjectiveRule(
    info=replace(_INFO, worst=Severity.ERROR),
    suggestion="Find out where the time goes. If the limit is too strict, change it in the configuration file.",
    absolute=True,
)
