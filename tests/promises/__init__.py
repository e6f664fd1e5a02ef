"""What the facts of a trace promise, whatever the trace. The fuzzer and the metamorphic tests check it."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any

from gotracer_ci.analysis.reading import WHOLE, Window, read_for
from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.tables import render
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import LARGEST
from tests.promises.annotations import ANNOTATIONS
from tests.promises.base import STATES, Sums
from tests.promises.collector import COLLECTOR
from tests.promises.goroutines import GOROUTINES, times_of_bins
from tests.promises.profiles import PROFILES

FACTS = {**GOROUTINES, **COLLECTOR, **ANNOTATIONS, **PROFILES}


def facts_of(trace: Trace, window: Window = WHOLE) -> dict[str, Any]:
    """Return all facts of a trace, from one reading.

    Raises:
        TraceError: the trace has no events.
    """
    analyses = {name: facts.analysis(trace) for name, facts in FACTS.items()}
    read_for(trace, list(analyses.values()), window)
    stacks = Stacks(trace.tables, SourceMap(None), trace.version)
    return {name: analysis.result(trace, stacks) for name, analysis in analyses.items()}


def times_of(found: dict[str, Any]) -> Sums:
    """Return all times in ns that add up over adjoining windows; none is 0."""
    return +Counter({(name, *key): ns for name in found for key, ns in FACTS[name].times(found[name]).items()})


def counts_of(found: dict[str, Any]) -> Sums:
    """Return all counts that add up over adjoining windows; none is 0."""
    return +Counter({(name, *key): n for name in found for key, n in FACTS[name].counts(found[name]).items()})


def _check_sums(found: dict[str, Any]) -> None:
    """All facts of a trace count the same time."""
    stopped = sum(group.ranges.stw for group in found["lives"].groups)
    assert stopped == sum(stop.length_ns for stop in found["collector"].stops)
    lives: dict[str, int] = {
        state: min(sum(getattr(group.times, state) for group in found["lives"].groups), LARGEST) for state in STATES
    }
    bins = times_of_bins(found["over time"])
    assert {state: min(bins[state,], LARGEST) for state in STATES} == lives
    assert bins["stw",] == stopped
    wall: Counter[str] = Counter()
    for sample in found["wall"].samples:
        wall[sample.state] += sample.ns
    assert {state: min(wall[state], LARGEST) for state in STATES} == lives
    assert min(sum(sample.ns for sample in found["sched"].samples), LARGEST) == lives["runnable"]


def check(found: dict[str, Any]) -> None:
    """Check what the facts promise, and that each table can be written in each format."""
    _check_sums(found)
    for name, facts in found.items():
        FACTS[name].check(facts)
        for table in FACTS[name].tables(facts):
            for form in render.NAMES:
                render.write(table, form, {}, io.StringIO())
