"""The content of a baseline: programs with their jobs and groups. Plain values; `schema` reads and writes the file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from gotracer_ci.baseline.measurements import Conditions
from gotracer_ci.findings import Key
from gotracer_ci.limits import MS

KEPT_ENTRIES: Final = 10
KEPT_WORK: Final = 10_000
"""How many units of work a part names."""
KEPT_SHARES: Final = 20
"""How many tests a group names; the others' parts are added up under the name ""."""
LEAST: Final = {"ns": MS, "each": 1_000, "count": 1, "bytes": 1}
"""Units, each with the least value of a group that a file adds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One job.

    id: the job's run. go, gomaxprocs, platform: see Conditions. traces: how many. wall_ms: of the median trace.
    tests: how many tests and subtests ran, 0 if it was no test or the number is unknown. rules: those that measured it,
    sorted; None for all. work: the units of work that a trace did, and how often: see `TraceGroups.work`; sorted, empty
    if it is unknown.
    """

    id: str
    commit: str
    go: str
    gomaxprocs: int
    platform: str = ""
    traces: int
    wall_ms: int
    tests: int = 0
    rules: tuple[str, ...] | None = None
    work: tuple[tuple[str, int], ...] = ()

    @property
    def conditions(self) -> Conditions:
        return Conditions(self.go, self.gomaxprocs, self.platform)

    def measured(self, rule: str) -> bool:
        """Report whether a group of this rule without a value was not there, rather than not measured."""
        return self.rules is None or rule in self.rules

    def nothing(self, rule: str) -> float | None:
        """Return the value of a group that the job does not have: 0, or None if it did not measure this rule."""
        return 0.0 if self.measured(rule) else None


@dataclass(frozen=True, slots=True)
class Group:
    """The values of one group, one per entry, in the order of the entries.

    values: in the group's `unit`; None if the job did not measure the group's rule, or if the value was dropped because
    the group was fixed since (see update). counts: numbers of events; empty for counters. ref: the value that creep is
    measured from, None for the first value. accepted: why a user accepted a regression, "" otherwise. shares: which
    part of it belongs to which test function, in whole percent of 1, by the newest job that has it; sorted. The rest
    belongs to no test. The name "" stands for all tests without a name here.
    """

    unit: str
    values: tuple[float | None, ...]
    counts: tuple[int, ...] = ()
    ref: float | None = None
    accepted: str = ""
    shares: tuple[tuple[str, float], ...] = ()

    @property
    def reference(self) -> float:
        """The value that creep is measured from, 0 if there is none."""
        return self.first if self.ref is None else self.ref

    @property
    def first(self) -> float:
        """The first value, 0 if there is none."""
        least = LEAST[self.unit]
        return next((value for value in self.values if value and value >= least), 0.0)

    def measured_from(self, reference: float, accepted: str) -> Group:
        """Return the group with this reference (0 for the first value) and this reason for accepting it."""
        return replace(self, ref=None if reference in (0, self.first) else reference, accepted=accepted)


def absent(key: Key, unit: str, entries: Sequence[Entry]) -> Group:
    """Return the values of a group that none of these entries has."""
    counts = (0,) * len(entries) if is_counted(unit) else ()
    return Group(unit, tuple([entry.nothing(key.rule) for entry in entries]), counts)


def is_counted(unit: str) -> bool:
    """Report whether groups of this unit have numbers of events."""
    return unit in ("ns", "each")


@dataclass(frozen=True, slots=True)
class Part:
    """One program's part of a baseline: its entries, oldest first, and the groups that any of them has.

    lines: the groups of the file that it was read from, with their units, in the file's order, including those without
    values. work: the units of work that any job did, in the file's order. rules: those of the file, in its order.
    """

    entries: tuple[Entry, ...]
    groups: dict[Key, Group]
    lines: Mapping[Key, str] = field(default_factory=dict, compare=False)
    work: tuple[str, ...] = ()
    rules: tuple[str, ...] = field(default=(), compare=False)

    @property
    def tests(self) -> frozenset[str]:
        """The test functions that any entry ran. The names of tasks and regions have a space."""
        return frozenset(name for name in self.done if " " not in name)

    @property
    def latest(self) -> frozenset[str]:
        """The test functions that the newest entry ran; those of any entry if it is unknown.

        A trace names a test that never waits only by chance, so entries with as many tests must all have it.
        """
        newest = self.entries[-1] if self.entries else None
        if newest is None or not newest.work:
            return self.tests
        alike = [entry.work for entry in self.entries if entry.work and entry.tests == newest.tests]
        return self.tests.intersection(*({name for name, _ in work} for work in alike))

    @property
    def done(self) -> tuple[str, ...]:
        """The units of work that any entry did: all that have a name, if it is unknown what an entry did."""
        did = {name for entry in self.entries for name, _ in entry.work}
        return tuple(name for name in self.work if name in did) if all(e.work for e in self.entries) else self.work

    def without(self, rules: Iterable[str]) -> dict[str, frozenset[int]]:
        """Return the indices of the entries that did not measure a rule, by those of the rules that not all did."""
        found = {}
        for rule in rules:
            if gone := frozenset(i for i, entry in enumerate(self.entries) if not entry.measured(rule)):
                found[rule] = gone
        return found

    def ordered(self) -> dict[Key, str]:
        """The groups to write, with their units: first the file's, in their order, then new ones.

        New groups below the least value of their unit are left out. Lines without values are removed once they are the
        majority.
        """
        there = {key: group.unit for key, group in sorted(self.groups.items()) if group.first}
        lines = {**self.lines, **there}
        return {key: lines[key] for key in lines if key in there} if len(lines) > 2 * len(there) else lines


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline: the program's name → its part. "" is a program without a name."""

    parts: dict[str, Part]
