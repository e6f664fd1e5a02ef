# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Read the records of a file of the old format.

The file is a sequence of batches. A batch holds the events of one P, or of none (−1), with their times as differences.
Strings, stacks and the clock frequency are records, too, most of them near the end of the file. So the whole file must
be read before the first event can be reported.
"""

from __future__ import annotations

from array import array
from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace.columns import column, grown
from gotracer_ci.trace.spec import MAX_PROCS
from gotracer_ci.trace.tables import Tables
from gotracer_ci.trace.v1.records import Records
from gotracer_ci.trace.v1.spec import CPU_SAMPLES_SINCE, LEAVES, NAMES_CONTEXT, NAMES_OTHER, STARTS, TIMED, Old
from gotracer_ci.trace.wire import Damage, Data

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.columns import IdMap
    from cython.cimports.gotracer_ci.trace.interning import Ids
    from cython.cimports.gotracer_ci.trace.sorting import Sorter
    from cython.cimports.gotracer_ci.trace.v1.numbers import Numbers
else:
    from gotracer_ci.trace.columns import IdMap
    from gotracer_ci.trace.interning import Ids
    from gotracer_ci.trace.sorting import Sorter
    from gotracer_ci.trace.v1.numbers import Numbers

MAX_FRAMES = 1000
MAX_SIZE = 2 << 30
"""Offsets in the file are 32-bit numbers."""
LATEST = 1 << 62
"""The first time, in ticks, that is out of range."""

_MAX_PROCS = cython.declare(cython.longlong, MAX_PROCS)
_LATEST = cython.declare(cython.longlong, LATEST)

_BATCH = cython.declare(cython.int, Old.BATCH)
_FREQUENCY = cython.declare(cython.int, Old.FREQUENCY)
_STACK = cython.declare(cython.int, Old.STACK)
_TIMER_GOROUTINE = cython.declare(cython.int, Old.TIMER_GOROUTINE)
_STRING = cython.declare(cython.int, Old.STRING)
_LOG = cython.declare(cython.int, Old.LOG)
_CPU_SAMPLE = cython.declare(cython.int, Old.CPU_SAMPLE)

_CONTEXT = cython.declare(cython.int, 1)
_OTHER = cython.declare(cython.int, 2)
_STARTS = cython.declare(cython.int, 1)
_LEAVES = cython.declare(cython.int, 2)


@cython.final
@cython.cclass
class Parser:
    """Reads a file into `records`, some events with each call of `read`."""

    _records: Any
    _tables: Any
    _strings: Ids
    _reader: Numbers
    _data: cython.const[cython.uchar][::1]
    _end: cython.longlong
    _version: cython.int
    # by event type: the number of arguments, −1 for other records; whether the first one names the goroutine that the
    # event belongs to, or another; and whether a goroutine starts to run or leaves its P
    _arguments_of: cython.schar[::1]
    _names: cython.uchar[::1]
    _effects: cython.uchar[::1]
    _numbers: cython.longlong[::1]  # of the current record

    # the current batch
    _proc: cython.int  # −2 before the first one
    _time: cython.longlong
    _goroutine: cython.int
    _first: cython.int

    # by P + 1: the index of its sequence of events, −1 for none, and the goroutine that ran last
    _source: cython.int[::1]
    _last: cython.int[::1]

    _ids: IdMap
    _sample_times: Any
    _sample_offsets: Any

    # columns of the records
    _n: cython.int
    _times: cython.longlong[::1]
    _kinds: cython.uchar[::1]
    _procs: cython.short[::1]
    _goroutines: cython.int[::1]
    _subjects: cython.int[::1]
    _argument_at: cython.int[::1]
    _offsets: cython.int[::1]
    _arguments: cython.longlong[::1]
    _n_arguments: cython.int

    def __init__(self, data: Data, version: int, records: Records, tables: Tables) -> None:
        if len(data) > MAX_SIZE:
            raise Damage(f"a trace of this format must be smaller than {MAX_SIZE >> 30} GiB")
        self._data = data
        self._end = len(data)
        self._version = version
        self._reader = Numbers(data)
        self._numbers = self._reader.numbers
        self._records = records
        self._tables = tables
        self._strings = records.strings
        self._arguments_of = column("b", [len(TIMED.get(kind, ())) if kind in TIMED else -1 for kind in range(64)])
        self._names = column("B", [_CONTEXT * (k in NAMES_CONTEXT) or _OTHER * (k in NAMES_OTHER) for k in range(64)])
        self._effects = column("B", [_STARTS * (k in STARTS) or _LEAVES * (k in LEAVES) for k in range(64)])
        self._proc = -2
        self._time = self._goroutine = self._first = 0
        self._source = column("i", [-1]) * (MAX_PROCS + 1)
        self._last = column("i", [0]) * (MAX_PROCS + 1)
        self._ids = IdMap(records.ids)
        self._ids.put(0, 0)
        self._sample_times = array("q")
        self._sample_offsets = array("i")
        self._n = self._n_arguments = 0
        # an event has about four bytes
        self._reserve_events(len(data) // 4 + 64)
        self._reserve_arguments(len(data) // 4 + 64)

    def _reserve_events(self, size: int) -> None:
        records = self._records
        records.reserve_events(size)
        self._times = records.times
        self._kinds = records.kinds
        self._procs = records.procs
        self._goroutines = records.goroutines
        self._subjects = records.subjects
        self._argument_at = records.argument_at
        self._offsets = records.offsets

    def _reserve_arguments(self, size: int) -> None:
        self._records.reserve_arguments(size)
        self._arguments = self._records.arguments

    def read(self, events: cython.int) -> bool:
        """Read up to `events` events; return whether there is more to read.

        Raises:
            Damage: the file is truncated or broken.
        """
        kind: cython.int
        arguments: cython.int
        at: cython.longlong
        stop: cython.int = self._n + events
        while self._reader.position < self._end:
            at = self._reader.position
            kind = self._data[at] & 63
            if kind == _STRING:
                self._read_string(at)
            elif kind == _BATCH:
                self._read_batch(at)
            elif self._proc == -2:
                raise Damage("an event comes before the first batch", at)
            else:
                self._reader.read(at)
                arguments = self._arguments_of[kind]
                if arguments < 0:
                    self._read_other(kind, at)
                elif self._reader.count != arguments + 1:
                    raise Damage(f"an event of type {kind} has {self._reader.count} numbers, not {arguments + 1}", at)
                elif kind == _CPU_SAMPLE:
                    self._check_sample(at)
                else:
                    self._read_event(kind, at)
                    if self._n == stop:
                        return True
        self._end_batch()
        if not self._records.ticks:
            raise Damage("the trace is truncated: the clock frequency is missing", self._end)
        self._add_samples()
        self._records.n = self._n
        self._records.ids = self._ids.keys
        self._records.n_ids = self._ids.count
        return False

    def position(self) -> int:
        """Return how many bytes have been read."""
        return self._reader.position

    # ---- events -----------------------------------------------------------------------------------------------

    @cython.cfunc
    def _read_event(self, kind: cython.int, at: cython.longlong) -> cython.int:
        difference: cython.longlong = self._numbers[0]
        context: cython.int = self._goroutine
        subject: cython.int = context
        if not 0 <= difference < _LATEST - self._time:
            raise Damage("a time is out of range", at)
        self._time += difference
        if self._names[kind]:
            subject = self._index_of(self._numbers[1])
            if self._names[kind] == _CONTEXT:
                context = subject
        if kind == _LOG:
            self._numbers[self._reader.count] = len(self._records.messages)
            self._reader.count += 1
            self._records.messages.append(self._reader.text())
        self._add(kind, self._time, self._proc, context, subject, at)
        if self._effects[kind] == _STARTS:
            self._goroutine = subject
        elif self._effects[kind] == _LEAVES:
            self._goroutine = 0
        return 0

    @cython.cfunc
    def _add(
        self,
        kind: cython.int,
        time: cython.longlong,
        proc: cython.int,
        goroutine: cython.int,
        subject: cython.int,
        at: cython.longlong,
    ) -> cython.int:
        """Add an event with all its numbers but the first as arguments."""
        n: cython.int = self._n
        to: cython.int = self._n_arguments
        k: cython.int
        if n == len(self._times):
            # an event has at least two bytes
            self._reserve_events(n + (self._end - at) // 2 + len(self._sample_times) + 1)
        if to + self._reader.count > len(self._arguments):
            self._reserve_arguments(to + (self._end - at) + 5 * len(self._sample_times) + 8)
        self._times[n] = time
        self._kinds[n] = kind
        self._procs[n] = proc
        self._goroutines[n] = goroutine
        self._subjects[n] = subject
        self._argument_at[n] = to
        self._offsets[n] = at
        for k in range(1, self._reader.count):
            self._arguments[to + k - 1] = self._numbers[k]
        self._n = n + 1
        self._n_arguments = to + self._reader.count - 1
        return 0

    @cython.cfunc
    def _index_of(self, id: cython.longlong) -> cython.int:
        """Return the index of a goroutine, a new one for a new ID."""
        index: cython.int = self._ids.find(id)
        if index < 0:
            index = self._ids.count
            if index == len(self._ids.keys):
                self._ids.keys = grown(self._ids.keys, 2 * index)
            self._ids.keys[index] = id
            self._ids.put(id, index)
        return index

    @cython.cfunc
    def _check_sample(self, at: cython.longlong) -> cython.int:
        """CPU samples come late, in batches of others, with their own time, P and goroutine."""
        time: cython.longlong = self._numbers[1]
        if self._version < CPU_SAMPLES_SINCE:
            raise Damage("this version of the format has no CPU samples", at)
        if not 0 <= time < _LATEST or not -1 <= self._numbers[2] < _MAX_PROCS:
            raise Damage("the time or the P of a CPU sample is out of range", at)
        self._sample_times.append(time)
        self._sample_offsets.append(at)
        return 0

    def _add_samples(self) -> None:
        """Append the CPU samples in the order of their times, as one more sequence of events."""
        times: cython.longlong[::1] = self._sample_times
        offsets: cython.int[::1] = self._sample_offsets
        n: cython.int = len(times)
        sorter: Sorter = Sorter()
        k: cython.int
        goroutine: cython.int
        self._first = self._n
        sorter.reserve(n)
        for k in range(n):
            sorter.times[k] = times[k]
            sorter.items[k] = offsets[k]
        sorter.sort(n)
        for k in range(n):
            self._reader.read(sorter.items[k])
            goroutine = self._index_of(self._numbers[3])
            self._add(_CPU_SAMPLE, sorter.times[k], self._numbers[2], goroutine, goroutine, sorter.items[k])
        self._add_batch(self._records.n_sources)
        self._records.n_sources += 1

    # ---- batches ----------------------------------------------------------------------------------------------

    @cython.cfunc
    def _read_batch(self, at: cython.longlong) -> cython.int:
        self._end_batch()
        if self._data[at] >> 6 != 1:
            raise Damage("the header of a batch is broken", at)
        self._reader.position = at + 1
        proc: cython.longlong = self._reader.number()
        time: cython.longlong = self._reader.number()
        if not -1 <= proc < _MAX_PROCS:
            raise Damage(f"a batch of P {proc}, which is out of range", at)
        if not 0 <= time < _LATEST:
            raise Damage("a time is out of range", at)
        if self._source[proc + 1] < 0:
            self._source[proc + 1] = self._records.n_sources
            self._records.n_sources += 1
        self._proc = proc
        self._time = time
        self._goroutine = self._last[proc + 1]
        self._first = self._n
        return 0

    @cython.cfunc
    def _end_batch(self) -> cython.int:
        if self._proc == -2:
            return 0
        self._last[self._proc + 1] = self._goroutine
        return self._add_batch(self._source[self._proc + 1])

    @cython.cfunc
    def _add_batch(self, source: cython.int) -> cython.int:
        if self._first < self._n:
            self._records.firsts.append(self._first)
            self._records.stops.append(self._n)
            self._records.sources.append(source)
        return 0

    # ---- strings, stacks, the clock ---------------------------------------------------------------------------

    def _read_other(self, kind: cython.int, at: cython.longlong) -> None:
        """Handle a record without a time."""
        value: cython.longlong = self._numbers[0]
        if kind == _STACK:
            self._add_stack(at)
        elif kind == _TIMER_GOROUTINE and self._reader.count == 1:
            self._records.timers.append(self._index_of(value))
        elif kind == _FREQUENCY and self._reader.count == 1:
            if not 0 < value < _LATEST:
                raise Damage("the clock frequency is out of range", at)
            self._records.ticks = value
        else:
            raise Damage(f"unknown event type {kind}", at)

    def _add_stack(self, at: cython.longlong) -> None:
        numbers = [self._numbers[k] for k in range(self._reader.count)]
        if len(numbers) < 2 or not 0 <= numbers[1] <= MAX_FRAMES or len(numbers) != 2 + 4 * numbers[1]:
            raise Damage("the stack table is broken", at)
        id = numbers[0] & 0xFFFFFFFF
        if id:
            frames = self._records.frames
            for k in range(2, len(numbers), 4):
                # as in Go's reader, the first frame of a program counter counts
                frames.setdefault(numbers[k], (numbers[k + 1], numbers[k + 2], numbers[k + 3]))
            self._records.stacks[id] = tuple(numbers[2::4])

    def _read_string(self, at: cython.longlong) -> None:
        self._reader.position = at + 1
        id = self._reader.number()
        text = self._reader.text()
        # 0 stands for no string, and is there already
        if not text or self._strings.put(id, self._tables.intern_string(text)) < 0:
            raise Damage("the string table is broken", at)
