"""Measurements of a trace for the baseline: its groups, and the conditions under which they were measured."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from gotracer_ci.findings import Key, Share, Statistics
from gotracer_ci.limits import Limits, limit_of


class Conditions(NamedTuple):
    """The conditions that a program's values depend on besides its code. Runs are comparable only if they are equal.

    go: Go's minor version as the trace has it ("1.26"), "" unknown. gomaxprocs: 0 unknown.
    platform: "linux/amd64", "" unknown: no trace has it, so unknown matches any.
    """

    go: str
    gomaxprocs: int
    platform: str = ""

    def matches(self, other: Conditions) -> bool:
        if not (self.go and self.gomaxprocs and (self.go, self.gomaxprocs) == (other.go, other.gomaxprocs)):
            return False
        return self.platform == other.platform or not (self.platform and other.platform)

    def __str__(self) -> str:
        words = (self.go and f"Go {self.go}", self.gomaxprocs and f"GOMAXPROCS {self.gomaxprocs}", self.platform)
        return ", ".join(str(word) for word in words if word) or "no one environment"


def common(conditions: Iterable[Conditions]) -> Conditions:
    """Return the conditions that all share. A field in which they differ becomes unknown."""
    first, *others = conditions

    def shared(name: str) -> bool:
        return all(getattr(first, name) == getattr(other, name) for other in others)

    return Conditions(
        first.go if shared("go") else "",
        first.gomaxprocs if shared("gomaxprocs") else 0,
        first.platform if shared("platform") else "",
    )


def _no_tests(_: Key) -> frozenset[str]:
    return frozenset()


def _nowhere(_: Key) -> tuple[str, ...]:
    return ()


class TraceGroups(NamedTuple):
    """One trace of a run with all its groups, including those below a rule's thresholds.

    ran: how many tests and subtests ran. tests: the test functions that are known of them. timed: benchmarks ran for a
    time. tests_of: returns the tests in which a group occurs, as far as they are known. places_of: returns the places
    of its worst intervals. work: how often the program did which unit of work: tests by their functions, or, without
    tests, tasks or else regions by their types. shares, lengths, machine: see `rules.rule.Measured`; only groups that
    have any.
    """

    conditions: Conditions
    wall_ns: int
    groups: dict[Key, Statistics]
    ran: int = 0
    tests: frozenset[str] = frozenset()
    timed: bool = False
    tests_of: Callable[[Key], frozenset[str]] = _no_tests
    places_of: Callable[[Key], Sequence[str]] = _nowhere
    work: Mapping[str, int] = {}
    shares: Mapping[Key, Mapping[str, Share]] = {}
    lengths: Mapping[Key, Mapping[int, int]] = {}
    machine: Mapping[Key, int] = {}


Runs = Mapping[str, Sequence[TraceGroups]]
"""Program → its traces."""


class Candidate(NamedTuple):
    """The run to judge.

    runs: its traces by program. found: by program, the findings above a threshold. rules: those that
    ran. limits: of all known rules. base: traces of the base commit from the same job, by program. is_whole: every
    trace of the run could be read to its end.
    """

    runs: Runs
    found: Mapping[str, Iterable[Key]]
    rules: Collection[str]
    limits: Limits
    base: Runs
    is_whole: bool


def compared(groups: Mapping[Key, Statistics], limits: Limits) -> Mapping[Key, Statistics]:
    """Return the groups of a trace that a baseline stores and compares."""
    classes = {(key.rule, key.kind, s.unit): key for key, s in groups.items()}  # few, of thousands of groups
    others = {one for one, key in classes.items() if (limit := limit_of(limits, key)) is None or limit.unit != one[2]}
    if not others:
        return groups
    return {key: s for key, s in groups.items() if (key.rule, key.kind, s.unit) not in others}


def middle(values: Sequence[float]) -> float:
    """Return the median, or 0 without values. A run needs thousands, and the library's is several times slower."""
    ordered, half = sorted(values), len(values) // 2
    if not ordered:
        return 0.0
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
