# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Tests: how long each test and benchmark took, with all goroutines that it started."""

from __future__ import annotations

from collections.abc import Callable

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec
from gotracer_ci.trace.columns import column, grown

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.columns import IdMap
    from cython.cimports.gotracer_ci.trace.observe import Observer
    from cython.cimports.gotracer_ci.trace.observers.parts import plus
else:
    from gotracer_ci.trace.columns import IdMap
    from gotracer_ci.trace.observe import Observer
    from gotracer_ci.trace.observers.parts import plus

KEPT = 100_000
"""Tests that are kept. Further ones count as goroutines of the test that started them."""
NO_TEST, TEST, BENCHMARK, ROUNDS = range(4)
"""What a goroutine is by its first function. ROUNDS: it runs the benchmark that its creator has begun last."""
NAMES, PAUSED, SUBTESTS = 1, 2, 4
"""What the stack of a test's goroutine tells: the test's function; that it waits for its turn, or for subtests."""

_KEPT = cython.declare(cython.int, KEPT)
_IS_TEST = cython.declare(cython.int, TEST)
_IS_BENCHMARK = cython.declare(cython.int, BENCHMARK)
_IS_ROUNDS = cython.declare(cython.int, ROUNDS)
_NAMES = cython.declare(cython.int, NAMES)
_PAUSED = cython.declare(cython.int, PAUSED)
_SUBTESTS = cython.declare(cython.int, SUBTESTS)
_IS_RUNNING = cython.declare(cython.int, spec.IntervalKind.RUNNING)
_IS_WAITING = cython.declare(cython.int, spec.IntervalKind.WAITING)
_NEVER = cython.declare(cython.longlong, spec.NEVER)


@cython.final
@cython.cclass
class _Codes:
    """A number for each stack, asked for once."""

    _ask: object
    _index: IdMap
    _keys: cython.longlong[::1]
    _codes: cython.int[::1]

    def __init__(self, ask: Callable[[int], int]) -> None:
        self._ask = ask
        self._keys = column("q", bytes(8 * 64))
        self._index = IdMap(self._keys)
        self._codes = column("i", bytes(4 * 64))

    @cython.cfunc
    @cython.exceptval(-1)
    def of(self, stack: cython.longlong) -> cython.int:
        i: cython.int = self._index.find(stack)
        if i >= 0:
            return self._codes[i]
        i = self._index.count
        if i == len(self._keys):
            self._keys = self._index.keys = grown(self._keys, 2 * i)
            self._codes = grown(self._codes, 2 * i)
        self._keys[i] = stack
        self._codes[i] = self._ask(stack)
        self._index.put(stack, i)
        return self._codes[i]


