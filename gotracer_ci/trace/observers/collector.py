# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""The garbage collector: stopped worlds, mark assists, sweeps, and the running intervals that are its work."""

from __future__ import annotations

from collections.abc import Callable, Iterator

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec
from gotracer_ci.trace.columns import column, grown

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.observe import Observer
else:
    from gotracer_ci.trace.observe import Observer

STW, ASSIST, ASSIST_RUNNING, SWEEP, WORKER = range(5)
"""What a piece of time is: a range, the part of a mark assist that runs, or a run of a goroutine that marks."""

_STW = cython.declare(cython.int, STW)
_ASSIST = cython.declare(cython.int, ASSIST)
_ASSIST_RUNNING = cython.declare(cython.int, ASSIST_RUNNING)
_SWEEP = cython.declare(cython.int, SWEEP)
_WORKER = cython.declare(cython.int, WORKER)
_IS_RUNNING = cython.declare(cython.int, spec.IntervalKind.RUNNING)
_IS_STW = cython.declare(cython.int, spec.IntervalKind.STW)
_IS_ASSIST = cython.declare(cython.int, spec.IntervalKind.MARK_ASSIST)
_IS_SWEEP = cython.declare(cython.int, spec.IntervalKind.SWEEP)
_OPEN = cython.declare(cython.int, spec.OPEN)
_NEVER = cython.declare(cython.longlong, spec.NEVER)
# what is known of a goroutine
_UNKNOWN = cython.declare(cython.int, 1)
_MARKS = cython.declare(cython.int, 2)
_ASSISTS = cython.declare(cython.int, 4)


