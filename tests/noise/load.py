"""Load on the machine while a job is recorded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final

from tests.bench.golang import Toolchain, environment

CONDITIONS: Final = ("quiet", "one hog", "two hogs", "build", "bursts")

_HOG = "while True: pass"
_BURSTS = """
import random, sys, time
chance = random.Random(sys.argv[1])
while True:
    end = time.monotonic() + chance.uniform(0.1, 0.8)
    while time.monotonic() < end: pass
    time.sleep(chance.uniform(0.1, 0.8))
"""
_BUILDS = """
import subprocess, sys
while True: subprocess.run(sys.argv[1:], check=True)
"""


@contextmanager
def load(condition: str, go: Toolchain) -> Iterator[None]:
    """Put load on the machine inside the `with` block."""
    with ExitStack() as stack:
        for command in _commands(condition, go):
            cache = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
            process = subprocess.Popen(
                [sys.executable, "-c", *command],
                env=environment(go.root) | {"GOCACHE": cache, "TMPDIR": cache},
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
            stack.callback(_end, process)
        yield


def _commands(condition: str, go: Toolchain) -> Sequence[Sequence[str]]:
    match condition:
        case "quiet":
            return []
        case "one hog":
            return [[_HOG]]
        case "two hogs":
            return [[_HOG]] * 2
        case "build":
            return [[_BUILDS, str(go.root / "bin" / "go"), "build", "-a", "encoding/json"]]
        case "bursts":
            return [[_BURSTS, "first"], [_BURSTS, "second"]]
    raise AssertionError(condition)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a load process and its children, which have their own session."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
