"""A timeline for ui.perfetto.dev, in Perfetto's protobuf format.

Only fields that the engine of Perfetto v52 knows are written: it reports newer ones as errors and drops them. So stacks
are annotations, not callstacks. All tracks are told apart from their siblings, which by default are merged if they have
the same name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gotracer_ci.export.timeline import BYTES, GOMAXPROCS, MARKING, STATES, Instant, Task, name_of
from gotracer_ci.report.safe import clean
from gotracer_ci.trace import packets, track_packets
from gotracer_ci.trace.observers import records
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import IntervalKind
from gotracer_ci.trace.track_packets import OTHER

_ANNOTATIONS: Final = {
    track_packets.STACK: "stack",
    track_packets.REASON: "reason",
    track_packets.WAKER: "made runnable by goroutine",
    track_packets.TASK: "task",
    track_packets.LABEL: "label",
    track_packets.WITHOUT_P: "without a P, ns",
    track_packets.WOKEN: "goroutine",
    track_packets.MESSAGE: "message",
    track_packets.PARENT: "parent",
    track_packets.NUMBER: "number",
}
_FIXED: Final = {
    (records.STATE, IntervalKind.RUNNING): "running",
    (records.STATE, IntervalKind.RUNNABLE): "runnable",
    (records.STATE, IntervalKind.SYSCALL): "syscall",
    (records.ASSIST, IntervalKind.MARK_ASSIST): "GC mark assist",
    (records.SWEEP, IntervalKind.SWEEP): "GC incremental sweep",
    (records.WAKE, 0): "unblock",
    (records.WAKE, 1): "go",
}
_CLEARED, _NEEDS_STATE = 1, 2
_NAMES, _ANNOTATION_NAMES, _TEXTS = 2, 3, 29
_EXPLICIT, _UNMERGED = 3, 2
_BYTES_UNIT = 3
_BOOT_TIME, _WALL_TIME = 6, 1
_MAX_RANK = (1 << 31) - 1
MAX_TEXT: Final = 20_000
"""Characters of a stack, and of a name."""


class Perfetto:
    """Writes a timeline (see `timeline.Writer`) in Perfetto's format. sink: gets the bytes."""

    def __init__(self, sink: Callable[[bytes], object]) -> None:
        self._packets = packets.Packets(sink)
        self._names = Names(self._packets)
        self._tracks = track_packets.TrackPackets(self._packets, self._names)
        self.add = self._tracks.add

    def begin(self, trace: Trace) -> None:
        self._packets.begin(trace.start_ns)
        self._names.begin(trace)

    def cycle(self, start: int, end: int, number: int) -> None:
        names = self._names
        self._tracks.slice(names.cycles(), start, end, names.named(MARKING), 0, [(track_packets.NUMBER, number)])

    def counter(self, name: str, time: int, value: int) -> None:
        self._packets.counter(self._names.counter(name), time, value)

    def task(self, task: Task) -> None:
        arguments = [(track_packets.TASK, task.id), (track_packets.PARENT, task.parent)]
        name = self._names.text(task.type, "(unknown)")
        track = self._names.lane(name, task.lane)
        self._tracks.slice(track, task.start, task.end, self._names.named(name), task.stack, arguments)

    def instant(self, instant: Instant) -> None:
        if instant.life >= 0:
            track = instant.life << 4 | track_packets.GOROUTINE
        elif instant.proc >= 0:
            track = instant.proc << 4 | track_packets.PROC
            self._tracks.describe(track, -1)
        else:
            track = self._names.cycles()
        if instant.is_sample:
            self._tracks.instant(track, instant.time, self._names.named("CPU sample"), instant.stack, [])
            return
        name = self._names.named(self._names.text(instant.name, "log"))
        arguments = [(track_packets.MESSAGE, instant.text)] if instant.text else []
        if instant.task:
            arguments.append((track_packets.TASK, instant.task))
        self._tracks.instant(track, instant.time, name, instant.stack, arguments)

    def end(self) -> None:
        self._packets.flush()


