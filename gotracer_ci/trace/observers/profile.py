# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Profile: how often and how long goroutines were in which state, for which reason, and at which stack."""

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
    from cython.cimports.gotracer_ci.trace.observers.pairs import Pairs
    from cython.cimports.gotracer_ci.trace.observers.reasons import Reasons
    from cython.cimports.gotracer_ci.trace.observers.sums import Sums
    from cython.cimports.gotracer_ci.trace.observers.windows import Windows
else:
    from gotracer_ci.trace.columns import IdMap
    from gotracer_ci.trace.observe import Observer
    from gotracer_ci.trace.observers.pairs import Pairs
    from gotracer_ci.trace.observers.reasons import Reasons
    from gotracer_ci.trace.observers.sums import Sums
    from gotracer_ci.trace.observers.windows import Windows

BLOCKED = 5
"""The state of a system call that has lost its P, beside those of `spec.GoState`."""
MAX_SAMPLES = 1 << 16
"""Different samples. Further ones lose their stack, and then their group."""
MAX_GROUPS = 1 << 18
"""Groups of goroutines that the caller may number."""
MAX_LIVES = 1 << 20
"""Lives whose group is kept for `group_of`."""

_MAX_NAMELESS = cython.declare(cython.longlong, 1 << 15)
_MAX_LIVES = cython.declare(cython.longlong, MAX_LIVES)
_IS_RUNNABLE = cython.declare(cython.int, spec.IntervalKind.RUNNABLE)
_IS_RUNNING = cython.declare(cython.int, spec.IntervalKind.RUNNING)
_IS_SYSCALL = cython.declare(cython.int, spec.IntervalKind.SYSCALL)
_IS_WAITING = cython.declare(cython.int, spec.IntervalKind.WAITING)
_IS_BLOCKED = cython.declare(cython.int, BLOCKED)
_NEVER = cython.declare(cython.longlong, spec.NEVER)
_FLAGS = cython.declare(cython.int, spec.OPEN | spec.BEFORE)

# A key's bits, from the lowest: flags 2, state 3, reason 6 (0 none), group 18, stack or pair 27.
_STATE = cython.declare(cython.int, 2)
_REASON = cython.declare(cython.int, 5)
_GROUP = cython.declare(cython.int, 11)
_STACK = cython.declare(cython.int, 29)
_BELOW_GROUP = cython.declare(cython.longlong, (1 << 11) - 1)
_BELOW_STACK = cython.declare(cython.longlong, (1 << 29) - 1)
# numbers of a slot's latest intervals: four for each of four states
_LATEST = cython.declare(cython.longlong, 16)
_OF_STATE = cython.declare(cython.longlong, 4)
_MAX_LATEST = cython.declare(cython.longlong, 1 << 12)  # slots; those of more would not fit into the cache
_IS_KNOWN = cython.declare(cython.longlong, 1 << 60)