@cython.final
@cython.cclass
class Tests(Observer):
    """Tests and benchmarks in the order in which they were started, and what they and their goroutines did.

    A goroutine belongs to the innermost test of the goroutine that created it, also after that one has ended. Other
    observers find the outermost one in the column `tests` of `Goroutines`.

    Args:
        kind: returns what a goroutine with this entry stack is: NO_TEST, TEST, BENCHMARK or ROUNDS.
        tells: returns what a stack of a test's own goroutine tells: a sum of NAMES, PAUSED and SUBTESTS.
    """

    _kind: _Codes
    _tells: _Codes
    _from: cython.longlong
    _to: cython.longlong
    _last: cython.longlong
    _ran: cython.longlong
    _n: cython.int
    # by slot
    _test: cython.int[::1]  # −1 for none
    _is_own: cython.int[::1]  # whether the goroutine runs the test itself
    _begun: cython.int[::1]  # the benchmark that the goroutine has begun last
    # by test
    _kinds: cython.int[::1]
    _parents: cython.int[::1]
    _roots: cython.int[::1]  # the outermost test around it
    _creations: cython.int[::1]
    _names: cython.int[::1]  # a stack that tells its function, 0 unknown
    _goroutines: cython.longlong[::1]
    _begins: cython.longlong[::1]
    _ends: cython.longlong[::1]
    _paused: cython.longlong[::1]
    _subtests: cython.longlong[::1]
    _running: cython.longlong[::1]
    _waiting: cython.longlong[::1]
    _started: cython.longlong[::1]
    _living: cython.longlong[::1]
    _after: cython.longlong[::1]  # its goroutines when it ended
    _alive: cython.longlong[::1]  # its goroutines at the end of the trace or the window

    def __init__(self, kind: Callable[[int], int], tells: Callable[[int], int]) -> None:
        self._kind = _Codes(kind)
        self._tells = _Codes(tells)
        self._from = -_NEVER
        self._to = _NEVER
        self._last = self._ran = self._n = 0
        self._test = column("i")
        self._is_own = column("i")
        self._begun = column("i")
        self._kinds = column("i", bytes(4 * 64))
        self._parents = column("i", bytes(4 * 64))
        self._roots = column("i", bytes(4 * 64))
        self._creations = column("i", bytes(4 * 64))
        self._names = column("i", bytes(4 * 64))
        self._goroutines = column("q", bytes(8 * 64))
        self._begins = column("q", bytes(8 * 64))
        self._ends = column("q", bytes(8 * 64))
        self._paused = column("q", bytes(8 * 64))
        self._subtests = column("q", bytes(8 * 64))
        self._running = column("q", bytes(8 * 64))
        self._waiting = column("q", bytes(8 * 64))
        self._started = column("q", bytes(8 * 64))
        self._living = column("q", bytes(8 * 64))
        self._after = column("q", bytes(8 * 64))
        self._alive = column("q", bytes(8 * 64))

    def limit(self, start: int, end: int) -> None:
        """Count only what is between these two times, ns on the trace's clock. Call it before the first event."""
        self._from = start
        self._to = end

    def ignored(self) -> int:
        return 0 if self._n else -1

    # ---- what the kernel reports ------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        if len(self._test) != len(self.goroutines.ids):
            size: cython.longlong = len(self.goroutines.ids)
            self._test = grown(self._test, size)
            self._is_own = grown(self._is_own, size)
            self._begun = grown(self._begun, size)
            if len(self.goroutines.tests) != size:
                self.goroutines.tests = grown(self.goroutines.tests, size)
        creator: cython.int = self.goroutines.slots.find(self.goroutines.creators[g])
        if creator == g:
            creator = -1
        parent: cython.int = self._test[creator] if creator >= 0 else -1
        self._test[g] = parent
        self._is_own[g] = 0
        self._begun[g] = -1
        if creator >= 0 and self._is_own[creator] and self.goroutines.creations[g] > 0:
            self._name(parent, self.goroutines.creations[g])
        kind: cython.int = self._kind.of(self.goroutines.entries[g]) if self.goroutines.entries[g] > 0 else 0
        if kind == _IS_ROUNDS and creator >= 0 and self._begun[creator] >= 0:
            self._test[g] = self._begun[creator]
            self._is_own[g] = 1
            self._ends[self._test[g]] = _NEVER
        elif kind in (_IS_TEST, _IS_BENCHMARK):
            self._ran += 1
            if self._n < _KEPT:
                self._test[g] = self._new(g, kind, parent, now)
                self._is_own[g] = 1
            if kind == _IS_BENCHMARK and creator >= 0:
                self._begun[creator] = self._test[g] if self._is_own[g] else -1
        self.goroutines.tests[g] = self._roots[self._test[g]] if self._test[g] >= 0 else -1
        if self._test[g] >= 0 and not self._is_own[g]:
            self._started[parent] += self._from <= now and now < self._to
            self._alive[parent] += now < self._to
            self._living[parent] += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def died(self, g: cython.int, now: cython.longlong) -> cython.int:
        test: cython.int = self._test[g]
        if test < 0:
            return 0
        if self._is_own[g]:
            self._ends[test] = now
            self._after[test] = self._living[test]
        else:
            self._living[test] -= 1
            self._alive[test] -= now <= self._to
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
        if self._n == 0 or g < 0:
            return 0
        if kind == _IS_WAITING and cause >= 0 and cause_stack > 0:
            waker: cython.int = self.goroutines.waker
            if waker < 0 or self.goroutines.ids[waker] != cause:
                waker = self.goroutines.slots.find(cause)
            if waker >= 0 and self._is_own[waker]:
                self._name(self._test[waker], cause_stack)
        test: cython.int = self._test[g]
        if test < 0:
            return 0
        if self._is_own[g] and stack > 0:
            self._name(test, stack)
        if kind > _IS_WAITING:
            return 0
        if start < self._from or start + length > self._to:
            length = min(start + length, self._to) - max(start, self._from)
            if length <= 0:
                return 0
        if kind == _IS_RUNNING:
            self._running[test] = plus(self._running[test], length)
        elif kind == _IS_WAITING:
            tells: cython.int = self._tells.of(stack) if self._is_own[g] and stack > 0 else 0
            if tells & _PAUSED:
                self._paused[test] += length
            elif tells & _SUBTESTS:
                self._subtests[test] += length
            else:
                self._waiting[test] = plus(self._waiting[test], length)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def end(self, now: cython.longlong) -> cython.int:
        self._last = now
        return 0

    # ---- tests ------------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _name(self, test: cython.int, stack: cython.int) -> cython.int:
        """A goroutine of the test itself was at this stack, which can tell its function."""
        if self._names[test] == 0 and self._tells.of(stack) & _NAMES:
            self._names[test] = stack
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _new(self, g: cython.int, kind: cython.int, parent: cython.int, now: cython.longlong) -> cython.int:
        n: cython.int = self._n
        if n == len(self._kinds):
            self._kinds = grown(self._kinds, 2 * n)
            self._parents = grown(self._parents, 2 * n)
            self._roots = grown(self._roots, 2 * n)
            self._creations = grown(self._creations, 2 * n)
            self._names = grown(self._names, 2 * n)
            self._goroutines = grown(self._goroutines, 2 * n)
            self._begins = grown(self._begins, 2 * n)
            self._ends = grown(self._ends, 2 * n)
            self._paused = grown(self._paused, 2 * n)
            self._subtests = grown(self._subtests, 2 * n)
            self._running = grown(self._running, 2 * n)
            self._waiting = grown(self._waiting, 2 * n)
            self._started = grown(self._started, 2 * n)
            self._living = grown(self._living, 2 * n)
            self._after = grown(self._after, 2 * n)
            self._alive = grown(self._alive, 2 * n)
        self._kinds[n] = kind
        self._parents[n] = parent
        self._roots[n] = self._roots[parent] if parent >= 0 else n
        self._creations[n] = self.goroutines.creations[g]
        self._goroutines[n] = self.goroutines.ids[g]
        self._begins[n] = now
        self._ends[n] = _NEVER
        self._n = n + 1
        if self.unwanted:
            self.ignore(0)
        self.goroutines.is_test = True
        return n

    def ran(self) -> int:
        """Return how many tests and benchmarks were started, those beyond `KEPT` too."""
        return self._ran

    def rows(self) -> list[tuple[int, ...]]:
        """Return a row for each test and benchmark, in the order in which they were started; times in ns.

        Each (kind, parent, creation stack, stack that tells its function, goroutine, begin, end, length, paused,
        subtests, running, waiting, started, alive after, alive): parent is the number of the row, −1 for none; end and
        alive after are −1 if it had not ended. length is −1 if no part of it is inside the window. paused, subtests:
        its own waits for its turn and for subtests. running, waiting: with its goroutines, without these two. started:
        its goroutines; alive after: those that were there when it ended; alive: those at the end.
        """
        out: list[tuple[int, ...]] = []
        n: cython.int
        for n in range(self._n):
            is_over: cython.bint = self._ends[n] <= min(self._to, self._last)
            end: cython.longlong = self._ends[n] if is_over else min(self._to, self._last)
            begin: cython.longlong = max(self._begins[n], self._from)
            is_inside: cython.bint = end > self._from and self._begins[n] < self._to
            out.append(
                (
                    self._kinds[n],
                    self._parents[n],
                    self._creations[n],
                    self._names[n],
                    self._goroutines[n],
                    self._begins[n],
                    self._ends[n] if is_over else -1,
                    end - begin if is_inside else -1,
                    self._paused[n],
                    self._subtests[n],
                    self._running[n],
                    self._waiting[n],
                    self._started[n],
                    self._after[n] if is_over else -1,
                    self._alive[n],
                )
            )
        return out
