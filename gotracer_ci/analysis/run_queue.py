"""Run queue: the goroutines that waited longest for a P, and what was on the Ps meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeAlias

from gotracer_ci.analysis.lives import Names
from gotracer_ci.analysis.read_again import read_windows
from gotracer_ci.analysis.stacks import Stack, Stacks, is_system
from gotracer_ci.analysis.yields import is_intended
from gotracer_ci.errors import TraceError
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.observers.proc_times import ProcTimes
from gotracer_ci.trace.observers.run_queue import RunQueue
from gotracer_ci.trace.reader import Chunk, Index, Trace
from gotracer_ci.trace.spec import Ev

NO_GOROUTINE: Final = "no goroutine"
_MAX_PARTS: Final = 20_000
"""Different things that Ps did during the waits; further ones lose their place."""
_MAX_SUMS: Final = 1_000_000
"""Different goroutines, stacks and Ps during the waits; their sums take 80 MB."""
_NO_STACK: Final = Stack()
_Key: TypeAlias = tuple[str, str, str | None]
"""What goroutines did, their group, and their place."""


class Queued(NamedTuple):
    """A goroutine in the run queue. start: ns on the trace's clock."""

    goroutine: int
    start: int
    length_ns: int
    reason: str = ""


class Meanwhile(NamedTuple):
    """What the Ps did while a goroutine waited for one.

    doing: running, syscall (which keeps the P), or NO_GOROUTINE. group: the function in which these goroutines began.
    place: see `Stack.label`; None without a goroutine. ns: the sum over all Ps. goroutines: how many they were.
    stack: where one of them was longest; of a running one, where it stopped.
    """

    doing: str
    group: str
    place: str | None
    procs: tuple[int, ...]
    goroutines: int
    ns: int
    stack: Stack


class QueueWait(NamedTuple):
    """A goroutine in the run queue, explained.

    start_ns: from the trace's start. stack: where the goroutine was last. procs_ns: the time of all Ps meanwhile, the
    wait's length times GOMAXPROCS. idle_ns: how long at least one P was idle meanwhile. meanwhile: what the Ps did, the
    longest first; it sums to procs_ns.
    """

    goroutine: int
    group: str
    reason: str
    start_ns: int
    length_ns: int
    stack: Stack
    procs_ns: int
    idle_ns: int
    meanwhile: tuple[Meanwhile, ...]


class RunQueueAnalysis:
    """Finds the longest waits in the run queue (see `reading.Analysis`), without those that are intended.

    Args:
        number: how many.
        system: the runtime's own goroutines count, too.
    """

    consumers = ()

    def __init__(self, trace: Trace, number: int, *, system: bool = False) -> None:
        self._tables = trace.tables
        self._names = Names(trace.tables)
        self._system = system
        self._observer = RunQueue(number, self._is_wanted)

    @property
    def observers(self) -> Sequence[RunQueue]:
        return (self._observer,)

    def _is_wanted(self, reason: int, stack: int, entry: int) -> bool:
        functions = [function for function, _, _ in self._tables.stack(stack)]
        if is_intended(self._tables.string(reason), functions):
            return False
        return self._system or not is_system(self._names[entry or stack])

    def result(self, trace: Trace, stacks: Stacks) -> list[Queued]:
        text = trace.tables.string
        return [Queued(id, start, length, text(reason)) for reason, _, start, length, id, *_ in self._observer.rows()]


def read_queue(
    trace: Trace, source: SourceMap, asked: Sequence[Queued], index: Index | None = None, most: int = _MAX_SUMS
) -> list[QueueWait]:
    """Read what happened during these waits. index: see `read_windows`; most: different goroutines, stacks and Ps.

    Raises:
        TraceError: the trace's file has changed, or there are more of these.
    """
    windows = [(one.start, one.start + one.length_ns) for one in asked]

    def begin(part: Trace, numbers: Sequence[int]) -> _Explained:
        return _Explained(part, [asked[n] for n in numbers], most)

    return read_windows(trace, source, windows, begin, index)


