"""Checks what must be true of any trace on its decoded events, independently of how they were decoded.

The oracle says that our events are Go's; this says that they make sense, and would say so of a trace that Go's reader
had got wrong as well. It keeps only what the rows themselves tell: neither sequence numbers nor the order of threads.
What it finds it raises, by the name of the invariant (`INVARIANTS`) and the number of the row.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NoReturn

from gotracer_ci.trace.reader import Trace
from gotracer_ci.trace.regions import CROSSED, UNKNOWN
from gotracer_ci.trace.spec import OLD_VERSIONS, Ev

Row = tuple[int, int, int, int, int, int, int, int, int]
"""(time, type, thread, proc, goroutine, a, b, c, stack) as `reader.Chunk.rows` gives it."""

INVARIANTS = {
    "sync": "a Sync event is first and last, and they are numbered",
    "time": "times strictly increase",
    "context": "an event's thread, P and goroutine are those that the transitions before it imply",
    "goroutine threads": "a goroutine is on one thread at a time, and a thread has one",
    "proc threads": "a P is on one thread at a time, and a thread has one",
    "goroutine states": "a goroutine's transition begins in the state that its last one ended in",
    "proc states": "a P's transition begins in the state that its last one ended in",
    "ranges": "ranges of one kind alternate in their scope: begin, end; none outlives its goroutine",
    "regions": "a goroutine's regions nest, unless the reader says that the program misused them",
    "tasks": "a task begins once and ends once, as what it began",
}

# States of goroutines by the wire's numbers. A P has two more: in a system call, and lost in one (see `spec`).
RUNNABLE, RUNNING, SYSCALL, WAITING, NOT_EXIST = 1, 2, 3, 4, 5
P_RUNNING, P_IDLE, P_SYSCALL, P_ABANDONED = 1, 2, 3, 4
SEATED = (RUNNING, SYSCALL)
NOBODY = -1
EXITING = 0
"""The thread of what an exiting thread writes into a generation's first batch: the runtime has cleared its ID.

`runtime.mexit` clears it (`unminit`) before it gives up its P.
"""

FROM_TO = {
    Ev.GO_START: (RUNNABLE, RUNNING),
    Ev.GO_STOP: (RUNNING, RUNNABLE),
    Ev.GO_BLOCK: (RUNNING, WAITING),
    Ev.GO_DESTROY: (RUNNING, NOT_EXIST),
    Ev.GO_DESTROY_SYSCALL: (SYSCALL, NOT_EXIST),
    Ev.GO_CREATE: (NOT_EXIST, RUNNABLE),
    Ev.GO_CREATE_BLOCKED: (NOT_EXIST, WAITING),
    Ev.GO_CREATE_SYSCALL: (NOT_EXIST, SYSCALL),
    Ev.GO_UNBLOCK: (WAITING, RUNNABLE),
    Ev.GO_SWITCH: (WAITING, RUNNABLE),
    Ev.GO_SWITCH_DESTROY: (WAITING, RUNNABLE),
    Ev.GO_SYSCALL_BEGIN: (RUNNING, SYSCALL),
    Ev.GO_SYSCALL_END: (SYSCALL, RUNNING),
    Ev.GO_SYSCALL_END_BLOCKED: (SYSCALL, RUNNABLE),
}
OF_ANOTHER = {
    Ev.GO_START,
    Ev.GO_CREATE,
    Ev.GO_CREATE_BLOCKED,
    Ev.GO_CREATE_SYSCALL,
    Ev.GO_UNBLOCK,
    Ev.GO_SWITCH,
    Ev.GO_SWITCH_DESTROY,
}
"""Transitions of the goroutine that the event names; the others are the context's."""
RANGES = {Ev.STW_END: "STW", Ev.GC_END: "GC", Ev.GC_SWEEP_END: "SWEEP", Ev.GC_MARK_ASSIST_END: "ASSIST"}
"""The last event of each kind, in order."""
STATUS = (Ev.GO_STATUS, Ev.GO_STATUS_STACK)
OF_A_RUNNING = {
    Ev.PROCS_CHANGE,
    Ev.STW_BEGIN,
    Ev.STW_END,
    Ev.GC_MARK_ASSIST_BEGIN,
    Ev.GC_MARK_ASSIST_END,
    Ev.GO_LABEL,
    Ev.USER_TASK_BEGIN,
    Ev.USER_TASK_END,
    Ev.USER_REGION_BEGIN,
    Ev.USER_REGION_END,
    Ev.USER_LOG,
}


