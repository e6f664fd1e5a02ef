"""Goroutines as `go tool trace` of Go 1.26 and later defines them: a walk over all events, in plain Python.

It is for comparing with that tool, mistakes included: an open system call without a P counts twice, a goroutine that
waits forever has ended, and of goroutines that share an ID only the last one is there. `lives` has our own definitions.
"""

from __future__ import annotations

from collections import defaultdict

from gotracer_ci.analysis.go_ranges import RANGES, GoRanges
from gotracer_ci.analysis.go_tasks import GoTask, GoTasks
from gotracer_ci.analysis.reading import require_events
from gotracer_ci.analysis.times import Times
from gotracer_ci.trace.reader import Chunk, Trace
from gotracer_ci.trace.spec import Ev, GoState

_RUNNABLE, _RUNNING, _SYSCALL, _WAITING = GoState.RUNNABLE, GoState.RUNNING, GoState.SYSCALL, GoState.WAITING
_FOREVER = "forever"
_P_IDLE = frozenset({2, 4})
"""A P's states on the wire that are Idle in Go's words: idle, and abandoned during a system call."""
_CREATIONS = {
    Ev.GO_CREATE: _RUNNABLE,
    Ev.GO_CREATE_BLOCKED: _WAITING,
    Ev.GO_CREATE_SYSCALL: _SYSCALL,
}
_STARTS = {Ev.GO_START: _RUNNING, Ev.GO_UNBLOCK: _RUNNABLE, Ev.GO_SWITCH: _RUNNABLE, Ev.GO_SWITCH_DESTROY: _RUNNABLE}
"""Events of another goroutine than the context's."""
_STOPS = {
    Ev.GO_STOP: _RUNNABLE,
    Ev.GO_BLOCK: _WAITING,
    Ev.GO_SYSCALL_BEGIN: _SYSCALL,
    Ev.GO_SYSCALL_END: _RUNNING,
    Ev.GO_SYSCALL_END_BLOCKED: _RUNNABLE,
    Ev.GO_DESTROY: None,
    Ev.GO_DESTROY_SYSCALL: None,
}
_ANNOTATIONS = frozenset({Ev.USER_TASK_BEGIN, Ev.USER_TASK_END, Ev.USER_REGION_BEGIN, Ev.USER_REGION_END, Ev.USER_LOG})
_HAVE_STACK = frozenset({Ev.GO_STOP, Ev.GO_BLOCK, Ev.GO_SYSCALL_BEGIN})


_TIMES = ("running", "runnable", "syscall", "syscall_blocked", "total")


class GoStats:
    """How long a goroutine was in which state, ns. waits: by reason, "" where Go has none. ranges: by name."""

    __slots__ = ("ranges", "runnable", "running", "syscall", "syscall_blocked", "total", "waits")

    def __init__(self) -> None:
        self.running = self.runnable = self.syscall = self.syscall_blocked = self.total = 0
        self.waits: dict[str, int] = defaultdict(int)
        self.ranges: dict[str, int] = defaultdict(int)

    def copy(self) -> GoStats:
        other = GoStats()
        for name in _TIMES:
            setattr(other, name, getattr(self, name))
        other.waits.update(self.waits)
        other.ranges.update(self.ranges)
        return other

    def minus(self, other: GoStats) -> GoStats:
        less = GoStats()
        for name in _TIMES:
            setattr(less, name, getattr(self, name) - getattr(other, name))
        less.waits.update({reason: ns - other.waits.get(reason, 0) for reason, ns in self.waits.items()})
        less.ranges.update({name: ns - other.ranges.get(name, 0) for name, ns in self.ranges.items()})
        return less

    def times(self) -> Times:
        waiting = sum(self.waits.values())
        # the parts can exceed the total
        parts = self.running + self.runnable + self.syscall + self.syscall_blocked + waiting
        unknown = max(0, self.total - parts)
        return Times(self.running, self.runnable, waiting, self.syscall, self.syscall_blocked, unknown=unknown)


class GoRegion:
    """One region. Times in ns on the trace's clock; name and stack: indices of the tables, 0 unknown.

    begin: None if it is from before the trace. One that a goroutine inherits from its creator has no name and begins
    with the goroutine. end: None if it has none; else when it ended, or its goroutine. stats: at first, those of its
    goroutine when it began.
    """

    __slots__ = ("begin", "end", "name", "stack", "stats", "task")

    def __init__(self, task: int, name: int, stack: int, begin: int | None, stats: GoStats) -> None:
        self.task = task
        self.name = name
        self.stack = stack
        self.begin = begin
        self.end: int | None = None
        self.stats = stats


