"""How facts change with a trace: windows add up, other goroutine IDs change nothing, a slower clock stretches times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.analysis.reading import Window
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import HEADER_SIZE, OLD_VERSIONS, TIMED, Ev
from tests.conftest import NAMES, TYPICAL, path_of
from tests.fuzz import structure
from tests.fuzz.structure import Record
from tests.promises import check, counts_of, facts_of, times_of
from tests.promises.base import Sums
from tests.promises.whole import check_whole, whole_counts_of, whole_of, whole_times_of

NEW = [name for name in NAMES if open_trace(path_of(name)).version not in OLD_VERSIONS]
GOROUTINE = {
    **{int(event): 1 + names.index(g) for event, names in TIMED.items() for g in ("g", "new_g") if g in names},
    int(Ev.CPU_SAMPLE): 3,
}
"""Where in the numbers of a record a goroutine's ID is."""


@pytest.mark.parametrize("name", TYPICAL)
def test_adjoining_windows_add_up(name: str) -> None:
    trace = open_trace(path_of(name))
    whole = facts_of(trace)
    a, b, c = (trace.duration_ns * k // 7 for k in (1, 3, 6))
    part = facts_of(open_trace(path_of(name)), Window(a, c))

    def sums(found: dict[str, Any]) -> Sums:
        return times_of(found) + counts_of(found)

    def cut(start: int, end: int | None = None) -> Sums:
        return sums(facts_of(open_trace(path_of(name)), Window(start, end)))

    check(whole)
    check(part)
    check_whole(whole_of(open_trace(path_of(name))))
    assert cut(a, b) + cut(b, c) == sums(part)
    assert cut(0, b) + cut(b) == sums(whole)


@pytest.mark.parametrize("name", NEW[::2])
def test_other_ids_change_nothing(name: str) -> None:
    data = Path(path_of(name)).read_bytes()
    known = sorted(ids(data))
    others = dict(zip(known, [*known[1:], known[0]], strict=True))

    def renumbered(record: Record) -> Record:
        at = GOROUTINE.get(record.kind)
        if at is None or record.numbers[at] not in others:
            return record
        before, after = record.numbers[:at], record.numbers[at + 1 :]
        return replace(record, numbers=(*before, others[record.numbers[at]], *after))

    assert len(known) > 1
    changed = rewritten(data, renumbered)
    mine, its = facts_of(open_trace(path_of(name))), facts_of(Trace(name, memoryview(changed)))
    assert times_of(its) == times_of(mine)
    assert counts_of(its) == counts_of(mine)
    whole, other = whole_of(open_trace(path_of(name))), whole_of(Trace(name, memoryview(changed)))
    assert whole_times_of(other) == whole_times_of(whole)
    assert whole_counts_of(other) == whole_counts_of(whole)


@pytest.mark.parametrize("name", NEW[::2])
def test_a_clock_of_half_the_frequency_doubles_all_times(name: str) -> None:
    """But for the ns by which the reader keeps apart events of equal times: as many in both traces."""
    data = Path(path_of(name)).read_bytes()

    def halved(record: Record) -> Record:
        return replace(record, numbers=(record.numbers[0] // 2,)) if record.kind == Ev.FREQUENCY else record

    slow = rewritten(data, halved)
    lags = [2 * time - twice for time, twice in zip(times(data), times(slow), strict=True)]
    mine, its = facts_of(Trace(name, memoryview(data))), facts_of(Trace(name, memoryview(slow)))
    check(its)
    assert counts_of(its) == counts_of(mine)
    whole, longer = whole_of(Trace(name, memoryview(data))), whole_of(Trace(name, memoryview(slow)))
    check_whole(longer)
    assert whole_counts_of(longer) == whole_counts_of(whole)
    single, double = times_of(mine) + whole_times_of(whole), times_of(its) + whole_times_of(longer)
    # an event ends and begins at most an interval or two; the end of the trace ends those of all goroutines
    inexact = 2 * sum(lags[:-1]) + lags[-1] * (len(ids(data)) + 1)
    assert 0 <= min(lags) <= max(lags) < 20
    for key in {*single, *double}:
        assert abs(2 * single[key] - double[key]) <= inexact


def ids(data: bytes) -> set[int]:
    """Return the IDs of goroutines in a trace's events."""
    return {
        record.numbers[GOROUTINE[record.kind]]
        for part in structure.parts(data)
        for record in structure.records(part)
        if record.kind in GOROUTINE and record.kind != Ev.CPU_SAMPLE
    }


def rewritten(data: bytes, change: Callable[[Record], Record]) -> bytes:
    """Return the trace with each record changed."""
    whole = [
        structure.with_records(part, [change(record) for record in structure.records(part)])
        for part in structure.parts(data)
    ]
    return structure.joined(data[:HEADER_SIZE], whole)


def times(data: bytes) -> list[int]:
    """Return the times of all events, from the trace's start."""
    trace = Trace("trace", memoryview(data))
    found = [time for chunk in trace.chunks() for time, *_ in chunk.rows()]
    return [time - trace.start_ns for time in found]
