"""Misused regions: the trace is read to its end, each region has its time, and the misuse is reported."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gotracer_ci.trace.observers.groups import EXAMPLES
from gotracer_ci.trace.spec import BEFORE, OPEN, IntervalKind
from tests.builds import Build, new_groups, open_trace, trace_of
from tests.trace.conftest import ROOT
from tests.trace.writer import case

MISUSED = ("regions-go1.21", "regions-go1.27")
HEAD = """# one
expect ok
trace go 1.26
stack begin main.begin@main.go:1
stack end main.end@main.go:2
generation 1
thread 1 at 100
+1 ProcStatus p=0 pstatus=Running
+1 GoStatus g=1 m=1 gstatus=Running
"""


def read(trace: Any) -> tuple[list[tuple[str, int, int, int]], list[tuple[int, str, str, str]]]:
    """Return each region's (type, start, length, flags), and each misuse with its place."""
    groups = new_groups()
    for _ in trace.chunks((), (groups,)):
        pass
    assert trace.damage is None
    text, stack = trace.tables.string, trace.tables.stack
    regions = [
        (text(reason), example[0] - trace.start_ns, example[1], example[-1])
        for kind, _, reason, _, _, _, examples, _ in groups.rows()
        for example in examples
        if kind == IntervalKind.REGION
    ]
    misuses = [
        (how, text(name), next((frame[0] for frame in stack(at)), ""), text(other))
        for how, name, at, other, _ in trace.misused_regions()
    ]
    return sorted(regions, key=lambda region: region[1:]), misuses


def written(*events: str) -> tuple[list[tuple[str, int, int, int]], list[tuple[int, str, str, str]]]:
    return read(trace_of("case", case(HEAD + "\n".join(events)).data))


def begin(name: str, task: int = 0) -> str:
    return f'+10 UserRegionBegin task={task} name="{name}" stack=begin'


def end(name: str, task: int = 0) -> str:
    return f'+10 UserRegionEnd task={task} name="{name}" stack=end'


@pytest.mark.parametrize("name", MISUSED)
def test_every_misuse_of_a_real_trace_is_found_and_reading_goes_on(name: str, decoder: Build) -> None:
    constants = decoder.regions
    regions, misuses = read(open_trace(str(ROOT / "testdata" / "traces" / f"{name}.trace")))
    assert [(region[0], region[3]) for region in regions if region[3] == 0] == [
        (region, 0) for region in ("handed over", "twice", "first", "second", "third")
    ]
    assert [region[0] for region in regions if region[3] == OPEN] == ["abandoned"]
    assert len(regions) == 6
    expected = [
        (constants.UNKNOWN, "handed over", "main.handOver", ""),
        (constants.UNENDED, "abandoned", "main.abandon", ""),
        (constants.UNKNOWN, "twice", "main.endTwice", ""),
        (constants.CROSSED, "first", "main.endInOrder", "third"),
        (constants.CROSSED, "second", "main.endInOrder", "third"),
    ]
    own = {"main.handOver", "main.abandon", "main.endTwice", "main.endInOrder"}
    assert {misuse[2] for misuse in misuses} <= own
    assert sorted(misuses) == sorted(expected)


def test_regions_that_end_in_the_order_of_their_beginnings_have_their_own_times(decoder: Build) -> None:
    regions, misuses = written(begin("a"), begin("b"), begin("c"), end("a"), end("b"), end("c"))
    assert regions == [("a", 12, 30, 0), ("b", 22, 30, 0), ("c", 32, 30, 0)]
    assert [misuse[0] for misuse in misuses] == [decoder.regions.CROSSED] * 2


def test_the_innermost_region_of_the_same_task_and_type_ends(decoder: Build) -> None:
    regions, _ = written(begin("a", 1), begin("a", 2), begin("a", 1), begin("b"), end("a", 1), end("b"))
    assert ("a", 32, 20, 0) in regions
    assert {region for region in regions if region[3] == OPEN} == {("a", 12, 51, OPEN), ("a", 22, 41, OPEN)}


def test_a_region_from_before_the_trace_ends_once(decoder: Build) -> None:
    """The goroutine existed before the trace and has not begun a region of this type since."""
    regions, misuses = written(end("a"), begin("a"), end("a"), end("a"))
    assert regions == [("a", 0, 12, BEFORE), ("a", 22, 10, 0)]
    assert misuses == [(decoder.regions.UNKNOWN, "a", "main.end", "")]


def test_a_region_from_before_the_trace_can_end_out_of_order(decoder: Build) -> None:
    regions, misuses = written(begin("inner"), end("outer"), end("inner"))
    assert ("outer", 0, 22, BEFORE) in regions
    assert misuses == [(decoder.regions.CROSSED, "outer", "main.end", "inner")]


def test_a_region_of_a_task_that_began_in_the_trace_is_not_from_before(decoder: Build) -> None:
    regions, misuses = written('+10 UserTaskBegin task=7 name="job" stack=begin', end("a", 7))
    assert regions == []
    assert misuses == [(decoder.regions.UNKNOWN, "a", "main.end", "")]


def test_deep_nesting_is_no_misuse(decoder: Build) -> None:
    depth = 3000
    regions, misuses = written(*(begin(f"r{i}") for i in range(depth)), *(end(f"r{i}") for i in reversed(range(depth))))
    assert misuses == []
    assert len(regions) == depth
    assert not any(region[3] for region in regions)


def test_regions_that_never_end_are_bounded(fast_decoder: Build) -> None:
    """The times of those that do not fit are not known, and their ends are no misuse."""
    most, size = fast_decoder.regions.MAX_OPEN, 9000
    tables = ['string #900 "a"', "stack #900 main.begin@main.go:1"]
    batches = [
        f"thread 1 at {200 + k * size}\nbytes {event} 01 00 84 07 84 07 " + f"{event} 01 00 84 07 84 07 " * (size - 1)
        for k, event in enumerate(["2a"] * (most // size + 1) + ["2b"] * (most // size + 1))
    ]
    regions, misuses = written(*tables, *batches)
    assert misuses == [(fast_decoder.regions.UNTRACKED, "", "", "")]
    assert [region[2] for region in regions[:2]] == [108_000 + most - 1, 108_000 + most - 3]
    assert not any(region[3] for region in regions)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=30))
def test_each_end_takes_the_innermost_of_its_kind(decoder: Build, steps: list[tuple[bool, int]]) -> None:
    """Compared with a plain search."""
    opened: list[tuple[str, int]] = []
    expected = []
    begun = set()
    for i, (begins, number) in enumerate(steps):
        name, now = f"r{number}", 12 + 10 * i
        if begins:
            opened.append((name, now))
            begun.add(name)
            continue
        at = next((k for k in reversed(range(len(opened))) if opened[k][0] == name), None)
        if at is not None:
            expected.append((name, opened[at][1], now - opened.pop(at)[1], 0))
        elif name not in begun:
            expected.append((name, 0, now, BEFORE))
    last = 13 + 10 * (len(steps) - 1) if steps else 3
    expected += [(name, since, last - since, OPEN) for name, since in opened]
    regions, _ = written(*((begin if begins else end)(f"r{number}") for begins, number in steps))
    groups = Counter((name, flags == BEFORE) for name, _, _, flags in expected)
    if max(groups.values(), default=0) <= EXAMPLES:
        assert sorted(regions) == sorted(expected)