class _Explained:
    """Finds what the Ps did during waits in the part of a trace that is read (see `reading.Analysis`)."""

    def __init__(self, trace: Trace, asked: Sequence[Queued], most: int) -> None:
        self._times = ProcTimes([(one.goroutine, one.start, one.start + one.length_ns) for one in asked])
        self._procs = _Procs()
        self._asked = asked
        self._bound = _Bound(trace.name, self._times, most)

    @property
    def observers(self) -> Sequence[ProcTimes]:
        return (self._times,)

    @property
    def consumers(self) -> Sequence[_Bound | _Procs]:
        return (self._bound, self._procs)

    def result(self, trace: Trace, stacks: Stacks) -> list[QueueWait]:
        names = Names(trace.tables)
        sums = self._summed(names, stacks)
        return [
            self._explained(one, found, parts, names, stacks, trace)
            for one, found, parts in zip(self._asked, self._times.waits(), sums, strict=True)
        ]

    def _summed(self, names: Names, stacks: Stacks) -> list[dict[_Key, _Sum]]:
        """Return what the Ps did during each wait."""
        waits = [(one.start, one.start + one.length_ns, dict[_Key, _Sum]()) for one in self._asked]
        parts: dict[tuple[int, bool, int], tuple[_Key, Stack]] = {}
        for goroutine, entry, is_call, at, proc, start, end, total, longest in self._times.rows():
            part = parts.get((entry, is_call, at))
            if part is None:
                doing = "syscall" if is_call else "running"
                part = (doing, "", None), _NO_STACK
                if len(parts) < _MAX_PARTS:
                    part = parts[entry, is_call, at] = (doing, names[entry], stacks[at].label), stacks[at]
            key, stack = part
            for first, last, sums in waits:
                if start >= last or end <= first:
                    continue
                is_cut = start < first or end > last
                ns = min(end, last) - max(start, first) if is_cut else total
                if key not in sums:
                    sums[key] = _Sum()
                sums[key].add(ns, ns if is_cut else longest, proc, goroutine, stack)
        return [sums for _, _, sums in waits]

    def _explained(
        self,
        one: Queued,
        found: tuple[int, int, int],
        sums: dict[_Key, _Sum],
        names: Names,
        stacks: Stacks,
        trace: Trace,
    ) -> QueueWait:
        entry, stack, idle_ns = found
        meanwhile = [each.meanwhile(*key) for key, each in sums.items()]
        busy = sum(each.ns for each in meanwhile)
        procs_ns = max(self._procs.time(trace.gomaxprocs_at_start, one.start, one.start + one.length_ns), busy)
        if procs_ns > busy:
            meanwhile.append(Meanwhile(NO_GOROUTINE, "", None, (), 0, procs_ns - busy, _NO_STACK))
        meanwhile.sort(key=lambda each: (-each.ns, each[:3] if each.place else (each.doing, each.group, "")))
        start_ns = one.start - trace.start_ns
        return QueueWait(
            one.goroutine,
            names[entry],
            one.reason,
            start_ns,
            one.length_ns,
            stacks[stack],
            procs_ns,
            idle_ns,
            tuple(meanwhile),
        )


class _Sum:
    """What goroutines of one group did at one place."""

    __slots__ = ("_goroutine", "_goroutines", "_longest", "_ns", "_procs", "_stack")

    def __init__(self) -> None:
        self._ns = self._longest = self._goroutines = 0
        self._goroutine = -1
        self._procs: set[int] = set()
        self._stack = _NO_STACK

    def add(self, ns: int, longest: int, proc: int, goroutine: int, stack: Stack) -> None:
        """Add what a goroutine did; all of one come together."""
        self._ns += ns
        self._procs.add(proc)
        self._goroutines += goroutine != self._goroutine
        self._goroutine = goroutine
        if longest > self._longest:
            self._longest, self._stack = longest, stack

    def meanwhile(self, doing: str, group: str, place: str | None) -> Meanwhile:
        return Meanwhile(doing, group, place, tuple(sorted(self._procs)), self._goroutines, self._ns, self._stack)


class _Bound:
    """Consumer: ends the reading if there is too much to sum."""

    wanted = ()

    def __init__(self, name: str, times: ProcTimes, most: int) -> None:
        self._name = name
        self._times = times
        self._most = most

    def limit(self, start: int, end: int) -> None:
        """The observer has the limits."""

    def feed(self, chunk: Chunk) -> None:
        if self._times.size() > self._most:
            raise TraceError(self._name, f"more than {self._most:,} intervals in the window: choose a shorter one")


class _Procs:
    """Consumer: GOMAXPROCS over time."""

    wanted = (Ev.PROCS_CHANGE,)

    def __init__(self) -> None:
        self._changes: list[tuple[int, int]] = []

    def limit(self, start: int, end: int) -> None:
        """Changes before the window matter, too."""

    def feed(self, chunk: Chunk) -> None:
        for time, value in chunk.of(self.wanted, chunk.times, chunk.a):
            is_new = not self._changes or self._changes[-1][1] != value
            if is_new and len(self._changes) < _MAX_CHANGES:
                self._changes.append((time, value))

    def time(self, first: int, start: int, end: int) -> int:
        """Return the time of all Ps between two times. first: GOMAXPROCS at the start, 0 if unknown."""
        total, now = 0, first
        for time, value in self._changes:
            if time > start:
                total += now * (min(time, end) - start)
                start = min(time, end)
            now = value
        return total + now * (end - start)


_MAX_CHANGES: Final = 4096
"""Changes of GOMAXPROCS that are kept."""
