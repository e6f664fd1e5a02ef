"""What a baseline holds: programs with their jobs and groups. Plain values; `schema` reads and writes the file."""

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

    id: the job's run. go, gomaxprocs, platform: see Conditions. traces: their number. wall_ms: of the longest one.
    """

    id: str
    commit: str
    go: str
    gomaxprocs: int
    platform: str = ""
    traces: int
    wall_ms: int

    @property
    def conditions(self) -> Conditions:
        return Conditions(self.go, self.gomaxprocs, self.platform)


@dataclass(frozen=True, slots=True)
class Group:
    """One group's values, one for each entry, in their order.

    values: in the group's `unit`; None if the value was dropped because the group was fixed since (see update).
    counts: numbers of events; empty for counters. ref: what creep is measured from, None for the first value.
    accepted: why somebody raised it, "" if nobody did.
    """

    unit: str
    values: tuple[float | None, ...]
    counts: tuple[int, ...] = ()
    ref: float | None = None
    accepted: str = ""

    @property
    def reference(self) -> float:
        """What creep is measured from, 0 if there is nothing."""
        return self.first if self.ref is None else self.ref

    @property
    def first(self) -> float:
        """The first value that a file holds, 0 if there is none."""
        least = MS if self.unit == "ns" else 1
        return next((value for value in self.values if value and value >= least), 0.0)

    @property
    def is_nothing(self) -> bool:
        """Whether no entry has a value for the group any more."""
        return not (any(value != 0 for value in self.values) or any(self.counts))

    def measured_from(self, reference: float, accepted: str) -> Group:
        """Return the group with another reference (0 for the first value) and another reason for accepting it."""
        return replace(self, ref=None if reference in (0, self.first) else reference, accepted=accepted)


@dataclass(frozen=True, slots=True)
class Part:
    """One program's part of a baseline: entries, the oldest first, and the groups that any of them has.

    lines: the groups of the file that it was read from, with their units, in the file's order; also those that no
    entry has any more.
    """

    entries: tuple[Entry, ...]
    groups: dict[Key, Group]
    lines: Mapping[Key, str] = field(default_factory=dict, compare=False)

    def ordered(self) -> dict[Key, str]:
        """The groups to write, with their units: the file's, so that its numbers keep their places, and then the new.

        Times below 1 ms and counters of 0 are not new. When more lines are of nothing than of something, they go.
        """
        there = {key: group.unit for key, group in sorted(self.groups.items()) if group.first}
        lines = {**self.lines, **there}
        return {key: lines[key] for key in lines if key in there} if len(lines) > 2 * len(there) else lines


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline: the program's name → its part. "" is a program that is not known by name."""

    parts: dict[str, Part]
