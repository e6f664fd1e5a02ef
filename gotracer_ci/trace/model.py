"""Trace: an opened trace, read once, chunk by chunk."""

from __future__ import annotations

import io
import mmap
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple

from gotracer_ci.errors import TraceError
from gotracer_ci.trace import kernel, spec, wire
from gotracer_ci.trace.spec import Ev
from gotracer_ci.trace.tables import Tables

STDIN = "-"
GZIP_MAGIC = b"\x1f\x8b"
MAX_UNPACKED = 8 << 30
"""Bytes that a gzipped trace may unpack to: more than any real one, less than what harms a machine."""


class Chunk(NamedTuple):
    """`n` events as columns; the columns are used again for the next chunk, so read them before going on.

    times (int64): ns on the trace's clock, strictly increasing. types (uint8): `spec.Ev`. threads (int32): index of
    `Trace.thread_ids`, −1 none. procs (int32), goroutines (int64): the context's, before the event, −1 none.
    stacks (int32): the context's stack in the tables, 0 none. a, b, c (int64), by type; strings and stacks are
    indices of the tables:

    ProcsChange GOMAXPROCS · ProcStart p · ProcStop p · ProcSteal p, its state before · ProcStatus p, old << 8 | new ·
    GoCreate, GoCreateBlocked new goroutine, –, its entry stack · GoCreateSyscall, GoStart, GoUnblock, GoSwitch
    goroutine · GoStop, GoBlock reason · GoStatus goroutine, old << 8 | new, its
    entry stack where known · STWBegin, STWEnd kind · GCBegin,
    GCActive sequence · GCEnd sequence, live heap, heap goal (bytes, −1 unknown) · GCSweepBegin, GCSweepActive p ·
    GCSweepEnd bytes swept, bytes reclaimed · GCMarkAssistBegin, …Active goroutine · HeapAlloc, HeapGoal bytes ·
    GoLabel label · TaskBegin, TaskEnd task, parent (−1 none), type · RegionBegin, RegionEnd task, type ·
    Log task, category, message · Sync number · experimental events: their arguments.
    """

    n: int
    times: Any
    types: Any
    threads: Any
    procs: Any
    goroutines: Any
    a: Any
    b: Any
    c: Any
    stacks: Any

    def rows(self) -> Iterator[tuple[int, int, int, int, int, int, int, int, int]]:
        """(time, type, thread, proc, goroutine, a, b, c, stack) for each event."""
        n = self.n
        ids = (self.threads, self.procs, self.goroutines)
        columns = (self.times, self.types, *ids, self.a, self.b, self.c, self.stacks)
        return zip(*(memoryview(column)[:n] for column in columns), strict=True)


