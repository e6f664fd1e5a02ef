"""What a run keeps of each trace: the numbers that it compares, and what gets the rest of it from its shelf."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, overload

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.analysis.intervals import Interval
from gotracer_ci.analysis.tests import Tests, tests_of
from gotracer_ci.findings import Key, Severity
from gotracer_ci.notes import Note
from gotracer_ci.rules.rule import Measured, Rule
from gotracer_ci.shelf import Kept, Plain


class Details(NamedTuple):
    """What only the text of a finding needs of a trace. worst: the worst intervals of each group that has any."""

    facts: Facts
    worst: Mapping[Key, tuple[Interval, ...]]


class Traced(NamedTuple):
    """What a run keeps of a trace: the numbers that it compares, and what gets the rest, which is large.

    program: of the run's programs, "" if unknown. go_version, gomaxprocs, duration_ns, tests, notes: see `Facts`.
    is_whole: it could be read to its end. measured: without worst intervals. in_tests: the tests of groups without
    parts of tests. places: those of the worst intervals of groups without a place. details: returns the rest.
    """

    program: str
    go_version: str
    gomaxprocs: int
    duration_ns: int
    tests: Tests
    notes: tuple[Note, ...]
    is_whole: bool
    measured: tuple[Measured, ...]
    in_tests: Mapping[Key, frozenset[str]]
    places: Mapping[Key, tuple[str, ...]]
    details: Kept[Details]

    def whole(self, found: Measured) -> Measured:
        """Return what was measured with its worst intervals."""
        return found._replace(worst=self.details().worst.get(found.key, ()))


class _EveryFacts(Sequence[Facts]):
    """The facts of all traces of a run, one of them in memory at a time."""

    def __init__(self, traces: Sequence[Traced]) -> None:
        self._traces = traces

    def __len__(self) -> int:
        return len(self._traces)

    @overload
    def __getitem__(self, at: int) -> Facts: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Facts]: ...

    def __getitem__(self, at: int | slice) -> Facts | Sequence[Facts]:
        return _EveryFacts(self._traces[at]) if isinstance(at, slice) else self._traces[at].details().facts


def traced(facts: Facts, measured: Iterable[Measured], *, is_compared: bool = True) -> Traced:
    """Return what a run keeps of a trace.

    Args:
        is_compared: also keep what is below every threshold.
    """
    kept = [found for found in measured if is_compared or found.severity > Severity.NONE]
    in_tests = {found.key: _tests(found) for found in kept if not found.by_test}
    places = {found.key: tuple([one.stack.place for one in found.worst]) for found in kept if not found.key.place}
    return Traced(
        facts.program,
        facts.go_version,
        facts.gomaxprocs,
        facts.duration_ns,
        facts.tests,
        facts.notes,
        facts.damage is None,
        tuple([found._replace(worst=()) for found in kept]),
        {key: names for key, names in in_tests.items() if names},
        {key: names for key, names in places.items() if names},
        Plain(Details(facts, {found.key: found.worst for found in kept if found.worst})),
    )


def _tests(found: Measured) -> frozenset[str]:
    """Return the tests in which a group occurs, from its worst intervals or from where its goroutines were created."""
    return frozenset(tests_of(stack for interval in found.worst for stack in (interval.stack, interval.creation)))


def notes_of(traces: Sequence[Traced], rules: Iterable[Rule]) -> Iterator[Note]:
    """Yield what a reader must know about how the traces of a run were judged."""
    every = _EveryFacts(traces)
    for rule in rules:
        yield from rule.notes(every)
