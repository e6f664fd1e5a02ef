"""Mutator utilisation: the share of the Ps that is left to the program while the garbage collector works.

At each moment it is 1 − busy / GOMAXPROCS, where all Ps are busy while the world is stopped, and otherwise those that
do counted work. Of one P it is 0 or 1. A P that does several things at once is busy with the first one of `CAUSES`.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Sequence
from math import lcm
from operator import itemgetter
from typing import Final, Literal, NamedTuple

from gotracer_ci.trace.observers.collector import ASSIST_RUNNING, STW, SWEEP, WORKER
from gotracer_ci.trace.steps import steps, taken

Cause = Literal["stw", "background", "assist", "sweep"]
CAUSES: Final[tuple[Cause, ...]] = ("stw", "background", "assist", "sweep")
MAX_PIECES = 100_000
"""Pieces of work that are kept, which make at most twice as many steps. Beyond that, close neighbours are merged."""
MAX_STEPS_BY_P = 1_000_000
"""Steps of all single Ps together. Each stop is a step of every P. Ps beyond that are left out."""
MAX_CHANGES = 10_000
"""Changes of GOMAXPROCS that are kept."""
_FIRST_GAP = 1_000  # ns
_LARGEST = 1 << 62
_OF: Final[dict[int, int]] = {STW: 0, WORKER: 1, ASSIST_RUNNING: 2, SWEEP: 3}
_NOWHERE = -1  # the P of a stopped world, and of work whose P is unknown


Piece = tuple[int, int, int, int]
"""A piece of work: its start and end on the trace's clock, an index into `CAUSES`, and the P, −1 for all or unknown."""


class Series(NamedTuple):
    """One step function. Of the system, or with the number of a P, of that one and of `alike` Ps in all.

    times (int64, ns from the trace's start): where each step begins, and last where the function ends. values (int64):
    the utilisation in units of 1 / `whole`. busy (int64): five numbers for each step, how many Ps are busy with each of
    `CAUSES`, and of how many.
    """

    p: int
    alike: int
    whole: int
    times: array[int]
    values: array[int]
    busy: array[int]

    @property
    def length(self) -> int:
        return self.times[-1] - self.times[0]

    def taken(self, start: int, window: int) -> tuple[float, ...]:
        """Return the share of a window that went to each of `CAUSES`."""
        return taken(self.times, self.busy, start, window)


