# cython: language_level=3, wraparound=False, initializedcheck=False, cdivision=True, auto_pickle=False
"""Convert the events that change no goroutine: Ps, ranges of the runtime, the heap, annotations and CPU samples."""

from __future__ import annotations

from typing import Any

try:
    # Cython's compiler looks for this very line
    import cython
except ModuleNotFoundError:
    from gotracer_ci.trace import _uncompiled as cython

from gotracer_ci.trace.columns import column, grown
from gotracer_ci.trace.spec import MAX_PROCS, Ev, GoState, ProcState
from gotracer_ci.trace.tables import Tables
from gotracer_ci.trace.v1 import spec
from gotracer_ci.trace.v1.records import Records
from gotracer_ci.trace.v1.spec import Old
from gotracer_ci.trace.wire import Damage

if cython.compiled:
    from cython.cimports.gotracer_ci.trace.v1.rows import Rows
else:
    from gotracer_ci.trace.v1.rows import Rows

_RUNNABLE = cython.declare(cython.int, GoState.RUNNABLE)
_P_RUNNING = cython.declare(cython.int, ProcState.RUNNING)
_GC_P = cython.declare(cython.int, spec.GC_P)

_PROC_START = cython.declare(cython.int, Old.PROC_START)
_PROC_STOP = cython.declare(cython.int, Old.PROC_STOP)
_GC_START = cython.declare(cython.int, Old.GC_START)
_GC_DONE = cython.declare(cython.int, Old.GC_DONE)
_STW_START = cython.declare(cython.int, Old.STW_START)
_STW_DONE = cython.declare(cython.int, Old.STW_DONE)
_SWEEP_START = cython.declare(cython.int, Old.SWEEP_START)
_SWEEP_DONE = cython.declare(cython.int, Old.SWEEP_DONE)
_HEAP_ALLOC = cython.declare(cython.int, Old.HEAP_ALLOC)
_HEAP_GOAL = cython.declare(cython.int, Old.HEAP_GOAL)
_ASSIST_START = cython.declare(cython.int, Old.ASSIST_START)
_ASSIST_DONE = cython.declare(cython.int, Old.ASSIST_DONE)
_TASK_CREATE = cython.declare(cython.int, Old.TASK_CREATE)
_TASK_END = cython.declare(cython.int, Old.TASK_END)
_REGION = cython.declare(cython.int, Old.REGION)
_LOG = cython.declare(cython.int, Old.LOG)
_CPU_SAMPLE = cython.declare(cython.int, Old.CPU_SAMPLE)

# Event types of the newer format.
_EV_PROC_START = cython.declare(cython.int, Ev.PROC_START)
_EV_PROC_STOP = cython.declare(cython.int, Ev.PROC_STOP)
_EV_PROC_STATUS = cython.declare(cython.int, Ev.PROC_STATUS)
_EV_GC_BEGIN = cython.declare(cython.int, Ev.GC_BEGIN)
_EV_GC_END = cython.declare(cython.int, Ev.GC_END)
_EV_STW_BEGIN = cython.declare(cython.int, Ev.STW_BEGIN)
_EV_STW_END = cython.declare(cython.int, Ev.STW_END)
_EV_GC_SWEEP_BEGIN = cython.declare(cython.int, Ev.GC_SWEEP_BEGIN)
_EV_GC_SWEEP_END = cython.declare(cython.int, Ev.GC_SWEEP_END)
_EV_HEAP_ALLOC = cython.declare(cython.int, Ev.HEAP_ALLOC)
_EV_HEAP_GOAL = cython.declare(cython.int, Ev.HEAP_GOAL)
_EV_GC_MARK_ASSIST_BEGIN = cython.declare(cython.int, Ev.GC_MARK_ASSIST_BEGIN)
_EV_GC_MARK_ASSIST_END = cython.declare(cython.int, Ev.GC_MARK_ASSIST_END)
_EV_USER_TASK_BEGIN = cython.declare(cython.int, Ev.USER_TASK_BEGIN)
_EV_USER_TASK_END = cython.declare(cython.int, Ev.USER_TASK_END)
_EV_USER_REGION_BEGIN = cython.declare(cython.int, Ev.USER_REGION_BEGIN)
_EV_USER_REGION_END = cython.declare(cython.int, Ev.USER_REGION_END)
_EV_USER_LOG = cython.declare(cython.int, Ev.USER_LOG)
_EV_CPU_SAMPLE = cython.declare(cython.int, Ev.CPU_SAMPLE)