class Names:
    """Interns texts and describes tracks, each before it is used, or else when the goroutine is gone."""

    def __init__(self, out: Any) -> None:
        self._out = out
        self._trace: Any = None
        self._named: dict[str, int] = {}
        self._others: dict[tuple[str, ...], int] = {}

    def begin(self, trace: Trace) -> None:
        """Write what comes first: the sequence begins, and the wall clock says when that is."""
        self._trace = trace
        interned = b"".join(_interned(_ANNOTATION_NAMES, id, name) for id, name in _ANNOTATIONS.items())
        self._packet(_field(13, _CLEARED), _field(12, interned))
        if trace.started_ns is not None:
            clocks = ((_BOOT_TIME, 0), (_WALL_TIME, trace.started_ns))
            self._packet(_field(6, b"".join(_field(1, _field(1, id) + _field(2, time)) for id, time in clocks)))

    # ---- what `TrackPackets` asks for -------------------------------------------------------------------------

    def name(self, what: int, kind: int, text: int) -> int:
        """Return the ID of a slice's name."""
        fixed = _FIXED.get((what, kind))
        if fixed:
            return self.named(fixed)
        said = self.text(text, "")
        if what == records.STATE:
            return self.named(f"waiting ({said})" if said else "waiting")
        if what == records.STW:
            return self.named(f"stop-the-world ({said})" if said else "stop-the-world")
        return self.named(said or "(unnamed)")

    def stack(self, id: int, stack: int) -> None:
        """Intern the text of a stack, leaf first."""
        frames = (f"{function or '?'} ({file}:{line})" for function, file, line in self._trace.tables.stack(stack))
        self._intern(_TEXTS, id, "\n".join(clean(frame) for frame in frames)[:MAX_TEXT])

    def string(self, id: int, text: int) -> None:
        """Intern a string of the trace."""
        self._intern(_TEXTS, id, self.text(text, ""))

    def goroutine(self, life: int, id: int, stack: int) -> bytes:
        """Return a goroutine's name, and describe its track if that is known."""
        name, first = name_of(self._trace, stack, id)
        if first:
            self._goroutine(life, id, name, first)
        return name.encode()[: packets.LONGEST_NAME]

    def gone(self, life: int, id: int, is_named: int) -> None:
        """A goroutine has no more slices; describe its track if its name did not become known."""
        if not is_named:
            self._goroutine(life, id, f"G{id}", "(unknown)")

    def track(self, track: int, about: int) -> None:
        """Describe a track. about: the goroutine's life; of a thread its ID."""
        number, kind = track >> 4, track & 15
        if kind == track_packets.PROC:
            self._describe(track, f"P{number}", self._other("Procs"), number)
        elif kind == track_packets.THREAD:
            self._describe(track, f"M{about}", self._other("Threads"), number)
        elif kind == track_packets.STOPS:
            self._describe(track, "stop-the-world", self._other("GC"), 1)
        elif kind == track_packets.SWEEPS:
            self._describe(track, f"P{number} sweeps", self._other("GC"), 2 + number)
        elif kind == track_packets.ASSISTS:
            self._describe(track, "mark assists", number << 4 | track_packets.GOROUTINE, 0)
        elif kind == track_packets.REGIONS:
            self._describe(track, "regions", number << 4 | track_packets.GOROUTINE, 1)
        elif kind == track_packets.OWN_REGION:
            self._describe(track, "regions", about << 4 | track_packets.GOROUTINE, 1 + number)

    # ---- what `Perfetto` asks for -----------------------------------------------------------------------------

    def text(self, index: int, default: str) -> str:
        return clean(self._trace.tables.string(index))[:MAX_TEXT] or default

    def named(self, text: str) -> int:
        """Return the ID of a name, interned at its first use."""
        id = self._named.get(text)
        if id is None:
            id = self._named[text] = len(self._named) + 1
            self._intern(_NAMES, id, text)
        return id

    def counter(self, name: str) -> int:
        """Return a counter's track."""
        rank = [GOMAXPROCS, *STATES.values()].index(name) if name not in BYTES else len(STATES) + 1
        unit = _field(8, _field(3, _BYTES_UNIT) if name in BYTES else b"")
        return self._other("Counters", name, rank=rank, extra=unit)

    def cycles(self) -> int:
        return self._other("GC", "GC")

    def lane(self, name: str, lane: int) -> int:
        return self._other("Tasks", name, str(lane), shown=name)

    # ---- packets ----------------------------------------------------------------------------------------------

    def _goroutine(self, life: int, id: int, name: str, first: str) -> None:
        parent = self._other("Goroutines", first)
        self._describe(life << 4 | track_packets.GOROUTINE, name, parent, id)

    def _other(self, *path: str, rank: int = 0, extra: bytes = b"", shown: str = "") -> int:
        """Return the track at the end of a path, described at its first use."""
        track = self._others.get(path)
        if track is None:
            parent = self._other(*path[:-1]) if path[1:] else 0
            track = self._others[path] = len(self._others) << 4 | OTHER
            self._describe(track, shown or path[-1], parent, rank or len(self._others), extra)
        return track

    def _describe(self, track: int, name: str, parent: int, rank: int, extra: bytes = b"") -> None:
        fields = [_field(1, track), _field(2, name.encode()), _ALONE, _field(12, max(0, min(rank, _MAX_RANK))), extra]
        if parent:
            fields.append(_field(5, parent))
        self._packet(_field(60, b"".join(fields)))

    def _intern(self, kind: int, id: int, text: str) -> None:
        self._packet(_field(13, _NEEDS_STATE), _field(12, _interned(kind, id, text)))

    def _packet(self, *fields: bytes) -> None:
        self._out.raw(_field(1, b"".join((_SEQUENCE, *fields))))


def _interned(kind: int, id: int, text: str) -> bytes:
    return _field(kind, _field(1, id) + _field(2, text.encode()))


def _field(number: int, value: int | bytes) -> bytes:
    """Return a field of a message: an unsigned number, or text and messages as bytes."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(number: int) -> bytes:
    if 0 <= number < 128:
        return _SHORT[number]
    number &= (1 << 64) - 1
    parts = bytearray()
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    parts.append(number)
    return bytes(parts)


_SHORT: Final = tuple(bytes([number]) for number in range(128))
_SEQUENCE: Final = _field(10, 1)
_ALONE: Final = _field(11, _EXPLICIT) + _field(15, _UNMERGED)
"""Of a track: its children have an explicit order, and it is not merged with others of its name."""
