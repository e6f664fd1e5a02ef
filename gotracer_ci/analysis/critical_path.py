"""Critical paths: what a goroutine did in a window of time, and in its waits what those did that it waited for.

While the goroutine runs, is runnable or in a system call, that is the path. A wait that another goroutine ended is
replaced by that goroutine's path over the same stretch of time, and so on. What a goroutine that ended a wait did
before it was created is the path of its creator. So the path never leaves the window, and its parts sum to it exactly.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from gotracer_ci.analysis.interval_log import MAX_INTERVALS, IntervalLog
from gotracer_ci.analysis.lives import Names, reason_of
from gotracer_ci.analysis.read_again import read_windows
from gotracer_ci.analysis.stacks import Stack, Stacks
from gotracer_ci.analysis.wakes import TIMER, source_of
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.trace.observers.interval_columns import IntervalColumns
from gotracer_ci.trace.reader import Index, Trace
from gotracer_ci.trace.spec import NEVER, IntervalKind
from gotracer_ci.trace.tables import Tables

DEEPEST: Final = 30
"""How many waits are followed one in the other."""
MAX_STEPS: Final = 2_000_000
"""Intervals of one path, after which no wait is followed any more."""
KEPT: Final = 10_000
"""Stretches of a path that are kept, the longest ones."""
MAX_PARTS: Final = 20_000
"""Parts of a path, and stacks of it that are known; the time of further ones stays, as "other"."""
DEEP: Final = "deep"
OTHER: Final = "other"
UNKNOWN: Final = "unknown"
_STATES: Final[Mapping[int, str]] = {
    IntervalKind.RUNNING: "running",
    IntervalKind.RUNNABLE: "runnable",
    IntervalKind.SYSCALL: "syscall",
}
_SAYS_IT: Final = ("sleep", "network")
"""Reasons of waits that tell what ended them."""
_NONE: Final = -1


class Path(NamedTuple):
    """What a path is asked for: of the last goroutine with this ID in the window.

    start, end: ns on the trace's clock; by default everything that is read.
    """

    goroutine: int
    start: int = -NEVER
    end: int = NEVER


class Behind(NamedTuple):
    """The wait of the window's own goroutine during which a stretch is on the path: Go's reason, and where it waits."""

    reason: str
    stack: Stack


class Stretch(NamedTuple):
    """A stretch of a path, during which one goroutine did one thing.

    start_ns: from the trace's start. group: the function in which the goroutine began, "" if unknown. doing: running,
    runnable, syscall, Go's reason for a wait that is not followed, "deep" for one beyond `DEEPEST` waits, or unknown.
    stack: where the goroutine was; of a running one, where it was at the end of the stretch. depth: how many waits were
    followed to it. behind: None at depth 0.
    """

    start_ns: int
    length_ns: int
    goroutine: int
    group: str
    doing: str
    stack: Stack
    depth: int
    behind: Behind | None


class Part(NamedTuple):
    """All stretches of a path in which goroutines of one group did the same at the same place.

    place: see `Stack.label`. longest: the longest of them.
    """

    group: str
    doing: str
    place: str | None
    ns: int
    stretches: int
    longest: Stretch


class CriticalPath(NamedTuple):
    """A path. start_ns: from the trace's start. parts: the longest first; they sum to `duration_ns`.

    stretches: the longest ones, in the order of their times; left_out: how many shorter ones there are.
    """

    goroutine: int
    group: str
    start_ns: int
    duration_ns: int
    parts: tuple[Part, ...]
    stretches: tuple[Stretch, ...]
    left_out: int


class _Frame(NamedTuple):
    """What is left of a goroutine's part in a path: from `now` to `end`, from its interval with the place `i` on.

    behind: the number of the wait at depth 0, −1 for none. stack: where the goroutine is at `end`, as an index of the
    tables, 0 unknown.
    """

    life: int
    i: int
    now: int
    end: int
    depth: int
    behind: int
    stack: int


class _Raw(NamedTuple):
    """A stretch in numbers. interval: its number, −1 if there is none. is_deep: a wait that is not followed."""

    life: int
    interval: int
    stack: int
    start: int
    end: int
    depth: int
    behind: int
    is_deep: bool


class _Sum:
    """A part while it grows."""

    __slots__ = ("longest", "ns", "stretches")

    def __init__(self, longest: Stretch) -> None:
        self.longest = longest
        self.ns = self.stretches = 0


class CriticalPaths:
    """Finds paths in the intervals of a trace, or of the part of it that has their windows."""

    def __init__(self, log: IntervalLog, tables: Tables, stacks: Stacks, start_ns: int) -> None:
        self._log = log
        self._tables = tables
        self._stacks = stacks
        self._start_ns = start_ns
        self._names = Names(tables)
        self._seen: set[int] = set()
        self._ended_by: dict[tuple[int, int, int], bool] = {}

    def path(self, asked: Path) -> CriticalPath | None:
        """Return a path, cut to the goroutine's life; None if there is no such goroutine."""
        life = self._log.latest(asked.goroutine, asked.start, asked.end)
        if life < 0:
            return None
        first, last = self._log.bounds(life)
        start, end = max(asked.start, first), min(asked.end, last)
        sums: dict[tuple[str, str, str | None], _Sum] = {}
        longest: list[tuple[int, int, Stretch]] = []
        count = 0
        for raw in self._walk(life, start, end):
            one = self._named(raw)
            key = (one.group, one.doing, one.stack.label)
            if key not in sums and len(sums) >= MAX_PARTS:
                key = ("", OTHER, None)
            same = sums.get(key)
            if same is None:
                same = sums[key] = _Sum(one)
            same.ns += one.length_ns
            same.stretches += 1
            if one.length_ns > same.longest.length_ns:
                same.longest = one
            count += 1
            item = (one.length_ns, -one.start_ns, one)
            if len(longest) < KEPT:
                heapq.heappush(longest, item)
            else:
                heapq.heappushpop(longest, item)
        parts = [Part(*key, same.ns, same.stretches, same.longest) for key, same in sums.items()]
        parts.sort(key=lambda part: (-part.ns, part.longest.start_ns))
        kept = sorted((one for _, _, one in longest), key=lambda one: one.start_ns)
        group = self._group(life)
        return CriticalPath(
            asked.goroutine, group, start - self._start_ns, end - start, tuple(parts), tuple(kept), count - len(kept)
        )

    def _walk(self, life: int, start: int, end: int) -> Iterator[_Raw]:
        """Yield the stretches of a path in the order of their times."""
        log = self._log
        left = MAX_STEPS
        todo = [_Frame(life, log.place_of(life, start), start, end, 0, _NONE, 0)]
        while todo:
            life, i, now, end, depth, behind, stack = todo.pop()
            if now >= end:
                continue
            left -= 1
            numbers = log.numbers(life)
            interval = numbers[i] if i < len(numbers) else _NONE
            begin = log.starts[interval] if interval != _NONE else end
            if begin > now:
                # the goroutine does not exist yet, or nothing is known of it
                begin = min(begin, end)
                todo.append(_Frame(life, i, begin, end, depth, behind, stack))
                creator = log.creator(life) if i == 0 else _NONE
                if creator != _NONE and depth < DEEPEST and left > 0:
                    at = log.place_of(creator, now)
                    creation = log.creation(life)
                    todo.append(_Frame(creator, at, now, begin, depth + 1, behind, creation))
                else:
                    yield _Raw(life, _NONE, 0, now, begin, depth, behind, is_deep=creator != _NONE)
                continue
            until = min(log.ends[interval], end)
            todo.append(_Frame(life, i + 1, until, end, depth, behind, stack))
            waker = self._waker(interval)
            if waker == _NONE or depth >= DEEPEST or left <= 0:
                goes_on = log.kinds[interval] == IntervalKind.RUNNING and log.ends[interval] > end
                at = stack or log.stacks[interval] if goes_on else log.stacks[interval]
                yield _Raw(life, interval, at, now, until, depth, behind, is_deep=waker != _NONE)
                continue
            top = interval if depth == 0 else behind
            woken = log.cause_stacks[interval] if until == log.ends[interval] else 0
            todo.append(_Frame(waker, log.place_of(waker, now), now, until, depth + 1, top, woken))

    def _waker(self, interval: int) -> int:
        """Return the life of the goroutine that ended a wait, −1 for none: a timer or the poller counts as none."""
        log = self._log
        if interval == _NONE or log.kinds[interval] != IntervalKind.WAITING or log.causes[interval] == _NONE:
            return _NONE
        key = (log.reasons[interval], log.stacks[interval], log.cause_stacks[interval])
        if key not in self._ended_by:
            if len(self._ended_by) >= MAX_PARTS:
                self._ended_by.clear()
            self._ended_by[key] = not source_of(reason_of(self._tables, key[0], key[1]), self._stack(key[2]))
        return log.life_at(log.causes[interval], log.ends[interval]) if self._ended_by[key] else _NONE

    def _named(self, raw: _Raw) -> Stretch:
        log = self._log
        behind = None
        if raw.behind != _NONE:
            behind = Behind(self._reason(raw.behind), self._stack(log.stacks[raw.behind]))
        return Stretch(
            raw.start - self._start_ns,
            raw.end - raw.start,
            log.id(raw.life),
            self._group(raw.life),
            DEEP if raw.is_deep else self._doing(raw.interval),
            self._stack(raw.stack),
            raw.depth,
            behind,
        )

    def _stack(self, index: int) -> Stack:
        if len(self._seen) < MAX_PARTS:
            self._seen.add(index)
        return self._stacks[index if index in self._seen else 0]

    def _doing(self, interval: int) -> str:
        if interval == _NONE:
            return UNKNOWN
        log = self._log
        state = _STATES.get(log.kinds[interval])
        if state:
            return state
        reason = self._reason(interval)
        is_timer = log.causes[interval] == _NONE and not log.is_open(interval) and source_of(reason, None) == TIMER
        return f"{reason} (timer)" if is_timer and reason not in _SAYS_IT else reason

    def _reason(self, interval: int) -> str:
        return reason_of(self._tables, self._log.reasons[interval], self._log.stacks[interval]) or UNKNOWN

    def _group(self, life: int) -> str:
        return self._names[self._log.entry(life)]


