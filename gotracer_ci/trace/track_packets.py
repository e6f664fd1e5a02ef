# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Track packets: track events as packets of Perfetto's trace format."""

from __future__ import annotations

from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import packets, spec
from gotracer_ci.trace.columns import column, grown
from gotracer_ci.trace.observers import records

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.packets import Packets
else:
    from gotracer_ci.trace.packets import Packets

GOROUTINE, PROC, THREAD, REGIONS, OWN_REGION, ASSISTS, SWEEPS, STOPS, OTHER = range(1, 10)
"""What a track is, the lowest four bits of its ID. The others are its number."""
STACK, REASON, WAKER, TASK, LABEL, WITHOUT_P, WOKEN, MESSAGE, PARENT, NUMBER = range(1, 11)
"""The annotations of slices, by their IDs among the interned names."""

_WIDTH = cython.declare(cython.longlong, len(records.FIELDS))
_STATE = cython.declare(cython.longlong, records.STATE)
_ON_PROC = cython.declare(cython.longlong, records.ON_PROC)
_ON_THREAD = cython.declare(cython.longlong, records.ON_THREAD)
_REGION = cython.declare(cython.longlong, records.REGION)
_ASSIST = cython.declare(cython.longlong, records.ASSIST)
_SWEEP = cython.declare(cython.longlong, records.SWEEP)
_STOP = cython.declare(cython.longlong, records.STW)
_WAKE = cython.declare(cython.longlong, records.WAKE)
_LIFE = cython.declare(cython.longlong, records.LIFE)
_GONE = cython.declare(cython.longlong, records.GONE)
_RUNNING = cython.declare(cython.longlong, spec.IntervalKind.RUNNING)
_RUNNABLE = cython.declare(cython.longlong, spec.IntervalKind.RUNNABLE)
_SYSCALL = cython.declare(cython.longlong, spec.IntervalKind.SYSCALL)
_A_GOROUTINE = cython.declare(cython.longlong, GOROUTINE)
_A_PROC = cython.declare(cython.longlong, PROC)
_A_THREAD = cython.declare(cython.longlong, THREAD)
_REGIONS = cython.declare(cython.longlong, REGIONS)
_OWN_REGION = cython.declare(cython.longlong, OWN_REGION)
_ASSISTS = cython.declare(cython.longlong, ASSISTS)
_SWEEPS = cython.declare(cython.longlong, SWEEPS)
_STOPS = cython.declare(cython.longlong, STOPS)
_STACK = cython.declare(cython.longlong, STACK)
_REASON = cython.declare(cython.longlong, REASON)
_WAKER = cython.declare(cython.longlong, WAKER)
_TASK = cython.declare(cython.longlong, TASK)
_LABEL = cython.declare(cython.longlong, LABEL)
_WITHOUT_P = cython.declare(cython.longlong, WITHOUT_P)
_WOKEN = cython.declare(cython.longlong, WOKEN)
_BEGIN = cython.declare(cython.int, packets.BEGIN)
_END = cython.declare(cython.int, packets.END)
_INSTANT = cython.declare(cython.int, packets.INSTANT)
_FLOW = cython.declare(cython.int, 47 << 3 | 1)
_FLOW_END = cython.declare(cython.int, 48 << 3 | 1)


