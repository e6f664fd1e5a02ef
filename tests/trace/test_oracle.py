"""Every committed trace, event by event, against Go's own reader: kind, time, M, P, G, arguments, strings, stacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from gotracer_ci.trace.spec import TIMED, Ev
from tests.builds import Build, open_trace
from tests.trace.conftest import TRACES, Oracle
from tests.trace.lines import lines

ONLY_AT_A_GENERATIONS_START = {Ev.GC_SWEEP_ACTIVE}
"""Needs a sweep in progress at the moment a generation begins; none of our programs provokes it."""

STOPS = {"regions-go1.21": 0, "regions-go1.27": 43}
"""Where Go's reader stops, because a region ends out of order; of the older format it gives nothing then."""


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
def test_events_equal_go_s_reader(path: Path, decoder: Build, oracle: Oracle) -> None:
    trace = open_trace(str(path))
    ours = list(lines(trace))
    theirs = oracle(path)
    if path.stem in STOPS:
        assert len(theirs) == STOPS[path.stem] < len(ours)
    assert ours[: STOPS.get(path.stem)] == theirs
    assert trace.events == len(ours)
    assert trace.damage is None


def test_the_traces_hold_every_event_type_and_version() -> None:
    """Otherwise the comparison above would say nothing about a missing type."""
    seen: set[int] = set()
    versions = set()
    for path in TRACES:
        trace = open_trace(str(path))
        for chunk in trace.chunks():
            seen.update(bytes(memoryview(chunk.types)[: chunk.n]))
        versions.add(trace.version)
    missing = set(TIMED) - {Ev(number) for number in seen} - ONLY_AT_A_GENERATIONS_START
    assert {event.name for event in missing} == set()
    assert versions == {19, 21, 22, 23, 25, 26}
