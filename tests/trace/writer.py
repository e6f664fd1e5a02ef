"""Writes traces: turns a text that can be reviewed, one event per line, into the bytes that Go's runtime would write.

Rare orders hardly ever appear in real traces, and bytes cannot be reviewed. A case is a text in `text/`:

    # what it shows, and why
    expect ok                         or: expect damage WORDS (part of the message)
    go 1 less, because WHY            Go's reader delivers so many events less; rarely needed
    go stops 1 less, because WHY      the same, and it rejects the trace
      101 M1 P0 G- Goroutine 1 …      the events expected, if any are listed: all of them, in `shown`'s words
    trace go 1.26
    stack work main.work@main.go:12 main.main@main.go:5
    generation 1                      more: without frequency | snapshot | end
    frequency 1000000000              ticks a second; this is the default, so that a tick is a nanosecond
    thread 7 at 100                   a batch of thread 7
    +1 ProcStatus p=0 pstatus=Running
    +5 GoBlock reason="chan receive" stack=work
    samples                           a batch of CPU samples
    sample time=130 m=7 p=0 g=1 stack=work
    bytes 34 00                       appended to the batch as they are
    cut 3                             drops the last bytes of all

Strings and stacks get ids as they are first used in a generation, and are written at its end. `#99` is an id as it is,
`none` 2^64−1, `2^63` a power. `string #7 "text"` and `stack #7 …` write an entry whatever there is already.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field

from gotracer_ci.trace import spec
from gotracer_ci.trace.spec import Ev, GoState, ProcState

EVENTS = {event.name.replace("_", "").lower(): event for event in Ev}
SAMPLE = ("time", "m", "p", "g", "stack")


@dataclass(frozen=True)
class Case:
    """One text: its header, the words of the damage ("" for none), the events expected, and the trace's bytes.

    less: how many events less Go's reader delivers. stops: whether it alone rejects the trace.
    """

    header: str
    damage: str
    less: int
    stops: bool
    events: list[str]
    data: bytes


def case(text: str) -> Case:
    """Read a text.

    Raises:
        ValueError: it has no header, no expectation, or a line that says nothing.
    """
    head, found, body = text.partition("trace go 1.")
    lines = head.splitlines()
    header = "\n".join(line[1:].strip() for line in lines if line.startswith("#"))
    expected = [line.split(maxsplit=2)[1:] for line in lines if line.startswith("expect ")]
    if not found or not header or len(expected) != 1 or expected[0][0] not in ("ok", "damage"):
        raise ValueError("a case needs a header, one expectation and a trace")
    events = [line.strip() for line in lines if line.startswith(" ")]
    damage = expected[0][1] if expected[0][0] == "damage" else ""
    go = [line.split() for line in lines if line.startswith("go ")]
    stops = any(words[1] == "stops" for words in go)
    less = sum(int(words[1 + stops]) for words in go)
    first, *rest = body.splitlines()
    return Case(header, damage, less, stops, events, _trace(int(first), rest))


def shown(line: str) -> str:
    """Return a line of the oracle in the notation of a case: time, M, P, G, what happened; without stacks."""
    kind, time, m, p, g, *details = line.split("\t")[:-2]
    what = details if kind == "StateTransition" else [kind, *details]
    ids = [f"{name}{'-' if id == '-1' else id}" for name, id in (("M", m), ("P", p), ("G", g))]
    return " ".join([time, *ids, *(word for word in what if word != '""')])


_SMALL = [bytes([value]) for value in range(0x80)]


def varint(value: int) -> bytes:
    if value < 0x80:
        return _SMALL[value]
    if value < 1 << 14:
        return bytes((value & 0x7F | 0x80, value >> 7))
    if value < 1 << 21:
        return bytes((value & 0x7F | 0x80, value >> 7 & 0x7F | 0x80, value >> 14))
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def batch(generation: int, thread: int, time: int, body: bytes, size: int | None = None) -> bytes:
    """Return an event batch; `size` replaces its true length."""
    numbers = (generation, thread, time, len(body) if size is None else size)
    return bytes([Ev.EVENT_BATCH]) + b"".join(map(varint, numbers)) + body


NO_THREAD = (1 << 64) - 1


@dataclass
class _Generation:
    """An unfinished generation: its batches so far, and its tables by content."""

    version: int
    number: int
    without: list[str]
    stacks: dict[str, list[str]]
    frequency: int = 1_000_000_000
    batches: list[tuple[int, int, bytearray]] = field(default_factory=list)
    _strings: dict[str, int] = field(default_factory=dict)
    _stack_ids: dict[str, int] = field(default_factory=dict)
    _string_entries: bytearray = field(default_factory=bytearray)
    _stack_entries: bytearray = field(default_factory=bytearray)

    def string(self, text: str) -> int:
        if text.startswith("#"):
            return _number(text[1:])
        if text and text not in self._strings:
            self._strings[text] = len(self._strings) + 1
            self.add_string(self._strings[text], text)
        return self._strings.get(text, 0)

    def add_string(self, id: int, text: str) -> None:
        raw = text.encode()
        self._string_entries += bytes([Ev.STRING]) + varint(id) + varint(len(raw)) + raw

    def stack(self, name: str) -> int:
        if name.startswith("#"):
            return _number(name[1:])
        if name not in self._stack_ids:
            self._stack_ids[name] = len(self._stack_ids) + 1
            self.add_stack(self._stack_ids[name], self.stacks[name])
        return self._stack_ids[name]

    def add_stack(self, id: int, frames: list[str]) -> None:
        self._stack_entries += bytes([Ev.STACK]) + varint(id) + varint(len(frames))
        for frame in frames:
            function, _, place = frame.partition("@")
            file, _, line = place.rpartition(":")
            pc = 0x400000 + sum(frame.encode())
            for number in (pc, self.string(function), self.string(file), int(line)):
                self._stack_entries += varint(number)

    def number_of(self, name: str, value: str) -> int:
        """Return an argument's number on the wire, by the argument's name in the format's table."""
        if name.endswith("_string"):
            return self.string(value)
        if name.endswith("stack"):
            return self.stack(value)
        if name.endswith("status") and not value[0].isdigit():
            return int((GoState if name == "gstatus" else ProcState)[value.upper()])
        return _number(value)

    def written(self) -> bytes:
        """Return the batches in the runtime's order: the clock, threads, samples, stacks, strings."""
        sync = bytearray()
        if "frequency" not in self.without:
            sync += bytes([Ev.FREQUENCY]) + varint(self.frequency)
        if self.version >= spec.CLOCK_SNAPSHOT_SINCE:
            snapshot = b"" if "snapshot" in self.without else bytes([Ev.CLOCK_SNAPSHOT, 0, 1, 1, 1])
            sync = bytearray([Ev.SYNC_BATCH]) + sync + snapshot
        stacks, strings = (
            bytearray([kind]) + entries if entries else b""
            for kind, entries in ((Ev.STACKS, self._stack_entries), (Ev.STRINGS, self._string_entries))
        )
        first = min((time for _, time, _ in self.batches), default=1)
        last = [(NO_THREAD, first, body) for body in (stacks, strings) if body]
        all_batches = [(NO_THREAD, first, sync), *self.batches, *last]
        out = b"".join(batch(self.number, m, time, bytes(body)) for m, time, body in all_batches if body or m >= 0)
        ends = self.version >= spec.END_OF_GENERATION_SINCE and "end" not in self.without
        return out + (bytes([Ev.END_OF_GENERATION]) if ends else b"")


