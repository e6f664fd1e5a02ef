"""Trace: an opened trace, read once, chunk by chunk."""

from __future__ import annotations

import mmap
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import compress
from typing import TYPE_CHECKING, Any, NamedTuple

from gotracer_ci.errors import TraceError
from gotracer_ci.trace import kernel, spec, wire
from gotracer_ci.trace.joining import joined
from gotracer_ci.trace.spec import Ev
from gotracer_ci.trace.tables import Tables

if TYPE_CHECKING:
    from gotracer_ci.trace.raw import Raw
    from gotracer_ci.trace.raw_text import RawText
    from gotracer_ci.trace.v1.raw import OldRaw


class Chunk(NamedTuple):
    """`n` events as columns. The columns are used again for the next chunk, so read them before going on.

    times (int64): ns on the trace's clock, strictly increasing. types (uint8): `spec.Ev`. threads (int64), procs
    (int32), goroutines (int64): Go's ids of the context, before the event, −1 none.
    stacks (int32): the context's stack in the tables, 0 none. lives (int64): the life of the context's goroutine (see
    `observe.Goroutines`), −1 none. a, b, c (int64): by type; strings and stacks are indices of the tables:

    - ProcsChange: GOMAXPROCS. ProcStart, ProcStop: p. ProcSteal: p, its state before. ProcStatus: p, old << 8 | new.
    - GoCreate, GoCreateBlocked: the new goroutine, –, its entry stack. GoCreateSyscall, GoStart, GoUnblock, GoSwitch:
      goroutine. GoStop, GoBlock: reason. GoStatus: goroutine, old << 8 | new, its entry stack where known.
    - STWBegin, STWEnd: kind. GCBegin, GCActive, GCEnd: sequence. GCSweepBegin, GCSweepActive: p. GCSweepEnd: bytes
      swept, bytes reclaimed. GCMarkAssistBegin, GCMarkAssistActive: goroutine. HeapAlloc, HeapGoal: bytes.
    - GoLabel: label. TaskBegin, TaskEnd: task, parent (−1 none), type. RegionBegin, RegionEnd: task, type. Log: task,
      category, message. Sync: number. An experiment's event: its arguments.
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
    lives: Any

    def rows(self) -> Iterator[tuple[int, int, int, int, int, int, int, int, int]]:
        """Yield (time, type, thread, proc, goroutine, a, b, c, stack) for each event."""
        ids = (self.threads, self.procs, self.goroutines)
        return self.columns(self.times, self.types, *ids, self.a, self.b, self.c, self.stacks)

    def columns(self, *chosen: Any) -> Iterator[Any]:
        """Yield one tuple for each event with its values in the chosen columns; faster the fewer they are."""
        return zip(*(memoryview(column)[: self.n] for column in chosen), strict=True)

    def of(self, types: tuple[Ev, ...], *chosen: Any) -> Iterator[Any]:
        """Yield the same for each event of one of these types: much faster than to look at each."""
        is_wanted = bytes(memoryview(self.types)[: self.n]).translate(_table(types))
        at = list(compress(range(self.n), is_wanted))
        return zip(*(map(column.__getitem__, at) for column in chosen), strict=True)


@cache
def _table(types: tuple[Ev, ...]) -> bytes:
    """Return 1 for each of these types, 0 for all others."""
    return bytes(kind in types for kind in range(256))


class Mark(NamedTuple):
    """Where a generation begins: its first byte, and the time of its first event, ns on the trace's clock."""

    offset: int
    start: int


class Index(NamedTuple):
    """What one reading leaves for the next ones. size: bytes. start_ns: on the trace's clock. marks: at least one."""

    size: int
    start_ns: int
    marks: tuple[Mark, ...]


class Seen(NamedTuple):
    """How far a trace has been read, as `Trace` says it: its name, and bytes, and events."""

    name: str
    position: int
    size: int
    events: int


_FIRST = Mark(spec.HEADER_SIZE, 1)
_PART = 1 << 18
"""Bytes of which records are read at a time."""
MAX_MARKS = 1 << 16
"""Generations that an index has. Go begins a new one every second."""


