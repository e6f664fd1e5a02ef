"""What a report has of a run's measurements → traces, as findings and the comparison need them.

A report may come from anyone, so indices and lengths are checked before they are used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, Protocol, TypeVar

from gotracer_ci.baseline.measurements import Conditions, TraceGroups
from gotracer_ci.errors import UsageError
from gotracer_ci.findings import Finding, Frame, Key, Share, Statistics
from gotracer_ci.report.measurements import Description, MeasuredGroup, Measurements, TraceMeasurements
from gotracer_ci.report.model import Report, TraceSummary
from gotracer_ci.rules.rule import Measured
from gotracer_ci.shards.record import DESCRIBED
from gotracer_ci.trace.observers.groups import BUCKETS

_COLUMNS: Final = (
    "severities", "counts", "totals", "trimmed", "maxima", "p50", "p90", "p99", "machine_ns",
)  # fmt: skip
_Value = TypeVar("_Value")


class _Of(Protocol):
    """Something of a group of the trace."""

    @property
    def group(self) -> int: ...


class Recorded(NamedTuple):
    """A trace as a report has it.

    report, number: the indices of the report and of the trace in it. program: of the run's programs, "" if unknown.
    measured: without worst intervals. groups: as a baseline compares them.
    """

    report: int
    number: int
    summary: TraceSummary
    program: str
    measured: tuple[Measured, ...]
    groups: TraceGroups


class Shard:
    """A report that can be joined. name: what the user calls it."""

    def __init__(self, report: Report, kept: Measurements, number: int, name: str) -> None:
        """Check the measurements.

        Raises:
            UsageError: they contradict each other, or the report.
        """
        self.report, self.kept, self.name = report, kept, name
        for summaries, traces in ((report.traces, kept.traces), (report.base_traces, kept.base_traces)):
            if problem := _problem(summaries, traces, kept):
                raise self._error(problem)
        descriptions = {group.key: group.description for group in kept.groups if group.description}
        for one in descriptions.values():
            if not (_are_below([one.trace], len(kept.traces)) and _are_below(one.stack, len(kept.frames))):
                raise self._error("a description refers to a trace or frame that is not there")
        self.traces = _recorded(report.traces, kept.traces, kept.groups, number)
        self.base = _recorded(report.base_traces, kept.base_traces, kept.groups, number)
        self._descriptions = descriptions

    def finding(self, program: str, measured: Measured) -> Finding:
        """Return the finding for a group of a trace.

        Args:
            program: as the trace itself names it.

        Raises:
            UsageError: the report does not describe the group.
        """
        described = self._descriptions.get(measured.key._replace(program=program))
        if described is None:
            raise self._error(f"no description of a group of {measured.key.rule}")
        return _finding(measured, described, self.kept.frames)

    def _error(self, problem: str) -> UsageError:
        return UsageError(f"{self.name}: not a gotracer-ci report: measurements: {problem}")


def _problem(summaries: Sequence[TraceSummary], traces: Sequence[TraceMeasurements], kept: Measurements) -> str:
    """Return what is wrong with the measurements of the traces, "" if nothing is."""
    if len(traces) > len(summaries) or not all(summary.damage for summary in summaries[len(traces) :]):
        return "not one for each trace"
    for trace in traces:
        there = {*trace.groups}
        if len(there) < len(trace.groups) or not _are_below(there, len(kept.groups)):
            return "a trace refers to a group twice, or to one that is not there"
        if any(len(getattr(trace, name)) != len(trace.groups) for name in _COLUMNS):
            return "the columns of a trace differ in length"
        lists: tuple[Sequence[_Of], ...] = (trace.by_test, trace.histograms, trace.in_tests, trace.places)
        if not there.issuperset(part.group for parts in lists for part in parts):
            return "a part belongs to a group that its trace does not have"
        for one in trace.histograms:
            if len(one.buckets) != len(one.events) or not _are_below(one.buckets, BUCKETS) or 0 in one.events:
                return "a histogram has too many buckets, or empty ones"
    return ""


def _are_below(numbers: Iterable[int], limit: int) -> bool:
    return max(numbers, default=-1) < limit


def _recorded(
    summaries: Sequence[TraceSummary],
    traces: Sequence[TraceMeasurements],
    groups: Sequence[MeasuredGroup],
    report: int,
) -> list[Recorded]:
    found = []
    # those that could not be read come last, and have no measurements
    for number, (summary, trace) in enumerate(zip(summaries, traces, strict=False)):
        measured = tuple(_measured(trace, groups))
        compared = _compared(summary, trace, measured)
        found.append(Recorded(report, number, summary, summary.program, measured, compared))
    return found


def _measured(trace: TraceMeasurements, groups: Sequence[MeasuredGroup]) -> Iterator[Measured]:
    shares: dict[int, dict[str, Share]] = {}
    for part in trace.by_test:
        shares.setdefault(part.group, {})[part.test] = Share(part.events, part.total)
    lengths = {one.group: dict(zip(one.buckets, one.events, strict=True)) for one in trace.histograms}
    columns = zip(trace.groups, *(getattr(trace, name) for name in _COLUMNS), strict=True)
    for at, severity, count, total, trimmed, maximum, p50, p90, p99, machine_ns in columns:
        statistics = Statistics(groups[at].unit, count, total, trimmed, maximum, p50, p90, p99)
        key = groups[at].key._replace(program="")
        yield Measured(key, severity, statistics, (), shares.get(at, {}), lengths.get(at, {}), machine_ns)


def _compared(summary: TraceSummary, trace: TraceMeasurements, measured: Sequence[Measured]) -> TraceGroups:
    keys = {at: found.key for at, found in zip(trace.groups, measured, strict=True)}
    by_test = {found.key: found.by_test for found in measured if found.by_test}
    in_tests = {keys[one.group]: frozenset(one.names) for one in trace.in_tests}
    in_tests |= {key: frozenset(tests) for key, tests in by_test.items()}
    places = {keys[one.group]: one.names for one in trace.places}
    return TraceGroups(
        Conditions(summary.go_version, summary.gomaxprocs),
        summary.duration_ns,
        {found.key: found.statistics for found in measured},
        trace.tests_run,
        frozenset(trace.tests),
        trace.timed,
        _of(in_tests, frozenset()),
        _of(places, ()),
        {one.name: one.times for one in trace.work},
        by_test,
        {found.key: found.lengths for found in measured if found.lengths},
        {found.key: found.machine_ns for found in measured if found.machine_ns},
    )


def _of(known: Mapping[Key, _Value], otherwise: _Value) -> Callable[[Key], _Value]:
    return lambda key: known.get(key, otherwise)


def _finding(measured: Measured, described: Description, frames: Sequence[Frame]) -> Finding:
    return Finding(
        key=measured.key,
        severity=measured.severity,
        statistics=measured.statistics,
        stack=tuple(frames[at] for at in described.stack),
        **{name: getattr(described, name) for name in DESCRIBED},
    )
