"""The decoder in all its builds, and Go's own reader to compare it with."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.builds import BUILDS, Build
from tests.conftest import TYPICAL, once
from tests.oracle.build import build as build_oracle

ROOT = Path(__file__).parents[2]
TRACES = sorted((ROOT / "testdata" / "traces").glob("*.trace"))

Oracle = Callable[[Path], list[str]]


@pytest.fixture(scope="session")
def oracle_program(goroot: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a program around Go's own reader (see tests/oracle/main.go)."""
    return once(tmp_path_factory, "oracle", lambda file: build_oracle(goroot, file))


@pytest.fixture(scope="session")
def oracle(oracle_program: Path) -> Oracle:
    """Return a function that gives the lines of Go's own reader, up to the damage if any."""

    def read(trace: Path) -> list[str]:
        command = [str(oracle_program), "-stacks", str(trace)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0 or done.stderr.startswith("error: ")
        return done.stdout.splitlines()

    return read


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let plain Python read only the typical traces, because it takes twenty times as long as the other builds."""
    items[:] = [item for item in items if not _takes_long(getattr(item, "callspec", None))]


def _takes_long(test: Any) -> bool:
    """Report whether a test reads a trace that is not typical with plain Python."""
    path = test.params.get("path") if test else None
    return isinstance(path, Path) and test.params.get("build") == "uncompiled" and path.stem not in TYPICAL


@pytest.fixture(scope="session", params=BUILDS)
def build(request: pytest.FixtureRequest) -> Build:
    return BUILDS[request.param]()


@pytest.fixture
def decoder(build: Build) -> Iterator[Build]:
    """The decoder runs in this build: the same source, compiled or not."""
    with build.active():
        yield build


@pytest.fixture(params=[name for name in BUILDS if name != "uncompiled"])
def fast_decoder(request: pytest.FixtureRequest) -> Iterator[Build]:
    """The decoder, but not as plain Python beside a compiled one: for tests of limits, which need large traces."""
    with BUILDS[request.param]().active() as build:
        yield build