class Busy:
    """Gathers when Ps do counted work.

    Args:
        count: the causes that count.
        per_p: for single Ps; dedicated workers do not count there, because nothing else runs on their P.
        all_stw: every stop-the-world counts, not only those of the garbage collector.
    """

    def __init__(self, count: Collection[Cause] = CAUSES, *, per_p: bool = False, all_stw: bool = False) -> None:
        self.per_p = per_p
        self._counted = {CAUSES.index(cause) for cause in count}
        self._all_stw = all_stw
        self._pieces: list[Piece] = []
        self._limit = MAX_PIECES
        self._changes: list[tuple[int, int]] = []
        self._gap_ns = 0  # how close merged neighbours were
        self._changes_left_out = 0
        self._ps_left_out = 0
        self._has_procs = False

    def procs(self, time: int, n: int) -> None:
        """GOMAXPROCS is `n` from now on."""
        if self._changes and self._changes[-1][1] == n:
            return
        if len(self._changes) < MAX_CHANGES:
            self._changes.append((time, n))
        else:
            self._changes_left_out += 1

    def add(self, what: int, start: int, end: int, p: int, name: str) -> None:
        """Add a piece of `observers.collector`. name: the kind of stop-the-world, or the label of the worker."""
        cause = _OF.get(what)
        if cause is None or cause not in self._counted:
            return
        if what == STW and not (self._all_stw or "GC" in name):
            return
        if what == WORKER and (name == "GC (idle)" or (self.per_p and name == "GC (dedicated)")):
            return
        self._pieces.append((start, end, cause, p))
        if len(self._pieces) > self._limit:
            self._merge()

    def lacks(self) -> tuple[str, ...]:
        """Return what the step functions lack, one line each; call it after `series`."""
        lines = []
        if self._gap_ns:
            gap = f"{self._gap_ns // 1000:,} µs"
            lines.append(f"too much work of the collector to keep: pauses of up to {gap} in it count as work")
        if self._changes_left_out:
            lines.append(f"{self._changes_left_out:,} more changes of GOMAXPROCS are left out")
        if self._ps_left_out:
            lines.append(f"{self._ps_left_out:,} more Ps are left out")
        if not self._has_procs:
            lines.append("the trace does not tell GOMAXPROCS, so there is no utilisation")
        return tuple(lines)

    def _merge(self) -> None:
        """Merge neighbours on the same P until half is left: what was between them counts as busy."""
        self._pieces.sort(key=itemgetter(2, 3, 0))
        while len(self._pieces) > MAX_PIECES // 2 and self._gap_ns < _LARGEST:
            self._gap_ns = max(_FIRST_GAP, 2 * self._gap_ns)
            merged: list[Piece] = []
            for start, end, cause, p in self._pieces:
                if merged and merged[-1][2:] == (cause, p) and start - merged[-1][1] <= self._gap_ns:
                    merged[-1] = (merged[-1][0], max(end, merged[-1][1]), cause, p)
                else:
                    merged.append((start, end, cause, p))
            self._pieces = merged
        self._limit = max(MAX_PIECES, 2 * len(self._pieces))

    def series(self, origin: int, start: int, end: int, procs: int) -> list[Series]:
        """Return the step functions in a window of the trace; none without GOMAXPROCS.

        Args:
            origin: the trace's start. start, end: the window, on the trace's clock.
            procs: GOMAXPROCS at the trace's start, 0 unknown.
        """
        changes = [(start, procs)]
        for time, n in self._changes:
            if time <= start:
                changes = [(start, n)]
            elif time < end and n != changes[-1][1]:
                changes.append((time, n))
        self._has_procs = all(n > 0 for _, n in changes)
        if end <= start or not self._has_procs:
            return []
        # a sum over the whole trace must fit into 64 bits
        whole = min(lcm(*(n for _, n in changes)), max(1, _LARGEST // (end - start)))
        pieces = [piece for piece in self._pieces if piece[0] < end and piece[1] > start]
        if not self.per_p:
            return [_steps(-1, 1, whole, pieces, changes, end, origin)]
        found = []
        steps = 0
        for series in _series_by_p(pieces, changes, end, origin):
            if steps > MAX_STEPS_BY_P:
                self._ps_left_out += series.alike
                continue
            steps += len(series.values)
            found.append(series)
        return found


def _series_by_p(
    pieces: Sequence[Piece], changes: Sequence[tuple[int, int]], end: int, origin: int
) -> Iterator[Series]:
    """Yield the functions of each P, one for all that exist at the same time and do nothing of their own."""
    by_p: dict[int, list[Piece]] = {}
    for piece in pieces:
        by_p.setdefault(piece[3], []).append(piece)
    stops = [piece for piece in by_p.pop(_NOWHERE, []) if piece[2] == 0]
    spans: dict[tuple[int, int], list[int]] = {}
    since: dict[int, int] = {}
    for time, n in (*changes, (end, 0)):
        for p in [p for p in since if p >= n]:
            spans.setdefault((since.pop(p), time), []).append(p)
        for p in range(n):
            since.setdefault(p, time)
    for (first, last), ps in sorted(spans.items()):
        idle = [p for p in ps if p not in by_p]
        for p in sorted({*by_p}.intersection(ps).union(idle[:1])):
            own = [*by_p.get(p, ()), *stops]
            inside = [piece for piece in own if piece[0] < last and piece[1] > first]
            yield _steps(p, len(idle) if p in idle[:1] else 1, 1, inside, [(first, 1)], last, origin)


def _steps(
    p: int, alike: int, whole: int, pieces: Sequence[Piece], changes: Sequence[tuple[int, int]], end: int, origin: int
) -> Series:
    """Return the function from the first of `changes` until `end`. p: the only one, −1 for all of them."""
    starts, ends = (sorted(pieces, key=itemgetter(at)) for at in (0, 1))
    return Series(p, alike, whole, *steps(starts, ends, list(changes), whole, p, end, origin))
