"""Findings of a whole run: what several traces of one program measured at the same place is one finding."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol, TypeVar

from gotracer_ci.analysis.facts import Facts
from gotracer_ci.findings import Finding, Key, Severity, rank
from gotracer_ci.rules.once import once
from gotracer_ci.rules.rule import Measured, Rule
from gotracer_ci.rules.traced import Traced
from gotracer_ci.source.program import TEST


class Measurable(Protocol):
    """One trace as far as findings need it: of this run, or as a report has it. See `Traced`."""

    @property
    def program(self) -> str: ...

    @property
    def measured(self) -> Sequence[Measured]: ...


_Any = TypeVar("_Any", bound=Measurable)


class _Seen(NamedTuple):
    """One trace's part of a finding. number: the trace's index in the run."""

    number: int
    measured: Measured


def measure(rules: Sequence[Rule], facts: Facts) -> tuple[Measured, ...]:
    """Return what the rules measure in one trace."""
    return once(facts, [found for rule in rules for found in rule.run(facts)])


def programs_of(*sides: Sequence[str]) -> tuple[list[str], ...]:
    """Return the program of each trace, given what each trace says itself, "" if that is unknown.

    One of an unknown program is of the run's only program, if there is one. But beside a trace that has a name, one
    without is not of the same test binary: either all traces of its tests have test functions on their stacks, or none.

    sides: the traces of the run, and of its base commit.
    """
    known = {program for programs in sides for program in programs if program}
    only = known.pop() if len(known) == 1 else ""
    return tuple(
        list(programs) if only.endswith(TEST) and any(programs) else [program or only for program in programs]
        for programs in sides
    )


def by_program(traces: Iterable[_Any]) -> dict[str, list[_Any]]:
    """Return the traces of each program."""
    programs: dict[str, list[_Any]] = {}
    for trace in traces:
        programs.setdefault(trace.program, []).append(trace)
    return programs


def above_threshold(traces: Iterable[Measurable], rules: Collection[str]) -> dict[str, set[Key]]:
    """Return by program the findings of these rules in a run that is not compared with anything."""
    return {
        program: {
            found.key
            for trace in same
            for found in trace.measured
            if found.severity > Severity.NONE and found.key.rule in rules
        }
        for program, same in by_program(traces).items()
    }


def findings(traces: Sequence[Traced], rules: Sequence[Rule], flagged: Collection[Key]) -> list[Finding]:
    """Return the findings of these rules, ranked: all above a threshold, and those that got worse.

    Args:
        flagged: the groups that got worse than the baseline.
    """
    by_name = {rule.name: rule for rule in rules}

    def describe(number: int, measured: Measured) -> Finding:
        trace = traces[number]
        return by_name[measured.key.rule].describe(trace.details().facts, trace.whole(measured))

    return selected(traces, by_name.keys(), flagged, describe)


def selected(
    traces: Sequence[Measurable],
    rules: Collection[str],
    flagged: Collection[Key],
    describe: Callable[[int, Measured], Finding],
) -> list[Finding]:
    """Return the findings as `findings` does.

    Args:
        rules: their names.
        describe: returns the finding for what was measured in the trace of this index in the run.
    """
    has_several = len({trace.program for trace in traces}) > 1
    found: dict[Key, list[_Seen]] = {}
    for index, trace in enumerate(traces):
        for measured in trace.measured:
            key = measured.key._replace(program=trace.program)
            if key.rule in rules and (measured.severity > Severity.NONE or key in flagged):
                found.setdefault(key, []).append(_Seen(index, measured))
    worst = [(key, max(seen, key=lambda one: (*extent(one.measured), -one.number))) for key, seen in found.items()]
    # trace by trace, because to have the facts of one takes time
    worst.sort(key=lambda one: one[1].number)
    return sorted((_merged(key, one, len(found[key]), describe, has_several) for key, one in worst), key=rank)


def _merged(
    key: Key, worst: _Seen, traces: int, describe: Callable[[int, Measured], Finding], has_several: bool
) -> Finding:
    """Return the worst trace's finding, with that trace's figures.

    Args:
        traces: how many have the group.
        has_several: the run has several programs.
    """
    finding = replace(describe(worst.number, worst.measured), key=key)
    if key.program and has_several:
        finding = replace(finding, message=f"{key.program}: {finding.message}")
    if traces == 1:
        return replace(finding, trace=worst.number)
    others = f"In {traces} traces; the figures are those of the worst (number {worst.number + 1})."
    return replace(finding, trace=worst.number, detail=f"{finding.detail}\n{others}")


def extent(measured: Measured) -> tuple[Severity, int]:
    """Return how bad a group is in one trace; of equally bad ones the first trace counts."""
    return measured.severity, measured.statistics.maximum
