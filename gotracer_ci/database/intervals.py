"""The rows of what has a beginning and an end: intervals, regions, stop-the-worlds, and lives of goroutines."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import compress
from operator import sub
from typing import Final

from gotracer_ci.analysis.lives import Names, reason_of
from gotracer_ci.analysis.stacks import is_system
from gotracer_ci.analysis.wakes import source_at
from gotracer_ci.database.schema import GOROUTINE, INTERVAL, REGION, STACK, STW, Definition
from gotracer_ci.database.sink import Ids, Sink
from gotracer_ci.trace.observers.interval_columns import COLUMNS, LIFE_COLUMNS, IntervalColumns
from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.spec import BEFORE, OPEN, IntervalKind
from gotracer_ci.trace.tables import Tables

BY_GOROUTINE: Final = "goroutine"
"""What ended a wait if it was a goroutine."""
_RUNNABLE, _RUNNING = int(IntervalKind.RUNNABLE), int(IntervalKind.RUNNING)
_SYSCALL, _WAITING = int(IntervalKind.SYSCALL), int(IntervalKind.WAITING)
_BLOCKED: Final = 0
"""In place of SYSCALL: after the loss of the P."""
_STATES: Final = {_BLOCKED: "syscall_blocked"} | {kind: kind.name.lower() for kind in IntervalKind if kind <= _WAITING}
_TABLES: Final = dict.fromkeys(_STATES, INTERVAL) | {IntervalKind.REGION: REGION, IntervalKind.STW: STW}
_IS_OPEN: Final = tuple(flags & OPEN for flags in range(4))
_IS_BEFORE: Final = tuple((flags & BEFORE) // BEFORE for flags in range(4))
_KIND, _LOST, _START, _END, _FLAGS = (COLUMNS.index(name) for name in ("kind", "lost", "start", "end", "flags"))
_PART: Final = 4096
"""Records that are turned into rows at once."""
_MOST: Final = 100_000
"""Pairs of a reason and a waker's stack that are remembered."""


class IntervalRows:
    """Turns what the observer has recorded into rows.

    Args:
        wanted: the tables that are written.
        task: returns the id of a task's row by Go's ID, None without one.
    """

    def __init__(
        self, trace: Trace, sink: Sink, ids: Ids, wanted: Collection[Definition], task: Callable[[int], int | None]
    ) -> None:
        self.observer = IntervalColumns(sum(1 << kind for kind in IntervalKind if _TABLES.get(kind) not in wanted))
        self._trace = trace
        self._sink = sink
        self._ids = ids
        self._wanted = wanted
        self._task = task
        self._texts = _Texts(trace.tables)
        self._unsaid = _Unsaid(trace.tables)
        self._wakers = _Wakers(trace.tables)
        self._names = Names(trace.tables)
        self._lives = 0

    def write(self) -> None:
        """Write the rows of what has ended since the last call."""
        records = self.observer.take()
        for columns in _parts(records, len(COLUMNS)):
            kinds = columns[_KIND]
            if INTERVAL in self._wanted:
                self._write_states(_only([kind <= _WAITING for kind in kinds], columns))
            if max(kinds) > _WAITING:
                self._write_regions(_only([kind == IntervalKind.REGION for kind in kinds], columns))
                self._write_stops(_only([kind == IntervalKind.STW for kind in kinds], columns))
        lives = self.observer.take_lives()
        for columns in _parts(lives, len(LIFE_COLUMNS)):
            self._write_lives(columns)

    def end(self) -> None:
        """Count the goroutines of this trace: the next one's ids follow."""
        self._ids.take(GOROUTINE, self._lives)

    def _write_states(self, columns: list[Sequence[int]]) -> None:
        columns = _cut_calls(columns)
        kinds, reasons, stacks, starts, ends, _, lives, procs, _, causes, cause_lives, cause_stacks, flags = columns
        origin, life, stack = self._trace.start_ns, self._ids.before(GOROUTINE) + 1, self._ids.before(STACK)
        texts, unsaid, wakers = self._texts, self._unsaid, self._wakers
        why = [
            None
            if kind != _WAITING and kind != _RUNNABLE
            else texts[reason]
            if reason
            else unsaid[at]
            if kind == _WAITING
            else None
            for kind, reason, at in zip(kinds, reasons, stacks, strict=True)
        ]
        woken = [
            wakers[text, at if cause >= 0 else -1] if kind == _WAITING and not flag & OPEN else None
            for kind, text, cause, at, flag in zip(kinds, why, causes, cause_stacks, flags, strict=True)
        ]
        self._sink.add(
            INTERVAL,
            (
                self._ids.take(INTERVAL, len(kinds)),
                [self._ids.trace] * len(kinds),
                [number + life for number in lives],
                [_STATES[kind] for kind in kinds],
                why,
                [start - origin for start in starts],
                list(map(sub, ends, starts)),
                [at + stack if at and kind != _RUNNING else None for kind, at in zip(kinds, stacks, strict=True)],
                [proc if proc >= 0 else None for proc in procs],
                woken,
                [
                    number + life if waker == BY_GOROUTINE and number >= 0 else None
                    for waker, number in zip(woken, cause_lives, strict=True)
                ],
                [
                    at + stack if waker == BY_GOROUTINE and at else None
                    for waker, at in zip(woken, cause_stacks, strict=True)
                ],
                [_IS_OPEN[flag] for flag in flags],
                [_IS_BEFORE[flag] for flag in flags],
            ),
        )

    def _write_regions(self, columns: list[Sequence[int]]) -> None:
        _, names, stacks, starts, ends, _, lives, _, _, tasks, _, _, flags = columns
        self._sink.add(
            REGION,
            (
                self._ids.take(REGION, len(names)),
                [self._ids.trace] * len(names),
                self._goroutines(lives),
                [self._task(task) for task in tasks],
                [self._texts[name] for name in names],
                *self._times(starts, ends),
                self._stacks(stacks),
                [_IS_OPEN[flag] for flag in flags],
                [_IS_BEFORE[flag] for flag in flags],
            ),
        )

    def _write_stops(self, columns: list[Sequence[int]]) -> None:
        _, kinds, stacks, starts, ends, _, lives, _, _, _, _, _, flags = columns
        self._sink.add(
            STW,
            (
                self._ids.take(STW, len(kinds)),
                [self._ids.trace] * len(kinds),
                [self._texts[kind] for kind in kinds],
                *self._times(starts, ends),
                self._goroutines(lives),
                self._stacks(stacks),
                [_IS_OPEN[flag] for flag in flags],
                [_IS_BEFORE[flag] for flag in flags],
            ),
        )

    def _write_lives(self, columns: list[Sequence[int]]) -> None:
        goids, lives, starts, ends, _, creators, creations, entries, stacks, flags, *sums = columns
        self._lives = max(self._lives, max(lives) + 1)
        names = [self._names[entry or stack] for entry, stack in zip(entries, stacks, strict=True)]
        self._sink.add(
            GOROUTINE,
            (
                self._goroutines(lives),
                [self._ids.trace] * len(goids),
                goids,
                [name or None for name in names],
                [int(is_system(name)) for name in names],
                self._goroutines(creators),
                self._stacks(creations),
                *self._times(starts, ends),
                *sums,
                [_IS_OPEN[flag] for flag in flags],
                [_IS_BEFORE[flag] for flag in flags],
            ),
        )

    def _goroutines(self, lives: Sequence[int]) -> list[int | None]:
        first = self._ids.before(GOROUTINE) + 1
        return [life + first if life >= 0 else None for life in lives]

    def _stacks(self, stacks: Sequence[int]) -> list[int | None]:
        before = self._ids.before(STACK)
        return [stack + before if stack else None for stack in stacks]

    def _times(self, starts: Sequence[int], ends: Sequence[int]) -> tuple[list[int], list[int]]:
        origin = self._trace.start_ns
        return [start - origin for start in starts], list(map(sub, ends, starts))


