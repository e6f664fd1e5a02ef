"""Findings of a whole run: what several traces of one program measured at the same place is one finding."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from gotracer_ci.analysis import tests
from gotracer_ci.analysis.facts import Facts
from gotracer_ci.findings import Finding, Key, Severity, rank
from gotracer_ci.rules.once import once
from gotracer_ci.rules.rule import Measured, Rule


class Traced(NamedTuple):
    """One trace and what the rules measured in it. program: of the run's programs, "" if unknown."""

    program: str
    facts: Facts
    measured: Sequence[Measured]


class _Seen(NamedTuple):
    """One trace's part of a finding. number: the trace's index in the run."""

    number: int
    facts: Facts
    measured: Measured


def measure(rules: Sequence[Rule], facts: Facts) -> tuple[Measured, ...]:
    """Return what the rules measure in one trace."""
    return once(facts, [found for rule in rules for found in rule.run(facts)])


def with_programs(*sides: Sequence[Traced]) -> tuple[list[Traced], ...]:
    """Return the traces with their programs: one of an unknown program is of the run's only program, if there is one.

    sides: the traces of the run, and of its base commit.
    """
    known = {trace.program for traces in sides for trace in traces if trace.program}
    only = known.pop() if len(known) == 1 else ""
    return tuple([trace._replace(program=trace.program or only) for trace in traces] for traces in sides)


def by_program(traces: Iterable[Traced]) -> dict[str, list[Traced]]:
    """Return the traces of each program."""
    programs: dict[str, list[Traced]] = {}
    for trace in traces:
        programs.setdefault(trace.program, []).append(trace)
    return programs


def above_threshold(traces: Iterable[Traced], rules: Collection[str]) -> dict[str, set[Key]]:
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


def tests_of(trace: Traced, key: Key) -> frozenset[str]:
    """Return the tests in which a group occurs, from its worst intervals or from where its goroutines were created."""
    found = next((found for found in trace.measured if found.key == key), None)
    if found is None or found.by_test:
        return frozenset(found.by_test if found else ())
    stacks = [stack for interval in found.worst for stack in (interval.stack, interval.creation)]
    return frozenset(tests.tests_of(stacks))


def places_of(trace: Traced, key: Key) -> list[str]:
    """Return the places of the worst intervals of a group."""
    worst = next((found.worst for found in trace.measured if found.key == key), ())
    return [interval.stack.place for interval in worst]


def findings(traces: Sequence[Traced], rules: Sequence[Rule], flagged: Collection[Key]) -> list[Finding]:
    """Return the findings of these rules, ranked: all above a threshold, and those that got worse.

    Args:
        flagged: the groups that got worse than the baseline.
    """
    by_name = {rule.name: rule for rule in rules}
    has_several = len({trace.program for trace in traces}) > 1
    found: dict[Key, list[_Seen]] = {}
    for index, trace in enumerate(traces):
        for measured in trace.measured:
            key = measured.key._replace(program=trace.program)
            if key.rule in by_name and (measured.severity > Severity.NONE or key in flagged):
                found.setdefault(key, []).append(_Seen(index, trace.facts, measured))
    return sorted((_merged(key, seen, by_name[key.rule], has_several) for key, seen in found.items()), key=rank)


def _merged(key: Key, seen: Sequence[_Seen], rule: Rule, has_several: bool) -> Finding:
    """Return the worst trace's finding, with that trace's figures. has_several: the run has several programs."""
    worst = max(seen, key=lambda one: (one.measured.severity, one.measured.statistics.maximum, -one.number))
    finding = replace(rule.describe(worst.facts, worst.measured), key=key)
    if key.program and has_several:
        finding = replace(finding, message=f"{key.program}: {finding.message}")
    if len(seen) == 1:
        return replace(finding, trace=worst.number)
    others = f"In {len(seen)} traces; the figures are those of the worst (number {worst.number + 1})."
    return replace(finding, trace=worst.number, detail=f"{finding.detail}\n{others}")
