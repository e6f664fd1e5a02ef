"""What a run measured, as the JSON report has it, so that the reports of several jobs can be joined into one.

Verdicts depend on all traces of a run, and so do the groups that are shown. So this has the numbers of every group of
every trace, and the text of each group that can be shown, of the trace in which it is worst.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from gotracer_ci.findings import Doc, Frame, Holders, Key, Location, More, Natural, Occurrence, Severity
from gotracer_ci.notes import Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What is said about a group if it is shown: the members of a finding, of the trace in which the group is worst."""

    trace: Annotated[Natural, Doc("The index of that trace.")]
    message: str
    detail: str
    suggestion: str
    location: Location | None
    anchor: Location | None
    timestamp_ns: int
    goroutine: int
    occurrences: tuple[Occurrence, ...]
    holders: Holders | None
    stack: Annotated[tuple[Natural, ...], Doc("Indices of frames, leaf first.")]
    groups: tuple[str, ...]
    absolute: bool
    change: str
    explanation: str
    more: More


@dataclass(frozen=True, slots=True)
class MeasuredGroup:
    """A group of any trace. Its program is the one that its traces name."""

    key: Key
    unit: Annotated[str, Doc("ns, each, count or bytes.")]
    description: Annotated[Description | None, Doc("Null if it can only be counted, not shown.")]


@dataclass(frozen=True, slots=True)
class TimesOfWork:
    """How often a trace did a unit of work: ran a test, or completed tasks or ended regions of a type."""

    name: str
    times: Natural


@dataclass(frozen=True, slots=True)
class PartOfTest:
    """The part of a group that belongs to one test."""

    group: Natural
    test: str
    events: Natural
    total: Natural


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many events of a group have which length."""

    group: Natural
    buckets: Annotated[
        tuple[Natural, ...], Doc("Numbers of buckets: steps of 16 ns up to 512 ns, then 16 steps per octave.")
    ]
    events: tuple[Natural, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """The tests or places in which the worst occurrences of a group are."""

    group: Natural
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceMeasurements:
    """One trace, with a list of numbers for each column: one for each group that the trace has."""

    tests_run: Annotated[Natural, Doc("How many tests and subtests ran.")]
    tests: Annotated[tuple[str, ...], Doc("The test functions that are known of them.")]
    timed: Annotated[bool, Doc("Benchmarks ran for a time.")]
    work: tuple[TimesOfWork, ...]
    groups: Annotated[tuple[Natural, ...], Doc("Indices of groups, each at most once.")]
    severities: tuple[Severity, ...]
    counts: tuple[Natural, ...]
    totals: tuple[Natural, ...]
    trimmed: tuple[Natural, ...]
    maxima: tuple[Natural, ...]
    p50: tuple[Natural, ...]
    p90: tuple[Natural, ...]
    p99: tuple[Natural, ...]
    machine_ns: Annotated[
        tuple[Natural, ...],
        Doc("How much of the time of one event may only be there because the machine was busy; 0 if unknown."),
    ]
    by_test: tuple[PartOfTest, ...]
    histograms: tuple[Histogram, ...]
    in_tests: Annotated[tuple[Names, ...], Doc("The tests of groups without parts of tests.")]
    places: Annotated[tuple[Names, ...], Doc("The places of groups of the whole program.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """The groups of a run, and the numbers of each of its readable traces, in the order of the report's traces."""

    rules: Annotated[tuple[str, ...], Doc("Those that measured; an update of the baseline also has skipped ones.")]
    notes: tuple[Note, ...]
    frames: tuple[Frame, ...]
    groups: tuple[MeasuredGroup, ...]
    traces: tuple[TraceMeasurements, ...]
    base_traces: tuple[TraceMeasurements, ...]