@cython.final
@cython.cclass
class TrackPackets:
    """Writes track events as packets.

    Args:
        packets: where they are written.
        names: interns texts and describes tracks before they are used (see `export.perfetto.Names`).
    """

    _packets: Packets
    _names: Any
    _texts: dict  # (what, kind, text) → the name's ID
    _lives: dict  # life → the goroutine's name
    _tracks: set  # those that belong to a goroutine, and those of Ps and threads
    _stacks: cython.char[::1]  # by index: whether it is interned
    _strings: cython.char[::1]

    def __init__(self, packets: Any, names: Any) -> None:
        self._packets = packets
        self._names = names
        self._texts = {}
        self._lives = {}
        self._tracks = set()
        self._stacks = column("b")
        self._strings = column("b")

    def add(self, numbers: cython.longlong[::1], n: cython.longlong) -> None:
        """Write `n` track events (see `observers.records`)."""
        i: cython.longlong
        for i in range(0, n * _WIDTH, _WIDTH):
            self._record(
                numbers[i],
                numbers[i + 1],
                numbers[i + 2],
                numbers[i + 3],
                numbers[i + 4],
                numbers[i + 5],
                numbers[i + 6],
                numbers[i + 7],
                numbers[i + 8],
                numbers[i + 9],
            )

    @cython.cfunc
    @cython.exceptval(-1)
    def _record(
        self,
        what: cython.longlong,
        track: cython.longlong,
        start: cython.longlong,
        end: cython.longlong,
        kind: cython.longlong,
        text: cython.longlong,
        stack: cython.longlong,
        who: cython.longlong,
        cause: cython.longlong,
        flow: cython.longlong,
    ) -> cython.int:
        if what == _LIFE:
            self._lives[track] = self._names.goroutine(track, start, stack)
            return 0
        if what == _GONE:
            self._names.gone(track, start, kind)
            self._lives.pop(track, None)
            self._tracks.discard(track << 4 | _REGIONS)
            self._tracks.discard(track << 4 | _ASSISTS)
            return 0
        name: cython.longlong
        if what in (_ON_PROC, _ON_THREAD):
            name = 0
            track = track << 4 | (_A_PROC if what == _ON_PROC else _A_THREAD)
        elif what == _WAKE:
            name = self._name(what, kind, 0)
            track = track << 4 | _A_GOROUTINE
        else:
            is_plain: cython.bint = what == _STATE and kind in (_RUNNING, _RUNNABLE)
            name = self._name(what, kind, 0 if is_plain else text)
            if what == _STATE:
                track = track << 4 | _A_GOROUTINE
            elif what == _REGION:
                track = flow << 4 | _OWN_REGION if flow else track << 4 | _REGIONS
            elif what == _ASSIST:
                track = track << 4 | _ASSISTS
            elif what == _SWEEP:
                track = track << 4 | _SWEEPS
            else:
                track = _STOPS
        if track & 15 != _A_GOROUTINE and track not in self._tracks:
            self._describe(track, who, cause)
        if stack:
            self._intern_stack(stack)
        self._packets.start(_INSTANT if what == _WAKE else _BEGIN, name, track)
        if name == 0:
            self._packets.inline(self._lives[who], kind == _SYSCALL)
        if stack:
            self._packets.text(_STACK, 2 * stack)
        if what == _STATE:
            if kind == _RUNNABLE:
                if text:
                    self._reason(_REASON, text)
                if cause >= 0:
                    self._packets.number(_WAKER, cause)
                if flow:
                    self._packets.flow(_FLOW_END, flow)
            elif kind == _SYSCALL:
                if cause:
                    self._packets.number(_WITHOUT_P, cause)
                if flow:
                    self._packets.flow(_FLOW, flow)
            elif kind == _RUNNING and text:
                self._reason(_LABEL, text)
        elif what == _REGION:
            self._packets.number(_TASK, cause)
        elif what == _WAKE:
            self._packets.number(_WOKEN, cause)
            self._packets.flow(_FLOW, flow)
        self._packets.packet(start)
        if what != _WAKE:
            self._packets.start(_END, 0, track)
            self._packets.packet(end)
        return 0

    def describe(self, track: int, about: int) -> None:
        """Have a track described, unless it is."""
        if track not in self._tracks:
            self._describe(track, about, about)

    def slice(self, track: int, start: int, end: int, name: int, stack: int, arguments: Any) -> None:
        """Write a slice. arguments: (the annotation's ID, a number) of each; of MESSAGE the index of a string."""
        self._event_of(_BEGIN, track, start, name, stack, arguments)
        self._packets.start(_END, 0, track)
        self._packets.packet(end)

    def instant(self, track: int, time: int, name: int, stack: int, arguments: Any) -> None:
        """Write an instant; arguments: as of a slice."""
        self._event_of(_INSTANT, track, time, name, stack, arguments)

    @cython.cfunc
    @cython.exceptval(-1)
    def _event_of(
        self,
        kind: cython.int,
        track: cython.longlong,
        time: cython.longlong,
        name: cython.longlong,
        stack: cython.longlong,
        arguments: Any,
    ) -> cython.int:
        if stack:
            self._intern_stack(stack)
        self._packets.start(kind, name, track)
        if stack:
            self._packets.text(_STACK, 2 * stack)
        for key, value in arguments:
            if key == MESSAGE:
                self._reason(key, value)
            else:
                self._packets.number(key, value)
        return self._packets.packet(time)

    # ---- names ------------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    def _name(self, what: cython.longlong, kind: cython.longlong, text: cython.longlong) -> cython.longlong:
        """Return the ID of a slice's name."""
        key: cython.longlong = (text << 4 | kind) << 4 | what
        known = self._texts.get(key)
        if known is None:
            known = self._texts[key] = self._names.name(what, kind, text)
        return known

    @cython.cfunc
    @cython.exceptval(-1)
    def _describe(self, track: cython.longlong, who: cython.longlong, cause: cython.longlong) -> cython.int:
        if track & 15 == _OWN_REGION:
            self._names.track(track, who)
            return 0
        self._tracks.add(track)
        self._names.track(track, cause if track & 15 == _A_THREAD else who)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _intern_stack(self, stack: cython.longlong) -> cython.int:
        if stack >= len(self._stacks):
            self._stacks = grown(self._stacks, 2 * stack + 64)
        if not self._stacks[stack]:
            self._stacks[stack] = 1
            self._names.stack(2 * stack, stack)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _reason(self, key: cython.longlong, text: cython.longlong) -> cython.int:
        """Annotate the event with a string of the trace."""
        if text >= len(self._strings):
            self._strings = grown(self._strings, 2 * text + 64)
        if not self._strings[text]:
            self._strings[text] = 1
            self._names.string(2 * text + 1, text)
        return self._packets.text(key, 2 * text + 1)
