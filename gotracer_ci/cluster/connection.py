"""Connect to a Dask cluster, and check that its workers can read traces."""

from __future__ import annotations

import pkgutil
import platform
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from queue import Empty, Queue
from threading import Thread
from typing import Any, Final, NamedTuple

from gotracer_ci import __version__
from gotracer_ci.errors import UsageError

CONNECT_S = 10
_WORKERS_S = 10
_CLOSE_S: Final = 5
_LOGGERS: Final = ("distributed", "distributed.client", "tornado", "tornado.application", "asyncio")


class Cluster(NamedTuple):
    """A cluster that can read traces. threads: of all workers. crowd: most worker processes on one machine."""

    client: Any
    threads: int
    crowd: int


@contextmanager
def connected(executor: str) -> Iterator[Cluster]:
    """Connect to the cluster of a scheduler, "dask://HOST:PORT" or "tls://HOST:PORT".

    Raises:
        UsageError: it cannot be reached, or cannot read traces.
    """
    try:
        import dask

        # its messages are about its own parts, and what a user can do something about becomes an error of ours
        dask.config.set({"logging": dict.fromkeys(_LOGGERS, "critical")})
        from distributed import Client
    except ImportError:
        raise UsageError("--executor: install the extra: pip install 'gotracer-ci[dask]'") from None
    scheme, _, address = executor.partition("://")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client = _within(
            CONNECT_S + 2,
            partial(Client, f"{scheme.replace('dask', 'tcp')}://{address}", timeout=CONNECT_S, set_as_default=False),
        )
        if isinstance(client, TypeError) and scheme == "tls":
            raise UsageError(f"{executor}: no certificate; name it in Dask's configuration (distributed.comm.tls)")
        if client is None or isinstance(client, Exception):
            problem = f"no Dask scheduler answers within {CONNECT_S} s; start one with: dask scheduler"
            raise UsageError(f"{executor}: {problem}") from None
        try:
            yield _checked(client, executor)
        finally:
            with suppress(Exception):
                client.close(timeout=_CLOSE_S)


def _checked(client: Any, executor: str) -> Cluster:
    try:
        client.wait_for_workers(1, timeout=_WORKERS_S)
    except TimeoutError:
        start = f"start some with: dask worker {executor.partition('://')[2]}"
        raise UsageError(f"{executor}: the cluster has no workers; {start}") from None
    ours = ".".join(platform.python_version_tuple()[:2])
    # functions of the standard library, because a worker may have nothing else
    versions = client.run(pkgutil.resolve_name, "gotracer_ci:__version__", on_error="return")
    pythons = client.run(platform.python_version_tuple, on_error="return")
    for where, found in sorted({**versions, **_of_scheduler(client)}.items()):
        if isinstance(found, Exception):
            raise UsageError(f"{executor}: {where} has no gotracer-ci; install gotracer-ci[dask] {__version__} there")
        if found != __version__:
            raise UsageError(f"{executor}: {where} has gotracer-ci {found}; install {__version__} there, as here")
    for where, found in sorted(pythons.items()):
        theirs = "another" if isinstance(found, Exception) else ".".join(found[:2])
        if theirs != ours:
            raise UsageError(f"{executor}: {where} has Python {theirs}; use {ours} there, as here")
    workers = client.scheduler_info(n_workers=-1)["workers"]
    return Cluster(client, _threads(workers), max(Counter(worker["host"] for worker in workers.values()).values()))


def _within(limit_s: float, call: Callable[[], Any]) -> Any:
    """Return what a call returns or raises, None if it takes too long: what is no scheduler may never answer."""
    done: Queue[Any] = Queue()

    def run() -> None:
        try:
            done.put(call())
        except Exception as error:
            # it has another thread to go to
            done.put(error)

    Thread(target=run, daemon=True).start()
    try:
        return done.get(timeout=limit_s)
    except Empty:
        return None


def _of_scheduler(client: Any) -> Mapping[str, Any]:
    """Return the version that the scheduler has: it unpickles what it hands on."""
    try:
        return {"the scheduler": client.run_on_scheduler(pkgutil.resolve_name, "gotracer_ci:__version__")}
    except Exception as error:
        # whatever a scheduler without this package raises, it is not of this version
        return {"the scheduler": error}


def _threads(workers: Mapping[str, Any]) -> int:
    return sum(worker["nthreads"] for worker in workers.values())
