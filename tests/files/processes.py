"""Processes that use the module `files`, and what they leave in a directory."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

NOBODY = 65534
OLD = b"what was there"


def python(code: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", f"import sys, pathlib\nfrom gotracer_ci import files\n{code}", *map(str, arguments)]


def started(code: str, *arguments: object, **options: Any) -> subprocess.Popen[bytes]:
    """Start a process that runs code with the module `files`."""
    environment = {"PATH": os.defpath, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(python(code, *arguments), env=environment, **options)


def left_behind(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
