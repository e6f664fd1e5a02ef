"""What all conversions of the older format's events need: who runs where, and an event as a row."""

from __future__ import annotations

from typing import Any

from gotracer_ci.trace.spec import Ev, GoState
from gotracer_ci.trace.tables import Tables
from gotracer_ci.trace.v1_parse import Records
from gotracer_ci.trace.wire import Damage

IdColumn = tuple[Any, dict[int, int]]
Row = tuple[int, int, int, int, int, int, int, int, int]
"""An event: time (ns), `spec.Ev`, thread's id, P, goroutine (−1: none), a, b, c (see `reader.Chunk`), stack."""


class Goroutine:
    """state: WAITING in a blocked system call too, None when it has ended. entry: its function's stack, 0 unknown."""

    __slots__ = ("assists", "entry", "on_network", "state")

    def __init__(self, entry: int = 0) -> None:
        self.state: GoState | None = GoState.RUNNABLE
        self.entry = entry
        self.on_network = False
        self.assists = False


class Proc:
    """goroutine: the one that it runs, 0 none."""

    __slots__ = ("goroutine", "runs", "sweeps")

    def __init__(self) -> None:
        self.runs = self.sweeps = False
        self.goroutine = 0


class State:
    """The goroutines, Ps and threads as they are before the event at hand. lacks_stacks: some that events name."""

    def __init__(self, records: Records, tables: Tables, strings: IdColumn, stacks: IdColumn) -> None:
        self._records = records
        self._tables = tables
        self._strings = strings
        self._stacks = stacks
        self.lacks_stacks = False
        runs = Goroutine()
        runs.state = GoState.RUNNING
        # 0 stands for the runtime itself
        self._goroutines: dict[int, Goroutine] = {0: runs}
        self._procs: dict[int, Proc] = {}
        self._threads: dict[int, int] = {}

    def _damage(self, i: int, problem: str) -> Damage:
        return Damage(problem, self._records.offsets[i])

    def _row(
        self, i: int, event: Ev, a: int = 0, b: int = 0, c: int = 0, stack: int = 0, proc: int | None = None
    ) -> Row:
        records = self._records
        if proc is None:
            proc = records.procs[i]
        thread = self._threads.get(proc, -1)
        return (records.times[i], event, thread, proc, records.goroutines[i] or -1, a, b, c, stack)

    def _string(self, i: int, id: int) -> int:
        dense, sparse = self._strings
        index = dense[id] if 0 <= id < len(dense) else sparse.get(id, -1)
        if index < 0:
            raise self._damage(i, "an event names a string that there is not")
        return index

    def _stack(self, id: int) -> int:
        """One that there is not is none, as in Go's reader: stacks lie at the file's end, and may have been cut off."""
        dense, sparse = self._stacks
        index = dense[id] if 0 <= id < len(dense) else sparse.get(id, -1)
        if index < 0:
            self.lacks_stacks = True
            return 0
        return index

    def _own_stack(self, i: int) -> int:
        return self._stack(self._records.stacks[i])

    def _proc(self, i: int) -> Proc:
        p = self._records.procs[i]
        proc = self._procs.get(p)
        if proc is None:
            proc = self._procs[p] = Proc()
        return proc

    def _running(self, i: int, *, nobody: bool = False) -> tuple[Goroutine, Proc]:
        """The event's goroutine and P, which must run each other; `nobody`: the runtime itself will do."""
        id = self._records.goroutines[i]
        goroutine, proc = self._goroutines.get(id), self._proc(i)
        if goroutine is None or goroutine.state != GoState.RUNNING or proc.goroutine != id or not (id or nobody):
            raise self._damage(i, f"an event of goroutine {id}, which does not run there")
        return goroutine, proc
