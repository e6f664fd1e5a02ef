"""The outer layer of Go 1.22 and later: header, batches, generations.

A generation is plain data: which bytes belong to what. The kernel knows what the events mean.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any, NamedTuple

from gotracer_ci.trace import foreign, spec
from gotracer_ci.trace.columns import signed
from gotracer_ci.trace.interning import Ids
from gotracer_ci.trace.sorting import sorted_as_go
from gotracer_ci.trace.spec import Ev
from gotracer_ci.trace.tables import BadTable, Tables

Data = memoryview
Extent = tuple[int, int]


_YEAR_10000_NS = 253_402_300_800 * 10**9
MAX_THREADS = 1 << 16
"""Of a generation, which is a second: an operating system has about half as many."""


class Damage(Exception):
    """The trace cannot be read any further: why, and the byte offset (None if not at one place)."""

    def __init__(self, problem: str, offset: int | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.offset = offset


class Clock(NamedTuple):
    """Three clocks at one moment, ns: the trace's, the system's monotonic one, and the wall clock since 1970."""

    trace_ns: int
    monotonic_ns: int
    wall_ns: int


class Generation:
    """One generation's batches.

    threads: each thread's, three numbers for each batch: time in ticks (as signed 64 bits), first byte, end; those
    without bytes are left out. strings, stacks, samples: two numbers for each batch, first byte and end.

    start: its first time, in ticks. offset: of its first batch. end: of its last batch; generations are not
    interleaved, so no later one has bytes before it. freq: ns per tick, 0 until its batch has been read. snapshot: (a
    time in ticks, the wall clock then in ns since 1970); None until its batch has been read, and before Go 1.25.
    truncated: the damage right after it; before Go 1.26 only reading the generation shows whether it is complete.
    """

    def __init__(self) -> None:
        self.number = 0
        self.start = 0
        self.offset = 0
        self.end = 0
        self.freq = 0.0
        self.snapshot: tuple[int, int, int] | None = None
        self.threads: dict[int, array[int]] = {}
        self.strings = array("q")
        self.stacks = array("q")
        self.samples = array("q")
        self.truncated: Damage | None = None

    @property
    def id(self) -> int:
        """The number for the kernel: signed, and 0 without events, because Go counts from the first one with events."""
        return 0 if not any(self.threads.values()) else self.number - (self.number >> 63 << 64)

    @property
    def started_ns(self) -> int | None:
        """The wall clock at its first time, ns since 1970; None if the trace does not say it, or if it is absurd."""
        if self.snapshot is None:
            return None
        ticks, _, wall = self.snapshot
        started = wall - int(float(ticks) * self.freq) + int(float(self.start) * self.freq)
        return started if 0 <= started < _YEAR_10000_NS else None

    @property
    def clock(self) -> Clock | None:
        """The three clocks at one moment; None before Go 1.25, or if the wall clock is absurd."""
        if self.started_ns is None or self.snapshot is None:
            return None
        ticks, monotonic, wall = self.snapshot
        return Clock(int(float(ticks) * self.freq), monotonic, wall)


class Batch(NamedTuple):
    """offset: of its first byte, for messages. ends: whether the generation ends here (since Go 1.26)."""

    offset: int
    generation: int
    thread: int
    time: int
    start: int
    end: int
    experiment: int = 0
    ends: bool = False


def version(data: Data) -> int:
    """Return the format's version ("go 1.26 trace" → 26).

    Raises:
        Damage: not a Go execution trace, or an unknown version.
    """
    if len(data) == 0:
        raise Damage("the file is empty; was the trace stopped and flushed?")
    head = bytes(data[: spec.HEADER_SIZE])
    for known in spec.VERSIONS + spec.OLD_VERSIONS:
        if head == spec.HEADER % known:
            return known
    if head.startswith(b"go 1.") and b" trace\0" in head:
        found = head[3 : head.index(b" trace")].decode("ascii", "replace")
        raise Damage(f"unknown trace format go {found}; this version reads Go 1.11 to 1.27")
    raise Damage(foreign.problem(data))


def generations(data: Data, version: int, pos: int = spec.HEADER_SIZE) -> Iterator[Generation]:
    """Yield the complete generations, in the file's order.

    Args:
        pos: where a generation begins, to leave out those before it.

    Raises:
        Damage: after the generations before the damage.
    """
    in_band = version >= spec.END_OF_GENERATION_SINCE
    pending: Batch | None = None
    while True:
        generation = Generation()
        generation.offset = pos
        problem: Damage | None = None
        if pending is not None:
            generation.number, generation.start, generation.offset = pending.generation, pending.time, pending.offset
            _add(generation, pending, data, version)
            pending = None
        while True:
            if pos == len(data):
                if in_band and not generation.number:
                    return
                if in_band:
                    raise Damage("the trace is truncated: its last generation has no end", pos)
                break
            try:
                batch = read_batch(data, pos)
            except Damage as damage:
                if in_band or not generation.number:
                    raise
                # what comes next may be the next generation's: this one may still be whole
                problem = damage
                break
            pos = batch.end
            if in_band and batch.ends:
                generation.number = generation.number or batch.generation
                break
            if batch.generation == 0:
                raise Damage("batch without a generation number", batch.offset)
            generation.number = generation.number or batch.generation
            if not in_band and batch.generation == generation.number + 1:
                pending = batch
                break
            if batch.generation != generation.number:
                raise Damage("batches of two generations are interleaved", batch.offset)
            if generation.start == 0 or batch.time < generation.start:
                generation.start = batch.time
            _add(generation, batch, data, version)
        if generation.freq == 0:
            raise problem or Damage("generation without a clock frequency: the trace is truncated", pos)
        if version >= spec.CLOCK_SNAPSHOT_SINCE and generation.snapshot is None:
            raise problem or Damage("generation without a clock snapshot: the trace is truncated", pos)
        if float(generation.start) * generation.freq > spec.MAX_TIME:
            raise problem or Damage("a time is out of range", pos)
        generation.truncated = problem
        yield generation
        if problem:
            raise problem
        if not in_band and pending is None:
            return


def tables(data: Data, generation: Generation, into: Tables) -> tuple[Ids, Ids]:
    """Read a generation's strings and stacks into the trace's tables; return its two maps of ids.

    Raises:
        Damage: a table that cannot be read or refers to what is missing.
    """
    try:
        return into.read(data, _extents(generation.strings), _extents(generation.stacks))
    except BadTable as bad:
        raise Damage(str(bad), bad.offset) from None


def samples(data: Data, generation: Generation) -> tuple[Any, Any]:
    """Return a generation's CPU samples in time order, as two columns (int64): times in ns, and offsets in the file.

    Raises:
        Damage: a sample is broken.
    """
    times, offsets = array("q"), array("q")
    for start, end in _extents(generation.samples):
        pos = start
        while pos < end:
            at = pos
            numbers = []
            if data[pos] != Ev.CPU_SAMPLE:
                raise Damage("unexpected event in a batch of CPU samples", at)
            pos += 1
            for _ in range(5):
                value, pos = varint(data, pos, end)
                numbers.append(value)
            time = float(numbers[0]) * generation.freq
            if time > spec.MAX_TIME:
                raise Damage("the time of a CPU sample is out of range", at)
            if numbers[2] >= spec.MAX_PROCS and numbers[2] != (1 << 64) - 1:
                raise Damage("CPU sample with a P that is out of range", at)
            times.append(int(time))
            offsets.append(at)
    return sorted_as_go(times, offsets)


def read_batch(data: Data, pos: int) -> Batch:
    """Return the batch at a position.

    Raises:
        Damage: no batch begins there, or it is truncated.
    """
    offset = pos
    kind = data[pos]
    pos += 1
    if kind == Ev.END_OF_GENERATION:
        return Batch(offset, 0, 0, 0, pos, pos, ends=True)
    if kind not in (Ev.EVENT_BATCH, Ev.EXPERIMENTAL_BATCH):
        raise Damage("no batch begins here", offset)
    experiment = 0
    end = len(data)
    if kind == Ev.EXPERIMENTAL_BATCH:
        if pos == end:
            raise Damage("the trace is truncated inside a batch", offset)
        experiment = data[pos]
        pos += 1
    try:
        generation, pos = varint(data, pos, end)
        thread, pos = varint(data, pos, end)
        time, pos = varint(data, pos, end)
        size, pos = varint(data, pos, end)
    except Damage:
        raise Damage("the trace is truncated inside the header of a batch", offset) from None
    if size > spec.MAX_BATCH_SIZE:
        raise Damage(f"batch of {size:,} bytes is larger than the format allows", offset)
    if pos + size > end:
        raise Damage("the trace is truncated inside a batch", offset)
    # Go's reader looks at the first byte of what a batch holds, too
    ends = not experiment and size > 0 and data[pos] == Ev.END_OF_GENERATION
    return Batch(offset, generation, thread, time, pos, pos + size, experiment, ends)


def _add(generation: Generation, batch: Batch, data: Data, version: int) -> None:
    generation.end = batch.end
    if batch.experiment:
        # an experiment's own data: nothing of it is a trace event
        return
    first = data[batch.start] if batch.end > batch.start else Ev.NONE
    inner = (batch.start + 1, batch.end)
    if first == Ev.STRINGS:
        generation.strings.extend(inner)
    elif first == Ev.STACKS:
        generation.stacks.extend(inner)
    elif first == Ev.CPU_SAMPLES:
        generation.samples.extend(inner)
    elif first == (Ev.SYNC_BATCH if version >= spec.CLOCK_SNAPSHOT_SINCE else Ev.FREQUENCY):
        _add_sync(generation, batch, data, version)
    else:
        thread = generation.threads.get(batch.thread)
        if thread is None:
            if len(generation.threads) == MAX_THREADS:
                raise Damage(f"more than {MAX_THREADS:,} threads", batch.offset)
            thread = generation.threads[batch.thread] = array("q")
        if batch.end > batch.start:
            thread.extend((signed(batch.time), batch.start, batch.end))


def _extents(numbers: array[int]) -> Iterator[Extent]:
    return zip(numbers[::2], numbers[1::2], strict=True)


def _add_sync(generation: Generation, batch: Batch, data: Data, version: int) -> None:
    pos = batch.start + (1 if version >= spec.CLOCK_SNAPSHOT_SINCE else 0)
    while pos < batch.end:
        at = pos
        kind = data[pos]
        pos += 1
        if kind == Ev.FREQUENCY and generation.freq == 0:
            ticks, pos = varint(data, pos, batch.end)
            if ticks == 0:
                raise Damage("clock frequency is 0", at)
            # the same two divisions as Go's reader, so that every time is the same to the nanosecond
            generation.freq = 1.0 / (float(ticks) / 1e9)
        elif kind == Ev.CLOCK_SNAPSHOT and version >= spec.CLOCK_SNAPSHOT_SINCE and generation.snapshot is None:
            numbers = []
            for _ in range(4):
                number, pos = varint(data, pos, batch.end)
                numbers.append(number)
            ticks, monotonic, seconds, ns = numbers
            generation.snapshot = (batch.time + ticks, monotonic, seconds * 10**9 + ns)
        else:
            raise Damage("the batch with the clock is broken", at)


def varint(data: Data, pos: int, end: int) -> tuple[int, int]:
    """Return the unsigned varint at `pos`, below 2^64, and the position after it."""
    value = shift = 0
    start = pos
    while pos < end and shift < 64:
        byte = data[pos]
        pos += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >= 1 << 64:
                break
            return value, pos
        shift += 7
    raise Damage("a number is broken", start)
