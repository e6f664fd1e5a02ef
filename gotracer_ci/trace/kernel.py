# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""The decoding kernel: Go's event order, and the states and intervals that follow from it.

One source, compiled by Cython where there is a C compiler, plain Python elsewhere. `Kernel.fill` is resumable: it
merges the threads' batches of one generation in exactly the order of Go's own reader (`internal/trace`, whose
rules `_advance_*` follow), stamps the times, writes the wanted events as rows of columns, and reports every
interval that ends to an observer (see `observe`). No structure grows with the number of events.

The methods stand in the order in which an event meets them: generations, queue, wire, order, states, rows.

The order rests on these facts: ties are common (the clock ticks every 64 ns), so the queue is Go's heap to the swap;
every emitted time is at least one more than the last; an event that cannot happen yet waits for its sequence
number while the other threads are tried in time order.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace import spec
from gotracer_ci.trace.columns import column, grown, signed

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.columns import IdMap
    from cython.cimports.gotracer_ci.trace.intrinsics import prefetch
    from cython.cimports.gotracer_ci.trace.observe import Goroutines, Observer
    from cython.cimports.gotracer_ci.trace.regions import Region, Regions
    from cython.cimports.gotracer_ci.trace.sorting import Sorter
    from cython.cimports.gotracer_ci.trace.varints import Varints
else:
    from gotracer_ci.trace.columns import IdMap
    from gotracer_ci.trace.observe import Goroutines, Observer
    from gotracer_ci.trace.regions import Region, Regions
    from gotracer_ci.trace.sorting import Sorter
    from gotracer_ci.trace.varints import Varints

CHUNK_ROWS = 16384
"""Rows of a chunk: its columns stay in the processor's second-level cache."""
STEPS = 1 << 18
"""`fill` returns after this many steps even without rows, so that Ctrl-C and the progress bar stay responsive.

An event is a step, and so is each thread that is tried in vain.
"""
MOST_WORK = 1 << 24
WORK_PER_BYTE = 32
"""Threads that may be tried in vain: in a real trace a few per event, which has about four bytes."""

FULL = 1
DONE = 2
BROKEN = 3

_R_ROWS = cython.declare(cython.int, CHUNK_ROWS)
_MAX_PROCS = cython.declare(cython.longlong, spec.MAX_PROCS)
_STEPS = cython.declare(cython.int, STEPS)
_CROWD = cython.declare(cython.int, 4096)  # with more goroutines, their state no longer fits the caches
_MAX_TIME = cython.declare(cython.longlong, spec.MAX_TIME)

_UNDETERMINED = cython.declare(cython.int, spec.GoState.UNDETERMINED)
_RUNNABLE = cython.declare(cython.int, spec.GoState.RUNNABLE)
_RUNNING = cython.declare(cython.int, spec.GoState.RUNNING)
_SYSCALL = cython.declare(cython.int, spec.GoState.SYSCALL)
_WAITING = cython.declare(cython.int, spec.GoState.WAITING)
_IDLE_P = cython.declare(cython.int, spec.IntervalKind.IDLE_P)
_STW = cython.declare(cython.int, spec.IntervalKind.STW)
_MARK_ASSIST = cython.declare(cython.int, spec.IntervalKind.MARK_ASSIST)
_SWEEP = cython.declare(cython.int, spec.IntervalKind.SWEEP)
_REGION = cython.declare(cython.int, spec.IntervalKind.REGION)
_OPEN = cython.declare(cython.int, spec.OPEN)
_BEFORE = cython.declare(cython.int, spec.BEFORE)

# States of the garbage collector.
_GC_UNKNOWN = cython.declare(cython.int, 0)
_GC_OFF = cython.declare(cython.int, 1)
_GC_ON = cython.declare(cython.int, 2)

_P_UNDETERMINED = cython.declare(cython.int, spec.ProcState.UNDETERMINED)
_P_RUNNING = cython.declare(cython.int, spec.ProcState.RUNNING)
_P_IDLE = cython.declare(cython.int, spec.ProcState.IDLE)
_P_SYSCALL = cython.declare(cython.int, spec.ProcState.SYSCALL)
_P_ABANDONED = cython.declare(cython.int, spec.ProcState.SYSCALL_ABANDONED)
_P_NOT_EXIST = cython.declare(cython.int, spec.ProcState.NOT_EXIST)

_FAILED = cython.declare(cython.int, -2)
_NEVER = cython.declare(cython.longlong, spec.NEVER)
_LEAST = cython.declare(cython.longlong, -(1 << 63))

# Event types, as C integers; `spec.Ev` names them for everybody else.
_NONE = cython.declare(cython.int, spec.Ev.NONE)
_CPU_SAMPLE = cython.declare(cython.int, spec.Ev.CPU_SAMPLE)
_PROCS_CHANGE = cython.declare(cython.int, spec.Ev.PROCS_CHANGE)
_PROC_START = cython.declare(cython.int, spec.Ev.PROC_START)
_PROC_STOP = cython.declare(cython.int, spec.Ev.PROC_STOP)
_PROC_STEAL = cython.declare(cython.int, spec.Ev.PROC_STEAL)
_PROC_STATUS = cython.declare(cython.int, spec.Ev.PROC_STATUS)
_GO_CREATE = cython.declare(cython.int, spec.Ev.GO_CREATE)
_GO_CREATE_SYSCALL = cython.declare(cython.int, spec.Ev.GO_CREATE_SYSCALL)
_GO_START = cython.declare(cython.int, spec.Ev.GO_START)
_GO_DESTROY = cython.declare(cython.int, spec.Ev.GO_DESTROY)
_GO_DESTROY_SYSCALL = cython.declare(cython.int, spec.Ev.GO_DESTROY_SYSCALL)
_GO_STOP = cython.declare(cython.int, spec.Ev.GO_STOP)
_GO_BLOCK = cython.declare(cython.int, spec.Ev.GO_BLOCK)
_GO_UNBLOCK = cython.declare(cython.int, spec.Ev.GO_UNBLOCK)
_GO_SYSCALL_BEGIN = cython.declare(cython.int, spec.Ev.GO_SYSCALL_BEGIN)
_GO_SYSCALL_END = cython.declare(cython.int, spec.Ev.GO_SYSCALL_END)
_GO_SYSCALL_END_BLOCKED = cython.declare(cython.int, spec.Ev.GO_SYSCALL_END_BLOCKED)
_GO_STATUS = cython.declare(cython.int, spec.Ev.GO_STATUS)
_STW_BEGIN = cython.declare(cython.int, spec.Ev.STW_BEGIN)
_STW_END = cython.declare(cython.int, spec.Ev.STW_END)
_GC_ACTIVE = cython.declare(cython.int, spec.Ev.GC_ACTIVE)
_GC_BEGIN = cython.declare(cython.int, spec.Ev.GC_BEGIN)
_GC_END = cython.declare(cython.int, spec.Ev.GC_END)
_SWEEP_ACTIVE = cython.declare(cython.int, spec.Ev.GC_SWEEP_ACTIVE)
_SWEEP_BEGIN = cython.declare(cython.int, spec.Ev.GC_SWEEP_BEGIN)
_SWEEP_END = cython.declare(cython.int, spec.Ev.GC_SWEEP_END)
_ASSIST_ACTIVE = cython.declare(cython.int, spec.Ev.GC_MARK_ASSIST_ACTIVE)
_ASSIST_BEGIN = cython.declare(cython.int, spec.Ev.GC_MARK_ASSIST_BEGIN)
_ASSIST_END = cython.declare(cython.int, spec.Ev.GC_MARK_ASSIST_END)
_HEAP_ALLOC = cython.declare(cython.int, spec.Ev.HEAP_ALLOC)
_HEAP_GOAL = cython.declare(cython.int, spec.Ev.HEAP_GOAL)
_GO_LABEL = cython.declare(cython.int, spec.Ev.GO_LABEL)
_TASK_BEGIN = cython.declare(cython.int, spec.Ev.USER_TASK_BEGIN)
_TASK_END = cython.declare(cython.int, spec.Ev.USER_TASK_END)
_REGION_BEGIN = cython.declare(cython.int, spec.Ev.USER_REGION_BEGIN)
_REGION_END = cython.declare(cython.int, spec.Ev.USER_REGION_END)
_LOG = cython.declare(cython.int, spec.Ev.USER_LOG)
_GO_SWITCH = cython.declare(cython.int, spec.Ev.GO_SWITCH)
_GO_SWITCH_DESTROY = cython.declare(cython.int, spec.Ev.GO_SWITCH_DESTROY)
_GO_CREATE_BLOCKED = cython.declare(cython.int, spec.Ev.GO_CREATE_BLOCKED)
_GO_STATUS_STACK = cython.declare(cython.int, spec.Ev.GO_STATUS_STACK)
_SPAN = cython.declare(cython.int, spec.Ev.SPAN)
_SYNC = cython.declare(cython.int, spec.Ev.SYNC)

# Why a goroutine is Runnable, as pseudo-reasons; the first strings of every table (see `tables.RESERVED`).
_R_UNBLOCKED = cython.declare(cython.int, 1)
_R_CREATED = cython.declare(cython.int, 2)
_R_SYSCALL_EXIT = cython.declare(cython.int, 3)


def is_compiled() -> bool:
    return bool(cython.compiled)


def is_checked() -> bool:
    """Return whether an index out of range is caught: in plain Python, and in the build for tests and the fuzzer."""
    column: cython.int[:] = array("i", [0, 0])
    first: cython.int[:] = column[:1]
    behind: cython.int = 1
    try:
        return first[behind] != 0
    except IndexError:
        return True