class GoRecord:
    """One goroutine. Times in ns on the trace's clock; started and ended are None if it did not.

    creator: the goroutine that created it, −1 if unknown. is_old: from before the trace. regions: those that have
    ended, in this order; active: the others, the innermost last. ranges: when each that is under way began, by name.
    """

    __slots__ = (
        "_blocked", "_reason", "_since", "_state", "active", "created", "creator", "ended", "is_old", "name", "number",
        "ranges", "regions", "started", "stats",
    )  # fmt: skip

    def __init__(self, number: int, created: int, creator: int = -1, *, is_old: bool = False) -> None:
        self.number = number
        self.created = created
        self.creator = creator
        self.is_old = is_old
        self.started: int | None = None
        self.ended: int | None = None
        self.name = ""
        self.stats = GoStats()
        self.regions: list[GoRegion] = []
        self.active: list[GoRegion] = []
        self.ranges: dict[str, int] = {}
        self._state: GoState | None = None
        self._since = created
        self._reason = ""
        self._blocked: int | None = None

    def leave(self, now: int) -> None:
        """Its state ends."""
        length = now - self._since
        if self._state is _RUNNING:
            self.stats.running += length
        elif self._state is _RUNNABLE:
            self.stats.runnable += length
        elif self._state is _WAITING:
            self.stats.waits[self._reason] += length
        elif self._state is _SYSCALL:
            blocked = 0 if self._blocked is None else now - self._blocked
            self.stats.syscall_blocked += blocked
            self.stats.syscall += length - blocked
        self._state = None
        self._blocked = None

    def enter(self, state: GoState | None, now: int, reason: str) -> None:
        """It is in a state from now on; None: it ends."""
        if state is None or (state is _WAITING and reason == _FOREVER):
            self.ended = now
            self.close(now)
            return
        if state is _RUNNING and self.started is None:
            self.started = now
        self._state, self._since, self._reason = state, now, reason

    def loses_proc(self, now: int) -> None:
        if self._state is _SYSCALL:
            self._blocked = now

    def so_far(self, now: int) -> GoStats:
        """Return its times with the state in which it is. A system call without its P counts twice."""
        stats = self.stats.copy()
        if stats.total == 0:
            stats.total = now - self.created
        length = now - self._since
        if self._state is _RUNNING:
            stats.running += length
        elif self._state is _RUNNABLE:
            stats.runnable += length
        elif self._state is _WAITING:
            stats.waits[self._reason] += length
        elif self._state is _SYSCALL:
            stats.syscall += length
            stats.runnable += 0 if self._blocked is None else now - self._blocked
        for name, began in self.ranges.items():
            stats.ranges[name] += now - began
        return stats

    def close(self, now: int) -> None:
        """Add what is open when it ends, or when the trace does."""
        self.stats = self.so_far(now)
        self._state = self._blocked = None
        if not _is_system(self.name):
            for region in self.active:
                region.end = self.ended
                region.stats = self.stats.minus(region.stats)
            self.regions += self.active
        self.active = []
        self.ranges = {}


def _is_system(first: str) -> bool:
    """Go's rule for the goroutines whose open regions it drops, which is not quite that of `stacks.is_system`."""
    return first == "" or (first != "runtime.main" and first.startswith("runtime."))


def summarize(trace: Trace) -> tuple[dict[int, GoRecord], dict[int, GoTask]]:
    """Read the trace; return its goroutines and its tasks by ID.

    Raises:
        TraceError: the trace has no events.
    """
    summary = GoSummary(trace)
    for chunk in trace.chunks():
        summary.feed(chunk)
    require_events(trace)
    return summary.result(), summary.tasks.by_id


