"""The older format, Go 1.11 to 1.21: its events in the newer format's terms, by Go's own rules.

What goroutines wait for has reasons of its own (GoBlock: "", GoStop: "forever"). A system call was one instant: one
that did not block becomes an interval of 1 ns. What happens before the first number of Ps is given is no event but
the state that the trace begins with. The runtime's timers, its poller, ends of system calls and GC cycles belong to
no real P: they have numbers from 1,000,001 on.

Order apart, the older reader's checks hold: a trace that contradicts itself is read up to there.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from gotracer_ci.trace.spec import Ev, GoState, ProcState
from gotracer_ci.trace.tables import BadTable, Tables
from gotracer_ci.trace.v1_order import order
from gotracer_ci.trace.v1_parse import Records
from gotracer_ci.trace.v1_spec import (
    BLOCK_REASONS,
    GC_P,
    NETPOLL_P,
    STOP_REASONS,
    STW_KINDS,
    STW_KINDS_SINCE,
    SYSCALL_P,
    TIMER_P,
    Old,
)
from gotracer_ci.trace.v1_state import Goroutine, IdColumn, Row, State
from gotracer_ci.trace.wire import Damage, Data

MAX_BLOCK = 8192
PASSES = 3
"""Reading the file, putting the events in order, converting them: they take about the same time."""


class Block(NamedTuple):
    """`n` events as columns; see `kernel.Kernel.replay`. The columns are reused for the next block."""

    n: int
    times: Any
    types: Any
    threads: Any
    procs: Any
    goroutines: Any
    a: Any
    b: Any
    c: Any
    stacks: Any


def blocks(data: Data, version: int, tables: Tables) -> Iterator[tuple[int, Block]]:
    """Yield the events of a trace in Go's order, in blocks of at most `MAX_BLOCK` rows; the first ones are empty.

    Each block comes with the progress so far in bytes, a third of the file's size for each of the three passes.

    Raises:
        Damage: before the first event, the file cannot be read; later, the trace contradicts itself; after the last
            one, it lacks stacks.
    """
    columns = tuple(array(code, [0]) * MAX_BLOCK for code in "qBqiqqqqi")
    empty = Block(0, *columns)
    records = Records(data, version)
    for position in records.read():
        yield position // PASSES, empty
    yield len(data) // PASSES, empty
    try:
        strings, stacks = tables.add_generation(records.strings, records.traces, records.pcs)
    except BadTable as bad:
        raise Damage(str(bad)) from None
    size, events = len(data), len(records.times)
    for done in order(records):
        yield size * (events + done) // (PASSES * events), empty
    converter = _Converter(records, version, tables, strings.columns(), stacks.columns())
    block: list[Row] = []
    damage: Damage | None = None
    try:
        for done, i in enumerate(records.order):
            block += converter.rows(i)
            while len(block) >= MAX_BLOCK:
                yield size * (2 * events + done) // (PASSES * events), _filled(columns, block[:MAX_BLOCK])
                del block[:MAX_BLOCK]
    except Damage as problem:
        damage = problem
    yield size, _filled(columns, block)
    if damage:
        raise damage
    if converter.lacks_stacks:
        raise Damage("the trace is cut: stacks that its events name are missing", size)


def _filled(columns: tuple[array[int], ...], rows: list[Row]) -> Block:
    for k, row in enumerate(rows):
        for column, value in zip(columns, row, strict=True):
            column[k] = value
    return Block(len(rows), *columns)


class _Converter(State):
    def __init__(self, records: Records, version: int, tables: Tables, strings: IdColumn, stacks: IdColumn) -> None:
        super().__init__(records, tables, strings, stacks)
        self._version = version
        self._announced: set[int] = set()
        self._tasks: dict[int, tuple[int, int]] = {}
        self._regions: dict[int, list[tuple[int, int]]] = {}
        self._before: dict[int, int] | None = {}  # goroutines that are there and of unknown state: id → entry stack
        self._collecting = False
        self._stopped: int | None = None
        self._last_stopped = 0
        handlers: dict[int, Callable[[int], list[Row]]] = {
            Old.GOMAXPROCS: self._gomaxprocs,
            Old.PROC_START: self._proc_start,
            Old.PROC_STOP: self._proc_stop,
            Old.GC_START: self._gc_start,
            Old.GC_DONE: self._gc_done,
            Old.STW_START: self._stw_start,
            Old.STW_DONE: self._stw_done,
            Old.SWEEP_START: self._sweep_start,
            Old.SWEEP_DONE: self._sweep_done,
            Old.GO_CREATE: self._go_create,
            Old.GO_START: self._go_start,
            Old.GO_START_LABEL: self._go_start,
            Old.GO_END: self._go_end,
            Old.GO_UNBLOCK: self._go_unblock,
            Old.GO_SYSCALL: self._go_syscall,
            Old.SYSCALL_BLOCKS: self._go_syscall,
            Old.GO_SYS_BLOCK: self._go_sys_block,
            Old.GO_SYS_EXIT: self._go_sys_exit,
            Old.GO_WAITING: self._go_status,
            Old.GO_IN_SYSCALL: self._go_status,
            Old.HEAP_ALLOC: self._heap,
            Old.HEAP_GOAL: self._heap,
            Old.ASSIST_START: self._assist_start,
            Old.ASSIST_DONE: self._assist_done,
            Old.TASK_CREATE: self._task_create,
            Old.TASK_END: self._task_end,
            Old.REGION: self._region,
            Old.LOG: self._log,
            Old.CPU_SAMPLE: self._sample,
            **dict.fromkeys(BLOCK_REASONS, self._go_block),
            **dict.fromkeys(STOP_REASONS, self._go_stop),
        }
        self._handlers = handlers
        self._kinds = records.kinds

    def rows(self, i: int) -> list[Row]:
        """What one event becomes."""
        handler = self._handlers.get(self._kinds[i])
        if handler is None:
            raise self._damage(i, f"an event of the unknown type {self._kinds[i]}")
        return handler(i)

    # ---- procs and ranges -------------------------------------------------------------------------------------

    def _gomaxprocs(self, i: int) -> list[Row]:
        n = self._records.a[i]
        if self._before is None:
            return [self._row(i, Ev.PROCS_CHANGE, n, stack=self._own_stack(i))]
        time = self._records.times[i]
        # the first one ends the trace's beginning: whoever was said neither to run nor to wait is runnable
        first: list[Row] = [(time, Ev.NONE, -1, -1, -1, n, 0, 0, 0)]
        first += [
            (time, Ev.GO_STATUS, -1, -1, -1, id, int(GoState.RUNNABLE), entry, 0) for id, entry in self._before.items()
        ]
        self._before = None
        return first

    def _proc_start(self, i: int) -> list[Row]:
        proc, p = self._proc(i), self._records.procs[i]
        if proc.runs or p < 0:
            raise self._damage(i, f"P {p} starts, but runs already")
        proc.runs = True
        self._threads[p] = self._records.a[i]
        if p in self._announced:
            return [self._row(i, Ev.PROC_START, p)]
        self._announced.add(p)
        return [self._row(i, Ev.PROC_STATUS, p, int(ProcState.RUNNING))]

    def _proc_stop(self, i: int) -> list[Row]:
        proc, p = self._proc(i), self._records.procs[i]
        if not proc.runs or proc.goroutine:
            raise self._damage(i, f"P {p} stops, but does not run or runs a goroutine")
        proc.runs = False
        row = self._row(i, Ev.PROC_STOP, p)
        self._threads.pop(p, None)
        return [row]

    def _gc_start(self, i: int) -> list[Row]:
        if self._collecting:
            raise self._damage(i, "a GC cycle begins inside another")
        self._collecting = True
        return [self._row(i, Ev.GC_BEGIN, self._records.a[i], stack=self._own_stack(i), proc=GC_P)]

    def _gc_done(self, i: int) -> list[Row]:
        if not self._collecting:
            raise self._damage(i, "a GC cycle ends that has not begun")
        self._collecting = False
        return [self._row(i, Ev.GC_END)]

    def _stw_start(self, i: int) -> list[Row]:
        if self._stopped is not None:
            raise self._damage(i, "a stop-the-world begins inside another")
        number = self._records.a[i]
        if self._version < STW_KINDS_SINCE:
            number = number + 1 if number in (0, 1) else 0
        kind = STW_KINDS[number] if 0 <= number < len(STW_KINDS) else b""
        self._stopped = self._last_stopped = self._tables.intern_string(kind)
        return [self._row(i, Ev.STW_BEGIN, self._stopped)]

    def _stw_done(self, i: int) -> list[Row]:
        if self._stopped is None:
            raise self._damage(i, "a stop-the-world ends that has not begun")
        self._stopped = None
        return [self._row(i, Ev.STW_END, self._last_stopped)]

    def _sweep_start(self, i: int) -> list[Row]:
        proc = self._proc(i)
        if proc.sweeps:
            raise self._damage(i, "a sweep begins inside another")
        proc.sweeps = True
        return [self._row(i, Ev.GC_SWEEP_BEGIN, self._records.procs[i], stack=self._own_stack(i))]

    def _sweep_done(self, i: int) -> list[Row]:
        proc = self._proc(i)
        if not proc.sweeps:
            raise self._damage(i, "a sweep ends that has not begun")
        proc.sweeps = False
        return [self._row(i, Ev.GC_SWEEP_END, self._records.a[i], self._records.b[i])]

    def _assist_start(self, i: int) -> list[Row]:
        goroutine = self._goroutines.setdefault(self._records.goroutines[i], Goroutine())
        if goroutine.assists:
            raise self._damage(i, "a mark assist begins inside another")
        goroutine.assists = True
        return [self._row(i, Ev.GC_MARK_ASSIST_BEGIN, self._records.goroutines[i] or -1, stack=self._own_stack(i))]

    def _assist_done(self, i: int) -> list[Row]:
        # may have begun before the trace
        self._goroutines.setdefault(self._records.goroutines[i], Goroutine()).assists = False
        return [self._row(i, Ev.GC_MARK_ASSIST_END)]

    def _heap(self, i: int) -> list[Row]:
        event = Ev.HEAP_ALLOC if self._records.kinds[i] == Old.HEAP_ALLOC else Ev.HEAP_GOAL
        return [self._row(i, event, self._records.a[i])]

    # ---- goroutines -------------------------------------------------------------------------------------------

    def _go_create(self, i: int) -> list[Row]:
        self._running(i, nobody=True)
        id = self._records.a[i]
        if id in self._goroutines:
            raise self._damage(i, f"goroutine {id} is created twice")
        entry = self._stack(self._records.b[i])
        self._goroutines[id] = Goroutine(entry)
        if self._before is not None:
            self._before[id] = entry
            return []
        return [self._row(i, Ev.GO_CREATE, id, 0, entry, self._own_stack(i))]

    def _go_start(self, i: int) -> list[Row]:
        id = self._records.goroutines[i]
        goroutine, proc = self._goroutines.get(id), self._proc(i)
        if goroutine is None or goroutine.state != GoState.RUNNABLE or proc.goroutine:
            raise self._damage(i, f"goroutine {id} starts, but is not runnable, or its P runs another")
        goroutine.state = GoState.RUNNING
        proc.goroutine = id
        if self._records.kinds[i] == Old.GO_START_LABEL:
            label = self._string(i, self._records.c[i])
            start = self._row(i, Ev.GO_START, id)
            # where Go's reader does not know the thread of such a start, it says 0
            thread = self._threads.get(self._records.procs[i], 0)
            start = (start[0], Ev.GO_START, thread, *start[3:])
            return [start, (start[0], Ev.GO_LABEL, *start[2:5], label, 0, 0, 0)]
        if self._before is not None:
            return self._first_status(i, id, GoState.RUNNING)
        return [self._row(i, Ev.GO_START, id)]

    def _first_status(self, i: int, id: int, state: GoState) -> list[Row]:
        if self._before is not None:
            self._before.pop(id, None)
        return [self._row(i, Ev.GO_STATUS, id, int(state), self._goroutines[id].entry)]

    def _go_status(self, i: int) -> list[Row]:
        id = self._records.goroutines[i]
        goroutine = self._goroutines.get(id)
        if goroutine is None or goroutine.state != GoState.RUNNABLE:
            raise self._damage(i, f"goroutine {id} is said to wait, but is not runnable")
        goroutine.state = GoState.WAITING
        waits = self._records.kinds[i] == Old.GO_WAITING
        return self._first_status(i, id, GoState.WAITING if waits else GoState.SYSCALL)

    def _go_end(self, i: int) -> list[Row]:
        goroutine, proc = self._running(i)
        goroutine.state = None
        proc.goroutine = 0
        self._regions.pop(self._records.goroutines[i], None)
        return [self._row(i, Ev.GO_DESTROY)]

    def _go_block(self, i: int) -> list[Row]:
        goroutine, proc = self._running(i)
        kind = self._records.kinds[i]
        # what waits forever is gone for good
        goroutine.state = None if kind == Old.GO_STOP else GoState.WAITING
        goroutine.on_network = kind == Old.GO_BLOCK_NET
        proc.goroutine = 0
        reason = self._tables.intern_string(BLOCK_REASONS[kind])
        return [self._row(i, Ev.GO_BLOCK, reason, stack=self._own_stack(i))]

    def _go_stop(self, i: int) -> list[Row]:
        goroutine, proc = self._running(i)
        goroutine.state = GoState.RUNNABLE
        proc.goroutine = 0
        reason = self._tables.intern_string(STOP_REASONS[self._records.kinds[i]])
        return [self._row(i, Ev.GO_STOP, reason, stack=self._own_stack(i))]

    def _go_unblock(self, i: int) -> list[Row]:
        waker, id = self._records.goroutines[i], self._records.a[i]
        proc: int | None = None
        if waker in self._records.timers:
            proc = TIMER_P
            runs = self._goroutines.get(waker)
            if runs is None or runs.state != GoState.RUNNING:
                raise self._damage(i, f"an event of goroutine {waker}, which does not run")
        else:
            self._running(i, nobody=True)
        goroutine = self._goroutines.get(id)
        if goroutine is None or goroutine.state != GoState.WAITING:
            raise self._damage(i, f"goroutine {id} is unblocked, but does not wait")
        if goroutine.on_network:
            proc = NETPOLL_P
        goroutine.state = GoState.RUNNABLE
        goroutine.on_network = False
        return [self._row(i, Ev.GO_UNBLOCK, id, stack=self._own_stack(i), proc=proc)]

    def _go_syscall(self, i: int) -> list[Row]:
        self._running(i)
        begin = self._row(i, Ev.GO_SYSCALL_BEGIN, stack=self._own_stack(i))
        if self._records.kinds[i] == Old.SYSCALL_BLOCKS:
            return [begin]
        # as at a labelled start
        thread = self._threads.get(self._records.procs[i], 0)
        begin = (*begin[:2], thread, *begin[3:])
        return [begin, (begin[0] + 1, Ev.GO_SYSCALL_END, *begin[2:5], 0, 0, 0, 0)]

    def _go_sys_block(self, i: int) -> list[Row]:
        goroutine, proc = self._running(i)
        goroutine.state = GoState.WAITING
        proc.goroutine = 0
        return []

    def _go_sys_exit(self, i: int) -> list[Row]:
        id = self._records.goroutines[i]
        goroutine = self._goroutines.get(id)
        if goroutine is None or goroutine.state != GoState.WAITING:
            raise self._damage(i, f"goroutine {id} leaves a system call that it is not in")
        goroutine.state = GoState.RUNNABLE
        return [self._row(i, Ev.GO_SYSCALL_END_BLOCKED, proc=SYSCALL_P)]

    # ---- annotations and samples ------------------------------------------------------------------------------

    def _task_create(self, i: int) -> list[Row]:
        records = self._records
        task, parent, name = records.a[i], records.b[i], self._string(i, records.c[i])
        if task in self._tasks:
            raise self._damage(i, f"task {task} begins twice")
        self._tasks[task] = (parent, name)
        return [self._row(i, Ev.USER_TASK_BEGIN, task, parent or -1, name, self._own_stack(i))]

    def _task_end(self, i: int) -> list[Row]:
        task = self._records.a[i]
        # unlike at its begin, Go's reader gives "no parent" as it stands in the file: 0
        parent, name = self._tasks.pop(task, (-1, 0))
        return [self._row(i, Ev.USER_TASK_END, task, parent, name, self._own_stack(i))]

    def _region(self, i: int) -> list[Row]:
        records = self._records
        task, mode, name = records.a[i], records.b[i], self._string(i, records.c[i])
        stack = self._own_stack(i)
        regions = self._regions.setdefault(records.goroutines[i], [])
        if mode == 0:
            regions.append((task, name))
            return [self._row(i, Ev.USER_REGION_BEGIN, task, name, stack=stack)]
        # what began before the trace may end in it
        if mode != 1 or (regions and regions.pop() != (task, name)):
            raise self._damage(i, f"goroutine {records.goroutines[i]} ends another region than its innermost")
        return [self._row(i, Ev.USER_REGION_END, task, name, stack=stack)]

    def _log(self, i: int) -> list[Row]:
        records = self._records
        key = self._string(i, records.b[i])
        message = self._tables.intern_string(records.messages[records.c[i]])
        return [self._row(i, Ev.USER_LOG, records.a[i], key, message, self._own_stack(i))]

    def _sample(self, i: int) -> list[Row]:
        row = self._row(i, Ev.CPU_SAMPLE, stack=self._own_stack(i))
        # which thread it was, Go 1.21 does not say
        return [(*row[:2], -1, *row[3:])]
