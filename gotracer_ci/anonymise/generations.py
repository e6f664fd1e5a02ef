"""Replace the names in a trace of Go 1.22 or later: strings are rewritten batch by batch, all else is copied."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gotracer_ci.anonymise import records
from gotracer_ci.anonymise.names import MAX_FRAMES, Names
from gotracer_ci.trace import spec
from gotracer_ci.trace.spec import Ev
from gotracer_ci.trace.wire import Batch, Damage, Data, read_batch, varint

Write = Callable[[bytes | memoryview], object]
Watch = Callable[[int], object]
TOO_MANY = f"the stacks have more than {MAX_FRAMES:,} different functions"


class Generations:
    """A trace, up to its first batch that cannot be read.

    frames: the pairs of a function and a file in its stacks. damage: what is after that, None for a whole trace.

    Args:
        watch: called with how many bytes have been read.
    """

    def __init__(self, data: Data, version: int, watch: Watch) -> None:
        self.frames: dict[tuple[bytes, bytes], None] = {}
        self.damage: Damage | None = None
        self._data = data
        self._events = records.events(version)
        self._end = spec.HEADER_SIZE
        self._strings: list[Batch] = []  # of the current generation
        self._ids: dict[tuple[int, int], None] = {}
        number = 0
        ends = version < spec.END_OF_GENERATION_SINCE
        try:
            while self._end < len(data):
                batch = read_batch(data, self._end)
                if batch.generation != number:
                    self._close()
                    number = batch.generation
                if len(self.frames) > MAX_FRAMES:
                    raise Damage(TOO_MANY, batch.offset)
                self._check(batch)
                self._end = batch.end
                watch(self._end)
                ends = ends or batch.ends
            if self._end == spec.HEADER_SIZE:
                raise Damage("the trace holds no events", self._end)
            if version >= spec.END_OF_GENERATION_SINCE and not batch.ends:
                raise Damage("the trace is truncated: its last generation has no end", self._end)
        except Damage as damage:
            self.damage = damage
        self._close()

    @property
    def is_empty(self) -> bool:
        return self._end == spec.HEADER_SIZE

    def write(self, names: Names, write: Write) -> None:
        """Write the trace with these names."""
        copied = at = 0
        batch = None
        at = spec.HEADER_SIZE
        while at < self._end:
            batch = read_batch(self._data, at)
            at = batch.end
            if batch.experiment or _first(self._data, batch) == Ev.STRINGS:
                write(self._data[copied : batch.offset])
                copied = at
                for body in (b"",) if batch.experiment else self._renamed(batch, names):
                    write(_batch(batch, body))
        write(self._data[copied:at])

    def _check(self, batch: Batch) -> None:
        """Read the tables in a batch, and check that another one has only numbers."""
        first = _first(self._data, batch)
        if batch.experiment or batch.start == batch.end:
            return
        if first == Ev.STRINGS:
            for _ in _entries(self._data, batch):
                pass
            self._strings.append(batch)
        elif first == Ev.STACKS:
            self._read_stacks(batch)
        elif batch.ends and batch.end == batch.start + 1:
            return
        elif not self._events.fullmatch(self._data, batch.start, batch.end):
            raise Damage("an event in this batch cannot be read", batch.offset)

    def _read_stacks(self, batch: Batch) -> None:
        numbers = records.numbers(bytes(self._data[batch.start + 1 : batch.end]))
        at = 0
        while at < len(numbers):
            n = numbers[at + 2] if at + 2 < len(numbers) else -1
            end = at + 3 + 4 * n
            if numbers[at] != Ev.STACK or not 0 <= n <= spec.MAX_FRAMES or end > len(numbers):
                raise Damage("the stack table is broken", batch.offset)
            self._ids.update(dict.fromkeys(zip(numbers[at + 4 : end : 4], numbers[at + 5 : end : 4], strict=True)))
            at = end
        if len(self._ids) > MAX_FRAMES:
            raise Damage(TOO_MANY, batch.offset)
        if not numbers and batch.end > batch.start + 1:
            raise Damage("the stack table is broken", batch.offset)

    def _close(self) -> None:
        """Look up the names in the stacks of a generation. What is missing is no name."""
        wanted = {id for pair in self._ids for id in pair}
        texts = {0: b""}
        for batch in self._strings:
            texts.update((id, text) for id, text in _entries(self._data, batch) if id in wanted)
        for function, file in self._ids:
            if function in texts and file in texts:
                self.frames[texts[function], texts[file]] = None
        self._ids, self._strings = {}, []

    def _renamed(self, batch: Batch, names: Names) -> Iterator[bytes]:
        """Yield the contents of the batches for one of strings: new names can be longer than the old ones."""
        body = bytearray([Ev.STRINGS])
        for id, text in _entries(self._data, batch):
            new = names[text]
            entry = bytes([Ev.STRING]) + encoded(id) + encoded(len(new)) + new
            if len(body) + len(entry) > spec.MAX_BATCH_SIZE:
                yield bytes(body)
                body = bytearray([Ev.STRINGS])
            body += entry
        yield bytes(body)


def encoded(number: int) -> bytes:
    """Return an unsigned varint."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _first(data: Data, batch: Batch) -> int:
    return data[batch.start] if batch.end > batch.start else Ev.NONE


def _entries(data: Data, batch: Batch) -> Iterator[tuple[int, bytes]]:
    """Yield the ids and texts in a batch of strings.

    Raises:
        Damage: one is broken.
    """
    pos = batch.start + 1
    while pos < batch.end:
        at = pos
        id, pos = varint(data, pos + 1, batch.end)
        length, pos = varint(data, pos, batch.end)
        if data[at] != Ev.STRING or length > min(spec.MAX_STRING_SIZE, batch.end - pos):
            raise Damage("the string table is broken", at)
        yield id, bytes(data[pos : pos + length])
        pos += length


def _batch(batch: Batch, body: bytes) -> bytes:
    """Return a batch with the header of another one."""
    head = bytes([Ev.EXPERIMENTAL_BATCH, batch.experiment] if batch.experiment else [Ev.EVENT_BATCH])
    return head + b"".join(map(encoded, (batch.generation, batch.thread, batch.time, len(body)))) + body
