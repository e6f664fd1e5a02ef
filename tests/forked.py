"""Run the command line in a fork of a process that has imported it: its imports take longer than most runs.

A run begins as a new process does: with its own environment, directory, arguments and streams, and with a package that
has done nothing yet. Where the start itself matters, `Request.new` asks for a new process.

The process that forks is `python -m tests.forked`. It reads pickled requests from stdin and writes pickled results to
stdout.
"""

from __future__ import annotations

import atexit
import gc
import os
import pickle
import pkgutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, NamedTuple

import gotracer_ci

ROOT = Path(__file__).parents[1]
Done = subprocess.CompletedProcess[bytes]
TIMEOUT_S = 120
AT_THE_START = ("PYTHON", "LANG", "LC_")
"""Python reads these variables when it starts, so a run with one of them is a new process."""
WITH_EXTRAS = ("gotracer_ci.cluster", "gotracer_ci.remote", "gotracer_ci.database.parquet")
"""What few runs need and takes long to import."""


class Request(NamedTuple):
    """A run. The environment is all of it, but for PYTHONPATH. code: Python that runs instead of the command line."""

    arguments: tuple[str, ...]
    cwd: Path
    environment: Mapping[str, str]
    stdin: bytes = b""
    code: str = ""
    new: bool = False

    def command(self) -> list[str]:
        """Return the command of a new process."""
        return [sys.executable, *(("-c", self.code) if self.code else ("-m", "gotracer_ci")), *self.arguments]


def run(request: Request) -> Done:
    """Run gotracer-ci as a process of its own."""
    if request.new or any(name.startswith(AT_THE_START) for name in request.environment):
        environment = {"PYTHONPATH": str(ROOT), **request.environment}
        return subprocess.run(
            request.command(), cwd=request.cwd, env=environment, input=request.stdin, capture_output=True,
            timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
    server = _server()
    assert server.stdin
    assert server.stdout
    pickle.dump(request, server.stdin)
    server.stdin.flush()
    done: Done = pickle.load(server.stdout)
    return done


@cache
@cache
def _server() -> subprocess.Popen[bytes]:
    """Start the process that forks, once for each process that runs tests."""
    environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "HOME": "/nonexistent"}
    command = [sys.executable, "-m", "tests.forked"]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    atexit.register(server.kill)
    return server


def _serve(requests: IO[bytes], results: IO[bytes]) -> Request:
    """Answer requests until there are no more. In each fork, return its request."""
    while True:
        try:
            request: Request = pickle.load(requests)
        except EOFError:
            os._exit(0)
        (stdin, give), (output, stdout), (errors, stderr) = (os.pipe() for _ in range(3))
        child = os.fork()
        if not child:
            for number, pipe in enumerate((stdin, stdout, stderr)):
                os.dup2(pipe, number)
        for pipe in (stdin, stdout, stderr) if child else (stdin, give, output, stdout, errors, stderr):
            os.close(pipe)
        if not child:
            return request
        with ThreadPoolExecutor(3) as pool:
            pool.submit(_write, give, request.stdin)
            found = list(pool.map(_read, (output, errors)))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        pickle.dump(Done(request.arguments, code, *found), results)
        results.flush()


def _write(pipe: int, data: bytes) -> None:
    with suppress(BrokenPipeError), open(pipe, "wb") as stream:
        stream.write(data)


def _read(pipe: int) -> bytes:
    with open(pipe, "rb") as stream:
        return stream.read()


def _begin(request: Request) -> None:
    """Make this process what a new one would be, and run."""
    signal.alarm(TIMEOUT_S)
    os.chdir(request.cwd)
    os.environ.clear()
    os.environ.update({"PYTHONPATH": str(ROOT), **request.environment})
    sys.argv[1:] = request.arguments
    sys.path[0] = str(request.cwd)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        errors = getattr(sys, name).errors
        stream = open(number, "w" if number else "r", encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    main = import_module("gotracer_ci.__main__")
    sys.modules["__main__"] = main  # which the processes that a run starts import
    if request.code:
        exec(request.code, {"__name__": "__main__"})
    else:
        main.main()


if __name__ == "__main__":
    own = [os.fdopen(os.dup(number), mode) for number, mode in ((0, "rb"), (1, "wb"))]
    os.dup2(2, 1)
    for module in pkgutil.walk_packages(gotracer_ci.__path__, "gotracer_ci."):
        if not module.name.startswith(WITH_EXTRAS):
            import_module(module.name)
    gc.freeze()
    _begin(_serve(*own))
