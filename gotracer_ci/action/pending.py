"""Notices about suspicions, which a later step of the job may clear: printed only when the job ends.

An annotation cannot be taken back. So a step leaves its suspicions in a file that the next step with the same programs
replaces, and the action's last entrypoint prints what is left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from gotracer_ci import files
from gotracer_ci.errors import GotracerError
from gotracer_ci.github.commands import PER_LEVEL, Annotation

_LARGEST = 1 << 20  # bytes
_START = "::notice"


def keep(directory: Path, programs: Iterable[str], notices: Sequence[Annotation]) -> None:
    """Replace the notices about these programs.

    Raises:
        FileError: the directory cannot be written.
    """
    name = hashlib.sha256("\0".join(sorted(programs)).encode(errors="replace")).hexdigest()[:16]
    lines = [notice.command() for notice in notices[:PER_LEVEL]]
    files.write(directory / name, "".join(f"{line}\n" for line in lines).encode(errors="replace"), directory)


def take(directory: Path | None) -> list[str]:
    """Return the commands of the notices that are left, and empty the files."""
    lines = []
    for file in sorted(directory.iterdir()) if directory and directory.is_dir() else ():
        with suppress(GotracerError, OSError):
            text = files.read(file, _LARGEST).decode(errors="replace")
            files.write(file, b"", directory)
            lines += [line for line in text.splitlines() if line.startswith(_START)]
    return lines