class Trace:
    """One trace. `chunks` reads it; the rest is known when that is through.

    name: what the user called it. version: the format's, 11 to 26. tables: strings, frames and stacks.
    damage: what ended the reading early, None for a complete trace. watch: told of every chunk, before its reader is.

    Raises:
        TraceError: nothing of it can be read: not a trace, an unknown version, no permission.
    """

    def __init__(self, name: str, data: memoryview, damage: TraceError | None = None) -> None:
        self.name = name
        self.damage = damage
        self.tables = Tables()
        self._data = data
        self._released = 0
        try:
            self.version = wire.version(data)
        except wire.Damage as problem:
            raise TraceError(name, problem.problem, problem.offset) from None
        self._kernel: Any = None
        self._generation: wire.Generation | None = None
        self._worked = 0
        self.watch: Callable[[Trace], None] | None = None

    def chunks(self, wanted: Iterable[Ev] | None = None) -> Iterator[Chunk]:
        """Reads the trace. Events of other types than `wanted` (None: all) are only counted and aggregated."""
        mask = bytes([1]) * 256 if wanted is None else bytes(k in {int(w) for w in wanted} for k in range(256))
        core = self._kernel = kernel.Kernel(mask)
        if self.version in spec.OLD_VERSIONS:
            yield from self._old_chunks(core)
            return
        cut: wire.Damage | None = None
        try:
            for generation in wire.generations(self._data, self.version):
                cut = generation.cut
                self._generation = generation
                strings, stacks = wire.tables(self._data, generation, self.tables)
                state = core.begin(
                    self._data,
                    generation.id,
                    generation.freq,
                    int(float(generation.start) * generation.freq),
                    list(generation.threads.items()),
                    wire.samples(self._data, generation),
                    strings,
                    stacks,
                )
                if state != kernel.BROKEN:
                    # else its columns still hold the generation before
                    yield self._chunk()
                while state == kernel.FULL:
                    state = core.fill()
                    yield self._chunk()
                if state == kernel.BROKEN:
                    self._broken(cut or wire.Damage(*core.problem()))
                    break
                self._release(generation.end)
            else:
                core.sync(core.span()[1])
                yield self._chunk()
        except wire.Damage as problem:
            # like Go's reader: one more Sync event closes what could be read
            core.sync(core.span()[1])
            yield self._chunk()
            self._broken(cut or problem)
        core.finish()

    def _old_chunks(self, core: Any) -> Iterator[Chunk]:
        """Those of the older format. Before the whole file is read no event is known, and the chunks are empty."""
        from gotracer_ci.trace import v1  # later: most traces are of the newer formats

        began = False
        try:
            for worked, block in v1.blocks(self._data, self.version, self.tables):
                self._worked = worked
                if not began and block.n:
                    # Go's reader: one before the first event, whose time is 0
                    began = True
                    core.sync(-1)
                    yield self._chunk()
                core.replay(*block)
                yield self._chunk()
            if began:
                core.sync(core.span()[1])
                yield self._chunk()
        except wire.Damage as problem:
            self._broken(problem)
        core.finish()

    def _release(self, end: int) -> None:
        """Says that what lies before `end` is not needed again, so that of a mapped file little is in memory at once.

        Advice: should it be read once more, the system gets it from the file again.
        """
        mapping = self._data.obj
        if isinstance(mapping, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
            # in whole pages: the last one may hold the next generation's beginning
            end -= end % mmap.PAGESIZE
            if end > self._released:
                mapping.madvise(mmap.MADV_DONTNEED, self._released, end - self._released)
                self._released = end

    def _broken(self, damage: wire.Damage) -> None:
        if self.damage is None:
            self.damage = TraceError(self.name, damage.problem, damage.offset)

    def _chunk(self) -> Chunk:
        if self.watch is not None:
            self.watch(self)
        return Chunk(*self._kernel.columns())

    @property
    def thread_ids(self) -> list[int]:
        ids: list[int] = self._kernel.thread_ids()
        return ids

    def intervals(self) -> list[tuple[Any, ...]]:
        """The aggregate of all intervals (see `kernel.Groups.rows`)."""
        rows: list[tuple[Any, ...]] = self._kernel.intervals()
        return rows

    def alive(self) -> list[tuple[Any, ...]]:
        """The goroutines at the end (see `kernel.Kernel.alive`)."""
        rows: list[tuple[Any, ...]] = self._kernel.alive()
        return rows

    def totals(self) -> dict[str, int]:
        """Counts of goroutines, GOMAXPROCS and the heap (see `kernel.Kernel.totals`)."""
        totals: dict[str, int] = self._kernel.totals()
        return totals

    @property
    def events(self) -> int:
        """Events read, Sync events included."""
        return sum(self._kernel.counts().values())

    @property
    def size(self) -> int:
        """Bytes of the trace, unpacked."""
        return len(self._data)

    @property
    def position(self) -> int:
        """Bytes of `size` that have been read: all up to the generation's end but the batches whose time is to come.

        Never goes back. Looked at now and then, so that reading keeps no count: a generation is read from all over its
        part of the file at once. The older format is gone through several times: see `v1.blocks`.
        """
        generation = self._generation
        if generation is None:
            return self._worked
        batches = [batch for thread in generation.threads.values() for batch in thread]
        now = self._kernel.span()[1] / generation.freq
        return int(generation.end - sum(end - start for time, start, end in batches if time > now))

    @property
    def start_ns(self) -> int:
        """The first Sync event's time: what every time that is shown is counted from."""
        return int(self._kernel.span()[0])

    @property
    def duration_ns(self) -> int:
        first, last = self._kernel.span()
        return int(last - first)


def open_trace(name: str) -> Trace:
    """Opens a file, a gzipped file or, as "-", standard input.

    Raises:
        TraceError: it cannot be opened, or is not a trace that can be read.
    """
    try:
        if name == STDIN:
            if sys.stdin is None:
                raise TraceError(name, "standard input is closed")
            raw = memoryview(sys.stdin.buffer.read())
        else:
            with open(name, "rb") as file:
                raw = _mapped(file)
    except IsADirectoryError:
        raise TraceError(name, "is a folder; name the traces in it, or a pattern such as 'traces/*.trace'") from None
    except FileNotFoundError:
        raise TraceError(name, "no such file") from None
    except OSError as error:
        raise TraceError(name, f"cannot be read: {error.strerror}") from None
    if raw[:2] == GZIP_MAGIC:
        return Trace(name, *_unpacked(name, raw))
    return Trace(name, raw)


def _mapped(file: BinaryIO) -> memoryview:
    try:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (ValueError, OSError, io.UnsupportedOperation):
        # empty files and pipes cannot be mapped
        return memoryview(file.read())


def _unpacked(name: str, raw: memoryview) -> tuple[memoryview, TraceError | None]:
    """What a gzipped file holds, as far as it can be unpacked, and what is wrong with the rest."""
    import gzip

    parts: list[bytes] = []
    size = 0
    damage: TraceError | None = None
    with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
        try:
            # read1, because read would drop what it had unpacked before the damage
            while part := file.read1(1 << 20):
                size += len(part)
                if size > MAX_UNPACKED:
                    damage = TraceError(name, f"unpacks to more than {MAX_UNPACKED >> 30} GiB")
                    break
                parts.append(part)
        except (EOFError, OSError, zlib.error) as error:
            damage = TraceError(name, f"the gzip file is cut or broken: {error}")
    if not parts and damage:
        raise damage
    return memoryview(b"".join(parts)), damage
