"""Load on the machine while a job is recorded."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

_HOG = "while True: pass"
_BURSTS = """
import random, sys, time
chance = random.Random(sys.argv[1])
while True:
    end = time.monotonic() + chance.uniform(0.1, 0.8)
    while time.monotonic() < end: pass
    time.sleep(chance.uniform(0.1, 0.8))
"""


_PROGRAMS: Final[dict[str, list[tuple[str, ...]]]] = {
    "quiet": [],
    "two hogs": [(_HOG,)] * 2,
    "bursts": [(_BURSTS, "first"), (_BURSTS, "second")],
}
CONDITIONS: Final = tuple(_PROGRAMS)


@contextmanager
def load(condition: str) -> Iterator[None]:
    """Put load on the machine inside the `with` block."""
    with ExitStack() as stack:
        for program in _PROGRAMS[condition]:
            process = subprocess.Popen([sys.executable, "-c", *program], stdout=subprocess.DEVNULL)
            stack.callback(_end, process)
        yield


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
