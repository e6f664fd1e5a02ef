"""`gotracer-ci` and `python -m gotracer_ci`."""

from __future__ import annotations

import gc
import os
import signal
from types import FrameType
from typing import NoReturn

from gotracer_ci.errors import EXIT_TERMINATED


def _terminated(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Exit at once: there is nothing to clean up yet."""
    os._exit(EXIT_TERMINATED)


def main() -> NoReturn:
    """Run the command line.

    The first process of a container ignores SIGTERM until there is a handler, and the imports take a tenth of a second.
    """
    signal.signal(signal.SIGTERM, _terminated)
    from gotracer_ci.cli import main as run

    try:
        run()
    finally:
        # what is left ends with the process: the interpreter need not search it for garbage
        gc.freeze()


if __name__ == "__main__":
    main()