@cython.final
@cython.cclass
class Others:
    """Converts these events; knows which ranges and tasks are open."""

    _rows: Rows
    _tables: Any
    _messages: list
    _version: cython.int
    _ids: cython.longlong[::1]

    # the records' columns
    _procs: cython.short[::1]
    _goroutines: cython.int[::1]
    _offsets: cython.int[::1]

    # the converter's: of the goroutines their states, of the Ps (by number + 1) whether they run, and what
    _state: cython.uchar[::1]
    _runs: cython.uchar[::1]
    _goroutine: cython.int[::1]

    _announced: cython.uchar[::1]  # by P + 1
    _collecting: cython.bint
    _stopped: cython.bint
    _stop_kind: cython.int  # of the last stop-the-world: a string
    _sweeps: cython.uchar[::1]  # by P + 1
    _assists: cython.uchar[::1]  # by goroutine
    _tasks: dict  # ID → (parent, name)

    def __init__(
        self, records: Records, version: int, tables: Tables, rows: Any, state: Any, runs: Any, goroutine: Any
    ) -> None:
        self._rows = rows
        self._tables = tables
        self._messages = records.messages
        self._version = version
        self._ids = records.ids
        self._procs = records.procs
        self._goroutines = records.goroutines
        self._offsets = records.offsets
        self._state = state
        self._runs = runs
        self._goroutine = goroutine
        self._announced = column("B", [0]) * (MAX_PROCS + 1)
        self._collecting = self._stopped = False
        self._stop_kind = 0
        self._sweeps = column("B", [0]) * (MAX_PROCS + 1)
        self._assists = grown(column("B"), records.n_ids)
        self._tasks = {}

    def _fail(self, i: cython.int, problem: str) -> None:
        raise Damage(problem, self._offsets[i])

    @cython.cfunc
    def convert(self, i: cython.int, kind: cython.int) -> cython.bint:
        """Convert event `i`; return whether it is one of these."""
        rows: Rows = self._rows
        if kind in (_HEAP_ALLOC, _HEAP_GOAL):
            if rows.argument(i, 0) < 0:
                self._fail(i, "size of the heap is out of range")
            rows.put(i, _EV_HEAP_ALLOC if kind == _HEAP_ALLOC else _EV_HEAP_GOAL, rows.argument(i, 0), 0, 0, 0)
        elif kind == _SWEEP_START:
            self._sweep_start(i)
        elif kind == _SWEEP_DONE:
            self._sweep_done(i)
        elif kind == _ASSIST_START:
            self._assist_start(i)
        elif kind == _ASSIST_DONE:
            self._assist_done(i)
        elif kind == _PROC_START:
            self._proc_start(i)
        elif kind == _PROC_STOP:
            self._proc_stop(i)
        elif kind == _STW_START:
            self._stw_start(i)
        elif kind == _STW_DONE:
            self._stw_done(i)
        elif kind == _GC_START:
            self._gc_start(i)
        elif kind == _GC_DONE:
            self._gc_done(i)
        elif kind == _TASK_CREATE:
            self._task_create(i)
        elif kind == _TASK_END:
            self._task_end(i)
        elif kind == _REGION:
            self._region(i)
        elif kind == _LOG:
            self._log(i)
        elif kind == _CPU_SAMPLE:
            # Go 1.21 does not tell which thread it was
            rows.threads[rows.put(i, _EV_CPU_SAMPLE, 0, 0, 0, rows.own_stack(i))] = -1
        else:
            return False
        return True

    # ---- Ps ---------------------------------------------------------------------------------------------------

    @cython.cfunc
    def _proc_start(self, i: cython.int) -> cython.int:
        p: cython.int = self._procs[i]
        if self._runs[p + 1] or p < 0:
            self._fail(i, f"ProcStart on P {p}, which is running")
        self._runs[p + 1] = 1
        self._rows.thread_of[p + 1] = self._rows.argument(i, 0)
        if self._announced[p + 1]:
            return self._rows.put(i, _EV_PROC_START, p, 0, 0, 0)
        self._announced[p + 1] = 1
        return self._rows.put(i, _EV_PROC_STATUS, p, _P_RUNNING, 0, 0)

    @cython.cfunc
    def _proc_stop(self, i: cython.int) -> cython.int:
        p: cython.int = self._procs[i]
        if not self._runs[p + 1] or self._goroutine[p + 1]:
            self._fail(i, f"ProcStop on P {p}, which is not running or runs a goroutine")
        self._rows.put(i, _EV_PROC_STOP, p, 0, 0, 0)
        self._runs[p + 1] = 0
        self._rows.thread_of[p + 1] = -1
        return 0

    # ---- ranges of the runtime --------------------------------------------------------------------------------

    @cython.cfunc
    def _gc_start(self, i: cython.int) -> cython.int:
        if self._collecting:
            self._fail(i, "a GC cycle begins inside another")
        self._collecting = True
        return self._rows.put_on(i, _EV_GC_BEGIN, self._rows.argument(i, 0), self._rows.own_stack(i), _GC_P)

    @cython.cfunc
    def _gc_done(self, i: cython.int) -> cython.int:
        if not self._collecting:
            self._fail(i, "a GC cycle ends that has not begun")
        self._collecting = False
        return self._rows.put(i, _EV_GC_END, 0, 0, 0, 0)

    @cython.cfunc
    def _stw_start(self, i: cython.int) -> cython.int:
        number: cython.longlong = self._rows.argument(i, 0)
        if self._stopped:
            self._fail(i, "a stop-the-world begins inside another")
        if self._version < spec.STW_KINDS_SINCE:
            number = number + 1 if 0 <= number <= 1 else 0
        self._stopped = True
        self._stop_kind = self._tables.intern_string(
            spec.STW_KINDS[number] if 0 <= number < len(spec.STW_KINDS) else b""
        )
        return self._rows.put(i, _EV_STW_BEGIN, self._stop_kind, 0, 0, 0)

    @cython.cfunc
    def _stw_done(self, i: cython.int) -> cython.int:
        if not self._stopped:
            self._fail(i, "a stop-the-world ends that has not begun")
        self._stopped = False
        return self._rows.put(i, _EV_STW_END, self._stop_kind, 0, 0, 0)

    @cython.cfunc
    def _sweep_start(self, i: cython.int) -> cython.int:
        p: cython.int = self._procs[i]
        if self._sweeps[p + 1]:
            self._fail(i, "a sweep begins inside another")
        self._sweeps[p + 1] = 1
        return self._rows.put(i, _EV_GC_SWEEP_BEGIN, p, 0, 0, self._rows.own_stack(i))

    @cython.cfunc
    def _sweep_done(self, i: cython.int) -> cython.int:
        p: cython.int = self._procs[i]
        if not self._sweeps[p + 1]:
            self._fail(i, "a sweep ends that has not begun")
        self._sweeps[p + 1] = 0
        return self._rows.put(i, _EV_GC_SWEEP_END, self._rows.argument(i, 0), self._rows.argument(i, 1), 0, 0)

    @cython.cfunc
    def _assist_start(self, i: cython.int) -> cython.int:
        g: cython.int = self._goroutines[i]
        id: cython.longlong = -1 if g == 0 else self._ids[g]
        if self._assists[g]:
            self._fail(i, "a mark assist begins inside another")
        self._assists[g] = 1
        self._meet(g)
        return self._rows.put(i, _EV_GC_MARK_ASSIST_BEGIN, id, 0, 0, self._rows.own_stack(i))

    @cython.cfunc
    def _assist_done(self, i: cython.int) -> cython.int:
        # it may have begun before the trace
        self._assists[self._goroutines[i]] = 0
        self._meet(self._goroutines[i])
        return self._rows.put(i, _EV_GC_MARK_ASSIST_END, 0, 0, 0, 0)

    @cython.cfunc
    def _meet(self, g: cython.int) -> cython.int:
        """A goroutine that assists exists, even if the file has not created it."""
        if self._state[g] == 0:
            self._state[g] = _RUNNABLE
        return 0

    # ---- annotations ------------------------------------------------------------------------------------------

    @cython.cfunc
    def _task_create(self, i: cython.int) -> cython.int:
        rows: Rows = self._rows
        task: cython.longlong = rows.argument(i, 0)
        parent: cython.longlong = rows.argument(i, 1)
        name: cython.int = rows.string(i, rows.argument(i, 2))
        if task in self._tasks:
            self._fail(i, f"task {task} begins twice")
        self._tasks[task] = (parent, name)
        return rows.put(i, _EV_USER_TASK_BEGIN, task, -1 if parent == 0 else parent, name, rows.own_stack(i))

    @cython.cfunc
    def _task_end(self, i: cython.int) -> cython.int:
        task: cython.longlong = self._rows.argument(i, 0)
        # unlike at the begin, Go's reader reports "no parent" as it is in the file: 0
        begun: tuple = self._tasks.pop(task, (-1, 0))
        return self._rows.put(i, _EV_USER_TASK_END, task, begun[0], begun[1], self._rows.own_stack(i))

    @cython.cfunc
    def _region(self, i: cython.int) -> cython.int:
        rows: Rows = self._rows
        task: cython.longlong = rows.argument(i, 0)
        mode: cython.longlong = rows.argument(i, 1)
        name: cython.int = rows.string(i, rows.argument(i, 2))
        if mode == 0:
            return rows.put(i, _EV_USER_REGION_BEGIN, task, name, 0, rows.own_stack(i))
        if mode != 1:
            self._fail(i, f"region of goroutine {self._ids[self._goroutines[i]]} neither begins nor ends")
        return rows.put(i, _EV_USER_REGION_END, task, name, 0, rows.own_stack(i))

    @cython.cfunc
    def _log(self, i: cython.int) -> cython.int:
        rows: Rows = self._rows
        category: cython.int = rows.string(i, rows.argument(i, 1))
        message: cython.int = self._tables.intern_string(self._messages[rows.argument(i, 3)])
        return rows.put(i, _EV_USER_LOG, rows.argument(i, 0), category, message, rows.own_stack(i))
