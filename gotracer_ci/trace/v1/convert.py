# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Convert the events of the old format to the terms of the newer one, by the rules of Go's own reader.

Reasons to wait have other names (GoBlock: "", GoStop: "forever"). A system call was an instant: one that did not block
becomes an interval of 1 ns. What comes before the first GOMAXPROCS is no event but the state at the start of the trace.
Timers, the network poller, ends of system calls and GC cycles belong to no real P: see `spec.TIMER_P`.

The checks of the old reader apply, too: a trace that contradicts itself is read up to there.
"""

from __future__ import annotations

from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace.columns import column, grown
from gotracer_ci.trace.interning import Ids
from gotracer_ci.trace.spec import MAX_PROCS, Ev, GoState
from gotracer_ci.trace.tables import Tables
from gotracer_ci.trace.v1 import spec
from gotracer_ci.trace.v1.records import Records
from gotracer_ci.trace.v1.spec import Old
from gotracer_ci.trace.wire import Damage

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.v1.others import Others
    from cython.cimports.gotracer_ci.trace.v1.rows import Rows
else:
    from gotracer_ci.trace.v1.others import Others
    from gotracer_ci.trace.v1.rows import Rows

# States of a goroutine, 0 before it is created. A blocked system call waits, too.
_RUNNABLE = cython.declare(cython.int, GoState.RUNNABLE)
_RUNNING = cython.declare(cython.int, GoState.RUNNING)
_SYSCALL = cython.declare(cython.int, GoState.SYSCALL)
_WAITING = cython.declare(cython.int, GoState.WAITING)
_ENDED = cython.declare(cython.int, GoState.NOT_EXIST)

_TIMER_P = cython.declare(cython.int, spec.TIMER_P)
_NETPOLL_P = cython.declare(cython.int, spec.NETPOLL_P)
_SYSCALL_P = cython.declare(cython.int, spec.SYSCALL_P)

_GOMAXPROCS = cython.declare(cython.int, Old.GOMAXPROCS)

_GO_CREATE = cython.declare(cython.int, Old.GO_CREATE)
_GO_START = cython.declare(cython.int, Old.GO_START)
_GO_START_LOCAL = cython.declare(cython.int, Old.GO_START_LOCAL)
_GO_START_LABEL = cython.declare(cython.int, Old.GO_START_LABEL)
_GO_STOP = cython.declare(cython.int, Old.GO_STOP)
_GO_BLOCK_NET = cython.declare(cython.int, Old.GO_BLOCK_NET)
_GO_UNBLOCK = cython.declare(cython.int, Old.GO_UNBLOCK)
_GO_UNBLOCK_LOCAL = cython.declare(cython.int, Old.GO_UNBLOCK_LOCAL)
_GO_SYSCALL = cython.declare(cython.int, Old.GO_SYSCALL)
_SYSCALL_BLOCKS = cython.declare(cython.int, Old.SYSCALL_BLOCKS)
_GO_SYS_BLOCK = cython.declare(cython.int, Old.GO_SYS_BLOCK)
_GO_SYS_EXIT = cython.declare(cython.int, Old.GO_SYS_EXIT)
_GO_SYS_EXIT_LOCAL = cython.declare(cython.int, Old.GO_SYS_EXIT_LOCAL)
_GO_END = cython.declare(cython.int, Old.GO_END)
_GO_WAITING = cython.declare(cython.int, Old.GO_WAITING)
_GO_IN_SYSCALL = cython.declare(cython.int, Old.GO_IN_SYSCALL)

# Event types of the newer format.
_EV_NONE = cython.declare(cython.int, Ev.NONE)
_EV_PROCS_CHANGE = cython.declare(cython.int, Ev.PROCS_CHANGE)
_EV_GO_CREATE = cython.declare(cython.int, Ev.GO_CREATE)
_EV_GO_START = cython.declare(cython.int, Ev.GO_START)
_EV_GO_LABEL = cython.declare(cython.int, Ev.GO_LABEL)
_EV_GO_STATUS = cython.declare(cython.int, Ev.GO_STATUS)
_EV_GO_DESTROY = cython.declare(cython.int, Ev.GO_DESTROY)
_EV_GO_BLOCK = cython.declare(cython.int, Ev.GO_BLOCK)
_EV_GO_STOP = cython.declare(cython.int, Ev.GO_STOP)
_EV_GO_UNBLOCK = cython.declare(cython.int, Ev.GO_UNBLOCK)
_EV_GO_SYSCALL_BEGIN = cython.declare(cython.int, Ev.GO_SYSCALL_BEGIN)
_EV_GO_SYSCALL_END = cython.declare(cython.int, Ev.GO_SYSCALL_END)
_EV_GO_SYSCALL_END_BLOCKED = cython.declare(cython.int, Ev.GO_SYSCALL_END_BLOCKED)

_MOST_ROWS = cython.declare(cython.int, 2)  # that one event becomes
_BLOCKS = cython.declare(cython.int, 1)
_YIELDS = cython.declare(cython.int, 2)


@cython.final
@cython.cclass
class Converter:
    """Converts ordered events to rows, a block with each call of `fill`."""

    _rows: Rows
    _others: Others
    _tables: Any
    _ids: cython.longlong[::1]
    _order: cython.int[::1]
    _n: cython.int
    _done: cython.int

    # the records' columns
    _kinds: cython.uchar[::1]
    _procs: cython.short[::1]
    _goroutines: cython.int[::1]
    _subjects: cython.int[::1]
    _offsets: cython.int[::1]

    # goroutines
    _state: cython.uchar[::1]
    _entry: cython.int[::1]  # the stack of its function
    _on_network: cython.uchar[::1]
    _runs_timers: cython.uchar[::1]

    # Ps, by number + 1
    _runs: cython.uchar[::1]
    _goroutine: cython.int[::1]  # the one that it runs, 0 for none

    # the start of the trace: goroutines that exist, in the order of their events
    _at_start: cython.bint
    _existing: cython.int[::1]
    _n_existing: cython.int
    _is_unknown: cython.uchar[::1]  # by goroutine: its state has not been given yet
    _next_existing: cython.int  # the next one to report, −1 outside of the first GOMAXPROCS

    # by event type: whether it blocks or yields, and the index of its reason, −1 before its first use
    _stops: cython.uchar[::1]
    _reasons: cython.int[::1]

    def __init__(self, records: Records, version: int, tables: Tables, stacks: Ids, rows: int) -> None:
        n = records.n_ids
        self._tables = tables
        # zeros of columns that grow take no memory, and most goroutines of a hostile trace have nothing else
        self._state = grown(column("B"), n)
        # stands for the runtime itself
        self._state[0] = _RUNNING
        self._rows = Rows(records, stacks, rows)
        self._ids = records.ids
        self._order = records.order
        self._n = records.n
        self._done = 0
        self._kinds = records.kinds
        self._procs = records.procs
        self._goroutines = records.goroutines
        self._subjects = records.subjects
        self._offsets = records.offsets
        self._entry = grown(column("i"), n)
        self._on_network = grown(column("B"), n)
        self._runs_timers = grown(column("B"), n)
        for goroutine in records.timers:
            self._runs_timers[goroutine] = 1
        self._runs = column("B", [0]) * (MAX_PROCS + 1)
        self._goroutine = column("i", [0]) * (MAX_PROCS + 1)
        self._others = Others(records, version, tables, self._rows, self._state, self._runs, self._goroutine)
        self._at_start = True
        self._existing = grown(column("i"), n)
        self._n_existing = 0
        self._is_unknown = grown(column("B"), n)
        self._next_existing = -1
        self._stops = column("B", [0]) * 64
        self._reasons = column("i", [-1]) * 64
        for kind in spec.BLOCK_REASONS:
            self._stops[kind] = _BLOCKS
        for kind in spec.STOP_REASONS:
            self._stops[kind] = _YIELDS

    def fill(self) -> bool:
        """Fill a block of rows with what comes next; return whether there is more.

        Raises:
            Damage: the trace contradicts itself; the rows before that are there.
        """
        rows: Rows = self._rows
        rows.n = 0
        while rows.n + _MOST_ROWS <= len(rows.times):
            if self._next_existing >= 0:
                self._report_existing()
            elif self._done < self._n:
                self._convert(self._order[self._done])
                self._done += 1
            else:
                return False
        return True

    def done(self) -> int:
        """Return how many events have been converted."""
        return self._done

    def block(self) -> tuple[Any, ...]:
        """Return the number of rows and their columns, as `kernel.Kernel.replay` takes them; empty without rows."""
        return (self._rows.n, *self._rows.columns) if self._rows.n else ()

    def lacks_stacks(self) -> bool:
        """Return whether events refer to stacks that the file does not have."""
        return bool(self._rows.lacks_stacks)

    def _fail(self, i: cython.int, problem: str) -> None:
        raise Damage(problem, self._offsets[i])

    @cython.cfunc
    def _convert(self, i: cython.int) -> cython.int:
        """Convert one event; the frequent types come first."""
        kind: cython.int = self._kinds[i]
        if kind in (_GO_START, _GO_START_LOCAL, _GO_START_LABEL):
            self._go_start(i, kind)
        elif self._stops[kind] == _BLOCKS:
            self._go_block(i, kind)
        elif kind in (_GO_UNBLOCK, _GO_UNBLOCK_LOCAL):
            self._go_unblock(i)
        elif kind in (_GO_SYSCALL, _SYSCALL_BLOCKS):
            self._go_syscall(i, kind)
        elif self._stops[kind] == _YIELDS:
            self._go_stop(i, kind)
        elif kind == _GO_CREATE:
            self._go_create(i)
        elif kind == _GO_END:
            self._go_end(i)
        elif kind == _GO_SYS_BLOCK:
            self._go_sys_block(i)
        elif kind in (_GO_SYS_EXIT, _GO_SYS_EXIT_LOCAL):
            self._go_sys_exit(i)
        elif kind in (_GO_WAITING, _GO_IN_SYSCALL):
            self._go_status(i, kind)
        elif kind == _GOMAXPROCS:
            self._gomaxprocs(i)
        elif not self._others.convert(i, kind):
            self._fail(i, f"unknown event type {kind}")
        return 0

    # ---- the start of the trace -------------------------------------------------------------------------------

    @cython.cfunc
    def _gomaxprocs(self, i: cython.int) -> cython.int:
        n: cython.longlong = self._rows.argument(i, 0)
        if n < 0 or n > MAX_PROCS:
            self._fail(i, f"GOMAXPROCS of {n} is out of range")
        if not self._at_start:
            return self._rows.put(i, _EV_PROCS_CHANGE, n, 0, 0, self._rows.own_stack(i))
        # the first one ends the start of the trace: a goroutine that neither runs nor waits is runnable
        self._at_start = False
        self._next_existing = 0
        return self._rows.put_nowhere(i, _EV_NONE, n, 0, 0)

    @cython.cfunc
    def _report_existing(self) -> cython.int:
        k: cython.int = self._next_existing
        g: cython.int
        if k == self._n_existing:
            self._next_existing = -1
            return 0
        self._next_existing = k + 1
        g = self._existing[k]
        if self._is_unknown[g]:
            # with the time of the GOMAXPROCS
            i: cython.int = self._order[self._done - 1]
            self._rows.put_nowhere(i, _EV_GO_STATUS, self._ids[g], _RUNNABLE, self._entry[g])
        return 0

    # ---- goroutines -------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.inline
    def _require_running(self, i: cython.int, runtime: cython.bint) -> cython.int:
        """Fail unless the goroutine and the P of event `i` run each other. runtime: the runtime itself will do, too."""
        g: cython.int = self._goroutines[i]
        if self._state[g] != _RUNNING or self._goroutine[self._procs[i] + 1] != g or (g == 0 and not runtime):
            self._fail(i, f"an event of goroutine {self._ids[g]}, which does not run there")
        return 0

    @cython.cfunc
    def _go_create(self, i: cython.int) -> cython.int:
        g: cython.int = self._subjects[i]
        self._require_running(i, True)
        if self._state[g]:
            self._fail(i, f"goroutine {self._ids[g]} is created twice")
        self._state[g] = _RUNNABLE
        self._entry[g] = self._rows.stack(self._rows.argument(i, 1))
        if self._at_start:
            self._existing[self._n_existing] = g
            self._n_existing += 1
            self._is_unknown[g] = 1
            return 0
        return self._rows.put(i, _EV_GO_CREATE, self._ids[g], 0, self._entry[g], self._rows.own_stack(i))

    @cython.cfunc
    def _go_start(self, i: cython.int, kind: cython.int) -> cython.int:
        g: cython.int = self._goroutines[i]
        p: cython.int = self._procs[i]
        if self._state[g] != _RUNNABLE or self._goroutine[p + 1]:
            self._fail(i, f"GoStart of goroutine {self._ids[g]}, which is not runnable, or on a P that runs another")
        self._state[g] = _RUNNING
        self._goroutine[p + 1] = g
        if kind == _GO_START_LABEL:
            label: cython.int = self._rows.string(i, self._rows.argument(i, 2))
            start: cython.int = self._rows.put(i, _EV_GO_START, self._ids[g], 0, 0, 0)
            self._mend_thread(start, p)
            self._rows.put(i, _EV_GO_LABEL, label, 0, 0, 0)
            return self._mend_thread(start + 1, p)
        if self._at_start:
            return self._put_status(i, g, _RUNNING)
        return self._rows.put(i, _EV_GO_START, self._ids[g], 0, 0, 0)

    @cython.cfunc
    def _mend_thread(self, row: cython.int, p: cython.int) -> cython.int:
        """In some rows Go's reader has 0 for an unknown thread."""
        if not self._runs[p + 1]:
            self._rows.threads[row] = 0
        return 0

    @cython.cfunc
    def _put_status(self, i: cython.int, g: cython.int, state: cython.int) -> cython.int:
        self._is_unknown[g] = 0
        return self._rows.put(i, _EV_GO_STATUS, self._ids[g], state, self._entry[g], 0)

    @cython.cfunc
    def _go_status(self, i: cython.int, kind: cython.int) -> cython.int:
        g: cython.int = self._goroutines[i]
        if self._state[g] != _RUNNABLE:
            self._fail(i, f"goroutine {self._ids[g]} is reported to wait, but is not runnable")
        self._state[g] = _WAITING
        return self._put_status(i, g, _WAITING if kind == _GO_WAITING else _SYSCALL)

    @cython.cfunc
    def _go_end(self, i: cython.int) -> cython.int:
        g: cython.int = self._goroutines[i]
        self._require_running(i, False)
        self._state[g] = _ENDED
        self._goroutine[self._procs[i] + 1] = 0
        return self._rows.put(i, _EV_GO_DESTROY, 0, 0, 0, 0)

    @cython.cfunc
    def _reason(self, kind: cython.int) -> cython.int:
        """Return the index of an event type's reason."""
        if self._reasons[kind] < 0:
            reasons = spec.BLOCK_REASONS if self._stops[kind] == _BLOCKS else spec.STOP_REASONS
            self._reasons[kind] = self._tables.intern_string(reasons[kind])
        return self._reasons[kind]

    @cython.cfunc
    def _go_block(self, i: cython.int, kind: cython.int) -> cython.int:
        g: cython.int = self._goroutines[i]
        self._require_running(i, False)
        # a goroutine that waits forever has no more events
        self._state[g] = _ENDED if kind == _GO_STOP else _WAITING
        self._on_network[g] = kind == _GO_BLOCK_NET
        self._goroutine[self._procs[i] + 1] = 0
        return self._rows.put(i, _EV_GO_BLOCK, self._reason(kind), 0, 0, self._rows.own_stack(i))

    @cython.cfunc
    def _go_stop(self, i: cython.int, kind: cython.int) -> cython.int:
        self._require_running(i, False)
        self._state[self._goroutines[i]] = _RUNNABLE
        self._goroutine[self._procs[i] + 1] = 0
        return self._rows.put(i, _EV_GO_STOP, self._reason(kind), 0, 0, self._rows.own_stack(i))

    @cython.cfunc
    def _go_unblock(self, i: cython.int) -> cython.int:
        waker: cython.int = self._goroutines[i]
        g: cython.int = self._subjects[i]
        proc: cython.int = -1
        if not self._runs_timers[waker]:
            self._require_running(i, True)
        else:
            proc = _TIMER_P
            if self._state[waker] != _RUNNING:
                self._fail(i, f"an event of goroutine {self._ids[waker]}, which does not run")
        if self._state[g] != _WAITING:
            self._fail(i, f"GoUnblock of goroutine {self._ids[g]}, which does not wait")
        if self._on_network[g]:
            proc = _NETPOLL_P
        self._state[g] = _RUNNABLE
        self._on_network[g] = 0
        if proc >= 0:
            return self._rows.put_on(i, _EV_GO_UNBLOCK, self._ids[g], self._rows.own_stack(i), proc)
        return self._rows.put(i, _EV_GO_UNBLOCK, self._ids[g], 0, 0, self._rows.own_stack(i))

    @cython.cfunc
    def _go_syscall(self, i: cython.int, kind: cython.int) -> cython.int:
        self._require_running(i, False)
        begin: cython.int = self._rows.put(i, _EV_GO_SYSCALL_BEGIN, 0, 0, 0, self._rows.own_stack(i))
        if kind == _GO_SYSCALL:
            self._mend_thread(begin, self._procs[i])
            self._rows.put(i, _EV_GO_SYSCALL_END, 0, 0, 0, 0)
            self._mend_thread(begin + 1, self._procs[i])
            self._rows.times[begin + 1] += 1
        return 0

    @cython.cfunc
    def _go_sys_block(self, i: cython.int) -> cython.int:
        self._require_running(i, False)
        self._state[self._goroutines[i]] = _WAITING
        self._goroutine[self._procs[i] + 1] = 0
        return 0

    @cython.cfunc
    def _go_sys_exit(self, i: cython.int) -> cython.int:
        g: cython.int = self._goroutines[i]
        if self._state[g] != _WAITING:
            self._fail(i, f"goroutine {self._ids[g]} leaves a system call that it is not in")
        self._state[g] = _RUNNABLE
        return self._rows.put_on(i, _EV_GO_SYSCALL_END_BLOCKED, 0, 0, _SYSCALL_P)
