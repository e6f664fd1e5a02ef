"""What the garbage collector does, from the kernel's reports: known times, bounds, and the same in all builds."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.trace.observers.collector import ASSIST, ASSIST_RUNNING, STW, SWEEP, WORKER
from gotracer_ci.trace.spec import BEFORE, OPEN, Ev, IntervalKind
from tests.builds import NAME, Build, new_groups, open_trace, trace_of
from tests.trace.conftest import TRACES
from tests.trace.writer import case

TEXT = Path(__file__).with_name("text") / "garbage-collection.txt"


def pieces_of(trace: Any, window: tuple[int, int] | None = None) -> list[tuple[Any, ...]]:
    """Read a trace with the active build. window: ns from its start. Times count from there, strings are resolved."""

    def marks(stack: int) -> bool:
        return any(function == "runtime.gcBgMarkWorker" for function, _, _ in trace.tables.stack(stack))

    observer = import_module(f"{NAME}.observers.collector").Collector(marks)
    found = []
    for chunk in trace.chunks((Ev.SYNC,), (observer,)):
        if chunk.n and window:
            observer.limit(*(trace.start_ns + time for time in window))
            window = None
        found += observer.take()
    found += observer.take()
    return [
        (what, start - trace.start_ns, end - trace.start_ns, p, g, trace.tables.string(label) if label else "", flags)
        for what, start, end, p, g, _, label, flags in found
    ]


def test_known_times(decoder: Build) -> None:
    """The label of a worker is valid until it stops, and the part of an assist that runs is its own piece."""
    pieces = pieces_of(trace_of("text", case(TEXT.read_text(encoding="utf-8")).data))
    assert pieces == [
        (STW, 999, 1199, -1, 1, "GC sweep termination", 0),
        (SWEEP, 1599, 1699, 0, 1, "", 0),
        (ASSIST_RUNNING, 1399, 1899, 0, 1, "", 0),
        (ASSIST, 1399, 1899, 0, 1, "", 0),
        (WORKER, 1309, 2309, 1, 3, "GC (dedicated)", 0),
        (STW, 2399, 2599, -1, 1, "GC mark termination", 0),
        (WORKER, 3009, 3519, 1, 3, "GC (idle)", 0),
        (SWEEP, 3999, 4099, 0, 1, "", 0),
        (WORKER, 4009, 4109, 1, 3, "", 0),
        (STW, 4499, 4599, -1, 1, "read mem stats", 0),
    ]


@pytest.mark.parametrize("path", TRACES[::2], ids=lambda path: path.stem)
def test_pieces_are_the_kernel_s_intervals(path: Path, decoder: Build) -> None:
    """Stops, assists and sweeps sum to what `Groups` counts; what runs of an assist is inside it."""
    trace, groups = open_trace(str(path)), new_groups()
    pieces = pieces_of(trace)
    for _ in open_trace(str(path)).chunks((), (groups,)):
        pass
    kinds = {STW: IntervalKind.STW, ASSIST: IntervalKind.MARK_ASSIST, SWEEP: IntervalKind.SWEEP}
    for what, kind in kinds.items():
        lengths = [end - start for of, start, end, *_ in pieces if of == what]
        rows = [row for row in groups.rows() if row[0] == kind]
        assert (len(lengths), sum(lengths)) == (sum(row[4] for row in rows), sum(row[5] for row in rows))
    running = sum(end - start for of, start, end, *_ in pieces if of == ASSIST_RUNNING)
    assert running <= sum(end - start for of, start, end, *_ in pieces if of == ASSIST)
    assert all(p >= 0 for of, _, _, p, *_ in pieces if of in (ASSIST_RUNNING, WORKER, SWEEP))
    assert all(start < end for _, start, end, *_ in pieces)
    assert {flags for *_, flags in pieces} <= {0, OPEN, BEFORE}


@pytest.mark.parametrize("name", ["tour-go1.24", "markassist-go1.21", "gcpause-go1.26"])
def test_two_halves_make_a_whole(name: str, decoder: Build) -> None:
    (path,) = (path for path in TRACES if path.stem == name)
    end = open_trace(str(path))
    whole = pieces_of(end)
    middle = end.duration_ns // 3
    halves = [
        piece
        for window in ((0, middle), (middle, end.duration_ns + 1))
        for piece in pieces_of(open_trace(str(path)), window)
    ]
    for what in (STW, ASSIST, ASSIST_RUNNING, SWEEP, WORKER):
        total = sum(end - start for of, start, end, *_ in whole if of == what)
        assert sum(end - start for of, start, end, *_ in halves if of == what) == total > 0


def test_gomaxprocs_at_the_start_is_known_in_all_formats(decoder: Build) -> None:
    """The old format has no event for it, and the newer one has its first event a little later."""
    for path in TRACES:
        trace = open_trace(str(path))
        changes = [
            n
            for chunk in trace.chunks((Ev.PROCS_CHANGE,))
            for kind, n in chunk.columns(chunk.types, chunk.a)
            if kind == Ev.PROCS_CHANGE
        ]
        assert trace.gomaxprocs_at_start > 0
        assert trace.totals()["gomaxprocs"] == (changes[-1] if changes else trace.gomaxprocs_at_start)
