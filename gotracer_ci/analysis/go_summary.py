"""Goroutines as `go tool trace` of Go 1.26 and later defines them: a walk over all events, in plain Python.

It is for comparing with that tool, mistakes included: an open system call without a P counts twice, a goroutine that
waits forever has ended, and of goroutines that share an ID only the last one is there. `lives` has our own definitions.
"""

from __future__ import annotations

from collections import Counter

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
_HAVE_STACK = frozenset({Ev.GO_STOP, Ev.GO_BLOCK, Ev.GO_SYSCALL_BEGIN})


class GoRecord:
    """One goroutine. Times in ns on the trace's clock; started and ended are None if it did not.

    creator: the goroutine that created it, −1 if unknown. is_old: from before the trace. waits: ns by reason, "" where
    Go has none.
    """

    __slots__ = (
        "_blocked",
        "_reason",
        "_since",
        "_state",
        "created",
        "creator",
        "ended",
        "is_old",
        "name",
        "number",
        "runnable",
        "running",
        "started",
        "syscall",
        "syscall_blocked",
        "total",
        "waits",
    )

    def __init__(self, number: int, created: int, creator: int = -1, *, is_old: bool = False) -> None:
        self.number = number
        self.created = created
        self.creator = creator
        self.is_old = is_old
        self.started: int | None = None
        self.ended: int | None = None
        self.name = ""
        self.running = self.runnable = self.syscall = self.syscall_blocked = self.total = 0
        self.waits: Counter[str] = Counter()
        self._state: GoState | None = None
        self._since = created
        self._reason = ""
        self._blocked: int | None = None

    @property
    def unknown(self) -> int:
        """What is in none of the parts; the parts can exceed the total."""
        parts = self.running + self.runnable + self.syscall + self.syscall_blocked + sum(self.waits.values())
        return max(0, self.total - parts)

    def leave(self, now: int) -> None:
        """Its state ends."""
        length = now - self._since
        if self._state is _RUNNING:
            self.running += length
        elif self._state is _RUNNABLE:
            self.runnable += length
        elif self._state is _WAITING:
            self.waits[self._reason] += length
        elif self._state is _SYSCALL:
            blocked = 0 if self._blocked is None else now - self._blocked
            self.syscall_blocked += blocked
            self.syscall += length - blocked
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

    def close(self, now: int) -> None:
        """Add what is open when it ends, or when the trace does."""
        if self.total == 0:
            self.total = now - self.created
        if self._state is _SYSCALL and self._blocked is not None:
            self.runnable += now - self._blocked
            self._blocked = None
        self.leave(now)


class GoSummary:
    """Reads a trace's chunks, which must hold every event; `result` has the goroutines by ID."""

    def __init__(self, trace: Trace) -> None:
        self._tables = trace.tables
        self._roots: dict[int, str] = {}
        self._records: dict[int, GoRecord] = {}
        self._callers: dict[int, int] = {}  # P → the goroutine in a system call on it
        self._procs: dict[int, int] = {}  # goroutine → that P
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
                self._records[a] = GoRecord(self._number(), now, g)
                entry = 0 if kind == Ev.GO_CREATE_SYSCALL else c
                self._change(a, _CREATIONS[Ev(kind)], now, p, "", entry)
            elif kind in (Ev.GO_STATUS, Ev.GO_STATUS_STACK):
                if b >> 8 == GoState.UNDETERMINED:
                    self._appears(a, GoState(b & 0xFF), now, p, stack)
            elif kind in (Ev.PROC_STOP, Ev.PROC_STEAL) or (kind == Ev.PROC_STATUS and b & 0xFF in _P_IDLE):
                self._loses(kind, a, b, now)
            elif kind == Ev.SYNC:
                self._sync = now

    def result(self) -> dict[int, GoRecord]:
        for record in self._records.values():
            record.close(self._last)
        return dict(sorted(self._records.items()))

    def _number(self) -> int:
        self._created += 1
        return self._created - 1

    def _appears(self, g: int, state: GoState, now: int, p: int, stack: int) -> None:
        record = self._records[g] = GoRecord(self._number(), self._sync, is_old=True)
        before = now - self._sync
        if state is _RUNNING:
            record.running += before
        elif state is _WAITING:
            record.waits[""] += before
        elif state is _RUNNABLE:
            record.runnable += before
        elif p < 0:
            record.syscall_blocked += before
        else:
            record.syscall += before
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
