"""What a run measured → the part of its report that `gotracer-ci merge` needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Final

from gotracer_ci.findings import Finding, Frame, Key, Severity
from gotracer_ci.limits import Limits, limit_of
from gotracer_ci.notes import Note
from gotracer_ci.report.measurements import (
    Description,
    Histogram,
    MeasuredGroup,
    Measurements,
    Names,
    PartOfTest,
    TimesOfWork,
    TraceMeasurements,
)
from gotracer_ci.report.model import TraceSummary
from gotracer_ci.rules.merge import extent
from gotracer_ci.rules.rule import Measured, Rule
from gotracer_ci.rules.traced import Traced

DESCRIBED: Final = tuple(field.name for field in fields(Description) if field.name not in ("trace", "stack"))
"""The members of a finding that a description has as they are."""


Shown = tuple[TraceSummary, Traced]
"""A readable trace, and what the report shows of it."""


def order(summary: TraceSummary) -> tuple[str, int, int, int]:
    """Return what the traces of joined reports are sorted by. Traces of different jobs can have the same path."""
    return summary.path, summary.duration_ns, summary.events, summary.goroutines


def record(
    traces: Sequence[Shown],
    base: Sequence[Shown],
    rules: Sequence[Rule],
    limits: Limits,
    notes: Iterable[Note],
    findings: Iterable[Finding],
) -> Measurements:
    """Return what a report has for `gotracer-ci merge`.

    Args:
        traces, base: the readable traces of the run and of its base commit.
        rules: those that measured.
        notes: those on the traces, not on the comparison.
        findings: those of the report, with explanations.
    """
    recorder = _Recorder()
    of_traces = tuple(recorder.trace(one) for one in traces)
    of_base = tuple(recorder.trace(one) for one in base)
    explained = {(one.key._replace(program=""), one.trace): one.explanation for one in findings if one.explanation}
    by_name = {rule.name: rule for rule in rules}
    for number in sorted(range(len(traces)), key=lambda number: order(traces[number][0])):
        traced = traces[number][1]
        for found in traced.measured:
            if found.severity > Severity.NONE or limit_of(limits, found.key):
                recorder.worst(number, traced, found)
    # trace by trace, for rules that look at all facts of one
    for at, (number, traced, found) in sorted(recorder.worsts.items(), key=lambda item: (item[1][0], item[0])):
        finding = by_name[found.key.rule].describe(traced.details().facts, traced.whole(found))
        recorder.describe(at, number, finding, explained.get((found.key, number), ""))
    return Measurements(
        rules=tuple(by_name),
        notes=tuple(notes),
        frames=tuple(recorder.frames),
        groups=tuple(recorder.groups),
        traces=of_traces,
        base_traces=of_base,
    )


class _Recorder:
    """The groups and frames of a run, each once. worsts: the worst trace of each group, by the group's index."""

    def __init__(self) -> None:
        self.groups: list[MeasuredGroup] = []
        self.frames: dict[Frame, int] = {}
        self.worsts: dict[int, tuple[int, Traced, Measured]] = {}
        self._known: dict[tuple[Key, str], int] = {}

    def trace(self, one: Shown) -> TraceMeasurements:
        _, traced = one
        ran = traced.tests
        every = [(self._index(traced.program, found), found) for found in traced.measured]
        numbers = [found.statistics for found in traced.measured]
        in_tests = [(at, traced.in_tests.get(found.key)) for at, found in every]
        places = [(at, traced.places.get(found.key)) for at, found in every]
        return TraceMeasurements(
            tests_run=ran.ran,
            tests=tuple(sorted(ran.names)),
            timed=ran.timed,
            work=tuple(TimesOfWork(name, times) for name, times in ran.work.items()),
            groups=tuple(at for at, _ in every),
            severities=tuple(found.severity for _, found in every),
            counts=tuple(one.count for one in numbers),
            totals=tuple(one.total for one in numbers),
            trimmed=tuple(one.trimmed for one in numbers),
            maxima=tuple(one.maximum for one in numbers),
            p50=tuple(one.p50 for one in numbers),
            p90=tuple(one.p90 for one in numbers),
            p99=tuple(one.p99 for one in numbers),
            machine_ns=tuple(found.machine_ns for _, found in every),
            by_test=tuple(
                PartOfTest(at, test, share.events, share.total)
                for at, found in every
                for test, share in found.by_test.items()
            ),
            histograms=tuple(
                Histogram(at, tuple(found.lengths), tuple(found.lengths.values()))
                for at, found in every
                if found.lengths
            ),
            in_tests=tuple(Names(at, tuple(sorted(tests))) for at, tests in in_tests if tests),
            places=tuple(Names(at, names) for at, names in places if names),
        )

    def worst(self, number: int, traced: Traced, found: Measured) -> None:
        """Note a group of a trace, if the group is worse there than in all traces before."""
        at = self._index(traced.program, found)
        before = self.worsts.get(at)
        if before is None or extent(found) > extent(before[2]):
            self.worsts[at] = (number, traced, found)

    def describe(self, at: int, number: int, finding: Finding, explanation: str) -> None:
        members = {name: getattr(finding, name) for name in DESCRIBED} | {"explanation": explanation}
        stack = tuple(self.frames.setdefault(frame, len(self.frames)) for frame in finding.stack)
        group = self.groups[at]
        self.groups[at] = MeasuredGroup(group.key, group.unit, Description(trace=number, stack=stack, **members))

    def _index(self, program: str, found: Measured) -> int:
        key, unit = found.key._replace(program=program), found.statistics.unit
        at = self._known.setdefault((key, unit), len(self.groups))
        if at == len(self.groups):
            self.groups.append(MeasuredGroup(key, unit, None))
        return at
