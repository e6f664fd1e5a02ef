"""The records of the older format's files, Go 1.11 to 1.21.

The file is one sequence of batches. A batch holds events of one P (−1: of none), their times as differences; strings,
stacks and the clock's frequency lie in batches too, most of them at the end, so nothing can be said before all is
read.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from gotracer_ci.trace import spec
from gotracer_ci.trace.sorting import sorted_as_go
from gotracer_ci.trace.v1_spec import LEAVES, STARTS, TIMED, Old
from gotracer_ci.trace.wire import Damage, Data

MAX_EVENT_SIZE = 2048
MAX_STRING_SIZE = 1_000_000
MAX_FRAMES = 1000
CPU_SAMPLES_SINCE = 19
LATEST = 1 << 62
"""No time in ticks is beyond."""
STEP = 8192
"""Events after which one who works through them says how far it is."""

# As plain numbers, because an enumeration's members are slow to get at.
_BATCH, _STRING, _LOG, _CPU_SAMPLE = map(int, (Old.BATCH, Old.STRING, Old.LOG, Old.CPU_SAMPLE))
_SHAPE = {int(event): (len(names), names[-1:] == ("stack",)) for event, names in TIMED.items()}
_OF_NAMED = {Old.GO_SYS_EXIT, Old.GO_WAITING, Old.GO_IN_SYSCALL} | STARTS
"""Their goroutine is the one they name. (Go's reader leaves GO_SYS_EXIT_LOCAL to whatever its P ran last.)"""


class Records:
    """What the file holds: the events as columns in the file's order, and the tables.

    times: in ticks, ns after `v1_order.ordered`. procs: the batch's. goroutines: which ran there, 0 none. a, b, c: the
    arguments, signed. stacks: ids. strings, traces, pcs: id → bytes, id → pcs, pc → (function, file, line).
    messages: of logs, whose c is an index here. timers: goroutines that run timers. ticks: the clock's, a second.
    batches: each P's, as extents of the columns. first_sample: from there on the columns are CPU samples, by time.
    order: the events' indices in Go's order, which `v1_order.order` finds.
    """

    def __init__(self, data: Data, version: int) -> None:
        self.times: array[int] = array("q")
        self.kinds = bytearray()
        self.procs: array[int] = array("i")
        self.goroutines: array[int] = array("q")
        self.a: array[int] = array("q")
        self.b: array[int] = array("q")
        self.c: array[int] = array("q")
        self.stacks: array[int] = array("I")
        self.offsets: array[int] = array("q")
        self.order: list[int] = []
        self.strings: dict[int, bytes] = {}
        self.traces: dict[int, tuple[int, ...]] = {}
        self.pcs: dict[int, tuple[int, int, int]] = {}
        self.messages: list[bytes] = []
        self.timers: set[int] = set()
        self.ticks = 0
        self._data = data
        self._version = version
        self.batches: dict[int, list[tuple[int, int]]] = {}
        self._samples: list[tuple[int, int, int, int, int]] = []
        self.first_sample = 0

    def read(self) -> Iterator[int]:
        """Reads the file, and gives the position in it now and then.

        Raises:
            Damage: it is cut or broken.
        """
        data, pos, end = self._data, spec.HEADER_SIZE, len(self._data)
        proc: int | None = None
        last: dict[int, int] = {}
        time = goroutine = first = 0
        while pos < end:
            at = pos
            kind, count = data[pos] & 63, (data[pos] >> 6) + 1
            if kind == _STRING:
                pos = self._string(at)
                continue
            if kind == _BATCH:
                if proc is not None:
                    last[proc] = goroutine
                    self.batches[proc].append((first, len(self.times)))
                proc, time, pos = self._batch(at, count)
                goroutine, first = last.get(proc, 0), len(self.times)
                continue
            if proc is None:
                raise Damage("an event before the first batch", at)
            numbers, pos = self._numbers(at, count)
            if kind in _SHAPE:
                arguments, has_stack = _SHAPE[kind]
                if len(numbers) != arguments + 1:
                    raise Damage(f"an event of type {kind} has {len(numbers)} numbers, not {arguments + 1}", at)
                stack = numbers.pop() & 0xFFFFFFFF if has_stack else 0
                if kind == _CPU_SAMPLE:
                    self._sample(numbers, stack, at)
                    continue
                time += numbers[0]
                if time >= LATEST:
                    raise Damage("a time is out of range", at)
                numbers += (0, 0, 0)
                if kind == _LOG:
                    numbers[3] = len(self.messages)
                    text, pos = self._text(pos)
                    self.messages.append(text)
                if kind in STARTS:
                    goroutine = _signed(numbers[1])
                self._add(time, kind, proc, goroutine, numbers, stack, at)
                if kind in LEAVES:
                    goroutine = 0
                if len(self.times) % STEP == 0:
                    yield pos
            elif kind == Old.STACK:
                self._stack(numbers, at)
            elif kind in (Old.FREQUENCY, Old.TIMER_GOROUTINE) and len(numbers) == 1:
                if kind == Old.TIMER_GOROUTINE:
                    self.timers.add(_signed(numbers[0]))
                elif not 0 < numbers[0] < LATEST:
                    raise Damage("the clock's frequency cannot be", at)
                else:
                    self.ticks = numbers[0]
            else:
                raise Damage(f"an event of the unknown type {kind}", at)
        if proc is not None:
            self.batches[proc].append((first, len(self.times)))
        if self.ticks == 0:
            raise Damage("the clock's frequency is missing; the trace is cut", end)
        self.first_sample = len(self.times)
        for time, proc, goroutine, stack, at in sorted_as_go(self._samples):
            self._add(time, Old.CPU_SAMPLE, proc, goroutine, [0, 0, 0, 0], stack, at)

    def _add(
        self, time: int, kind: int, proc: int, goroutine: int, numbers: list[int], stack: int, offset: int
    ) -> None:
        self.times.append(time)
        self.kinds.append(kind)
        self.procs.append(proc)
        _, a, b, c, *_ = numbers if max(numbers) < 1 << 63 else map(_signed, numbers)
        self.goroutines.append(a if kind in _OF_NAMED else goroutine)
        self.a.append(a)
        self.b.append(b)
        self.c.append(c)
        self.stacks.append(stack)
        self.offsets.append(offset)

    def _batch(self, at: int, count: int) -> tuple[int, int, int]:
        """The header's P, its time, and the position after it."""
        if count != 2:
            raise Damage("a batch's header is broken", at)
        proc, pos = self._number(at + 1)
        time, pos = self._number(pos)
        proc = _signed(proc)
        if not -1 <= proc < spec.MAX_PROCS:
            raise Damage(f"a batch of P {proc}, which cannot be", at)
        if time >= LATEST:
            raise Damage("a time is out of range", at)
        self.batches.setdefault(proc, [])
        return proc, time, pos

    def _numbers(self, at: int, count: int) -> tuple[list[int], int]:
        """An event's numbers, and the position after it. More than three come with their length in bytes."""
        numbers = []
        pos = at + 1
        if count <= 3:
            data, end = self._data, len(self._data)
            for _ in range(count):
                if pos < end and data[pos] < 0x80:
                    number = data[pos]
                    pos += 1
                else:
                    number, pos = self._number(pos)
                numbers.append(number)
            return numbers, pos
        size, pos = self._number(pos)
        if size > MAX_EVENT_SIZE:
            raise Damage(f"an event of {size:,} bytes, more than the format allows", at)
        end = pos + size
        if end > len(self._data):
            raise Damage("the trace is cut inside an event", at)
        while pos < end:
            number, pos = self._number(pos)
            numbers.append(number)
        if pos > end:
            raise Damage("an event's numbers do not fit in it", at)
        return numbers, pos

    def _string(self, at: int) -> int:
        id, pos = self._number(at + 1)
        text, pos = self._text(pos)
        if id == 0 or id in self.strings or not text:
            raise Damage("the table of strings is broken", at)
        self.strings[id] = text
        return pos

    def _text(self, at: int) -> tuple[bytes, int]:
        size, pos = self._number(at)
        if size > MAX_STRING_SIZE:
            raise Damage(f"a text of {size:,} bytes, more than the format allows", at)
        if pos + size > len(self._data):
            raise Damage("the trace is cut inside a text", at)
        return bytes(self._data[pos : pos + size]), pos + size

    def _stack(self, numbers: list[int], at: int) -> None:
        if len(numbers) < 2 or numbers[1] > MAX_FRAMES or len(numbers) != 2 + 4 * numbers[1]:
            raise Damage("the table of stacks is broken", at)
        id = numbers[0] & 0xFFFFFFFF
        if id:
            for k in range(2, len(numbers), 4):
                pc, function, file, line = numbers[k : k + 4]
                # as in Go's reader the first frame of a program counter counts
                self.pcs.setdefault(pc, (function, file, line))
            self.traces[id] = tuple(numbers[2::4])

    def _sample(self, numbers: list[int], stack: int, at: int) -> None:
        """CPU samples come late, in batches of others, with their own time, P and goroutine."""
        if self._version < CPU_SAMPLES_SINCE:
            raise Damage("a CPU sample, which this version does not have", at)
        _, time, proc, goroutine = numbers
        proc = _signed(proc)
        if time >= LATEST or not -1 <= proc < spec.MAX_PROCS:
            raise Damage("a CPU sample's time or P is out of range", at)
        self._samples.append((time, proc, _signed(goroutine), stack, at))

    def _number(self, pos: int) -> tuple[int, int]:
        """The unsigned varint at `pos`, and the position after it."""
        data = self._data
        start = pos
        value = shift = 0
        end = min(len(data), pos + 10)
        while pos < end:
            byte = data[pos]
            pos += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value >> 64:
                    break
                return value, pos
            shift += 7
        raise Damage("the trace is cut inside a number" if pos == len(data) else "a number is broken", start)


def _signed(value: int) -> int:
    """An unsigned 64-bit number's bits as a signed one (2^64 − 1 is Go's "none", −1)."""
    return value - (1 << 64) if value >= 1 << 63 else value
