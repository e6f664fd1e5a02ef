# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Regions: how long each region, and all of one type and place, was in each state of its goroutine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec
from gotracer_ci.trace.columns import column, grown
from gotracer_ci.trace.observers.lengths import KEPT
from gotracer_ci.trace.observers.parts import PARTS
from gotracer_ci.trace.observers.region_groups import WIDTH

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.observe import Observer
    from cython.cimports.gotracer_ci.trace.observers.parts import part_of
    from cython.cimports.gotracer_ci.trace.observers.reasons import Reasons
    from cython.cimports.gotracer_ci.trace.observers.region_groups import RegionGroups
    from cython.cimports.gotracer_ci.trace.observers.time_records import TimeRecords
else:
    from gotracer_ci.trace.observe import Observer
    from gotracer_ci.trace.observers.parts import part_of
    from gotracer_ci.trace.observers.reasons import Reasons
    from gotracer_ci.trace.observers.region_groups import RegionGroups
    from gotracer_ci.trace.observers.time_records import TimeRecords

MAX_OLD = 100_000
"""Goroutines from before the trace whose times are kept, because a region that ends on one may be older, too."""

FIELDS = ("type", "stack", "goroutine", "task", "begin", "end", "length")
"""What a record of a region begins with."""

_PARTS = cython.declare(cython.int, len(PARTS))
_BLOCKED = cython.declare(cython.int, len(PARTS) - 1)
_WIDTH = cython.declare(cython.longlong, WIDTH)
_MAX_OLD = cython.declare(cython.int, MAX_OLD)
_KEPT = cython.declare(cython.longlong, KEPT)
_IS_SYSCALL = cython.declare(cython.int, spec.IntervalKind.SYSCALL)
_IS_WAITING = cython.declare(cython.int, spec.IntervalKind.WAITING)
_REGION = cython.declare(cython.int, spec.IntervalKind.REGION)
_OPEN = cython.declare(cython.int, spec.OPEN)
_BEFORE = cython.declare(cython.int, spec.BEFORE)
_NEVER = cython.declare(cython.longlong, spec.NEVER)