class Trace:
    """One trace. `chunks` reads it once; the rest is known after that.

    name: what the user called it. version: the format's, 11 to 26. tables: strings, frames and stacks. started_ns: the
    wall clock at its start, ns since 1970; None before Go 1.25, which does not record it. clock: of the generation that
    is being read, with its Sync event; None at the end.
    damage: what ended the reading early, None for a complete trace. watch: called with each chunk, before the reader.
    is_read_again: set it before the first reading to be able to call `again` and `part`.

    Raises:
        TraceError: nothing of it can be read: not a trace, an unknown version, no permission.
    """

    def __init__(self, name: str, data: memoryview, damage: TraceError | None = None) -> None:
        self.name = name
        self.damage = self._given = damage
        self.is_read_again = False
        self.tables = Tables()
        self._data = data
        self._released = 0
        self._marks: list[Mark] = []
        self._first = _FIRST
        self._until = spec.NEVER
        self._origin: int | None = None
        try:
            self.version = wire.version(data)
        except wire.Damage as problem:
            raise TraceError(name, problem.problem, problem.offset) from None
        self.started_ns: int | None = None
        self.clock: wire.Clock | None = None
        self._kernel: Any = None
        self._generation: wire.Generation | None = None
        self._worked = 0
        self._raw: Raw | OldRaw | None = None
        self.watch: Callable[[Trace], None] | None = None

    def chunks(self, wanted: Iterable[Ev] | None = None, observers: Sequence[Any] = ()) -> Iterator[Chunk]:
        """Read the trace.

        Args:
            wanted: the event types that become rows, None for all; others are only counted.
            observers: the intervals, births and deaths are reported to these (`observe.Observer`).
        """
        mask = bytes([1]) * 256 if wanted is None else bytes(k in {int(w) for w in wanted} for k in range(256))
        core = self._kernel = kernel.Kernel(mask, joined(observers))
        if self.version in spec.OLD_VERSIONS:
            yield from self._old_chunks(core)
            return
        truncated: wire.Damage | None = None
        is_over = False
        core.resume(self._first.start)
        try:
            for generation in wire.generations(self._data, self.version, self._first.offset):
                truncated = generation.truncated
                if self._generation is None:
                    self.started_ns = generation.started_ns
                self._generation = generation
                self.clock = generation.clock
                strings, stacks = wire.tables(self._data, generation, self.tables)
                state = core.begin(
                    self._data,
                    generation.id,
                    generation.freq,
                    int(float(generation.start) * generation.freq),
                    list(generation.threads.items()),
                    wire.samples(self._data, generation),
                    strings.columns(),
                    stacks.columns(),
                )
                if state != kernel.BROKEN:
                    # otherwise its columns still hold the previous generation
                    if len(self._marks) < MAX_MARKS:
                        self._marks.append(Mark(generation.offset, core.span()[1]))
                    yield self._chunk()
                while state == kernel.FULL and not is_over:
                    is_over = core.span()[1] > self._until
                    state = core.fill()
                    yield self._chunk()
                if is_over:
                    core.sync(core.span()[1])
                    yield self._chunk()
                    break
                if state == kernel.BROKEN:
                    self._broken(truncated or wire.Damage(*core.problem()))
                    break
                self._release(generation.end)
            else:
                self.clock = None
                core.sync(core.span()[1])
                yield self._chunk()
        except wire.Damage as problem:
            # like Go's reader, one more Sync event closes what could be read
            self.clock = None
            core.sync(core.span()[1])
            yield self._chunk()
            self._broken(truncated or problem)
        core.finish()
        self.tables.complete()

    def _old_chunks(self, core: Any) -> Iterator[Chunk]:
        """Read the old format. Until the whole file has been read no event is known, and the chunks are empty."""
        from gotracer_ci.trace.v1.blocks import PASSES, blocks  # here, because most traces are of the newer formats

        began = False
        try:
            for worked, block in blocks(self._data, self.version, self.tables):
                self._worked = worked
                if worked > self.size // PASSES:
                    # only the first pass needs the file
                    self._release(self.size)
                if block:
                    if not began:
                        # like Go's reader, one Sync event before the first event, whose time is 0
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
        self.tables.complete()

    def records(self, text: RawText | None = None) -> Iterator[Raw | OldRaw]:
        """Read the file's records as they are, instead of `chunks`: no event gets a time or a goroutine.

        Args:
            text: gets the records that it shows; take it after each part.

        Yields:
            the reader, the same one after each part of the file.
        """
        # here, because few commands read records
        from gotracer_ci.trace.raw import Raw
        from gotracer_ci.trace.v1.raw import OldRaw

        of_version = OldRaw if self.version in spec.OLD_VERSIONS else Raw
        reader = self._raw = of_version(self._data, self.version, text)
        has_more = True
        while has_more:
            try:
                has_more = reader.read(_PART)
            except wire.Damage as problem:
                has_more = False
                self._broken(problem)
            self._worked = reader.position
            if self.watch is not None:
                self.watch(self)
            yield reader
            self._release(reader.position)

    def again(self) -> Trace:
        """Return the same trace, not read yet. One that has been read needs `is_read_again`: its data may be gone."""
        same = Trace(self.name, self._data, self._given)
        same.watch = self.watch
        return same

    def index(self) -> Index:
        """Return where the generations begin, once the trace has been read."""
        return Index(self.size, self.start_ns, tuple(self._marks) or (_FIRST,))

    def has_changed(self, index: Index) -> bool:
        """Return whether the trace has another size than the one that was read: what is gone of a file cannot be read.

        Reading it would end the process.
        """
        mapping = self._data.obj
        now = mapping.size() if isinstance(mapping, mmap.mmap) and self._data.readonly else self.size
        return index.size != self.size or index.size != now

    def part(self, index: Index, start: int, end: int) -> Trace:
        """Return the same trace, not read yet, but only a part that has what is between two times, ns on its clock.

        The part begins with a generation. As at a trace's beginning, what happened before is not known: goroutines have
        no creation, their first wait has no reason, and a P counts as idle only from its first event on. The part goes
        on after `end`, so that most of what is under way then ends in it, too. Times count from the trace's start.

        Of the old format there is only the whole trace: no event is known before all of it has been read.

        Args:
            index: of a reading of the whole trace.
        """
        part = self.again()
        part.is_read_again = self.is_read_again
        part._first = index.marks[max(bisect_right(index.marks, start, key=lambda mark: mark.start) - 1, 0)]
        part._released = part._first.offset // mmap.PAGESIZE * mmap.PAGESIZE
        part._until = end
        part._origin = index.start_ns
        return part

    def _release(self, end: int) -> None:
        """Advise the system that what lies before `end` is not needed again, so that little of a file is in memory."""
        mapping = self._data.obj
        if self.is_read_again and not self._data.readonly:
            # what is not a file's would be gone
            return
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

    def alive(self) -> Iterator[tuple[Any, ...]]:
        """Yield the goroutines at the end (see `kernel.Kernel.alive`)."""
        rows: Iterator[tuple[Any, ...]] = self._kernel.alive()
        return rows

    def totals(self) -> dict[str, int]:
        """Return GOMAXPROCS and counts of goroutines (see `kernel.Kernel.totals`)."""
        totals: dict[str, int] = self._kernel.totals()
        return totals

    def misused_regions(self) -> list[tuple[int, int, int, int, int]]:
        """Return how the program misused regions (see `regions.Regions.misuses`)."""
        misuses: list[tuple[int, int, int, int, int]] = self._kernel.misused_regions()
        return misuses

    @property
    def gomaxprocs_at_start(self) -> int:
        """GOMAXPROCS when the trace began, 0 unknown. Only later changes are events."""
        return int(self._kernel.totals()["gomaxprocs_at_start"])

    @property
    def events(self) -> int:
        """Events read, Sync events included; records if `records` reads them."""
        if self._raw is not None:
            return sum(count for _, _, count in self._raw.totals())
        return sum(self._kernel.counts().values())

    @property
    def data(self) -> memoryview:
        """The file's bytes, unpacked."""
        return self._data

    @property
    def size(self) -> int:
        """Bytes of the trace, unpacked."""
        return len(self._data)

    @property
    def position(self) -> int:
        """Bytes of `size` that have been read: all up to the generation's end, without the batches still to come.

        It never decreases. It is computed when asked for, because a generation's batches are read all at once. The old
        format is gone through several times: see `v1.blocks`.
        """
        generation = self._generation
        if generation is None:
            return self._worked
        now = self._kernel.span()[1] / generation.freq
        left = (
            thread[k + 2] - thread[k + 1]
            for thread in generation.threads.values()
            for k in range(0, len(thread), 3)
            if thread[k] > now
        )
        return int(generation.end - sum(left))

    @property
    def start_ns(self) -> int:
        """The first Sync event's time: all times that are shown count from here."""
        return self._origin if self._origin is not None else int(self._kernel.span()[0])

    @property
    def duration_ns(self) -> int:
        return int(self._kernel.span()[1]) - self.start_ns