@cython.cclass
class Collector(Observer):
    """Pieces of time in the order in which they ended.

    A goroutine marks if it is one of the runtime's mark workers, or has a label; a label is valid until it stops. In
    the old format nothing tells of an assist that was under way when the trace began until it ends: only its last run
    counts as running then.

    Args:
        marks: whether a stack, by index, is that of a mark worker.
    """

    _marks: object
    _workers: dict  # index of a stack → whether it is one of a mark worker
    _from: cython.longlong
    _to: cython.longlong
    # by slot
    _known: cython.uchar[::1]
    _labels: cython.int[::1]
    _assists: cython.longlong[::1]  # since when
    # eight numbers for each piece
    _pieces: cython.longlong[::1]
    _n_pieces: cython.longlong

    def __init__(self, marks: Callable[[int], bool]) -> None:
        self._marks = marks
        self._workers = {}
        self._from = -_NEVER
        self._to = _NEVER
        self._known = column("B")
        self._labels = column("i")
        self._assists = column("q")
        self._pieces = column("q", bytes(8 * 8 * 64))
        self._n_pieces = 0

    def limit(self, start: int, end: int) -> None:
        """Keep only what is between these two times, ns on the trace's clock. Call it before the first event."""
        self._from = start
        self._to = end

    def take(self) -> Iterator[tuple[int, ...]]:
        """Yield the pieces that have ended since the last call; take all of them before more can end.

        Each (piece, start, end, P, goroutine, stack, label, flags): start and end on the trace's clock; P and
        goroutine, Go's IDs, are −1 if unknown; stack is where the range began; label is the kind of stop-the-world or
        the label of a mark worker, 0 for none; flags as in `Observer.interval`.
        """
        i: cython.longlong
        n: cython.longlong = 8 * self._n_pieces
        self._n_pieces = 0
        of: cython.longlong[::1] = self._pieces
        for i in range(0, n, 8):
            yield (of[i], of[i + 1], of[i + 2], of[i + 3], of[i + 4], of[i + 5], of[i + 6], of[i + 7])

    @cython.cfunc
    @cython.exceptval(-1)
    def piece(
        self,
        what: cython.int,
        start: cython.longlong,
        end: cython.longlong,
        p: cython.int,
        g: cython.int,
        stack: cython.int,
        label: cython.int,
        flags: cython.int,
    ) -> cython.int:
        """Keep a piece; `g` is a slot."""
        if start < self._from or end > self._to:
            start = max(start, self._from)
            end = min(end, self._to)
            if end <= start:
                return 0
        return self.keep(what, start, end, p, g, stack, label, flags)

    @cython.cfunc
    @cython.exceptval(-1)
    def keep(
        self,
        what: cython.int,
        start: cython.longlong,
        end: cython.longlong,
        p: cython.int,
        g: cython.int,
        stack: cython.int,
        label: cython.int,
        flags: cython.int,
    ) -> cython.int:
        """Keep a piece that is inside the window."""
        id: cython.longlong = self.goroutines.ids[g] if g >= 0 else -1
        i: cython.longlong = 8 * self._n_pieces
        if i == len(self._pieces):
            self._pieces = grown(self._pieces, 2 * i)
        self._pieces[i] = what
        self._pieces[i + 1] = start
        self._pieces[i + 2] = end
        self._pieces[i + 3] = p
        self._pieces[i + 4] = id
        self._pieces[i + 5] = stack
        self._pieces[i + 6] = label
        self._pieces[i + 7] = flags
        self._n_pieces += 1
        return 0

    def ignored(self) -> int:
        return ~(1 << _IS_RUNNING | 1 << _IS_STW | 1 << _IS_ASSIST | 1 << _IS_SWEEP)

    # ---- what the kernel reports ------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        if len(self._known) != len(self.goroutines.ids):
            self._known = grown(self._known, len(self.goroutines.ids))
            self._labels = grown(self._labels, len(self.goroutines.ids))
            self._assists = grown(self._assists, len(self.goroutines.ids))
        self._known[g] = _UNKNOWN
        self._labels[g] = 0
        return self._look(g, self.goroutines.entries[g])

    @cython.cfunc
    @cython.exceptval(-1)
    def began(self, kind: cython.int, g: cython.int, now: cython.longlong) -> cython.int:
        if kind == _IS_ASSIST and g >= 0:
            self._known[g] |= _ASSISTS
            self._assists[g] = now
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def labelled(self, g: cython.int, label: cython.int, now: cython.longlong) -> cython.int:
        self._labels[g] = label
        self._known[g] = (self._known[g] | _MARKS) & ~_UNKNOWN
        return 0

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
        if kind == _IS_RUNNING:
            return self._ran(g, stack, start, start + length, flags) if self._known[g] else 0
        if kind == _IS_STW:
            return self.piece(_STW, start, start + length, -1, g, stack, reason, flags)
        if kind == _IS_SWEEP:
            return self.piece(_SWEEP, start, start + length, self.goroutines.proc, g, stack, 0, flags)
        if kind != _IS_ASSIST:
            return 0
        end: cython.longlong = start + length
        if not flags & _OPEN:
            # one that is open has stopped running already
            since: cython.longlong = max(self.goroutines.since[g], start)
            self.piece(_ASSIST_RUNNING, since, end, self.goroutines.proc, g, stack, 0, flags)
        self._known[g] &= ~_ASSISTS
        return self.piece(_ASSIST, start, end, self.goroutines.proc, g, stack, 0, flags)

    @cython.cfunc
    @cython.exceptval(-1)
    def _ran(
        self, g: cython.int, stack: cython.int, start: cython.longlong, end: cython.longlong, flags: cython.int
    ) -> cython.int:
        if self._known[g] & _UNKNOWN:
            self._look(g, stack)
        if self._known[g] & _ASSISTS:
            since: cython.longlong = max(self._assists[g], start)
            self.piece(_ASSIST_RUNNING, since, end, self.goroutines.proc, g, stack, 0, flags)
        if self._known[g] & _MARKS:
            self.piece(_WORKER, start, end, self.goroutines.proc, g, stack, self._labels[g], flags)
            self._labels[g] = 0
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _look(self, g: cython.int, stack: cython.int) -> cython.int:
        """See whether the goroutine in slot `g` is a mark worker: each of its stacks tells it."""
        if stack <= 0:
            return 0
        if stack not in self._workers:
            self._workers[stack] = bool(self._marks(stack))
        self._known[g] &= ~_UNKNOWN
        if self._workers[stack]:
            self._known[g] |= _MARKS
        return 0
