"""Read the traces of a run in several processes, with the same results as in one.

Each process has a pipe of its own and reads one trace at a time, so if one dies it is known which trace that was. They
are spawned: a fork would copy the locks and signal handlers of a process that other code may have given threads.
"""

from __future__ import annotations

import multiprocessing
import signal
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Final, NamedTuple

from gotracer_ci.errors import TraceError, UsageError
from gotracer_ci.reading import Read, Task, read, rules_of, too_large, unreadable
from gotracer_ci.settings import Settings
from gotracer_ci.shelf import Shelf
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.reader import Seen, Trace
from gotracer_ci.urls import is_url

_SPAWN: Final = multiprocessing.get_context("spawn")
_OF_ONE_PROCESS: Final = ("/dev/fd/", "/dev/stdin", "/proc/")


class _Bug(NamedTuple):
    """An exception that no trace should cause. text: its traceback."""

    text: str


def read_all(
    tasks: Sequence[Task],
    settings: Settings,
    shelf: Shelf,
    here: Callable[[int], Read],
    watch: Callable[[int, int, Seen], None] | None,
) -> list[Read]:
    """Read the traces in `settings.jobs` processes, and return the results in the order of the tasks.

    Args:
        shelf: gets what is large in the results.
        here: reads a trace in this process, by its index, and puts the result on the shelf: no other one can read
            standard input and pipes.
        watch: called with the number of the next result, the number of traces, and how far the first of the traces that
            are being read has been read.

    Raises:
        UsageError: a process cannot be started.
    """
    shared = [number for number, task in enumerate(tasks) if is_shared(task.name)]
    own = sorted({*range(len(tasks))}.difference(shared))
    if len(shared) < 2:
        return [here(number) for number in range(len(tasks))]
    found: dict[int, Read] = {}
    workers = _Workers(tasks, shared, settings, is_watched=watch is not None)
    try:
        workers.start(min(settings.jobs, len(shared)))
        found |= {number: here(number) for number in own}
        for number, message in workers.messages():
            if isinstance(message, Read):
                found[number] = message.kept(shelf.put)
            elif watch and number == workers.first:
                watch(len(found) + 1, len(tasks), message)
    finally:
        workers.end()
    return [found[number] for number in range(len(tasks))]


def is_shared(name: str) -> bool:
    """Return whether another process can read the trace, too."""
    if is_url(name):
        return True
    path = Path(name).absolute()
    return path.is_file() and not path.as_posix().startswith(_OF_ONE_PROCESS)


class _Workers:
    """Processes, and the traces that wait for one. Another process replaces one that died."""

    def __init__(self, tasks: Sequence[Task], numbers: Iterable[int], settings: Settings, *, is_watched: bool) -> None:
        self._tasks = tasks
        self._waiting = deque(numbers)
        self._settings = settings
        self._is_watched = is_watched
        self._busy: dict[Any, _Worker] = {}

    @property
    def first(self) -> int:
        """The first of the traces that are being read."""
        return min(worker.number for worker in self._busy.values())

    def start(self, processes: int) -> None:
        for _ in range(processes):
            worker = _Worker(self._settings, is_watched=self._is_watched)
            self._busy[worker.pipe] = worker
            self._next(worker)

    def messages(self) -> Iterator[tuple[int, Read | Seen]]:
        """Yield the number of a trace, and its result or how far it has been read, until there is a result for all."""
        while self._busy:
            for pipe in wait(list(self._busy)):
                worker = self._busy[pipe]
                number = worker.number
                message = worker.receive()
                yield number, message or self._lost(worker)
                if message is None:
                    del self._busy[pipe]
                    self.start(bool(self._waiting))
                elif isinstance(message, Read):
                    self._next(worker)

    def end(self) -> None:
        for worker in self._busy.values():
            worker.end()
        self._busy.clear()

    def _next(self, worker: _Worker) -> None:
        """Give a process the next trace, or end it if there is none."""
        if self._waiting:
            number = self._waiting.popleft()
            worker.begin(number, self._tasks[number])
        else:
            del self._busy[worker.pipe]
            worker.end()

    def _lost(self, worker: _Worker) -> Read:
        """Return the result for the trace of a process that died."""
        task = self._tasks[worker.number]
        return unreadable(TraceError(task.name, worker.death()), task)


class _Worker:
    """A process that reads one trace after the other. number: of the one that it is reading."""

    def __init__(self, settings: Settings, *, is_watched: bool) -> None:
        self.number = -1
        self.pipe, end = _SPAWN.Pipe()
        # a daemon, so that it ends with this process even if Ctrl-C arrives before anyone else knows it
        self._process = _SPAWN.Process(target=_work, args=(end, settings, is_watched), daemon=True)
        try:
            with _uninterrupted():
                self._process.start()
        except OSError as error:
            raise UsageError(f"cannot start a process: {error.strerror}; use fewer jobs") from None
        end.close()

    def begin(self, number: int, task: Task) -> None:
        self.number = number
        # a process that is gone is noticed when it should answer
        with suppress(OSError):
            self.pipe.send(task)

    def receive(self) -> Read | Seen | None:
        """Return the result, or how far the trace has been read, or None if the process died.

        Raises:
            RuntimeError: there is a bug.
        """
        try:
            message: Read | Seen | _Bug = self.pipe.recv()
        except (EOFError, OSError):
            return None
        if isinstance(message, _Bug):
            raise RuntimeError(f"in another process:\n{message.text}")
        return message

    def death(self) -> str:
        """Return how the process died."""
        self._process.join()
        self.pipe.close()
        code = self._process.exitcode or 0
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return f"the process that read it {how}; if memory is short, use fewer jobs"

    def end(self) -> None:
        """End the process at once: it has nothing to clean up."""
        self._process.kill()
        self._process.join()
        self.pipe.close()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach. It does reach this one, which ends them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # which every start ensures, and then lets the signal through
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(pipe: Connection, settings: Settings, is_watched: bool) -> None:
    """Read traces until the other end of the pipe is closed."""
    repository, rules = Repository.at(settings.root), rules_of(settings)

    def watch(trace: Trace) -> None:
        pipe.send(Seen(trace.name, trace.position, trace.size, trace.events))

    with suppress(EOFError, OSError):
        while True:
            task: Task = pipe.recv()
            result: Read | _Bug
            try:
                result = read(task, repository, rules, settings, watch if is_watched else None, is_packed=True)
            except Exception:
                # the other process raises it, with its traceback
                result = _Bug(traceback.format_exc())
            try:
                pipe.send(result)
            except MemoryError:
                pipe.send(too_large(task))
