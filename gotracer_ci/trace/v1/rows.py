# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Rows in the newer format's terms, made from records of the old one."""

from __future__ import annotations

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace.columns import column
from gotracer_ci.trace.spec import MAX_PROCS
from gotracer_ci.trace.v1.records import Records
from gotracer_ci.trace.v1.spec import TIMED, Old
from gotracer_ci.trace.wire import Damage

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.interning import Ids
else:
    from gotracer_ci.trace.interning import Ids

_ID_MASK = cython.declare(cython.longlong, 0xFFFFFFFF)


@cython.final
@cython.cclass
class Rows:
    """A block of `n` rows, in columns.

    columns: times, types, threads, procs, goroutines, a, b, c and stacks, as `kernel.Kernel.replay` takes them.
    thread_of: the thread of each running P, by P + 1; −1 for none. lacks_stacks: events refer to missing stacks.
    """

    n: cython.int
    lacks_stacks: cython.bint
    columns: tuple
    times: cython.longlong[::1]
    types: cython.uchar[::1]
    threads: cython.longlong[::1]
    procs: cython.int[::1]
    goroutines: cython.longlong[::1]
    a: cython.longlong[::1]
    b: cython.longlong[::1]
    c: cython.longlong[::1]
    stacks: cython.int[::1]
    thread_of: cython.longlong[::1]

    # the records' columns
    _times: cython.longlong[::1]
    _kinds: cython.uchar[::1]
    _procs: cython.short[::1]
    _goroutines: cython.int[::1]
    _argument_at: cython.int[::1]
    _arguments: cython.longlong[::1]
    _ids: cython.longlong[::1]
    _offsets: cython.int[::1]

    _stack_argument: cython.int[::1]  # by event type: which argument is the stack, −1 for none
    _string_ids: Ids
    _stack_ids: Ids

    def __init__(self, records: Records, stacks: Ids, size: int) -> None:
        self.n = 0
        self.lacks_stacks = False
        self.columns = tuple([column(code, [0]) * size for code in "qBqiqqqqi"])
        self.times, self.types = self.columns[:2]
        self.threads, self.procs, self.goroutines = self.columns[2:5]
        self.a, self.b, self.c, self.stacks = self.columns[5:]
        self.thread_of = column("q", [-1]) * (MAX_PROCS + 1)
        self._times = records.times
        self._kinds = records.kinds
        self._procs = records.procs
        self._goroutines = records.goroutines
        self._argument_at = records.argument_at
        self._arguments = records.arguments
        self._ids = records.ids
        self._offsets = records.offsets
        self._stack_argument = column("i", [-1]) * 64
        for kind, names in TIMED.items():
            if "stack" in names:
                self._stack_argument[kind] = names.index("stack")
        self._stack_argument[Old.SYSCALL_BLOCKS] = self._stack_argument[Old.GO_SYSCALL]
        self._string_ids = records.strings
        self._stack_ids = stacks

    @cython.cfunc
    def put(
        self,
        i: cython.int,
        event: cython.int,
        a: cython.longlong,
        b: cython.longlong,
        c: cython.longlong,
        stack: cython.int,
    ) -> cython.int:
        """Add a row with the time and the context of event `i`; return its index."""
        row: cython.int = self.n
        proc: cython.int = self._procs[i]
        goroutine: cython.int = self._goroutines[i]
        self.times[row] = self._times[i]
        self.types[row] = event
        self.threads[row] = self.thread_of[proc + 1]
        self.procs[row] = proc
        self.goroutines[row] = -1 if goroutine == 0 else self._ids[goroutine]
        self.a[row] = a
        self.b[row] = b
        self.c[row] = c
        self.stacks[row] = stack
        self.n = row + 1
        return row

    @cython.cfunc
    def put_on(
        self, i: cython.int, event: cython.int, a: cython.longlong, stack: cython.int, proc: cython.int
    ) -> cython.int:
        """Add a row on a stand-in for a P, which has no thread; return its index."""
        row: cython.int = self.put(i, event, a, 0, 0, stack)
        self.procs[row] = proc
        self.threads[row] = -1
        return row

    @cython.cfunc
    def put_nowhere(
        self, i: cython.int, event: cython.int, a: cython.longlong, b: cython.longlong, c: cython.longlong
    ) -> cython.int:
        """Add a row with the time of event `i` and no context; return its index."""
        row: cython.int = self.put(i, event, a, b, c, 0)
        self.threads[row] = self.procs[row] = -1
        self.goroutines[row] = -1
        return row

    @cython.cfunc
    @cython.exceptval(check=False)
    def argument(self, i: cython.int, k: cython.int) -> cython.longlong:
        """Return argument `k` of event `i`, which has one."""
        return self._arguments[self._argument_at[i] + k]

    @cython.cfunc
    def own_stack(self, i: cython.int) -> cython.int:
        """Return the stack of event `i`, an index of the tables, 0 if it has none."""
        k: cython.int = self._stack_argument[self._kinds[i]]
        return 0 if k < 0 else self.stack(self._arguments[self._argument_at[i] + k] & _ID_MASK)

    @cython.cfunc
    def stack(self, id: cython.longlong) -> cython.int:
        """Return the index of a stack; 0 if it is missing, as in Go's reader: the file may be truncated before it."""
        index: cython.int = self._stack_ids.get(id)
        if index < 0:
            self.lacks_stacks = True
            return 0
        return index

    @cython.cfunc
    def string(self, i: cython.int, id: cython.longlong) -> cython.int:
        """Return the index of a string that event `i` refers to.

        Raises:
            Damage: it is missing.
        """
        index: cython.int = self._string_ids.get(id)
        if index < 0:
            raise Damage("an event refers to an unknown string ID", self._offsets[i])
        return index