class GoSummary:
    """Reads a trace's chunks, which must hold every event; `result` has the goroutines by ID."""

    def __init__(self, trace: Trace) -> None:
        self.tasks = GoTasks()
        self._tables = trace.tables
        self._roots: dict[int, str] = {}
        self._records: dict[int, GoRecord] = {}
        self._callers: dict[int, int] = {}  # P → the goroutine in a system call on it
        self._procs: dict[int, int] = {}  # goroutine → that P
        self._ranges = GoRanges(self._records)
        self._sync = self._last = self._created = 0

    def feed(self, chunk: Chunk) -> None:
        for now, kind, _, p, g, a, b, c, stack in chunk.rows():
            self._last = now
            if kind in _STOPS:
                reason = self._tables.string(a) if kind in (Ev.GO_STOP, Ev.GO_BLOCK) else ""
                self._change(g, _STOPS[Ev(kind)], now, p, reason, stack if kind in _HAVE_STACK else 0)
            elif kind in _STARTS:
                self._change(a, _STARTS[Ev(kind)], now, p, "", 0)
            elif kind in _CREATIONS:
                self._records[a] = self._created_by(g, now, stack)
                entry = 0 if kind == Ev.GO_CREATE_SYSCALL else c
                self._change(a, _CREATIONS[Ev(kind)], now, p, "", entry)
            elif kind in (Ev.GO_STATUS, Ev.GO_STATUS_STACK):
                if b >> 8 == GoState.UNDETERMINED:
                    self._appears(a, GoState(b & 0xFF), now, p, stack)
            elif kind in (Ev.PROC_STOP, Ev.PROC_STEAL) or (kind == Ev.PROC_STATUS and b & 0xFF in _P_IDLE):
                self._loses(kind, a, b, now)
            elif kind == Ev.SYNC:
                self._sync = now
            elif kind in _ANNOTATIONS:
                self._annotated(kind, g, now, a, b, c, stack)
            elif kind in RANGES:
                self._ranges.feed(Ev(kind), now, p, g, a, self._sync)

    def result(self) -> dict[int, GoRecord]:
        """Return the goroutines by ID; called once, at the trace's end. Then `tasks` is complete, too."""
        for record in self._records.values():
            record.close(self._last)
        return dict(sorted(self._records.items()))

    def _created_by(self, g: int, now: int, stack: int) -> GoRecord:
        """Return a new goroutine, which inherits the innermost region of its creator."""
        record = GoRecord(self._number(), now, g)
        creator = self._records.get(g)
        if creator and creator.active:
            record.active.append(GoRegion(creator.active[-1].task, 0, stack, now, GoStats()))
        return record

    def _annotated(self, kind: int, g: int, now: int, a: int, b: int, c: int, stack: int) -> None:
        tasks, record = self.tasks, self._records.get(g)
        if kind == Ev.USER_LOG:
            tasks.log(a, g, now, b, c)
        elif kind in (Ev.USER_TASK_BEGIN, Ev.USER_TASK_END):
            tasks.task(a, b, c, g, now, begins=kind == Ev.USER_TASK_BEGIN)
        elif record is None:
            return
        elif kind == Ev.USER_REGION_BEGIN:
            region = GoRegion(a, b, stack, now, record.so_far(now))
            record.active.append(region)
            tasks.region(region, g)
        else:
            if record.active:
                region = record.active.pop()
            else:
                region = GoRegion(a, b, 0, None, GoStats())
                tasks.region(region, g)
            region.stats = record.so_far(now).minus(region.stats)
            region.end = now
            record.regions.append(region)

    def _number(self) -> int:
        self._created += 1
        return self._created - 1

    def _appears(self, g: int, state: GoState, now: int, p: int, stack: int) -> None:
        record = self._records[g] = GoRecord(self._number(), self._sync, is_old=True)
        before = now - self._sync
        if state is _RUNNING:
            record.stats.running += before
        elif state is _WAITING:
            record.stats.waits[""] += before
        elif state is _RUNNABLE:
            record.stats.runnable += before
        elif p < 0:
            record.stats.syscall_blocked += before
        else:
            record.stats.syscall += before
        self._change(g, state, now, p, "", stack)

    def _change(self, g: int, state: GoState | None, now: int, p: int, reason: str, stack: int) -> None:
        record = self._records[g]
        if g in self._procs:
            self._callers.pop(self._procs.pop(g), None)
        record.leave(now)
        if stack and not record.name:
            record.name = self._root(stack)
        record.enter(state, now, reason)
        if state is _SYSCALL:
            self._callers[p] = g
            self._procs[g] = p

    def _loses(self, kind: int, p: int, b: int, now: int) -> None:
        # a P that was abandoned was idle already
        if (kind == Ev.PROC_STEAL and b in _P_IDLE) or (kind == Ev.PROC_STATUS and b >> 8 in _P_IDLE):
            return
        g = self._callers.pop(p, None)
        if g is not None:
            self._records[g].loses_proc(now)

    def _root(self, stack: int) -> str:
        """Return the outermost function of a stack."""
        if stack not in self._roots:
            frames = self._tables.stacks[stack]
            self._roots[stack] = self._tables.frame(frames[-1])[0] if frames else ""
        return self._roots[stack]
