"""Interval log: the states of all goroutines inside a window of a trace, to be looked up by goroutine and time."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from gotracer_ci.analysis.stacks import Stacks
from gotracer_ci.errors import TraceError
from gotracer_ci.trace.observers.interval_columns import COLUMNS, LIFE_COLUMNS, IntervalColumns
from gotracer_ci.trace.reader import Chunk, Trace
from gotracer_ci.trace.spec import OPEN, Ev, IntervalKind

MAX_INTERVALS: Final = 5_000_000
"""Intervals of a window; their columns take 200 MB."""
_NONE: Final = -1
_NO_STATES: Final = ~sum(1 << kind for kind in IntervalKind if kind < IntervalKind.IDLE_P)
_TYPES: Final = {
    "kind": "b",
    "reason": "i",
    "stack": "i",
    "start": "q",
    "end": "q",
    "life": "i",
    "cause": "q",
    "cause_stack": "i",
    "flags": "b",
}


_LIFE: Final = {"goroutine": "q", "life": "i", "start": "q", "end": "q", "creator": "q", "creation": "i", "entry": "i"}


class IntervalLog:
    """Logs intervals (see `reading.Analysis`); it is its own result.

    Columns by the interval's number, in the order in which they ended: kinds (`spec.IntervalKind`), reasons, stacks,
    starts and ends inside the window, lives, causes, cause_stacks (see `IntervalColumns.take`).

    Args:
        name: the trace's.
        most: how many intervals there may be.

    Raises:
        TraceError: there are more, while the trace is read.
    """

    wanted: tuple[Ev, ...] = ()

    def __init__(self, name: str, most: int = MAX_INTERVALS) -> None:
        self._name = name
        self._most = most
        self._columns = IntervalColumns(_NO_STATES)
        self._arrays = {column: array(kind) for column, kind in _TYPES.items()}
        self._lives = {column: array(kind) for column, kind in _LIFE.items()}
        self._rows = array("i")  # by life: its place in these columns, −1 for none
        self._by_id = array("i")  # lives in the order of their IDs, and of one ID in that of their times
        # the numbers of states by life, and where those of each life begin
        self._numbers = array("i")
        self._begins = array("i")
        self.kinds, self.reasons, self.stacks = (self._arrays[name] for name in ("kind", "reason", "stack"))
        self.starts, self.ends, self.lives = (self._arrays[name] for name in ("start", "end", "life"))
        self.causes, self.cause_stacks, self.flags = (self._arrays[name] for name in ("cause", "cause_stack", "flags"))

    @property
    def observers(self) -> Sequence[IntervalColumns]:
        return (self._columns,)

    @property
    def consumers(self) -> Sequence[IntervalLog]:
        return (self,)

    def limit(self, start: int, end: int) -> None:
        """The observer has the limits."""

    def feed(self, chunk: Chunk) -> None:
        self._take()

    def result(self, trace: Trace, stacks: Stacks) -> IntervalLog:
        self._take()
        lives = self._lives["life"]
        size = 1 + max(max(lives, default=_NONE), max(self.lives, default=_NONE))
        self._rows = array("i", [_NONE]) * size
        for row, life in enumerate(lives):
            self._rows[life] = row
        known = (life for life in range(size) if self._rows[life] != _NONE)
        self._by_id = array("i", sorted(known, key=self.id))
        counts = array("i", [0]) * (size + 1)
        for life in self.lives:
            counts[life + 1] += 1
        self._begins = array("i", accumulate(counts))
        self._numbers = array("i", [0]) * self._begins[-1]
        at = array("i", self._begins)
        for number, life in enumerate(self.lives):
            self._numbers[at[life]] = number
            at[life] += 1
        return self

    def _take(self) -> None:
        taken = self._columns.take()
        width = len(COLUMNS)
        for i, name in enumerate(COLUMNS):
            if name in self._arrays:
                self._arrays[name].extend(array(_TYPES[name], taken[i::width]))
        if len(self.starts) > self._most:
            raise TraceError(self._name, f"more than {self._most:,} intervals in the window: choose a shorter one")
        taken = self._columns.take_lives()
        width = len(LIFE_COLUMNS)
        for i, name in enumerate(LIFE_COLUMNS):
            if name in self._lives:
                self._lives[name].extend(array(_LIFE[name], taken[i::width]))

    # ---- look-ups ------------------------------------------------------------------------------------------------

    def numbers(self, life: int) -> Sequence[int]:
        """Return the numbers of a goroutine's states, in the order of their times."""
        return memoryview(self._numbers)[self._begins[life] : self._begins[life + 1]] if life != _NONE else ()

    def place_of(self, life: int, time: int) -> int:
        """Return the place in `numbers` of the first state that ends after a time."""
        return bisect_right(self.numbers(life), time, key=self.ends.__getitem__)

    def life_at(self, goroutine: int, time: int) -> int:
        """Return the life of the goroutine with this ID at a time, −1 for none.

        If one ends at that time and another one begins, it is the former.
        """
        i = bisect_left(self._by_id, (goroutine, time), key=lambda life: (self.id(life), self._of(life, "end")))
        if i == len(self._by_id) or self.id(self._by_id[i]) != goroutine:
            return _NONE
        return self._by_id[i] if self._of(self._by_id[i], "start") <= time else _NONE

    def latest(self, goroutine: int, start: int, end: int) -> int:
        """Return the last life of the goroutine with this ID between two times, −1 for none."""
        i = bisect_left(self._by_id, (goroutine, end), key=lambda life: (self.id(life), self._of(life, "start"))) - 1
        is_it = i >= 0 and self.id(self._by_id[i]) == goroutine and self._of(self._by_id[i], "end") > start
        return self._by_id[i] if is_it else _NONE

    def _of(self, life: int, column: str) -> int:
        return self._lives[column][self._rows[life]]

    def bounds(self, life: int) -> tuple[int, int]:
        """Return the first and the last moment of a life inside the window."""
        return self._of(life, "start"), self._of(life, "end")

    def id(self, life: int) -> int:
        """Return Go's ID of the goroutine."""
        return self._of(life, "goroutine")

    def creator(self, life: int) -> int:
        """Return the life of the goroutine that created this one in the window, −1 for none."""
        creator = self._of(life, "creator")
        return self.life_at(creator, self._of(life, "start")) if creator != _NONE else _NONE

    def creation(self, life: int) -> int:
        """Return the stack that created the goroutine, as an index of the tables; 0 if unknown."""
        return self._of(life, "creation")

    def entry(self, life: int) -> int:
        """Return a stack of the goroutine that tells where it began, as an index of the tables; 0 for none."""
        entries, row = self._lives["entry"], self._rows[life]
        if entries[row] == 0:
            # looked for once, because a goroutine can have many intervals without a stack
            found = (self.stacks[number] for number in self.numbers(life) if self.stacks[number])
            entries[row] = next(found, _NONE)
        return max(entries[row], 0)

    def is_open(self, interval: int) -> bool:
        """Return whether an interval had not ended when the trace did."""
        return bool(self.flags[interval] & OPEN)
