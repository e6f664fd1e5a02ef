"""The wall clock at a trace's start, from the snapshots that Go records since 1.25."""

from __future__ import annotations

from gotracer_ci.trace import wire
from gotracer_ci.trace.open import open_trace
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import CLOCK_SNAPSHOT_SINCE, HEADER, OLD_VERSIONS, Ev
from tests.trace.conftest import TRACES
from tests.trace.hostile import RUNS
from tests.trace.writer import NO_THREAD, batch, varint

A_SECOND = 10**9


def test_every_generation_s_snapshot_tells_the_same_start() -> None:
    """Each generation has its own snapshot. The clocks run on, so that of any tells when the trace began."""
    compared = 0
    for path in TRACES:
        opened = open_trace(str(path))
        for _ in opened.chunks(()):
            pass
        assert (opened.started_ns is None) == (opened.version < CLOCK_SNAPSHOT_SINCE)
        if opened.version in OLD_VERSIONS or opened.started_ns is None:
            continue
        for generation in wire.generations(memoryview(path.read_bytes()), opened.version):
            assert generation.started_ns
            offset = int(generation.start * generation.freq) - opened.start_ns
            assert abs(generation.started_ns - offset - opened.started_ns) < A_SECOND // 1000
            compared += offset > A_SECOND
    assert compared > 5


def test_the_snapshot_is_from_a_tick_of_its_own() -> None:
    """A tick is half a nanosecond, and the snapshot was taken 1,000 ticks after the batch's 200."""
    clock = [Ev.SYNC_BATCH, Ev.CLOCK_SNAPSHOT, *varint(1000), *varint(7), *varint(90), *varint(5_000)]
    opened = started(bytes([*clock, Ev.FREQUENCY, *varint(2 * A_SECOND)]))
    assert opened.start_ns == 50
    assert opened.started_ns == 90 * A_SECOND + 5_000 - (600 - 50)


def test_an_absurd_clock_is_none() -> None:
    clock = bytes([Ev.SYNC_BATCH, Ev.FREQUENCY, *varint(A_SECOND), Ev.CLOCK_SNAPSHOT, 0, 1])
    for seconds, ns in ((2**64 - 1, 0), (253_402_300_801, 0), (0, 0), (1, 2**64 - 1)):
        opened = started(clock + varint(seconds) + varint(ns))
        assert opened.damage is None
        assert (opened.started_ns is None) == (seconds != 1)


def started(clock: bytes) -> Trace:
    """Return a trace that has been read, with events from tick 100 on and this batch for the clock at tick 200."""
    parts = (HEADER % 26, batch(1, NO_THREAD, 200, clock), batch(1, 1, 100, RUNS), bytes([Ev.END_OF_GENERATION]))
    opened = Trace("clock", memoryview(b"".join(parts)))
    for _ in opened.chunks(()):
        pass
    return opened