@cython.final
@cython.cclass
class Kernel:
    """The reader's state over a whole trace. `begin` starts a generation, `fill` reads it chunk by chunk.

    Args:
        wanted: 256 bytes, 1 for the event types that become rows.
        observer: what the intervals, births and deaths are reported to (`observe.Observer`).

    After `begin`, `sync`, `fill` or `replay`, `columns` returns the rows; `reader.Chunk` describes them.
    """

    # rows
    _rows: cython.int
    _times: cython.longlong[::1]
    _types: cython.uchar[::1]
    _threads: cython.longlong[::1]
    _procs: cython.int[::1]
    _goroutine_column: cython.longlong[::1]
    _a: cython.longlong[::1]
    _b: cython.longlong[::1]
    _c: cython.longlong[::1]
    _stack_column: cython.int[::1]
    _life_column: cython.longlong[::1]
    _wanted: cython.uchar[::1]
    _by_type: cython.longlong[::1]
    _last_time: cython.longlong
    _start_time: cython.longlong
    _syncs: cython.longlong

    # the generation
    _data: cython.const[cython.uchar][::1]
    _gen: cython.longlong
    _first_gen: cython.longlong
    _freq: cython.double
    _strings: cython.int[::1]
    _stacks: cython.int[::1]
    _sparse_strings: dict
    _sparse_stacks: dict
    _arity: cython.char[::1]
    _problem: str
    _offset: cython.longlong
    _work: cython.longlong  # steps besides the one for each event
    _most_work: cython.longlong

    # cursors: one per thread with batches, and the heap over them
    _queue: cython.int[::1]
    _next_time: cython.longlong  # of the queue's second thread: the first one goes on until then
    _sorter: Sorter
    _queue_n: cython.int
    _batches: cython.longlong[::1]  # three numbers for each: time in ticks, first byte, end
    _c_thread: cython.int[::1]
    _c_next: cython.longlong[::1]
    _c_last_batch: cython.longlong[::1]
    _c_pos: cython.longlong[::1]
    _c_end: cython.longlong[::1]
    _e_type: cython.int[::1]
    _e_time: cython.longlong[::1]
    _e_offset: cython.longlong[::1]
    _e_args: cython.longlong[::1]

    # CPU samples of the generation, in time order
    _sample_times: cython.longlong[::1]
    _sample_offsets: cython.longlong[::1]
    _sample_data: Varints
    _sample: cython.int
    _sample_n: cython.int
    _sample_time: cython.longlong

    # threads
    _thread_map: IdMap
    _m_n: cython.int
    _m_id: cython.longlong[::1]
    _m_known: cython.int[::1]
    _m_proc: cython.int[::1]
    _m_gid: cython.longlong[::1]
    _m_slot: cython.int[::1]

    # procs
    _p_status: cython.int[::1]
    _p_gen: cython.longlong[::1]
    _p_seq: cython.longlong[::1]
    _p_sweep: cython.longlong[::1]  # when its sweep began, −1 for none
    _p_sweep_stack: cython.int[::1]
    _p_caller: cython.int[::1]  # the slot of the last goroutine that began a system call on it, −1 for none
    _p_called: cython.longlong[::1]  # and when
    _p_idle: cython.int[::1]  # idle ones in each range of 256 numbers
    _p_top: cython.int
    _p_old: cython.int  # the old format: below this number, every P has a state
    _idle_ps: cython.int
    _idle_total: cython.longlong
    _idle_since: cython.longlong
    _stw_depth: cython.int
    _stw_gid: cython.longlong
    _gomaxprocs: cython.longlong
    _gomaxprocs_at_start: cython.longlong

    # goroutines by slot; the slots of dead ones are used again
    _slots: IdMap
    _g_n: cython.int
    _free: cython.int[::1]
    _free_n: cython.int
    _goroutines: Goroutines
    _lives: cython.longlong
    _g_id: cython.longlong[::1]
    _g_life: cython.longlong[::1]
    _g_status: cython.int[::1]
    _g_gen: cython.longlong[::1]
    _g_seq: cython.longlong[::1]
    _g_since: cython.longlong[::1]
    _g_reason: cython.int[::1]
    _g_own: cython.int[::1]
    _g_cause: cython.longlong[::1]
    _g_cause_stack: cython.int[::1]
    _g_flags: cython.int[::1]
    _g_idle: cython.longlong[::1]  # runnable: the idle clock at the beginning; in a system call: the loss of its P
    _g_proc: cython.int[::1]  # of one in a system call: the P on which it began
    _g_created: cython.longlong[::1]
    _g_creator: cython.longlong[::1]
    _g_creation: cython.int[::1]
    _g_entry: cython.int[::1]
    _goroutines_at_start: cython.longlong
    _goroutines_created: cython.longlong

    # the rest
    _gc_seq: cython.longlong
    _gc_state: cython.int
    _tasks: dict
    _regions: Regions
    _assists: dict  # slot → (since, stack)
    _stops: dict  # slot → (since, kind, stack)
    _observer: Observer

    # the context of the current event, before it happens
    _m: cython.int
    _p: cython.int
    _g: cython.int
    _gid: cython.longlong

    def __init__(self, wanted: bytes, observer: Any) -> None:
        n = CHUNK_ROWS
        self._rows = 0
        self._times = array("q", bytes(8 * n))
        self._types = bytearray(n)
        self._threads = array("q", bytes(8 * n))
        self._procs = array("i", bytes(4 * n))
        self._goroutine_column = array("q", bytes(8 * n))
        self._a = array("q", bytes(8 * n))
        self._b = array("q", bytes(8 * n))
        self._c = array("q", bytes(8 * n))
        self._stack_column = array("i", bytes(4 * n))
        self._life_column = array("q", bytes(8 * n))
        if len(wanted) != 256:
            raise ValueError("wanted: one byte for each of 256 event types")
        self._wanted = column("B", wanted)
        self._by_type = column("q", bytes(8 * 256))
        self._last_time = self._start_time = self._syncs = 0
        arity = column("b", [-1]) * 256
        for event, arguments in spec.TIMED.items():
            arity[event] = len(arguments)
        self._arity = arity
        self._problem = ""
        self._offset = -1
        self._work = self._most_work = 0
        self._gen = self._first_gen = 0
        self._queue_n = 0
        self._sorter = Sorter()
        self._sample = self._sample_n = 0
        self._sample_time = 0
        self._m_id = column("q", bytes(8 * 16))
        self._thread_map = IdMap(self._m_id)
        self._m_n = 0
        self._m_known = column("i", bytes(4 * 16))
        self._m_proc = column("i", bytes(4 * 16))
        self._m_gid = column("q", bytes(8 * 16))
        self._m_slot = column("i", bytes(4 * 16))
        self._p_status = column("i", bytes(4 * spec.MAX_PROCS))
        self._p_gen = column("q", bytes(8 * spec.MAX_PROCS))
        self._p_seq = column("q", bytes(8 * spec.MAX_PROCS))
        self._p_sweep = column("q", [-1]) * spec.MAX_PROCS
        self._p_sweep_stack = column("i", bytes(4 * spec.MAX_PROCS))
        self._p_caller = column("i", [-1]) * spec.MAX_PROCS
        self._p_called = column("q", bytes(8 * spec.MAX_PROCS))
        self._p_idle = column("i", bytes(4 * (spec.MAX_PROCS >> 8)))
        self._p_top = self._p_old = 0
        self._idle_ps = self._stw_depth = 0
        self._stw_gid = -1
        self._idle_total = self._idle_since = 0
        self._gomaxprocs = self._gomaxprocs_at_start = 0
        self._g_n = self._free_n = 0
        self._free = column("i", bytes(4 * 64))
        self._g_id = self._g_gen = self._g_seq = self._g_since = self._g_cause = column("q")
        self._g_idle = self._g_created = self._g_creator = self._g_life = column("q")
        self._g_status = self._g_reason = self._g_own = self._g_cause_stack = column("i")
        self._g_flags = self._g_creation = self._g_entry = self._g_proc = column("i")
        self._slots = IdMap(self._g_id)
        self._goroutines = Goroutines()
        self._goroutines.slots = self._slots
        self._goroutines.thread = -1
        self._goroutines.threads = self._m_id
        self._goroutines.tests = column("i")
        self._goroutines.is_test = False
        self._goroutines.changes = 0
        self._grow_goroutines(64)
        self._lives = 0
        self._observer = observer
        observer.observe(self._goroutines)
        self._goroutines_at_start = self._goroutines_created = 0
        self._gc_seq = self._gc_state = 0
        self._tasks = {}
        self._regions = Regions()
        self._assists = {}
        self._stops = {}
        self._m = -1

    def _grow_goroutines(self, size: int) -> None:
        # nothing must keep an old column, because a million goroutines need much memory
        self._free = grown(self._free, size)
        self._g_id = self._goroutines.ids = grown(self._g_id, size)
        self._g_status = self._goroutines.states = grown(self._g_status, size)
        self._g_gen = grown(self._g_gen, size)
        self._g_seq = grown(self._g_seq, size)
        self._g_since = self._goroutines.since = grown(self._g_since, size)
        self._g_reason = grown(self._g_reason, size)
        self._g_own = self._goroutines.stacks = grown(self._g_own, size)
        self._g_cause = grown(self._g_cause, size)
        self._g_cause_stack = grown(self._g_cause_stack, size)
        self._g_flags = grown(self._g_flags, size)
        self._g_idle = self._goroutines.lost = grown(self._g_idle, size)
        self._g_proc = self._goroutines.procs = grown(self._g_proc, size)
        self._slots.keys = self._g_id
        self._g_created = self._goroutines.created = grown(self._g_created, size)
        self._g_creator = self._goroutines.creators = grown(self._g_creator, size)
        self._g_creation = self._goroutines.creations = grown(self._g_creation, size)
        self._g_entry = self._goroutines.entries = grown(self._g_entry, size)
        self._g_life = self._goroutines.lives = grown(self._g_life, size)

    # ---- generations ------------------------------------------------------------------------------------------

    def begin(
        self,
        data: Any,
        number: int,
        freq: float,
        start: int,
        threads: list[tuple[int, Any]],
        samples: tuple[Any, Any],
        strings: tuple[Any, dict[int, int]],
        stacks: tuple[Any, dict[int, int]],
    ) -> int:
        """Start a generation and emit its Sync event.

        Args:
            data: the whole trace. number: the generation's. freq: nanoseconds a tick. start: its first time, ns.
            threads: (thread id, batches) in the order of their first batches. Three numbers (int64) for each batch:
                time in ticks, first byte, end.
            samples: times in ns and offsets of the CPU samples, columns in time order. Their numbers have been checked.
            strings, stacks: from the generation's ids to the tables' indices: a dense int32 column (−1: no such
                id), and a dict for the ids beyond it.

        Returns: the state to go on with: FULL (call `fill`) or BROKEN.
        """
        self._data = data
        self._most_work = MOST_WORK + WORK_PER_BYTE * len(data)
        self._gen = number
        if self._first_gen == 0:
            self._first_gen = number
        self._freq = freq
        self._strings, self._sparse_strings = strings
        self._stacks, self._sparse_stacks = stacks
        n = len(threads)
        batches = array("q")
        for _, its_batches in threads:
            batches.extend(its_batches)
        self._batches = column("q", batches)
        self._queue = column("i", bytes(4 * (n + 1)))
        self._queue_n = 0
        self._c_thread = column("i", bytes(4 * n))
        self._c_next = column("q", bytes(8 * n))
        self._c_last_batch = column("q", bytes(8 * n))
        self._c_pos = column("q", bytes(8 * n))
        self._c_end = column("q", bytes(8 * n))
        self._e_type = column("i", bytes(4 * n))
        self._e_time = column("q", bytes(8 * n))
        self._e_offset = column("q", bytes(8 * n))
        self._e_args = column("q", bytes(8 * 4 * n))
        self._sample_times, self._sample_offsets = samples
        self._sample_data = Varints(data, 0, len(data))
        self._sample = 0
        self._sample_n = len(self._sample_times)
        self._sample_time = self._sample_times[0] if self._sample_n > 0 else 0
        first = 0
        for i, (thread, its_batches) in enumerate(threads):
            self._c_thread[i] = self._thread(signed(thread)) if signed(thread) != -1 else -1
            self._c_next[i] = first
            first += len(its_batches) // 3
            self._c_last_batch[i] = first
            more = self._read(i)
            if more < 0:
                return BROKEN
            if more:
                self._queue[self._queue_n] = i
                self._queue_n += 1
                self._sift_up(self._queue_n - 1)
        self._look_ahead()
        self.sync(start)
        return FULL

    def resume(self, time: int) -> None:
        """Leave out some generations: the first event has at least this time, ns, as in a reading of all of them."""
        self._last_time = time - 1

    def sync(self, time: int) -> None:
        """Emit a Sync event: at the start of each generation, and at the end of the trace."""
        self._rows = 0
        if self._syncs == 0 and time < 0:
            # the old format counts time from its first event, and this one comes before it
            self._last_time = time - 1
        self._syncs += 1
        self._emit(_SYNC, time, -1, -1, -1, self._syncs, 0, 0, 0)
        if self._syncs == 1:
            self._start_time = self._idle_since = self._last_time

    def columns(self) -> tuple[Any, ...]:
        """Return the number of rows, then times, types, threads, procs, goroutines, a, b, c, stacks, lives."""
        return (
            self._rows,
            self._times,
            self._types,
            self._threads,
            self._procs,
            self._goroutine_column,
            self._a,
            self._b,
            self._c,
            self._stack_column,
            self._life_column,
        )

    def span(self) -> tuple[int, int]:
        """Return the times of the first Sync event and of the last event, ns."""
        return self._start_time, self._last_time

    def problem(self) -> tuple[str, int]:
        """Return why the trace is broken, and the offset of the event that shows it (−1 unknown)."""
        return self._problem, self._offset

    def totals(self) -> dict[str, int]:
        """Return the last and the first GOMAXPROCS (0 unknown), and how many goroutines existed and were created."""
        return {
            "gomaxprocs": self._gomaxprocs,
            "gomaxprocs_at_start": self._gomaxprocs_at_start,
            "goroutines_at_start": self._goroutines_at_start,
            "goroutines_created": self._goroutines_created,
        }

    def counts(self) -> dict[int, int]:
        """Return the number of events so far by type."""
        return {kind: n for kind in range(256) if (n := self._by_type[kind])}

    def fill(self) -> int:
        """Read on until the columns are full or STEPS steps have gone by. Call it while it returns FULL.

        Returns: FULL, DONE (the generation has been read) or BROKEN (`problem` says why and where).
        """
        status: cython.int
        cursor: cython.int
        left: cython.longlong = _STEPS
        pause: cython.longlong = self._work + _STEPS
        self._rows = 0
        while left > 0 and self._work < pause:
            left -= 1
            if self._rows >= _R_ROWS - 4:
                return FULL
            if self._sample < self._sample_n and (
                self._queue_n == 0 or self._sample_time < self._e_time[self._queue[0]]
            ):
                if self._emit_sample() < 0:
                    return BROKEN
                continue
            if self._queue_n == 0:
                return DONE
            cursor = self._queue[0]
            status = self._advance(cursor)
            if status > 0:
                status = self._read(cursor)
                if status > 0 and self._e_time[cursor] <= self._next_time:
                    # the same thread is next, so the queue stays as it is
                    continue
                status = self._moved(0, status)
            elif status == 0:
                status = self._advance_another()
            if status < 0:
                return BROKEN
        return FULL

    @cython.cfunc
    @cython.exceptval(-1)
    def _advance_another(self) -> cython.int:
        """The first thread's event cannot happen yet: try the others in time order. < 0: the trace is broken."""
        status: cython.int
        i: cython.int
        self._work += self._queue_n
        if self._work > self._most_work:
            return self._fail(
                "too many threads wait for each other: the order of events takes too long", self._queue[0]
            )
        self._sort_queue()
        for i in range(1, self._queue_n):
            status = self._advance(self._queue[i])
            if status > 0:
                return self._moved(i, self._read(self._queue[i]))
            if status < 0:
                return status
        return self._fail("no thread can make progress: inconsistent event order", self._queue[0])

    @cython.cfunc
    @cython.exceptval(-1)
    def _moved(self, i: cython.int, status: cython.int) -> cython.int:
        """Restore the queue's order after entry `i` went on; status: what `_read` returned for it."""
        if status < 0:
            return status
        if status > 0:
            if i == 0 or self._sift_up(i) == i:
                self._sift_down(i)
        else:
            # Go's removal: straight up to the root, whatever the times, then the last entry down from there
            while i > 0:
                self._swap((i - 1) // 2, i)
                i = (i - 1) // 2
            self._queue_n -= 1
            self._swap(0, self._queue_n)
            self._sift_down(0)
        self._look_ahead()
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _look_ahead(self) -> cython.int:
        """Note when the queue's second thread comes: one of the root's two children."""
        self._next_time = _NEVER
        if self._queue_n > 1:
            self._next_time = self._e_time[self._queue[1]]
        if self._queue_n > 2:
            self._next_time = min(self._next_time, self._e_time[self._queue[2]])
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _swap(self, i: cython.int, j: cython.int) -> cython.int:
        kept: cython.int = self._queue[i]
        self._queue[i] = self._queue[j]
        self._queue[j] = kept
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _sift_up(self, i: cython.int) -> cython.int:
        while i > 0 and self._e_time[self._queue[(i - 1) // 2]] > self._e_time[self._queue[i]]:
            self._swap((i - 1) // 2, i)
            i = (i - 1) // 2
        return i

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _sift_down(self, i: cython.int) -> cython.int:
        child: cython.int = 2 * i + 1
        moved: cython.int = self._queue[i]
        time: cython.longlong = self._e_time[moved]
        least: cython.longlong
        right: cython.longlong
        while child < self._queue_n:
            least = self._e_time[self._queue[child]]
            if child + 1 < self._queue_n:
                right = self._e_time[self._queue[child + 1]]
                if right < least:
                    least = right
                    child += 1
            if least >= time:
                break
            self._queue[i] = self._queue[child]
            i = child
            child = 2 * i + 1
        self._queue[i] = moved
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _sort_queue(self) -> cython.int:
        n: cython.int = self._queue_n
        i: cython.int
        self._sorter.reserve(n)
        for i in range(n):
            self._sorter.times[i] = self._e_time[self._queue[i]]
            self._sorter.items[i] = self._queue[i]
        self._sorter.sort(n)
        for i in range(n):
            self._queue[i] = self._sorter.items[i]
        return 0

    # ---- the wire ---------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    def _read(self, i: cython.int) -> cython.int:
        """Read cursor `i`'s next event: 1 done, 0 there are no more, < 0 the trace is broken."""
        kind: cython.int
        k: cython.int
        arity: cython.int
        shift: cython.int
        batch: cython.longlong
        pos: cython.longlong
        end: cython.longlong
        clock: cython.longlong
        byte: cython.ulonglong
        number: cython.ulonglong
        ticks: cython.ulonglong = 0
        ns: cython.double
        pos = self._c_pos[i]
        end = self._c_end[i]
        clock = self._e_time[i]
        while pos == end:
            if self._c_next[i] == self._c_last_batch[i]:
                return 0
            batch = self._c_next[i]
            pos = self._batches[3 * batch + 1]
            end = self._c_end[i] = self._batches[3 * batch + 2]
            clock = 0
            self._c_next[i] += 1
        self._e_offset[i] = pos
        if clock == 0:
            ns = self._nanoseconds(self._batches[3 * (self._c_next[i] - 1)])
            if ns > _MAX_TIME:
                return self._fail("a time is out of range", i)
            clock = self._whole(ns)
        kind = self._data[pos]
        pos += 1
        arity = self._arity[kind]
        if arity < 0:
            return self._fail(f"unknown event type {kind}", i)
        # the time difference, then the arguments: unsigned varints below 2^64, kept as signed numbers
        for k in range(-1, arity):
            if pos >= end:
                return self._fail("event ends outside its batch", i)
            number = self._data[pos]
            pos += 1
            if number >= 0x80:
                # most have one byte; this one has more
                number &= 0x7F
                shift = 7
                while True:
                    if pos >= end:
                        return self._fail("event ends outside its batch", i)
                    byte = self._data[pos]
                    pos += 1
                    # the tenth byte has room for one bit
                    if shift == 63 and byte > 1:
                        return self._fail("argument of an event is larger than 64 bits", i)
                    number |= (byte & 0x7F) << shift
                    if byte < 0x80:
                        break
                    shift += 7
                if shift == 63 and k >= 0:
                    number = self._bits(number)
            if k < 0:
                ticks = number
            else:
                self._e_args[4 * i + k] = number
        ns = ticks * self._freq
        if ns > _MAX_TIME or clock > _MAX_TIME:
            return self._fail("a time is out of range", i)
        clock += self._whole(ns)
        self._e_type[i] = kind
        self._e_time[i] = clock
        self._c_pos[i] = pos
        if cython.compiled and self._slots.count > _CROWD and kind in (_GO_START, _GO_UNBLOCK):
            self._expect(self._slots.guess(self._e_args[4 * i]))
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _expect(self, g: cython.int) -> cython.int:
        """Prefetch a goroutine's state before its event reaches the front of the queue."""
        if cython.compiled and g >= 0:
            prefetch(cython.address(self._g_id[g]))
            prefetch(cython.address(self._g_status[g]))
            prefetch(cython.address(self._g_gen[g]))
            prefetch(cython.address(self._g_seq[g]))
            prefetch(cython.address(self._g_since[g]))
            prefetch(cython.address(self._g_reason[g]))
            prefetch(cython.address(self._g_own[g]))
            prefetch(cython.address(self._g_idle[g]))
            prefetch(cython.address(self._g_cause[g]))
            prefetch(cython.address(self._g_cause_stack[g]))
            prefetch(cython.address(self._g_flags[g]))
        return 0

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.inline
    def _bits(self, number: cython.ulonglong) -> cython.longlong:
        if cython.compiled:
            return cython.cast(cython.longlong, number)
        return signed(number)

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.inline
    def _nanoseconds(self, ticks: cython.longlong) -> cython.double:
        if cython.compiled:
            return cython.cast(cython.double, cython.cast(cython.ulonglong, ticks)) * self._freq
        return float(ticks + (1 << 64) if ticks < 0 else ticks) * self._freq

    @cython.cfunc
    @cython.exceptval(check=False)
    @cython.inline
    def _whole(self, ns: cython.double) -> cython.longlong:
        # when compiled, int() would make a Python object; in plain Python, a cast is slower
        if cython.compiled:
            return cython.cast(cython.longlong, ns)
        return int(ns)

    @cython.cfunc
    @cython.exceptval(-1)
    def _fail(self, problem: str, cursor: cython.int) -> cython.int:
        self._problem = problem
        self._offset = self._e_offset[cursor] if cursor >= 0 else -1
        return _FAILED

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _string(self, id: cython.longlong) -> cython.int:
        """Return the tables' index of a string id of this generation, −1 for an unknown id."""
        if 0 <= id < len(self._strings):
            return self._strings[id]
        return self._sparse_strings.get(id, -1)

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _stack(self, id: cython.longlong) -> cython.int:
        if 0 <= id < len(self._stacks):
            return self._stacks[id]
        return self._sparse_stacks.get(id, -1)

    # ---- Go's order: what each event needs to happen ----------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _need(self, proc: cython.int, goroutine: cython.int, cursor: cython.int) -> cython.int:
        """Check the event's context: 1 it must have one, 0 may have, −1 must not have. It always needs a thread."""
        if (
            self._m < 0
            or (proc > 0 and self._p < 0)
            or (proc < 0 and self._p >= 0)
            or (goroutine > 0 and self._gid == -1)
            or (goroutine < 0 and self._gid != -1)
        ):
            return self._misplaced(proc, cursor)
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _misplaced(self, proc: cython.int, cursor: cython.int) -> cython.int:
        """Report what `_need` found wrong."""
        if self._m < 0:
            return self._fail("event needs a thread, but has none", cursor)
        if proc > 0 and self._p < 0:
            return self._fail("event needs a P, but its thread has none", cursor)
        if proc < 0 and self._p >= 0:
            return self._fail("ProcStart on a thread that already has a P", cursor)
        if self._gid == -1:
            return self._fail("event needs a goroutine, but its thread runs none", cursor)
        return self._fail("goroutine starts on a thread that already runs one", cursor)

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _running(self, proc: cython.int, status: cython.int, cursor: cython.int) -> cython.int:
        """Check that the context's goroutine exists and is in `status`; proc: as for `_need`."""
        if self._g >= 0 and self._g_status[self._g] == status and (proc == 0 or self._p >= 0):
            return 1
        return self._not_running(proc, cursor)

    @cython.cfunc
    @cython.exceptval(-1)
    def _not_running(self, proc: cython.int, cursor: cython.int) -> cython.int:
        """Report what `_running` found wrong."""
        if self._need(proc, 1, cursor) < 0:
            return _FAILED
        if self._g < 0:
            return self._fail(f"event of goroutine {self._gid}, which does not exist", cursor)
        return self._fail(f"event of goroutine {self._gid} in the wrong state", cursor)

    @cython.cfunc
    @cython.exceptval(-1)
    def _advance(self, i: cython.int) -> cython.int:
        """Let cursor `i`'s event happen if it can: 1 it did, 0 it cannot yet, < 0 it never can.

        The branches up to GoDestroy are the events that make up nearly all of a trace, 99 % of the benchmarks', the
        most frequent first. The rest follow the wire's numbers; events that share a method stand together.
        """
        kind: cython.int = self._e_type[i]
        m: cython.int = self._c_thread[i]
        self._m = self._goroutines.thread = m
        self._p = -1
        self._g = -1
        self._gid = -1
        if m >= 0:
            self._m_known[m] = 1
            self._p = self._m_proc[m]
            self._gid = self._m_gid[m]
        # these two need no goroutine of their thread, which saves looking for its slot
        if kind == _GO_START:
            return self._advance_go_start(i)
        if kind == _GO_UNBLOCK:
            return self._advance_go_unblock(i)
        if self._gid != -1:
            self._g = self._m_slot[m]
            # the goroutine may have ended elsewhere, and its slot may be another's by now
            if self._g < 0 or self._g_id[self._g] != self._gid:
                self._g = self._slots.find(self._gid)
        if kind in (_GO_BLOCK, _GO_STOP):
            return self._advance_go_stop(i, kind)
        if kind == _GO_SYSCALL_BEGIN:
            return self._advance_syscall_begin(i)
        if kind == _GO_SYSCALL_END:
            return self._advance_syscall_end(i)
        if kind in (_GO_CREATE, _GO_CREATE_BLOCKED):
            return self._advance_go_create(i, kind)
        if kind == _GO_DESTROY:
            return self._advance_go_destroy(i)
        if kind == _PROC_START:
            return self._advance_proc_start(i)
        if kind == _PROC_STOP:
            return self._advance_proc_stop(i)
        if kind == _PROC_STEAL:
            return self._advance_proc_steal(i)
        if kind == _PROC_STATUS:
            return self._advance_proc_status(i)
        if kind == _GO_CREATE_SYSCALL:
            return self._advance_create_syscall(i)
        if kind == _GO_DESTROY_SYSCALL:
            return self._advance_destroy_syscall(i)
        if kind == _GO_SYSCALL_END_BLOCKED:
            return self._advance_syscall_end_blocked(i)
        if kind in (_GO_STATUS, _GO_STATUS_STACK):
            return self._advance_go_status(i, kind)
        if kind in (_STW_BEGIN, _STW_END):
            return self._advance_stw(i, kind)
        if kind >= _GC_ACTIVE and kind <= _GC_END:
            return self._advance_gc(i, kind)
        if kind >= _SWEEP_ACTIVE and kind <= _SWEEP_END:
            return self._advance_sweep(i, kind)
        if kind >= _ASSIST_ACTIVE and kind <= _ASSIST_END:
            return self._advance_assist(i, kind)
        if kind in (_HEAP_ALLOC, _HEAP_GOAL):
            return self._advance_heap(i)
        if kind in (_GO_SWITCH, _GO_SWITCH_DESTROY):
            return self._advance_go_switch(i, kind)
        if kind >= _SPAN:
            return self._advance_experimental(i, kind)
        return self._advance_annotation(i, kind)

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _runs(self, g: cython.int, gid: cython.longlong) -> cython.int:
        """The context's thread runs this goroutine from now on, −1 for none."""
        self._m_slot[self._m] = g
        self._m_gid[self._m] = gid
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _happens(
        self, i: cython.int, a: cython.longlong, b: cython.longlong, c: cython.longlong, stack: cython.int
    ) -> cython.longlong:
        """Emit cursor `i`'s event in the current context; return its time."""
        return self._emit(self._e_type[i], self._e_time[i], self._m, self._p, self._gid, a, b, c, stack)

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _advance_go_start(self, i: cython.int) -> cython.int:
        id: cython.longlong = self._e_args[4 * i]
        seq: cython.longlong = self._e_args[4 * i + 1]
        g: cython.int = self._slots.find(id)
        # not yet, if its creation, its status or an earlier event of it is still to come on another thread
        if g < 0 or self._g_status[g] != _RUNNABLE or self._g_gen[g] != self._gen or self._g_seq[g] + 1 != seq:
            return 0
        if self._need(1, -1, i) < 0:
            return _FAILED
        now: cython.longlong = self._happens(i, id, 0, 0, 0)
        self._leave(g, now, -1, 0, 0)
        self._enter(g, _RUNNING, 0, now)
        self._g_seq[g] = seq
        self._runs(g, id)
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _advance_go_stop(self, i: cython.int, kind: cython.int) -> cython.int:
        """GoBlock and GoStop: a running goroutine is bound to its thread, so they can always happen."""
        if self._running(1, _RUNNING, i) < 0:
            return _FAILED
        reason: cython.int = self._string(self._e_args[4 * i])
        stack: cython.int = self._stack(self._e_args[4 * i + 1])
        if reason < 0 or stack < 0:
            return self._fail("event refers to an unknown string or stack ID", i)
        now: cython.longlong = self._happens(i, reason, 0, 0, stack)
        self._stop(self._g, _WAITING if kind == _GO_BLOCK else _RUNNABLE, reason, stack, now)
        self._runs(-1, -1)
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _advance_go_destroy(self, i: cython.int) -> cython.int:
        if self._running(1, _RUNNING, i) < 0:
            return _FAILED
        self._destroy(self._g, self._happens(i, 0, 0, 0, 0))
        self._runs(-1, -1)
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _advance_go_unblock(self, i: cython.int) -> cython.int:
        id: cython.longlong = self._e_args[4 * i]
        seq: cython.longlong = self._e_args[4 * i + 1]
        g: cython.int = self._slots.find(id)
        if g < 0 or self._g_status[g] != _WAITING or self._g_gen[g] != self._gen or self._g_seq[g] + 1 != seq:
            return 0
        # no context to check: anything can unblock a goroutine, even the runtime's monitor thread
        stack: cython.int = self._stack(self._e_args[4 * i + 2])
        if stack < 0:
            return self._fail("event refers to an unknown stack ID", i)
        self._unblock(g, self._happens(i, id, 0, 0, stack), stack)
        self._g_seq[g] = seq
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _advance_go_switch(self, i: cython.int, kind: cython.int) -> cython.int:
        """A coroutine switch: the next goroutine unblocks, the current one blocks or ends, the next one starts."""
        if self._running(1, _RUNNING, i) < 0:
            return _FAILED
        id: cython.longlong = self._e_args[4 * i]
        seq: cython.longlong = self._e_args[4 * i + 1]
        g: cython.int = self._slots.find(id)
        if g < 0 or self._g_status[g] != _WAITING or self._g_gen[g] != self._gen or self._g_seq[g] + 1 != seq:
            return 0
        self._unblock(g, self._happens(i, id, 0, 0, 0), 0)
        now: cython.longlong
        if kind == _GO_SWITCH:
            now = self._emit(_GO_BLOCK, self._e_time[i], self._m, self._p, self._gid, 0, 0, 0, 0)
            self._stop(self._g, _WAITING, 0, 0, now)
        else:
            now = self._emit(_GO_DESTROY, self._e_time[i], self._m, self._p, self._gid, 0, 0, 0, 0)
            self._destroy(self._g, now)
        now = self._emit(_GO_START, self._e_time[i], self._m, self._p, -1, id, 0, 0, 0)
        self._leave(g, now, -1, 0, 0)
        self._enter(g, _RUNNING, 0, now)
        self._g_seq[g] = seq
        self._runs(g, id)
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _advance_syscall_begin(self, i: cython.int) -> cython.int:
        g: cython.int = self._g
        p: cython.int = self._p
        seq: cython.longlong = self._e_args[4 * i]
        if self._running(1, _RUNNING, i) < 0:
            return _FAILED
        stack: cython.int = self._stack(self._e_args[4 * i + 1])
        if stack < 0:
            return self._fail("event refers to an unknown stack ID", i)
        # the P's sequence number distinguishes later steals
        if self._p_gen[p] != self._gen or self._p_seq[p] + 1 != seq:
            return self._fail(f"system call on P {p} is out of sequence", i)
        self._p_seq[p] = seq
        now: cython.longlong = self._happens(i, 0, 0, 0, stack)
        self._set_proc(p, _P_SYSCALL, now)
        self._stop(g, _SYSCALL, 0, stack, now)
        self._calls(g, p, now)
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _advance_syscall_end(self, i: cython.int) -> cython.int:
        if self._running(1, _SYSCALL, i) < 0:
            return _FAILED
        if self._p_status[self._p] != _P_SYSCALL:
            return self._fail(f"GoSyscallEnd on P {self._p}, which is not in a system call", i)
        now: cython.longlong = self._happens(i, 0, 0, 0, 0)
        self._set_proc(self._p, _P_RUNNING, now)
        self._leave(self._g, now, -1, 0, 0)
        self._enter(self._g, _RUNNING, 0, now)
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _advance_syscall_end_blocked(self, i: cython.int) -> cython.int:
        # the event means that the P was lost during the call; it waits until that has happened
        if self._p >= 0 and self._p_status[self._p] == _P_SYSCALL:
            return 0
        if self._running(0, _SYSCALL, i) < 0:
            return _FAILED
        self._exit_syscall(self._g, self._happens(i, 0, 0, 0, 0))
        self._runs(-1, -1)
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _advance_go_create(self, i: cython.int, kind: cython.int) -> cython.int:
        if self._need(1, 0, i) < 0:
            return _FAILED
        if self._g >= 0 and self._g_status[self._g] != _RUNNING:
            return self._fail("GoCreate by a goroutine that is not running", i)
        id: cython.longlong = self._e_args[4 * i]
        entry: cython.int = self._stack(self._e_args[4 * i + 1])
        stack: cython.int = self._stack(self._e_args[4 * i + 2])
        if entry < 0 or stack < 0:
            return self._fail("event refers to an unknown stack ID", i)
        if self._slots.find(id) >= 0:
            return self._fail(f"goroutine {id} is created twice", i)
        now: cython.longlong = self._happens(i, id, 0, entry, stack)
        self._create(id, _WAITING if kind == _GO_CREATE_BLOCKED else _RUNNABLE, entry, stack, now)
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _advance_create_syscall(self, i: cython.int) -> cython.int:
        """A C thread calls into Go: a goroutine appears, in a system call."""
        if self._need(0, -1, i) < 0:
            return _FAILED
        id: cython.longlong = self._e_args[4 * i]
        if self._slots.find(id) >= 0:
            return self._fail(f"goroutine {id} is created twice", i)
        now: cython.longlong = self._happens(i, id, 0, 0, 0)
        g: cython.int = self._new_goroutine(id)
        self._g_created[g] = now
        self._goroutines_created += 1
        self._enter(g, _SYSCALL, 0, now)
        self._calls(g, self._p, now)
        self._observer.born(g, now)
        self._runs(g, id)
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _advance_destroy_syscall(self, i: cython.int) -> cython.int:
        """That goroutine ends. It gives up its P here, because the thread's id may soon belong to another thread."""
        if self._running(0, _SYSCALL, i) < 0:
            return _FAILED
        p: cython.int = self._p
        if p >= 0:
            if self._p_status[p] != _P_SYSCALL:
                return self._fail(f"GoDestroySyscall on P {p}, which is not in a system call", i)
            # Go's reader first reports the lost P, as a steal by the thread itself
            now: cython.longlong = self._emit(_PROC_STEAL, self._e_time[i], self._m, p, self._gid, p, _P_SYSCALL, 0, 0)
            self._set_proc(p, _P_ABANDONED, now)
            self._lose(p, now)
        self._destroy(self._g, self._happens(i, 0, 0, 0, 0))
        self._m_proc[self._m] = -1
        self._runs(-1, -1)
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _advance_go_status(self, i: cython.int, kind: cython.int) -> cython.int:
        """The state of a goroutine: new in the first generation, a confirmation (X → X) in later ones."""
        id: cython.longlong = self._e_args[4 * i]
        thread: cython.longlong = self._e_args[4 * i + 1]
        status: cython.longlong = self._e_args[4 * i + 2]
        stack: cython.int = 0
        m: cython.int
        old: cython.longlong = status
        if status < _RUNNABLE or status > _WAITING:
            # Go's table has an entry "bad" for 0 and accepts it, but no runtime writes it
            return self._fail(f"goroutine {id} has the unknown status {status}", i)
        if kind == _GO_STATUS_STACK:
            stack = self._stack(self._e_args[4 * i + 3])
            if stack < 0:
                return self._fail("event refers to an unknown stack ID", i)
        g: cython.int = self._slots.find(id)
        if g >= 0:
            if self._g_status[g] != status:
                return self._fail(f"goroutine {id} has another state than its status event claims", i)
        elif self._gen == self._first_gen:
            old = _UNDETERMINED
        else:
            return self._fail(f"goroutine {id} appears without being created after the first generation", i)
        shown_m: cython.int = self._m
        shown_gid: cython.longlong = self._gid
        bind: cython.int = 0
        if status == _RUNNING:
            bind = 1
        elif status == _SYSCALL:
            if thread == -1:
                return self._fail(f"goroutine {id} is in a system call without a thread", i)
            m = self._thread(thread)
            if m == self._m:
                if self._gen != self._first_gen and self._gid != id:
                    return self._fail(f"goroutine {id} is in a system call on a thread that has another one", i)
                bind = 1
            else:
                if self._m_known[m]:
                    if self._m_gid[m] != id:
                        return self._fail(f"goroutine {id} is in a system call on a thread that has another one", i)
                    shown_gid = id
                shown_m = m
        if g < 0:
            g = self._new_goroutine(id)
            self._g_own[g] = stack
        self._g_gen[g] = self._gen
        self._g_seq[g] = 0
        if bind:
            if self._m >= 0:
                self._runs(g, id)
        elif status == _SYSCALL and self._m_known[shown_m] == 0:
            # it has been in this system call, on this thread, since before the trace
            self._m_known[shown_m] = 1
            self._m_gid[shown_m] = id
            self._m_slot[shown_m] = g
        self._emit(kind, self._e_time[i], shown_m, self._p, shown_gid, id, (old << 8) | status, 0, stack)
        if old == _UNDETERMINED:
            # only a thread that is in the call itself, or is known to have a P, still has it
            self._appear(g, cython.cast(cython.int, status), self._p if bind else self._known_proc(shown_m))
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _advance_proc_status(self, i: cython.int) -> cython.int:
        id: cython.longlong = self._e_args[4 * i]
        status: cython.longlong = self._e_args[4 * i + 1]
        old: cython.int
        shown: cython.longlong = status
        if status < _P_RUNNING or status > _P_ABANDONED:
            return self._fail(f"P {id} has the unknown status {status}", i)
        if id < 0 or id >= _MAX_PROCS:
            return self._fail(f"P {id}: the number is out of range", i)
        p: cython.int = cython.cast(cython.int, id)
        known: cython.int = self._p_status[p]
        m: cython.int = self._m
        shown_p: cython.int = self._p
        shown_gid: cython.longlong = self._gid
        old = _P_IDLE if status in (_P_IDLE, _P_ABANDONED) else _P_RUNNING
        if known != 0:
            if status == _P_ABANDONED and known == _P_SYSCALL:
                # nothing is lost, because its system call has been seen; it is about to be stolen, so the event
                # belongs to the thread that has the P
                old = _P_RUNNING
                shown = _P_SYSCALL
                m = 0
                while m < self._m_n and not (self._m_known[m] and self._m_proc[m] == p):
                    m += 1
                if m == self._m_n:
                    return self._fail(f"P {id} is abandoned, but no thread has it", i)
                self._work += m
                if self._work > self._most_work:
                    return self._fail("too many threads lose their Ps: the order of events takes too long", i)
                shown_p = p
                shown_gid = self._m_gid[m]
            elif status != known:
                return self._fail(f"P {id} has another state than its status event claims", i)
        else:
            old = _P_UNDETERMINED if self._gen == self._first_gen else _P_NOT_EXIST
        self._p_gen[p] = self._gen
        self._p_seq[p] = 0
        if status in (_P_RUNNING, _P_SYSCALL) and self._m >= 0:
            self._m_proc[self._m] = p
        now: cython.longlong = self._emit(
            _PROC_STATUS,
            self._e_time[i],
            m,
            shown_p,
            shown_gid,
            id,
            (cython.cast(cython.longlong, old) << 8) | shown,
            0,
            0,
        )
        if known == _P_UNDETERMINED:
            self._set_proc(p, cython.cast(cython.int, status), now)
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _advance_proc_start(self, i: cython.int) -> cython.int:
        id: cython.longlong = self._e_args[4 * i]
        seq: cython.longlong = self._e_args[4 * i + 1]
        if id < 0 or id >= _MAX_PROCS:
            return 0
        if self._p_status[id] != _P_IDLE or self._p_gen[id] != self._gen or self._p_seq[id] + 1 != seq or self._p >= 0:
            return 0
        if self._need(-1, 0, i) < 0:
            return _FAILED
        p: cython.int = cython.cast(cython.int, id)
        self._set_proc(p, _P_RUNNING, self._happens(i, id, 0, 0, 0))
        self._p_seq[p] = seq
        self._m_proc[self._m] = p
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _advance_proc_stop(self, i: cython.int) -> cython.int:
        p: cython.int = self._p
        if self._need(1, 0, i) < 0:
            return _FAILED
        if self._p_status[p] != _P_RUNNING and self._p_status[p] != _P_SYSCALL:
            return self._fail(f"P {p} stops but is not running", i)
        now: cython.longlong = self._happens(i, p, 0, 0, 0)
        self._set_proc(p, _P_IDLE, now)
        self._lose(p, now)
        self._m_proc[self._m] = -1
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _advance_proc_steal(self, i: cython.int) -> cython.int:
        id: cython.longlong = self._e_args[4 * i]
        seq: cython.longlong = self._e_args[4 * i + 1]
        m: cython.int
        if id < 0 or id >= _MAX_PROCS:
            return 0
        p: cython.int = cython.cast(cython.int, id)
        old: cython.int = self._p_status[p]
        if (old != _P_SYSCALL and old != _P_ABANDONED) or self._p_gen[p] != self._gen or self._p_seq[p] + 1 != seq:
            return 0
        if self._need(0, 0, i) < 0:
            return _FAILED
        if old == _P_SYSCALL:
            m = self._thread_map.find(self._e_args[4 * i + 2])
            if m >= 0 and m == self._m:
                # a thread that steals its own P stops it
                if self._p != p:
                    return self._fail(f"P {id} is stolen by a thread that has another P", i)
                self._m_proc[m] = -1
            else:
                if m < 0 or self._m_known[m] == 0 or self._m_proc[m] != p:
                    return self._fail(f"P {id} is stolen from a thread that does not have it", i)
                # the other thread can go on only without its P
                self._m_proc[m] = -1
        # the thread of an abandoned P may have moved on, so it is left alone
        self._p_seq[p] = seq
        now: cython.longlong = self._happens(i, id, old, 0, 0)
        self._set_proc(p, _P_IDLE, now)
        self._lose(p, now)
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _advance_stw(self, i: cython.int, kind: cython.int) -> cython.int:
        g: cython.int = self._g
        reason: cython.int
        stack: cython.int
        if self._need(1, 1, i) < 0:
            return _FAILED
        if g < 0:
            return self._fail("stop-the-world by a goroutine that does not exist", i)
        if kind == _STW_END:
            if g not in self._stops:
                return self._fail("stop-the-world ends without a beginning", i)
            self._end_stw(g, self._happens(i, self._stops[g][1], 0, 0, 0), 0)
            return 1
        if g in self._stops:
            return self._fail("stop-the-world begins inside another one", i)
        reason = self._string(self._e_args[4 * i])
        stack = self._stack(self._e_args[4 * i + 1])
        if reason < 0 or stack < 0:
            return self._fail("event refers to an unknown string or stack ID", i)
        self._begin_stw(g, reason, stack, self._happens(i, reason, 0, 0, stack))
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _advance_gc(self, i: cython.int, kind: cython.int) -> cython.int:
        """GC cycles: they can begin and end on different threads, so sequence numbers order them."""
        seq: cython.longlong = self._e_args[4 * i]
        stack: cython.int = 0
        first: cython.int = 1 if self._gc_state == _GC_UNKNOWN else 0
        if kind == _GC_BEGIN:
            stack = self._stack(self._e_args[4 * i + 1])
            if stack < 0:
                return self._fail("event refers to an unknown stack ID", i)
        if kind == _GC_ACTIVE and self._gen == self._first_gen:
            if not first:
                return self._fail("GCActive after the first GC event", i)
        elif not first or kind != _GC_BEGIN:
            # an unsigned number of 64 bits, kept as a signed one
            if seq != (_LEAST if self._gc_seq == _NEVER else self._gc_seq + 1):
                return 0
            if kind == _GC_BEGIN and self._gc_state == _GC_ON:
                return self._fail("GCBegin during a GC cycle", i)
            if kind != _GC_BEGIN and self._gc_state != _GC_ON:
                return self._fail("GCActive or GCEnd without a GC cycle", i)
            if self._need(1, 1, i) < 0:
                return _FAILED
        self._gc_seq = seq
        self._gc_state = _GC_OFF if kind == _GC_END else _GC_ON
        self._happens(i, seq, 0, 0, stack)
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _advance_sweep(self, i: cython.int, kind: cython.int) -> cython.int:
        p: cython.longlong = self._e_args[4 * i] if kind == _SWEEP_ACTIVE else self._p
        stack: cython.int = 0
        if kind != _SWEEP_ACTIVE and self._need(1, 0, i) < 0:
            return _FAILED
        if p < 0 or p >= _MAX_PROCS or self._p_status[p] == _P_UNDETERMINED:
            return self._fail(f"sweep on P {p}, which does not exist", i)
        proc: cython.int = cython.cast(cython.int, p)
        if kind == _SWEEP_END:
            if self._p_sweep[p] < 0:
                return self._fail(f"sweep ends on P {p} without a beginning", i)
            self._end_sweep(proc, self._g, self._happens(i, self._e_args[4 * i], self._e_args[4 * i + 1], 0, 0), 0)
            return 1
        is_new: cython.bint = kind == _SWEEP_BEGIN or self._gen == self._first_gen
        if is_new and self._p_sweep[p] >= 0:
            return self._fail(f"sweep begins inside another one on P {p}", i)
        if not is_new and self._p_sweep[p] < 0:
            return self._fail(f"GCSweepActive on P {p} without a sweep", i)
        if kind == _SWEEP_BEGIN:
            stack = self._stack(self._e_args[4 * i])
            if stack < 0:
                return self._fail("event refers to an unknown stack ID", i)
        now: cython.longlong = self._happens(i, p, 0, 0, stack)
        if is_new:
            g: cython.int = self._g if proc == self._p else -1
            self._begin_sweep(proc, g, stack, now if kind == _SWEEP_BEGIN else self._start_time)
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _advance_assist(self, i: cython.int, kind: cython.int) -> cython.int:
        g: cython.int
        stack: cython.int = 0
        now: cython.longlong
        if kind == _ASSIST_ACTIVE:
            # the goroutine need not be running, so there is no context to check
            g = self._slots.find(self._e_args[4 * i])
        else:
            if self._need(1, 1, i) < 0:
                return _FAILED
            g = self._g
        if g < 0:
            return self._fail("mark assist of a goroutine that does not exist", i)
        if kind == _ASSIST_END:
            if g not in self._assists:
                return self._fail("mark assist ends without a beginning", i)
            self._end_assist(g, self._happens(i, 0, 0, 0, 0), 0)
            return 1
        if kind == _ASSIST_BEGIN or self._gen == self._first_gen:
            if g in self._assists:
                return self._fail("mark assist begins inside another one", i)
            if kind == _ASSIST_BEGIN:
                stack = self._stack(self._e_args[4 * i])
                if stack < 0:
                    return self._fail("event refers to an unknown stack ID", i)
            now = self._happens(i, self._g_id[g], 0, 0, stack)
            self._begin_assist(g, stack, now if kind == _ASSIST_BEGIN else self._start_time)
            return 1
        if g not in self._assists:
            return self._fail("GCMarkAssistActive without a mark assist", i)
        self._happens(i, self._g_id[g], 0, 0, 0)
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _advance_heap(self, i: cython.int) -> cython.int:
        if self._need(1, 0, i) < 0:
            return _FAILED
        if self._e_args[4 * i] < 0:
            return self._fail("size of the heap is out of range", i)
        self._happens(i, self._e_args[4 * i], 0, 0, 0)
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _advance_experimental(self, i: cython.int, kind: cython.int) -> cython.int:
        """An experiment's event: its arguments mean nothing here."""
        if self._need(0, 0, i) < 0:
            return _FAILED
        b: cython.longlong = self._e_args[4 * i + 1] if self._arity[kind] > 1 else 0
        self._happens(i, self._e_args[4 * i], b, self._e_args[4 * i + 2] if self._arity[kind] > 2 else 0, 0)
        return 1

    @cython.cfunc
    @cython.exceptval(-1)
    def _advance_annotation(self, i: cython.int, kind: cython.int) -> cython.int:
        """GOMAXPROCS, labels, tasks, regions and logs: instants of a running goroutine."""
        a: cython.longlong = self._e_args[4 * i]
        stack: cython.int = 0
        name: cython.int = 0
        value: cython.int = 0
        if self._need(1, 1, i) < 0:
            return _FAILED
        if kind in (_PROCS_CHANGE, _TASK_END):
            stack = self._stack(self._e_args[4 * i + 1])
        elif kind == _TASK_BEGIN:
            name = self._string(self._e_args[4 * i + 2])
            stack = self._stack(self._e_args[4 * i + 3])
        elif kind in (_REGION_BEGIN, _REGION_END):
            name = self._string(self._e_args[4 * i + 1])
            stack = self._stack(self._e_args[4 * i + 2])
        elif kind == _LOG:
            name = self._string(self._e_args[4 * i + 1])
            value = self._string(self._e_args[4 * i + 2])
            stack = self._stack(self._e_args[4 * i + 3])
        else:
            name = self._string(a)
        if name < 0 or value < 0 or stack < 0:
            return self._fail("event refers to an unknown string or stack ID", i)
        if kind == _PROCS_CHANGE:
            if a < 0 or a > _MAX_PROCS:
                return self._fail(f"GOMAXPROCS of {a} is out of range", i)
            self._set_gomaxprocs(a, self._happens(i, a, 0, 0, stack))
            return 1
        if kind == _TASK_BEGIN:
            if a in self._tasks:
                return self._fail(f"task {a} begins twice", i)
            parent: cython.longlong = self._e_args[4 * i + 1]
            # on the wire 0 means "no parent", which is not the background task
            if parent == 0:
                parent = -1
            self._tasks[a] = (parent, name)
            self._happens(i, a, parent, name, stack)
            return 1
        if kind == _TASK_END:
            task: tuple = self._tasks.pop(a, (-1, 0))
            self._happens(i, a, task[0], task[1], stack)
            return 1
        if kind in (_REGION_BEGIN, _REGION_END):
            if self._g < 0:
                return self._fail("region of a goroutine that does not exist", i)
            if kind == _REGION_BEGIN:
                self._begin_region(self._g, a, name, stack, self._happens(i, a, name, 0, stack))
                return 1
            self._end_region(self._g, a, name, stack, self._happens(i, a, name, 0, stack))
            return 1
        if kind == _LOG:
            self._happens(i, a, name, value, stack)
            return 1
        now: cython.longlong = self._happens(i, name, 0, 0, stack)
        if kind == _GO_LABEL and self._g >= 0:
            self._observer.labelled(self._g, name, now)
        return 1

    # ---- states: what an event changes --------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    def _thread(self, id: cython.longlong) -> cython.int:
        """Return the index of a thread, a new one for a new id."""
        m: cython.int = self._thread_map.find(id)
        if m < 0:
            m = self._m_n
            self._m_n += 1
            if m == len(self._m_known):
                self._m_id = self._thread_map.keys = self._goroutines.threads = grown(self._m_id, 2 * m)
                self._m_known = grown(self._m_known, 2 * m)
                self._m_proc = grown(self._m_proc, 2 * m)
                self._m_gid = grown(self._m_gid, 2 * m)
                self._m_slot = grown(self._m_slot, 2 * m)
            self._m_id[m] = id
            self._m_proc[m] = self._m_slot[m] = -1
            self._m_gid[m] = -1
            self._thread_map.put(id, m)
        return m

    @cython.cfunc
    @cython.exceptval(-1)
    def _new_goroutine(self, id: cython.longlong) -> cython.int:
        """Return a slot for a goroutine that begins to exist, in no state yet."""
        g: cython.int
        if self._free_n > 0:
            self._free_n -= 1
            g = self._free[self._free_n]
        else:
            g = self._g_n
            if g == len(self._g_id):
                # each has about 100 bytes: with a million of them, room for another one would be too much
                self._grow_goroutines(2 * g if g < _CROWD else g + (g >> 3))
            self._g_n += 1
        self._g_id[g] = id
        self._g_life[g] = self._lives
        self._lives += 1
        self._g_gen[g] = self._gen
        self._g_seq[g] = 0
        self._g_reason[g] = self._g_own[g] = self._g_cause_stack[g] = self._g_flags[g] = 0
        self._g_cause[g] = self._g_creator[g] = -1
        self._g_creation[g] = self._g_entry[g] = 0
        self._g_created[g] = -1
        self._slots.put(id, g)
        return g

    @cython.cfunc
    @cython.exceptval(-1)
    def _create(
        self, id: cython.longlong, status: cython.int, entry: cython.int, stack: cython.int, now: cython.longlong
    ) -> cython.int:
        """The context's goroutine creates another one."""
        g: cython.int = self._new_goroutine(id)
        self._goroutines_created += 1
        self._g_created[g] = now
        self._g_creator[g] = self._g_cause[g] = self._gid
        self._g_creation[g] = self._g_cause_stack[g] = stack
        self._g_entry[g] = self._g_own[g] = entry
        self._enter(g, status, _R_CREATED, now)
        return self._observer.born(g, now)

    @cython.cfunc
    @cython.exceptval(-1)
    def _appear(self, g: cython.int, status: cython.int, p: cython.int) -> cython.int:
        """A goroutine from before the trace: as in Go's summaries, its first interval begins with the trace.

        p: of one in a system call, the P that it still has, −1 for none.
        """
        self._goroutines_at_start += 1
        self._g_idle[g] = self._idle_clock(self._last_time)
        self._enter(g, status, 0, self._start_time)
        if status == _SYSCALL:
            self._calls(g, p, self._start_time)
        self._g_flags[g] = _BEFORE
        self._goroutines.seen = self._last_time
        return self._observer.born(g, self._start_time)

    @cython.cfunc
    @cython.exceptval(-1)
    def _destroy(self, g: cython.int, now: cython.longlong) -> cython.int:
        self._goroutines.proc = self._p
        self._leave(g, now, -1, 0, 0)
        # mostly empty, and goroutines are many
        if self._stops and g in self._stops:
            self._end_stw(g, now, 0)
        if self._assists:
            self._assists.pop(g, None)
        if self._regions.any():
            self._end_regions(g, now, True)
        self._observer.died(g, now)
        self._slots.remove(self._g_id[g])
        self._g_id[g] = -1
        self._g_status[g] = 0
        self._free[self._free_n] = g
        self._free_n += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _enter(self, g: cython.int, status: cython.int, reason: cython.int, now: cython.longlong) -> cython.int:
        """Goroutine `g` is in a new state from now on."""
        self._g_status[g] = status
        self._g_since[g] = now
        self._g_reason[g] = reason
        self._g_flags[g] = 0
        if status == _RUNNABLE:
            self._g_idle[g] = self._idle_clock(now)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _leave(
        self, g: cython.int, now: cython.longlong, cause: cython.longlong, cause_stack: cython.int, flags: cython.int
    ) -> cython.int:
        """Goroutine `g`'s interval ends now."""
        status: cython.int = self._g_status[g]
        since: cython.longlong = self._g_since[g]
        flags |= self._g_flags[g]
        if status == _RUNNABLE:
            # what a runnable goroutine waits for is a P: its cause is who made it runnable
            cause = self._g_cause[g]
            cause_stack = self._g_cause_stack[g]
            idle: cython.longlong = self._idle_clock(now) - self._g_idle[g]
            if idle > 0:
                self._ended(_IDLE_P, self._g_reason[g], self._g_own[g], since, idle, g, cause, cause_stack, flags)
        return self._ended(status, self._g_reason[g], self._g_own[g], since, now - since, g, cause, cause_stack, flags)

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _ended(
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
        """Report an interval: the only way to the observer's `interval`, whose arguments these are."""
        return self._observer.interval(kind, reason, stack, start, length, g, cause, cause_stack, flags)

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _stop(
        self, g: cython.int, status: cython.int, reason: cython.int, stack: cython.int, now: cython.longlong
    ) -> cython.int:
        """A running goroutine leaves its thread; the stack where it did so is its own last one from now on."""
        since: cython.longlong = self._g_since[g]
        self._goroutines.proc = self._p
        self._ended(_RUNNING, reason, stack, since, now - since, g, -1, 0, self._g_flags[g])
        if stack > 0:
            self._g_own[g] = stack
        self._g_cause[g] = -1
        self._g_cause_stack[g] = 0
        return self._enter(g, status, reason, now)

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _unblock(self, g: cython.int, now: cython.longlong, stack: cython.int) -> cython.int:
        """The context's goroutine, or the runtime, ends the wait of goroutine `g`."""
        self._goroutines.waker = self._g if self._g >= 0 or self._m < 0 else self._m_slot[self._m]
        self._leave(g, now, self._gid, stack, 0)
        self._g_cause[g] = self._gid
        self._g_cause_stack[g] = stack
        return self._enter(g, _RUNNABLE, _R_UNBLOCKED, now)

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _calls(self, g: cython.int, p: cython.int, now: cython.longlong) -> cython.int:
        """Goroutine `g` is in a system call from now on, on P `p`, −1 for none."""
        if p >= 0 and p < _MAX_PROCS:
            self._p_caller[p] = g
            self._p_called[p] = self._g_since[g]
            self._g_idle[g] = _NEVER
            self._g_proc[g] = p
        else:
            self._g_proc[g] = -1
            self._g_idle[g] = now
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _lose(self, p: cython.int, now: cython.longlong) -> cython.int:
        """P `p` goes on without the goroutine that is in a system call on it, if there is one."""
        g: cython.int = self._p_caller[p]
        if g >= 0:
            self._p_caller[p] = -1
            if self._g_status[g] == _SYSCALL and self._g_since[g] == self._p_called[p]:
                self._g_idle[g] = now
        return 0

    @cython.cfunc
    @cython.exceptval(-2)
    def _known_proc(self, m: cython.int) -> cython.int:
        """Return the P that a thread is known to have, −1 for none."""
        return self._m_proc[m] if m >= 0 and self._m_known[m] else -1

    @cython.cfunc
    @cython.exceptval(-1)
    def _exit_syscall(self, g: cython.int, now: cython.longlong) -> cython.int:
        """Goroutine `g`'s system call ends, and its P is gone."""
        self._leave(g, now, -1, 0, 0)
        self._g_cause[g] = -1
        self._g_cause_stack[g] = 0
        return self._enter(g, _RUNNABLE, _R_SYSCALL_EXIT, now)

    @cython.cfunc
    @cython.exceptval(-1)
    def _begin_stw(self, g: cython.int, reason: cython.int, stack: cython.int, now: cython.longlong) -> cython.int:
        self._idle_clock(now)
        self._stw_depth += 1
        self._stops[g] = (now, reason, stack)
        return self._observer.began(_STW, g, now)

    @cython.cfunc
    @cython.exceptval(-1)
    def _end_stw(self, g: cython.int, now: cython.longlong, flags: cython.int) -> cython.int:
        since: cython.longlong
        kind: cython.int
        stack: cython.int
        since, kind, stack = self._stops.pop(g)
        self._ended(_STW, kind, stack, since, now - since, g, -1, 0, flags)
        self._idle_clock(now)
        self._stw_depth -= 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _begin_assist(self, g: cython.int, stack: cython.int, since: cython.longlong) -> cython.int:
        self._assists[g] = (since, stack)
        return self._observer.began(_MARK_ASSIST, g, since)

    @cython.cfunc
    @cython.exceptval(-1)
    def _end_assist(self, g: cython.int, now: cython.longlong, flags: cython.int) -> cython.int:
        """One without a beginning was under way when the trace began; the old format has no event for that."""
        since: cython.longlong
        stack: cython.int
        since, stack = self._assists.pop(g, (self._start_time, 0))
        if since == self._start_time:
            flags |= _BEFORE
        self._goroutines.proc = self._p
        return self._ended(_MARK_ASSIST, 0, stack, since, now - since, g, -1, 0, flags)

    @cython.cfunc
    @cython.exceptval(-1)
    def _begin_sweep(self, p: cython.int, g: cython.int, stack: cython.int, since: cython.longlong) -> cython.int:
        self._p_sweep[p] = since
        self._p_sweep_stack[p] = stack
        self._goroutines.proc = p
        return self._observer.began(_SWEEP, g, since)

    @cython.cfunc
    @cython.exceptval(-1)
    def _end_sweep(self, p: cython.int, g: cython.int, now: cython.longlong, flags: cython.int) -> cython.int:
        since: cython.longlong = self._p_sweep[p]
        if since == self._start_time:
            flags |= _BEFORE
        self._goroutines.proc = p
        self._ended(_SWEEP, 0, self._p_sweep_stack[p], since, now - since, g, -1, 0, flags)
        self._p_sweep[p] = -1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _begin_region(
        self, g: cython.int, task: cython.longlong, name: cython.int, stack: cython.int, now: cython.longlong
    ) -> cython.int:
        if self._regions.begin(self._g_life[g], task, name, stack, now, self._g_created[g] < 0):
            self._observer.began(_REGION, g, now)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _end_region(
        self, g: cython.int, task: cython.longlong, name: cython.int, stack: cython.int, now: cython.longlong
    ) -> cython.int:
        """The innermost such region of goroutine `g` ends, or one that began before the trace."""
        # a region of a task that began during the trace did so, too
        is_old: cython.bint = self._g_created[g] < 0 and task not in self._tasks
        region: Region = self._regions.end(self._g_life[g], task, name, stack, is_old)
        if region is not None:
            self._ended(_REGION, name, region.stack, region.since, now - region.since, g, task, 0, 0)
        elif self._regions.from_before:
            self._ended(_REGION, name, 0, self._start_time, now - self._start_time, g, task, 0, _BEFORE)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _end_regions(self, g: cython.int, now: cython.longlong, died: cython.bint) -> cython.int:
        """Goroutine `g` or the trace ends: its regions, the innermost first, stay open."""
        region: Region
        for region in self._regions.leave(self._g_life[g], died):
            since: cython.longlong = region.since
            self._ended(_REGION, region.name, region.stack, since, now - since, g, region.task, 0, _OPEN)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _idle_clock(self, now: cython.longlong) -> cython.longlong:
        """Time so far during which at least one P was idle and the world was not stopped."""
        if self._idle_ps > 0 and self._stw_depth == 0:
            self._idle_total += now - self._idle_since
        self._idle_since = now
        return self._idle_total

    @cython.cfunc
    @cython.exceptval(-1)
    def _set_proc(self, p: cython.int, status: cython.int, now: cython.longlong) -> cython.int:
        more: cython.int = (1 if status == _P_IDLE else 0) - (1 if self._p_status[p] == _P_IDLE else 0)
        if more != 0:
            self._p_idle[p >> 8] += more
            # a P beyond GOMAXPROCS cannot run anything
            if self._gomaxprocs == 0 or p < self._gomaxprocs:
                self._idle_clock(now)
                self._idle_ps += more
        self._p_status[p] = status
        if p >= self._p_top:
            self._p_top = p + 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _set_gomaxprocs(self, n: cython.longlong, now: cython.longlong) -> cython.int:
        """Ps beyond the new number, at most `MAX_PROCS`, no longer count as idle."""
        i: cython.int
        if n == self._gomaxprocs:
            return 0
        self._idle_clock(now)
        if self._gomaxprocs_at_start == 0:
            self._gomaxprocs_at_start = n
        self._gomaxprocs = n
        self._idle_ps = 0
        end: cython.int = cython.cast(cython.int, n) if n > 0 else cython.cast(cython.int, _MAX_PROCS)
        for i in range(end >> 8):
            self._idle_ps += self._p_idle[i]
        for i in range(end >> 8 << 8, min(end, self._p_top)):
            if self._p_status[i] == _P_IDLE:
                self._idle_ps += 1
        return 0

    # ---- rows -------------------------------------------------------------------------------------------------

    @cython.cfunc
    @cython.exceptval(-1)
    @cython.inline
    def _emit(
        self,
        kind: cython.int,
        time: cython.longlong,
        thread: cython.int,
        proc: cython.int,
        goroutine: cython.longlong,
        a: cython.longlong,
        b: cython.longlong,
        c: cython.longlong,
        stack: cython.int,
    ) -> cython.longlong:
        """Stamp and count an event, and write its row if it is wanted. Return its time."""
        if time <= self._last_time:
            time = self._last_time + 1
        self._last_time = time
        self._by_type[kind] += 1
        if self._wanted[kind]:
            self._write(kind, time, thread, proc, goroutine, a, b, c, stack)
        return time

    @cython.cfunc
    @cython.exceptval(-1)
    def _write(
        self,
        kind: cython.int,
        time: cython.longlong,
        thread: cython.int,
        proc: cython.int,
        goroutine: cython.longlong,
        a: cython.longlong,
        b: cython.longlong,
        c: cython.longlong,
        stack: cython.int,
    ) -> cython.int:
        row: cython.int = self._rows
        self._times[row] = time
        self._types[row] = kind
        self._threads[row] = self._m_id[thread] if thread >= 0 else -1
        self._procs[row] = proc
        self._goroutine_column[row] = goroutine
        self._a[row] = a
        self._b[row] = b
        self._c[row] = c
        self._stack_column[row] = stack
        self._life_column[row] = self._life_of(goroutine)
        self._rows = row + 1
        return 0

    @cython.cfunc
    @cython.exceptval(-2)
    def _life_of(self, id: cython.longlong) -> cython.longlong:
        """Return the life of a goroutine that exists now, −1 for none."""
        g: cython.int = self._slots.find(id) if id != -1 else -1
        return self._g_life[g] if g >= 0 else -1

    @cython.cfunc
    @cython.exceptval(-1)
    def _emit_sample(self) -> cython.int:
        time: cython.longlong = self._sample_time
        numbers: Varints = self._sample_data
        # after the type come the ticks
        numbers.pos = self._sample_offsets[self._sample] + 1
        numbers.next()
        thread: cython.longlong = numbers.next()
        proc: cython.longlong = numbers.next()
        goroutine: cython.longlong = numbers.next()
        stack: cython.int = self._stack(numbers.next())
        if stack < 0:
            self._fail("CPU sample refers to an unknown stack ID", -1)
            self._offset = self._sample_offsets[self._sample]
            return _FAILED
        self._sample += 1
        if self._sample < self._sample_n:
            self._sample_time = self._sample_times[self._sample]
        self._emit(
            _CPU_SAMPLE,
            time,
            -1 if thread == -1 else self._thread(thread),
            cython.cast(cython.int, proc),
            -1 if goroutine == 0 else goroutine,
            0,
            0,
            0,
            stack,
        )
        return 1

    # ---- the old format -----------------------------------------------------------------------------------------

    def replay(
        self,
        n: cython.int,
        times: cython.longlong[::1],
        types: cython.uchar[::1],
        threads: cython.longlong[::1],
        procs: cython.int[::1],
        goroutines: cython.longlong[::1],
        column_a: cython.longlong[::1],
        column_b: cython.longlong[::1],
        column_c: cython.longlong[::1],
        stacks: cython.int[::1],
    ) -> None:
        """Emit `n` ordered and checked events of the old format, and follow their states.

        Args:
            n: at most `CHUNK_ROWS`.
            times, types, …: columns as in `reader.Chunk`, with at least `n` rows. Type NONE is no event: `a` is the
                GOMAXPROCS at the start of the trace.
            threads: the threads' own ids, −1 for none.
        """
        i: cython.int
        time: cython.longlong
        kind: cython.int
        proc: cython.int
        goroutine: cython.longlong
        a: cython.longlong
        b: cython.longlong
        c: cython.longlong
        stack: cython.int
        m: cython.int
        self._rows = 0
        for i in range(n):
            time = times[i]
            kind = types[i]
            proc = procs[i]
            goroutine = goroutines[i]
            a = column_a[i]
            b = column_b[i]
            c = column_c[i]
            stack = stacks[i]
            if kind == _NONE:
                self._old_gomaxprocs(a)
                continue
            m = -1 if threads[i] == -1 else self._thread(threads[i])
            self._p = proc
            self._gid = goroutine
            self._g = -1 if goroutine == -1 else self._slots.find(goroutine)
            time = self._emit(kind, time, m, proc, goroutine, a, b, c, stack)
            if kind >= _GO_CREATE and kind <= _GO_STATUS:
                self._old_goroutine(kind, time, a, b, c, stack)
            elif kind == _GO_LABEL and self._g >= 0:
                self._observer.labelled(self._g, cython.cast(cython.int, a), time)
            elif kind >= _STW_BEGIN and kind <= _ASSIST_END:
                self._old_range(kind, time, proc, cython.cast(cython.int, a), stack)
            elif kind == _REGION_BEGIN and self._g >= 0:
                self._begin_region(self._g, a, cython.cast(cython.int, b), stack, time)
            elif kind == _REGION_END and self._g >= 0:
                self._end_region(self._g, a, cython.cast(cython.int, b), stack, time)
            elif kind == _PROC_STOP:
                self._set_proc(proc, _P_IDLE, time)
                self._lose(proc, time)
            elif kind == _PROC_START:
                self._set_proc(proc, _P_RUNNING, time)
            elif kind == _PROC_STATUS:
                self._set_proc(proc, cython.cast(cython.int, b), time)
            elif kind == _PROCS_CHANGE:
                self._old_gomaxprocs(a)

    @cython.cfunc
    @cython.exceptval(-1)
    def _old_gomaxprocs(self, n: cython.longlong) -> cython.int:
        """GOMAXPROCS changes while the world is stopped: a P without an event so far is idle."""
        self._set_gomaxprocs(n, self._last_time)
        while self._p_old < n:
            if self._p_status[self._p_old] == _P_UNDETERMINED:
                self._set_proc(self._p_old, _P_IDLE, self._last_time)
            self._p_old += 1
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _old_goroutine(
        self,
        kind: cython.int,
        now: cython.longlong,
        a: cython.longlong,
        b: cython.longlong,
        c: cython.longlong,
        stack: cython.int,
    ) -> cython.int:
        """An event that changes a goroutine's state: the context's, or the one that `a` names."""
        g: cython.int = self._g
        if kind in (_GO_CREATE, _GO_START, _GO_UNBLOCK, _GO_STATUS):
            g = self._slots.find(a)
            if g < 0 and kind == _GO_CREATE:
                return self._create(a, _RUNNABLE, cython.cast(cython.int, c), stack, now)
            if g < 0:
                g = self._new_goroutine(a)
                # this format has the entry functions of goroutines from before the trace, but not their stacks
                self._g_entry[g] = cython.cast(cython.int, c) if kind == _GO_STATUS else 0
                # the world was stopped when the trace began, and every system call lost its P
                self._appear(g, cython.cast(cython.int, b) if kind == _GO_STATUS else _RUNNING, -1)
        if g < 0 or kind in (_GO_CREATE, _GO_STATUS):
            return 0
        if kind in (_GO_START, _GO_SYSCALL_END):
            if kind == _GO_START and self._p >= 0 and self._p < _MAX_PROCS:
                # a goroutine that expects a long call hands its P over, and the P need not stop for that
                self._lose(self._p, now)
            self._leave(g, now, -1, 0, 0)
            self._enter(g, _RUNNING, 0, now)
        elif kind == _GO_UNBLOCK:
            self._unblock(g, now, stack)
        elif kind == _GO_DESTROY:
            self._destroy(g, now)
        elif kind == _GO_SYSCALL_END_BLOCKED:
            self._exit_syscall(g, now)
        elif kind == _GO_SYSCALL_BEGIN:
            self._stop(g, _SYSCALL, 0, stack, now)
            self._calls(g, self._p, now)
        else:
            self._stop(g, _WAITING if kind == _GO_BLOCK else _RUNNABLE, cython.cast(cython.int, a), stack, now)
        return 0

    @cython.cfunc
    @cython.exceptval(-1)
    def _old_range(
        self, kind: cython.int, now: cython.longlong, p: cython.int, a: cython.int, stack: cython.int
    ) -> cython.int:
        g: cython.int = self._g
        if kind == _STW_BEGIN and g >= 0:
            self._stw_gid = self._gid
            self._begin_stw(g, a, stack, now)
        elif kind == _STW_END:
            # the world is stopped by one at a time; the goroutine that starts it again may be another
            g = self._slots.find(self._stw_gid)
            if g >= 0 and g in self._stops:
                self._end_stw(g, now, 0)
        elif kind == _ASSIST_BEGIN and g >= 0:
            self._begin_assist(g, stack, now)
        elif kind == _ASSIST_END and g >= 0:
            self._end_assist(g, now, 0)
        elif kind == _SWEEP_BEGIN and p >= 0 and p < _MAX_PROCS:
            self._begin_sweep(p, g, stack, now)
        elif kind == _SWEEP_END and p >= 0 and p < _MAX_PROCS and self._p_sweep[p] >= 0:
            self._end_sweep(p, g, now, 0)
        return 0

    # ---- the end --------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Close what is still open at the last event: an unfinished interval counts with its length so far."""
        g: cython.int
        p: cython.int
        m: cython.int
        procs: dict = {}
        threads: dict = {}
        for m in range(self._m_n):
            procs[self._m_slot[m]] = self._m_proc[m]
            threads[self._m_slot[m]] = m
        for g in range(self._g_n):
            if self._g_id[g] == -1:
                continue
            self._goroutines.proc = procs.get(g, -1)
            self._goroutines.thread = threads.get(g, -1)
            self._leave(g, self._last_time, -1, 0, _OPEN)
            if g in self._stops:
                self._end_stw(g, self._last_time, _OPEN)
            if g in self._assists:
                self._end_assist(g, self._last_time, _OPEN)
            if self._regions.any():
                self._end_regions(g, self._last_time, False)
        for p in range(self._p_top):
            if self._p_sweep[p] >= 0:
                self._end_sweep(p, -1, self._last_time, _OPEN)
        self._observer.end(self._last_time)

    def misused_regions(self) -> list[tuple[int, int, int, int, int]]:
        """Return how the program misused regions (see `regions.Regions.misuses`)."""
        misuses: list[tuple[int, int, int, int, int]] = self._regions.misuses()
        return misuses

    def alive(self) -> Iterator[tuple[Any, ...]]:
        """Yield the goroutines that exist now, in any order.

        Each (id, created, creator, creation stack, entry stack, state, since, reason, own stack): created is −1
        for one that was there before the trace; stacks and reason are indices of the tables.
        """
        for g in range(self._g_n):
            if self._g_id[g] == -1:
                continue
            yield (
                self._g_id[g],
                self._g_created[g],
                self._g_creator[g],
                self._g_creation[g],
                self._g_entry[g],
                self._g_status[g],
                self._g_since[g],
                self._g_reason[g],
                self._g_own[g],
            )
