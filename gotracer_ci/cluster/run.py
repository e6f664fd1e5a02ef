"""Hand the traces of a run to a cluster, few at a time, and collect the results in the order of the traces."""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Final

from gotracer_ci import __version__
from gotracer_ci.cluster.connection import Cluster, connected
from gotracer_ci.cluster.worker import Common, Refused, Work, identity, measure, packed, same, unpacked
from gotracer_ci.errors import TraceError
from gotracer_ci.reading import Read, Task, names_of, unreadable
from gotracer_ci.rules.rule import Rule
from gotracer_ci.settings import Settings
from gotracer_ci.shelf import Shelf
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.reader import Seen
from gotracer_ci.urls import is_url
from gotracer_ci.workers import is_shared

MAX_SENT = 64 << 20
"""Bytes of a file that workers get sent. They pass through the scheduler, which keeps them until the trace is read."""
_TICK_S = 1.0
_PATIENCE = 30
"""Ticks without a worker, or without a scheduler, before the rest is given up."""
_GATHER_S = 60
_LOSSES: Final = 3


def read_all(
    tasks: Sequence[Task],
    repository: Repository,
    rules: Sequence[Rule],
    settings: Settings,
    shelf: Shelf,
    here: Callable[[int], Read],
    watch: Callable[[int, int, Seen], None] | None,
) -> list[Read]:
    """Read the traces on a cluster, and return the results in the order of the tasks.

    Args:
        shelf: gets what is large in the results.
        here: reads a trace in this process, by its index, and puts the result on the shelf: what no worker sees, and is
            too large to be sent.
        watch: called after each trace with how many have been read, the number of traces, and that trace.

    Raises:
        UsageError: there is no cluster that can read traces.
    """
    with connected(settings.executor) as cluster:
        return _Run(cluster, tasks, repository, rules, settings, shelf, here, watch).results()


class _Run:
    """The traces that wait, those that the cluster has, and the results."""

    def __init__(
        self,
        cluster: Cluster,
        tasks: Sequence[Task],
        repository: Repository,
        rules: Sequence[Rule],
        settings: Settings,
        shelf: Shelf,
        here: Callable[[int], Read],
        watch: Callable[[int, int, Seen], None] | None,
    ) -> None:
        self._client = cluster.client
        self._tasks = tasks
        self._shelf = shelf
        self._here = here
        self._watch = watch
        self._waiting = deque(range(len(tasks)))
        self._window = 2 * cluster.threads + 2
        self._running: dict[str, tuple[int, Any]] = {}
        self._found: dict[int, Read] = {}
        self._done: Queue[Any] = Queue()
        self._losses: Counter[int] = Counter()
        self._sees_files = True
        # jobs: each gets its part of the memory of its machine
        theirs = replace(settings, jobs=cluster.crowd, executor="")
        common = Common(__version__, theirs, repository.known(), tuple(rule.name for rule in rules))
        self._common = self._client.submit(same, packed(common), pure=False)

    def results(self) -> list[Read]:
        idle = 0
        while self._waiting or self._running:
            while self._waiting and len(self._running) < self._window:
                self._begin(self._waiting.popleft())
            if not self._running:
                continue
            try:
                future = self._done.get(timeout=_TICK_S)
            except Empty:
                idle = 0 if self._has_workers() else idle + 1
                if idle == _PATIENCE:
                    self._give_up()
                continue
            idle = 0
            number, _ = self._running.pop(future.key)
            self._take(number, future)
        return [self._found[number] for number in range(len(self._tasks))]

    def _begin(self, number: int) -> None:
        """Hand a trace to the cluster, or read it here if that is not possible."""
        work = self._work(self._tasks[number])
        if work is None:
            self._keep(number, self._here(number))
            return
        future = self._client.submit(measure, packed(work), self._common, pure=False)
        self._running[future.key] = number, future
        future.add_done_callback(self._done.put)

    def _work(self, task: Task) -> Work | None:
        """Return what a worker needs to read a trace, None if it cannot."""
        if not is_shared(task.name):
            return None
        sent = task._replace(log=None, names=names_of(task))
        if is_url(task.name):
            return Work(sent)
        path = os.path.abspath(task.name)
        try:
            known = identity(path)
            if self._sees_files:
                return Work(sent, path, known)
            return Work(sent, path, known, Path(path).read_bytes()) if known.size <= MAX_SENT else None
        except OSError:
            # which says what is wrong with it
            return None

    def _take(self, number: int, future: Any) -> None:
        """Take the result of a trace. One that no worker saw is sent, and one whose worker died is read again."""
        result = _result(future)
        future.release()
        if isinstance(result, Read):
            self._keep(number, result.kept(self._shelf.put))
        elif result is None and self._losses[number] < _LOSSES:
            self._losses[number] += 1
            self._waiting.appendleft(number)
        elif result is None:
            self._keep(number, _lost(self._tasks[number], "the cluster lost the result several times"))
        elif result.is_unseen:
            self._sees_files = False
            self._waiting.appendleft(number)
        elif result.bug:
            raise RuntimeError(f"on a worker:\n{result.bug}")
        else:
            self._keep(number, _lost(self._tasks[number], result.problem))

    def _keep(self, number: int, read: Read) -> None:
        self._found[number] = read
        if self._watch:
            size = read.marks.size if read.marks else 1
            self._watch(len(self._found), len(self._tasks), Seen(read.summary.path, size, size, read.summary.events))

    def _has_workers(self) -> bool:
        if self._client.status != "running":
            return False
        try:
            return bool(self._client.scheduler_info(n_workers=-1)["workers"])
        except Exception:
            # a connection that is lost in between raises what its protocol raises
            return False

    def _give_up(self) -> None:
        """Name the traces that nobody is left to read."""
        for number in (*(number for number, _ in self._running.values()), *self._waiting):
            self._found[number] = _lost(self._tasks[number], "the cluster has no worker left to read it")
        self._running.clear()
        self._waiting.clear()


def _result(future: Any) -> Read | Refused | None:
    """Return a worker's answer, None if it was lost with the worker that had it."""
    if future.status == "error":
        return Refused(problem=_death(future.exception()))
    if future.status != "finished":
        return None
    try:
        answer: Read | Refused = unpacked(future.result(timeout=_GATHER_S))
    except Exception:
        # a worker that dies now takes its result along, and the errors for that vary
        return None
    return answer


def _death(error: BaseException) -> str:
    """Return why a task failed."""
    if type(error).__name__ == "KilledWorker":
        return "the workers that read it died; if memory is short, use fewer workers on a machine"
    return f"could not be read on the cluster ({type(error).__name__})"


def _lost(task: Task, problem: str) -> Read:
    return unreadable(TraceError(task.name, problem), task)