class CriticalPathsAnalysis:
    """Finds paths in the window that is read (see `reading.Analysis`). asked: times are on the trace's clock."""

    def __init__(self, trace: Trace, asked: Sequence[Path], most: int = MAX_INTERVALS) -> None:
        self._log = IntervalLog(trace.name, most)
        self._asked = asked

    @property
    def observers(self) -> Sequence[IntervalColumns]:
        return self._log.observers

    @property
    def consumers(self) -> Sequence[IntervalLog]:
        return self._log.consumers

    def result(self, trace: Trace, stacks: Stacks) -> list[CriticalPath | None]:
        finder = CriticalPaths(self._log.result(trace, stacks), trace.tables, stacks, trace.start_ns)
        return [finder.path(one) for one in self._asked]


def read_paths(
    trace: Trace, source: SourceMap, asked: Sequence[Path], index: Index | None = None, most: int = MAX_INTERVALS
) -> list[CriticalPath | None]:
    """Read the paths' windows and return the paths. index: see `read_windows`; most: intervals of a window.

    Raises:
        TraceError: the trace's file has changed, or a window has too many intervals.
    """
    windows = [(one.start, one.end) for one in asked]

    def begin(part: Trace, numbers: Sequence[int]) -> CriticalPathsAnalysis:
        return CriticalPathsAnalysis(part, [asked[n] for n in numbers], most)

    return read_windows(trace, source, windows, begin, index)