def _parts(records: array[int], width: int) -> Iterator[list[Sequence[int]]]:
    """Yield records as columns, some at a time: a chunk has too many for lists of them all."""
    for at in range(0, len(records), _PART * width):
        part = records[at : at + _PART * width]
        yield [part[i::width] for i in range(width)]


def _only(chosen: list[bool], columns: list[Sequence[int]]) -> list[Sequence[int]]:
    return columns if all(chosen) else [list(compress(column, chosen)) for column in columns]


def _cut_calls(columns: list[Sequence[int]]) -> list[Sequence[int]]:
    """Cut each system call that has lost its P in two; a part without a length is left out."""
    zipped = zip(columns[_KIND], columns[_LOST], columns[_END], strict=True)
    cut = [i for i, (kind, lost, end) in enumerate(zipped) if kind == _SYSCALL and lost != end]
    if not cut:
        return columns
    made = [list(column) for column in columns]
    for i in cut:
        if made[_LOST][i] == made[_START][i]:
            made[_KIND][i] = _BLOCKED
            continue
        for column in made:
            column.append(column[i])
        made[_KIND][-1], made[_START][-1] = _BLOCKED, made[_LOST][i]
        made[_END][i] = made[_LOST][i]
        made[_FLAGS][i] &= ~OPEN
        made[_FLAGS][-1] &= ~BEFORE
    return list[Sequence[int]](made)


class _Texts(dict[int, str]):
    """Strings by their index."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def __missing__(self, index: int) -> str:
        text = self[index] = self._tables.string(index)
        return text


class _Unsaid(dict[int, str]):
    """Reasons of waits by their stacks, where the trace does not say it."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def __missing__(self, stack: int) -> str:
        text = self[stack] = reason_of(self._tables, 0, stack)
        return text


class _Wakers(dict[tuple[str | None, int], str]):
    """What ended a wait, by its reason and the stack of the goroutine that did, 0 if unknown, −1 without one."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def __missing__(self, key: tuple[str | None, int]) -> str:
        reason, stack = key
        if len(self) >= _MOST:
            self.clear()
        leaf = next((function for function, _, _ in self._tables.stack(stack)), "") if stack >= 0 else None
        source = self[key] = source_at(reason or "", leaf) or BY_GOROUTINE
        return source
