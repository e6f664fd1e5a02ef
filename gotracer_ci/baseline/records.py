"""The content of a baseline: programs with their jobs and groups. Plain values; `schema` reads and writes the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from gotracer_ci.baseline.measurements import Conditions
from gotracer_ci.findings import Key
from gotracer_ci.limits import MS

KEPT_ENTRIES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One job.

    id: the job's run. go, gomaxprocs, platform: see Conditions. traces: how many. wall_ms: of the median trace.
    tests: how many tests and subtests ran, 0 if it was no test or the number is unknown. work: the units of work that a
    trace did, and how often: see `TraceGroups.work`; sorted.
    """

    id: str
    commit: str
    go: str
    gomaxprocs: int
    platform: str = ""
    traces: int
    wall_ms: int
    tests: int = 0
    work: tuple[tuple[str, int], ...] = ()

    @property
    def conditions(self) -> Conditions:
        return Conditions(self.go, self.gomaxprocs, self.platform)


@dataclass(frozen=True, slots=True)
class Group:
    """The values of one group, one per entry, in the order of the entries.

    values: in the group's `unit`; None if the value was dropped because the group was fixed since (see update).
    counts: numbers of events; empty for counters. ref: the value that creep is measured from, None for the first
    value. accepted: why a user accepted a regression, "" otherwise. shares: which part of it belongs to which test
    function, 0 to 1, by the newest job that has it; sorted.
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
        least = MS if self.unit == "ns" else 1
        return next((value for value in self.values if value and value >= least), 0.0)

    @property
    def is_nothing(self) -> bool:
        """Whether no entry has a value for the group."""
        return not (any(value != 0 for value in self.values) or any(self.counts))

    def measured_from(self, reference: float, accepted: str) -> Group:
        """Return the group with this reference (0 for the first value) and this reason for accepting it."""
        return replace(self, ref=None if reference in (0, self.first) else reference, accepted=accepted)


@dataclass(frozen=True, slots=True)
class Part:
    """One program's part of a baseline: its entries, oldest first, and the groups that any of them has.

    lines: the groups of the file that it was read from, with their units, in the file's order, including those without
    values. tests: the test functions that any job ran.
    """

    entries: tuple[Entry, ...]
    groups: dict[Key, Group]
    lines: Mapping[Key, str] = field(default_factory=dict, compare=False)
    tests: frozenset[str] = frozenset()

    def ordered(self) -> dict[Key, str]:
        """The groups to write, with their units: first the file's, in their order, then new ones.

        New times below 1 ms and counters of 0 are left out. Lines without values are removed once they are the
        majority.
        """
        there = {key: group.unit for key, group in sorted(self.groups.items()) if group.first}
        lines = {**self.lines, **there}
        return {key: lines[key] for key in lines if key in there} if len(lines) > 2 * len(there) else lines


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline: the program's name → its part. "" is a program without a name."""

    parts: dict[str, Part]