class Violation(Exception):
    """An invariant (`INVARIANTS`) that does not hold at a row (from 0)."""

    def __init__(self, invariant: str, row: int, problem: str) -> None:
        super().__init__(f"{invariant}, row {row}: {problem}")
        self.invariant = invariant
        self.row = row


class Seats:
    """Which one is on which thread: at most one per thread, and each on at most one."""

    def __init__(self) -> None:
        self.on: dict[int, int] = {}
        self.thread: dict[int, int] = {}

    def sit(self, thread: int, who: int) -> bool:
        """Put it on the thread; return whether both were free."""
        fits = thread != NOBODY and self.on.get(thread, who) == who and self.thread.get(who, thread) == thread
        self.on[thread], self.thread[who] = who, thread
        return fits

    def leave(self, who: int) -> bool:
        """Take it off its thread; return whether it was on one."""
        thread = self.thread.pop(who, NOBODY)
        return thread != NOBODY and self.on.pop(thread, NOBODY) == who


class Validator:
    """Takes one row after the other, then `end`.

    older: the format before Go 1.22. It knows a P's thread only while that P runs, and no P at all for some events, so
    that a context says little; what concerns threads and Ps is not asked of it. misused: regions need not nest.
    """

    def __init__(self, *, older: bool = False, misused: bool = False) -> None:
        self.older = older
        self.misused = misused
        self.rows = 0
        self.time = -2  # the first of the older format's is −1
        self.last = Ev.NONE
        self.generation = 0
        self.goroutines: dict[int, int] = {}
        self.procs: dict[int, int] = {}
        self.seats = Seats()  # of goroutines
        self.places = Seats()  # of Ps
        self.given_up: tuple[int, int] | None = None  # thread and P, when the row before was a steal from itself
        self.ranges: dict[tuple[str, int], int] = {}
        self.gc_sequence: int | None = None
        self.from_before: set[int] = set()
        self.regions: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self.tasks: dict[int, tuple[int, int] | None] = {}  # None: has ended

    def row(self, row: Row) -> None:
        """Check a row and apply what it changes."""
        time, number, m, p, g, a, b, c, _ = row
        event = Ev(number)
        self._require("sync", self.rows > 0 or event == Ev.SYNC, "the first event is another")
        self._require("time", time > self.time, f"{time} after {self.time}")
        if not self.older:
            self._context(event, m, p, g, a, b)
        if event == Ev.SYNC:
            self._require("sync", a == self.generation + 1, f"{a} after {self.generation}")
            self.generation = a
        elif event in FROM_TO:
            self._goroutine(event, m, p, g, a)
        elif event in STATUS:
            self._goroutine_status(m, a, b >> 8, b & 0xFF)
        elif Ev.PROC_START <= event <= Ev.PROC_STATUS and not self.older:
            self._proc(event, m, p, a, b)
        elif Ev.STW_BEGIN <= event <= Ev.GC_MARK_ASSIST_END:
            self._range(event, p, g, a)
        elif Ev.USER_TASK_BEGIN <= event <= Ev.USER_REGION_END:
            self._annotation(event, g, a, b, c)
        stolen_from_itself = event == Ev.PROC_STEAL and p == a
        self.given_up = (m, a) if stolen_from_itself else None
        self.time, self.last = time, event
        self.rows += 1

    def end(self) -> None:
        """Check what must be true after the last row."""
        self._require("sync", self.last == Ev.SYNC and self.generation > 1, "the last event is another")

    def _require(self, invariant: str, holds: bool, problem: str) -> None:
        if not holds:
            self._fail(invariant, problem)

    def _fail(self, invariant: str, problem: str) -> NoReturn:
        raise Violation(invariant, self.rows, problem)

    def _context(self, event: Ev, m: int, p: int, g: int, a: int, b: int) -> None:
        if event == Ev.CPU_SAMPLE:
            return  # taken by a signal's handler, at any moment: between two transitions' events too
        here = (self.places.on.get(m, NOBODY), self.seats.on.get(m, NOBODY))
        if event == Ev.GO_DESTROY_SYSCALL and self.given_up and self.given_up[0] == m:
            here = (self.given_up[1], here[1])  # as it was before both of these rows
        shown = (p, g)
        if event in STATUS and b & 0xFF == SYSCALL and shown != here:
            # written by another thread, which has the P; the thread is the goroutine's, and runs it if it is known
            known = (p == NOBODY or p in self.places.thread) and (g in (NOBODY, a) or g in self.seats.thread)
            self._require("context", known, f"a status event on P {p}, goroutine {g}, which are on no thread")
        elif shown != here:
            self._fail("context", f"P {p}, goroutine {g} on a thread (index {m}) with P {here[0]}, goroutine {here[1]}")
        if event in OF_A_RUNNING:
            runs = p != NOBODY and self.goroutines.get(g) == RUNNING
            self._require("context", runs, f"goroutine {g} on P {p}, which does not run, does {event.name}")

    def _goroutine(self, event: Ev, m: int, p: int, g: int, a: int) -> None:
        old, new = FROM_TO[event]
        who = a if event in OF_ANOTHER else g
        state = self.goroutines.get(who, NOT_EXIST)
        self._require("goroutine states", who >= 0, f"{event.name} of no goroutine")
        self._require("goroutine states", state == old, f"{event.name} of goroutine {who} in state {state}")
        if not self.older:
            self._threads(event, m, p, who)
        self._to(who, new)

    def _threads(self, event: Ev, m: int, p: int, who: int) -> None:
        """Apply a goroutine's transition to its thread and P."""
        old, new = FROM_TO[event]
        if event in (Ev.GO_SYSCALL_BEGIN, Ev.GO_SYSCALL_END):
            of_p, to_p = (P_RUNNING, P_SYSCALL) if event == Ev.GO_SYSCALL_BEGIN else (P_SYSCALL, P_RUNNING)
            self._require("proc states", self.procs.get(p) == of_p, f"{event.name} on P {p}")
            self.procs[p] = to_p
        elif event == Ev.GO_SYSCALL_END_BLOCKED:
            self._require("proc states", self.procs.get(p) != P_SYSCALL, f"P {p} is not lost")
        elif event == Ev.GO_DESTROY_SYSCALL and self.given_up:
            self.procs[self.given_up[1]] = P_ABANDONED
        elif RUNNING in (old, new):
            self._require("proc states", self.procs.get(p) == P_RUNNING, f"{event.name} on P {p}")
        if old in SEATED and new not in SEATED:
            self._require("goroutine threads", self.seats.leave(who), f"goroutine {who} leaves a thread it is not on")
        elif new in SEATED:
            fits = self.seats.sit(m, who)
            self._require("goroutine threads", fits, f"goroutine {who} or its new thread (index {m}) has another")

    def _to(self, who: int, new: int) -> None:
        self.goroutines[who] = new
        if new == NOT_EXIST:
            del self.goroutines[who]
            self.regions.pop(who, None)
            self.from_before.discard(who)
            left = [kind for kind in ("STW", "ASSIST") if (kind, who) in self.ranges]
            self._require("ranges", not left, f"goroutine {who} ends in the range {left}")

    def _goroutine_status(self, m: int, who: int, old: int, new: int) -> None:
        state = self.goroutines.get(who)
        if state is None:
            self._require("goroutine states", old == 0 and self.generation == 1, f"goroutine {who} comes from nowhere")
            self.from_before.add(who)
        else:
            self._require("goroutine states", state == old == new, f"goroutine {who} in {state}, not {old} to {new}")
        self.goroutines[who] = new
        if self.older:
            return
        seated = self.seats.sit(m, who) if new in SEATED else who not in self.seats.thread
        self._require("goroutine threads", seated, f"goroutine {who} or its thread (index {m}) has another")

    def _proc(self, event: Ev, m: int, p: int, who: int, detail: int) -> None:
        state = self.procs.get(who)
        if event == Ev.PROC_STATUS:
            self._proc_status(m, who, detail >> 8, detail & 0xFF)
        elif event == Ev.PROC_START:
            self._require("proc states", state == P_IDLE, f"P {who} starts in state {state}")
            self._require("proc threads", self.places.sit(m, who), f"P {who} or its new thread (index {m}) has another")
            self.procs[who] = P_RUNNING
        elif event == Ev.PROC_STOP:
            self._require("proc threads", who == p and self.places.leave(who), f"P {who} stops elsewhere")
            self._require("proc states", state in (P_RUNNING, P_SYSCALL), f"P {who} stops in state {state}")
            self.procs[who] = P_IDLE
        else:
            self._require("proc states", state == detail, f"P {who} is stolen in state {state}, not {detail}")
            held = self.places.leave(who)
            self._require("proc threads", held == (state == P_SYSCALL), f"P {who} is stolen from the wrong thread")
            self.procs[who] = P_IDLE

    def _proc_status(self, m: int, who: int, old: int, new: int) -> None:
        state = self.procs.get(who)
        running = new in (P_RUNNING, P_SYSCALL)
        if state is None:
            unknown = 0 if self.generation == 1 else NOT_EXIST
            self._require("proc states", old == unknown, f"P {who} comes from {old}, not {unknown}")
        else:
            same = state == new and old == (P_RUNNING if running else P_IDLE)
            self._require("proc states", same, f"P {who} in {state}, not {old} to {new}")
        self.procs[who] = new
        if running and m == EXITING and self.places.thread.get(who) not in self.seats.on:
            self.places.leave(who)
        placed = self.places.sit(m, who) if running else who not in self.places.thread
        self._require("proc threads", placed, f"P {who} or its thread (index {m}) has another")

    def _range(self, event: Ev, p: int, g: int, a: int) -> None:
        kind = next(kind for last, kind in RANGES.items() if event <= last)
        what = event.name.rsplit("_", 1)[1]
        scope = NOBODY
        if kind == "GC":
            follows = self.older or self.gc_sequence is None or a == self.gc_sequence + 1  # the older only has begins'
            self._require("ranges", follows, f"GC sequence {a} after {self.gc_sequence}")
            self.gc_sequence = a
        elif kind == "SWEEP":
            scope = p if what == "END" else a
        else:
            scope = a if kind == "ASSIST" and what != "END" else g
        key = (kind, scope)
        if what == "END":
            began = self.ranges.pop(key, None)
            self._require("ranges", began is not None, f"{event.name} of {key}, which has not begun")
            self._require("ranges", kind != "STW" or began == a, f"{event.name} of another kind than began")
            return
        goes_on = what == "ACTIVE" and self.generation > 1
        self._require("ranges", (key in self.ranges) == goes_on, f"{event.name} of {key}")
        self.ranges[key] = a

    def _annotation(self, event: Ev, g: int, a: int, b: int, c: int) -> None:
        if event == Ev.USER_TASK_BEGIN:
            self._require("tasks", a not in self.tasks, f"task {a} begins again")
            self.tasks[a] = (b, c)
        elif event == Ev.USER_TASK_END:
            began = self.tasks.get(a, (NOBODY, 0))  # from before the trace, without a parent or type
            if self.older and b == 0:
                b = NOBODY  # two names for no parent, one at each end
            self._require("tasks", began == (b, c), f"task {a}, parent {b}, type {c} ends; it began as {began}")
            self.tasks[a] = None
        elif event == Ev.USER_REGION_BEGIN:
            self.regions[g].append((a, b))
        elif self.misused:
            pass
        elif self.regions[g]:
            inner = self.regions[g].pop()
            self._require("regions", inner == (a, b), f"region {(a, b)} ends inside {inner}")
        else:
            self._require("regions", g in self.from_before, f"goroutine {g} ends a region that it has not begun")


def validate(trace: Trace) -> int:
    """Read a trace, which must be complete; return the number of its events.

    Raises:
        Violation: an invariant does not hold.
    """
    rows = [row for chunk in trace.chunks() for row in chunk.rows()]
    misused = any(how in (CROSSED, UNKNOWN) for how, *_ in trace.misused_regions())
    validator = Validator(older=trace.version in OLD_VERSIONS, misused=misused)
    for row in rows:
        validator.row(row)
    validator.end()
    return validator.rows