@cython.final
@cython.cclass
class Profile(Observer):
    """Sums of intervals by (state, reason, stack, group of goroutines, flags), and waker where it is wanted.

    A goroutine's group is that of the stack in which it began. If it began before the trace, any stack of its own has
    the same outermost function.

    Args:
        states: which are summed, a bit for each `spec.GoState`.
        why: returns the reason of a wait, for the index of its reason (0 none) and of its stack.
        group: returns the number of a group, 1 to `MAX_GROUPS` − 1, for the index of a stack.
        wakers: tell samples of runnable goroutines apart by what made them so.
        lives: keep each life's group, for `group_of`.
    """

    _states: cython.int
    _why: Reasons
    _named: object
    _wakers: cython.bint
    _keeps: cython.bint
    _from: cython.longlong
    _to: cython.longlong
    _scoped: cython.bint
    _windows: Windows
    # by slot
    _group: cython.int[::1]  # −1 while no stack is known
    # by slot and state: what told its latest interval apart, 0 for none, and its sums; ns and count to add to these
    _latest: cython.longlong[::1]
    _slots: cython.int
    _nameless: dict  # slot → {key without group: [count, ns]}
    _nameless_n: cython.longlong
    _life_groups: cython.int[::1]
    # groups by stack
    _group_keys: cython.longlong[::1]
    _group_index: IdMap
    _group_of_stack: cython.int[::1]
    _pairs: Pairs
    _sums: Sums

    def __init__(
        self,
        states: int,
        why: Callable[[int, int], str],
        group: Callable[[int], int],
        wakers: bool = False,
        lives: bool = False,
    ) -> None:
        self._states = states
        self._why = Reasons(why)
        self._named = group
        self._wakers = wakers
        self._keeps = lives
        self._from, self._to = -_NEVER, _NEVER
        self._scoped = False
        self._windows = Windows({})
        self._group = self._life_groups = column("i")
        self._latest = column("q")
        self._slots = self._nameless_n = 0
        self._nameless = {}
        self._group_keys = column("q", bytes(8 * 64))
        self._group_index = IdMap(self._group_keys)
        self._group_of_stack = column("i", bytes(4 * 64))
        self._pairs = Pairs()
        self._sums = Sums(MAX_SAMPLES, _BELOW_STACK, _BELOW_GROUP)

    def limit(self, start: int, end: int) -> None:
        """Count only what is between these two times, ns on the trace's clock. Call it before the first event."""
        self._from = start
        self._to = end

    def restrict(self, windows: Windows) -> None:
        """Count only what is in these windows of each life. Call it before the first event."""
        self._scoped = True
        self._windows = windows

    def ignored(self) -> int:
        return ~(1 << _IS_RUNNABLE | 1 << _IS_RUNNING | 1 << _IS_SYSCALL | 1 << _IS_WAITING)

    # ---- what the kernel reports ------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    def born(self, g: cython.int, now: cython.longlong) -> cython.int:
        i: cython.longlong
        if len(self._group) != len(self.goroutines.ids):
            self._group = grown(self._group, len(self.goroutines.ids))
            self._latest = grown(self._latest, _LATEST * min(len(self.goroutines.ids), _MAX_LATEST))
        if g >= self._slots:
            self._slots = g + 1
        self._group[g] = -1
        if g < _MAX_LATEST:
            for i in range(_LATEST * g, _LATEST * (g + 1), _OF_STATE):
                self._settle(i)
                self._latest[i] = 0
        if self.goroutines.entries[g] > 0:
            self._enter(g, self._group_at(self.goroutines.entries[g]))
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
        if kind > _IS_WAITING:
            return 0
        end: cython.longlong = start + length
        is_inside: cython.bint = self._from <= start and end <= self._to
        # most goroutines do what they did before
        latest: cython.longlong = _LATEST * g + _OF_STATE * (kind - 1)
        what: cython.longlong = _IS_KNOWN | flags & _FLAGS
        if kind != _IS_RUNNING:
            what |= ((cython.cast(cython.longlong, stack) << 27) | reason) << 2
        has_latest: cython.bint = g < _MAX_LATEST
        has_p: cython.bint = kind != _IS_SYSCALL or self.goroutines.lost[g] >= end
        if has_latest and self._latest[latest] == what and is_inside and has_p:
            self._latest[latest + 2] += length
            self._latest[latest + 3] += 1
            return 0
        if self._group[g] < 0 and stack > 0:
            self._found(g, self._group_at(stack))
        if not (self._states >> kind) & 1:
            return 0
        if not is_inside:
            start, end = max(start, self._from), min(end, self._to)
            if end <= start:
                return 0
        row: cython.longlong = -1
        if self._scoped:
            row = self._windows.row(self.goroutines.lives[g])
            if row < 0:
                return 0
        number: cython.longlong = 0
        if kind == _IS_WAITING or (kind == _IS_RUNNABLE and reason > 0):
            number = 1 + self._why.number(reason, stack)
        place: cython.longlong = stack
        if kind == _IS_RUNNING:
            # where it stopped is not where it ran
            place = 0
        elif kind == _IS_RUNNABLE and self._wakers:
            place = self._pairs.of(stack, cause_stack)
        key: cython.longlong = (place << _STACK) | (number << _REASON) | (flags & _FLAGS)
        lost: cython.longlong = end
        if kind == _IS_SYSCALL:
            lost = min(max(self.goroutines.lost[g], start), end)
        if row >= 0:
            return self._inside(g, key, kind, start, end, lost, row)
        if lost < end or self._group[g] < 0:
            return self._piece(g, key, kind, start, end, lost, 1)
        # the shortest way for nearly all intervals
        key |= (cython.cast(cython.longlong, self._group[g]) << _GROUP) | (cython.cast(cython.longlong, kind) << _STATE)
        at: cython.int = self._sums.add(key, 1, end - start)
        if has_latest and self._sums.has(at, key) and not (kind == _IS_RUNNABLE and self._wakers):
            self._settle(latest)
            self._latest[latest] = what
            self._latest[latest + 1] = at
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def died(self, g: cython.int, now: cython.longlong) -> cython.int:
        return self._found(g, 0) if self._group[g] < 0 else 0

    @cython.cfunc
    @cython.exceptval(-1)
    def end(self, now: cython.longlong) -> cython.int:
        g: cython.int
        for g in range(self._slots):
            if self._group[g] < 0 and self.goroutines.ids[g] != -1:
                self._found(g, 0)
        return 0

    # ---- sums -------------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    def _settle(self, latest: cython.longlong) -> cython.int:
        """Add what has gathered in the latest intervals of a slot and state."""
        if self._latest[latest + 3] > 0:
            n: cython.longlong = self._latest[latest + 3]
            self._sums.add_at(cython.cast(cython.int, self._latest[latest + 1]), n, self._latest[latest + 2])
            self._latest[latest + 2] = self._latest[latest + 3] = 0
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _inside(
        self,
        g: cython.int,
        key: cython.longlong,
        kind: cython.int,
        start: cython.longlong,
        end: cython.longlong,
        lost: cython.longlong,
        row: cython.longlong,
    ) -> cython.int:
        """Add what the windows of a life have of an interval; it counts once."""
        windows: Windows = self._windows
        n: cython.longlong = 1
        i: cython.longlong = windows.first_after(row, start)
        last: cython.longlong = windows.first[row + 1]
        while i < last and windows.starts[i] < end:
            self._piece(g, key, kind, max(start, windows.starts[i]), min(end, windows.ends[i]), lost, n)
            n = 0
            i += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _piece(
        self,
        g: cython.int,
        key: cython.longlong,
        kind: cython.int,
        start: cython.longlong,
        end: cython.longlong,
        lost: cython.longlong,
        n: cython.longlong,
    ) -> cython.int:
        """Add a part of an interval. A system call that loses its P has two states, and counts as the second."""
        if lost >= end:
            return self._add(g, key | (cython.cast(cython.longlong, kind) << _STATE), n, end - start)
        lost = max(lost, start)
        if lost > start:
            self._add(g, key | (cython.cast(cython.longlong, kind) << _STATE), 0, lost - start)
        return self._add(g, key | (cython.cast(cython.longlong, _IS_BLOCKED) << _STATE), n, end - lost)

    @cython.cfunc
    @cython.exceptval(-1)
    def _add(self, g: cython.int, key: cython.longlong, n: cython.longlong, ns: cython.longlong) -> cython.int:
        group: cython.longlong = self._group[g]
        if group < 0:
            if self._nameless_n < _MAX_NAMELESS:
                return self._later(g, key, n, ns)
            group = 0
        return self._sums.add(key | (group << _GROUP), n, ns)

    @cython.cfunc
    @cython.exceptval(-1)
    def _later(self, g: cython.int, key: cython.longlong, n: cython.longlong, ns: cython.longlong) -> cython.int:
        """Keep it until the group is known."""
        sums: dict = self._nameless.setdefault(g, {})
        if key in sums:
            sums[key][0] += n
            sums[key][1] += ns
        else:
            sums[key] = [n, ns]
            self._nameless_n += 1
        return 0

    # ---- groups -----------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    def _group_at(self, stack: cython.int) -> cython.int:
        """Return the group of goroutines that began in a stack."""
        i: cython.int = self._group_index.find(stack)
        if i < 0:
            i = self._group_index.count
            if i == len(self._group_keys):
                self._group_keys = self._group_index.keys = grown(self._group_keys, 2 * i)
                self._group_of_stack = grown(self._group_of_stack, 2 * i)
            self._group_keys[i] = stack
            self._group_of_stack[i] = self._named(stack)
            self._group_index.put(stack, i)
        return self._group_of_stack[i]

    @cython.cfunc
    @cython.exceptval(-1)
    def _found(self, g: cython.int, group: cython.int) -> cython.int:
        """The group of the life in slot `g` is known from now on."""
        self._enter(g, group)
        if self._nameless:
            for key, (n, ns) in self._nameless.pop(g, {}).items():
                self._sums.add(key | (cython.cast(cython.longlong, group) << _GROUP), n, ns)
                self._nameless_n -= 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _enter(self, g: cython.int, group: cython.int) -> cython.int:
        self._group[g] = group
        life: cython.longlong = self.goroutines.lives[g]
        if self._keeps and life < _MAX_LIVES:
            if life >= len(self._life_groups):
                self._life_groups = grown(self._life_groups, max(64, 2 * life))
            self._life_groups[life] = group
        return 0

    # ---- results ----------------------------------------------------------------------------------------------

    def group_of(self, life: int) -> int:
        """Return the group of a life, 0 if it is unknown."""
        return self._life_groups[life] if 0 <= life < len(self._life_groups) else 0

    def reasons(self) -> list[str]:
        """Return the reasons by number, less 1."""
        return self._why.names()

    def merged(self) -> int:
        """Return how many intervals have lost their stack because there were too many different samples."""
        return self._sums.without_bits()

    def rows(self) -> list[tuple[int, int, int, int, int, int, int, int]]:
        """Return (state, reason, stack, waker stack, group, flags, count, ns) for each sample.

        state: `spec.GoState` or `BLOCKED`. reason: a number of `reasons` and 1, 0 for none. Stacks are indices of the
        trace's tables, 0 for none. group: 0 unknown. flags: `spec.OPEN` and `spec.BEFORE`.
        """
        out: list = []
        i: cython.longlong
        for i in range(0, len(self._latest), _OF_STATE):
            self._settle(i)
        for key, count, ns in self._sums.rows():
            state = (key >> _STATE) & 7
            place = key >> _STACK
            waker = 0
            if self._wakers and state == _IS_RUNNABLE and place > 0:
                place, waker = self._pairs[place]
            group = (key & _BELOW_STACK) >> _GROUP
            out.append((state, (key >> _REASON) & 63, place, waker, group, key & _FLAGS, count, ns))
        return out