def _number(text: str) -> int:
    if text == "none":
        return NO_THREAD
    base, _, power = text.partition("^")
    return int(pow(int(base), int(power or 1)))


def _trace(version: int, lines: list[str]) -> bytes:
    generations: list[_Generation] = []
    stacks: dict[str, list[str]] = {}
    cut = 0
    for line in lines:
        # shlex takes seconds for lines of many bytes
        words = shlex.split(line) if re.search(r"[\"'\\]", line) else line.split()
        match words:
            case [] | ["--", *_]:
                pass
            case ["generation", number, *without]:
                generations.append(_Generation(version, _number(number), without[1:], stacks))
            case ["stack", name, *frames] if not name.startswith("#"):
                stacks[name] = frames
            case ["cut", count]:
                cut = int(count)
            case _ if generations:
                _line(generations[-1], words)
            case _:
                raise ValueError(f"before any generation: {line}")
    data = spec.HEADER % version + b"".join(generation.written() for generation in generations)
    return data[: len(data) - cut]


def _line(generation: _Generation, words: list[str]) -> None:
    """Apply a line inside a generation: an event, the beginning of a batch, or an entry of a table."""
    match words:
        case ["frequency", number]:
            generation.frequency = _number(number)
        case ["string", id, text]:
            generation.add_string(_number(id[1:]), text)
        case ["stack", id, *frames]:
            generation.add_stack(_number(id[1:]), frames)
        case ["thread", id, "at", time]:
            generation.batches.append((_number(id), _number(time), bytearray()))
        case ["samples"]:
            generation.batches.append((NO_THREAD, generation.batches[0][1], bytearray([Ev.CPU_SAMPLES])))
        case ["sample", *arguments]:
            generation.batches[-1][2].append(Ev.CPU_SAMPLE)
            generation.batches[-1][2].extend(_arguments(generation, SAMPLE, arguments))
        case ["bytes", *numbers]:
            generation.batches[-1][2].extend(bytes.fromhex("".join(numbers)))
        case [time, name, *arguments] if time.startswith("+"):
            event = EVENTS[name.lower()]
            generation.batches[-1][2].extend(bytes([event]) + varint(_number(time[1:])))
            generation.batches[-1][2].extend(_arguments(generation, spec.TIMED[event], arguments))
        case _:
            raise ValueError(f"what is this? {' '.join(words)}")


def _arguments(generation: _Generation, names: tuple[str, ...], words: list[str]) -> bytes:
    """Return the numbers of an event; missing arguments are 0."""
    given = dict(word.split("=", 1) for word in words)
    short = [name.removesuffix("_string") for name in names]
    if unknown := set(given) - set(short):
        raise ValueError(f"no such argument: {unknown}; there are {short}")
    return b"".join(
        varint(generation.number_of(name, given[key]) if key in given else 0)
        for name, key in zip(names, short, strict=True)
    )