@cython.final
@cython.cclass
class Regions(Observer):
    """Regions by (type, the stack where they began), with sums for each.

    A goroutine has a row of times by part and reason while it has an open region; one from before the trace always. A
    region's times are its goroutine's at its end without those at its beginning.

    Args:
        why: returns the reason of a wait, for the index of its reason (0 none) and of its stack.
        each: keep a record of each region, too.
        goroutine: only this one's; −1: all.
        shortest, longest: only regions of these lengths, ns.
    """

    _why: Reasons
    _each: cython.bint
    _id: cython.longlong
    _shortest: cython.longlong
    _longest: cython.longlong
    _from: cython.longlong
    _to: cython.longlong
    _row: cython.int[::1]  # by slot: its row of times, −1 for none
    _old: cython.int  # rows of goroutines from before the trace
    # rows of times: of goroutines, and saved ones of open regions
    _n: cython.int
    _times: cython.longlong[::1]
    _open: cython.int[::1]  # by row: open regions of the goroutine; of one from before the trace, one more
    _free: list
    _saved: dict  # when a region began, which no other did → its row
    _groups: RegionGroups
    _records: TimeRecords
    _left_out: cython.longlong
    _is_known: cython.bint  # there is a goroutine that is wanted

    def __init__(
        self,
        why: Callable[[int, int], str],
        each: bool = False,
        goroutine: int = -1,
        shortest: int = 0,
        longest: int = spec.NEVER,
    ) -> None:
        self._why = Reasons(why)
        self._each = each
        self._id = goroutine
        self._shortest = shortest
        self._longest = longest
        self._from, self._to = -_NEVER, _NEVER
        self._row = column("i")
        self._old = self._n = 0
        self._times = column("q", bytes(8 * _WIDTH * 16))
        self._open = column("i", bytes(4 * 16))
        self._free = []
        self._saved = {}
        self._groups = RegionGroups()
        self._records = TimeRecords(len(FIELDS))
        self._left_out = 0
        self._is_known = goroutine < 0

    def limit(self, start: int, end: int) -> None:
        """Count only what is between these two times, ns on the trace's clock. Call it before the first event."""
        self._from = start
        self._to = end

    # ---- what the kernel reports ------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        if len(self._row) != len(self.goroutines.ids):
            self._row = grown(self._row, len(self.goroutines.ids))
        self._row[g] = -1
        if self.goroutines.ids[g] == self._id:
            self._is_known = True
        if self.goroutines.created[g] < 0 and self._old < _MAX_OLD:
            self._old += 1
            self._row[g] = self._new_row()
            self._open[self._row[g]] = 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def began(self, kind: cython.int, g: cython.int, now: cython.longlong) -> cython.int:
        if kind != _REGION:
            return 0
        if self._row[g] < 0:
            self._row[g] = self._new_row()
        row: cython.int = self._row[g]
        saved: cython.int = self._new_row()
        self._open[row] += 1
        self._saved[now] = saved
        i: cython.longlong
        for i in range(_WIDTH):
            self._times[saved * _WIDTH + i] = self._times[row * _WIDTH + i]
        return self._pending(saved, g, now)

    @cython.cfunc
    @cython.exceptval(-1)
    def interval(
        self,
        kind: cython.int,
        reason: cython.int,
        stack: cython.int,
        start: cython.longlong,
        length: cython.longlong,
        g: cython.int,
        cause: cython.longlong,
        cause_stack: cython.int,
        flags: cython.int,
    ) -> cython.int:
        if kind > _IS_WAITING:
            return self._ended(reason, stack, start, start + length, g, cause, flags) if kind == _REGION else 0
        if self._row[g] < 0:
            return 0
        row: cython.longlong = self._row[g] * _WIDTH
        if kind == _IS_SYSCALL:
            return self._called(row, start, start + length, self.goroutines.lost[g])
        part: cython.int = part_of(kind, reason, flags)
        length = self._inside(start, start + length)
        self._times[row + part] += length
        if kind == _IS_WAITING:
            self._times[row + _PARTS + self._why.number(reason, stack)] += length
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def died(self, g: cython.int, now: cython.longlong) -> cython.int:
        if self._row[g] >= 0:
            # only one from before the trace: the others' regions have all been reported
            self._old -= 1
            self._free.append(self._row[g])
            self._row[g] = -1
        return 0

    # ---- times ------------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.inline
    def _inside(self, start: cython.longlong, end: cython.longlong) -> cython.longlong:
        """Return how long it is inside the window."""
        return max(0, min(end, self._to) - max(start, self._from))

    @cython.cfunc
    @cython.exceptval(-1)
    def _called(
        self, row: cython.longlong, start: cython.longlong, end: cython.longlong, lost: cython.longlong
    ) -> cython.int:
        """Add a system call, which loses its P at `lost`."""
        lost = min(max(lost, start), end)
        self._times[row + _BLOCKED] += self._inside(lost, end)
        self._times[row + _BLOCKED - 1] += self._inside(start, lost)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _pending(self, row: cython.longlong, g: cython.int, now: cython.longlong) -> cython.int:
        """Add the state in which goroutine `g` is, up to now."""
        since: cython.longlong = self.goroutines.since[g]
        if self.goroutines.states[g] == _IS_SYSCALL:
            return self._called(row * _WIDTH, since, now, self.goroutines.lost[g])
        self._times[row * _WIDTH] += self._inside(since, now)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _new_row(self) -> cython.int:
        i: cython.longlong
        if self._free:
            row: cython.int = self._free.pop()
        else:
            row = self._n
            self._n += 1
            if row == len(self._open):
                self._times = grown(self._times, _WIDTH * 2 * row)
                self._open = grown(self._open, 2 * row)
        for i in range(row * _WIDTH, (row + 1) * _WIDTH):
            self._times[i] = 0
        self._open[row] = 0
        return row

    # ---- regions ----------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    def _ended(
        self,
        name: cython.int,
        stack: cython.int,
        start: cython.longlong,
        end: cython.longlong,
        g: cython.int,
        task: cython.longlong,
        flags: cython.int,
    ) -> cython.int:
        i: cython.longlong
        row: cython.longlong = self._row[g]
        self._groups.latest = -1
        if row < 0:
            self._left_out += 1
            return 0
        times: cython.int = self._new_row()
        for i in range(_WIDTH):
            self._times[times * _WIDTH + i] = self._times[row * _WIDTH + i]
        if not flags & _OPEN:
            # otherwise the goroutine's last state has been reported
            self._pending(times, g, end)
        if not flags & _BEFORE:
            saved: cython.longlong = self._saved.pop(start)
            for i in range(_WIDTH):
                self._times[times * _WIDTH + i] -= self._times[saved * _WIDTH + i]
            self._free.append(saved)
            self._open[row] -= 1
            if self._open[row] == 0:
                self._free.append(row)
                self._row[g] = -1
        length: cython.longlong = self._inside(start, end)
        if flags & _BEFORE and self._sum(times) != length:
            # the goroutine is older than its row
            self._left_out += 1
            length = 0
        is_wanted: cython.bint = self._id < 0 or self._id == self.goroutines.ids[g]
        if is_wanted and length > 0 and length >= self._shortest and length <= self._longest:
            self._fold(name, stack, start, end, g, task, flags, times, length)
        self._free.append(times)
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    def _sum(self, row: cython.longlong) -> cython.longlong:
        i: cython.longlong
        total: cython.longlong = 0
        for i in range(row * _WIDTH, row * _WIDTH + _PARTS):
            total += self._times[i]
        return total

    @cython.cfunc
    @cython.exceptval(-1)
    def _fold(
        self,
        name: cython.int,
        stack: cython.int,
        start: cython.longlong,
        end: cython.longlong,
        g: cython.int,
        task: cython.longlong,
        flags: cython.int,
        times: cython.longlong,
        length: cython.longlong,
    ) -> cython.int:
        """Add a region to its group."""
        no_end: cython.bint = flags & _OPEN or end > self._to
        no_begin: cython.bint = flags & _BEFORE or start < self._from
        self._groups.add(name, stack, no_end, no_begin, length, self._times, times * _WIDTH)
        if self._each and self._records.count < _KEPT:
            self._records.put(name)
            self._records.put(stack)
            self._records.put(self.goroutines.ids[g])
            self._records.put(task)
            self._records.put(-1 if no_begin else start)
            self._records.put(-1 if no_end else end)
            self._records.put(length)
            first: cython.longlong = times * _WIDTH
            self._records.end(self._times, first, self._times, first + _PARTS, self._why.n)
        return 0

    def reasons(self) -> list[str]:
        """Return why goroutines waited, by number."""
        return self._why.names()

    def left_out(self) -> int:
        """Return how many regions are not counted, because their goroutines' times are not known (see `MAX_OLD`)."""
        return self._left_out

    def has_goroutine(self) -> bool:
        """Return whether the trace has the goroutine that is wanted, or all are."""
        return self._is_known

    def latest(self) -> int:
        """Return the group of the region that ended last, by its index among `groups`; −1 if it is not counted."""
        return self._groups.latest

    def groups(self) -> list[tuple[Any, ...]]:
        """Return every group (see `RegionGroups.rows`)."""
        return self._groups.rows(self._why.n)

    def records(self) -> TimeRecords:
        """Return a record of each region, at most `KEPT`, in the order in which they ended, by `FIELDS`.

        stack: where it began. begin and end are −1 if they are unknown or outside the window.
        """
        return self._records
