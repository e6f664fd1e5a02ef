"""Go's own reader of profiles, built from the toolchain that the tests have."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import once
from tests.oracle.build import build_command


@pytest.fixture(scope="session")
def pprof_tool(goroot: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return `go tool pprof`."""
    return once(tmp_path_factory, "pprof", lambda file: build_command(goroot, "cmd/pprof", file))
