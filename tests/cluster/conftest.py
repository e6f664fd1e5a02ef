"""A Dask scheduler and workers, each a process of its own on loopback."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

_PATIENCE_S = 60


class Scheduler:
    """A scheduler. url: as --executor takes it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._processes: list[subprocess.Popen[bytes]] = []
        file = directory / "scheduler.json"
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-show", "--scheduler-file", str(file))
        self._wait(lambda: file.exists() and file.read_text(encoding="utf-8").endswith("}"))
        self.address: str = json.loads(file.read_text(encoding="utf-8"))["address"]
        self.url: str = self.address.replace("tcp://", "dask://")

    def worker(self, preload: str = "") -> subprocess.Popen[bytes]:
        """Start a worker. preload: code that it runs first."""
        options = ["--no-nanny", "--nthreads", "1", "--memory-limit", "0"]
        options += ["--local-directory", str(self._directory), *(["--preload", preload] if preload else [])]
        process = self._start("worker", self.address, *options)
        self._wait(lambda: "Registered to" in self._log.read_text(encoding="utf-8"))
        return process

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *arguments, "--no-dashboard"]
        # in a directory without sources, as elsewhere
        self._log = self._directory / f"{len(self._processes)}.log"
        log = self._log.open("ab")
        environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(self._directory)}
        process = subprocess.Popen(command, cwd=self._directory, stdout=log, stderr=log, env=environment)
        log.close()
        self._processes.append(process)
        return process

    @staticmethod
    def _wait(is_there: Callable[[], bool]) -> None:
        until = time.monotonic() + _PATIENCE_S
        while not is_there():
            assert time.monotonic() < until
            time.sleep(0.02)

    def close(self) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scheduler]:
    """The scheduler of the tests that leave its worker alone."""
    scheduler = Scheduler(tmp_path_factory.mktemp("dask"))
    yield scheduler
    scheduler.close()


@pytest.fixture
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scheduler]:
    """A scheduler without workers."""
    scheduler = Scheduler(tmp_path_factory.mktemp("dask"))
    yield scheduler
    scheduler.close()


@pytest.fixture(scope="module")
def cluster(shared: Scheduler) -> str:
    """Return the URL of a scheduler with one worker."""
    shared.worker()
    return shared.url
