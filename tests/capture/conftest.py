"""A real Go service that serves traces in every way a service can, and fails in every way it can."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import LOCKWAIT, once
from tests.source.conftest import Go
from tests.source.conftest import go as go

RECORDED = Path(LOCKWAIT).read_bytes()
"""The trace that the service sends where it need not record one."""
TOKEN = "5ecret-t0ken"


@dataclass(frozen=True)
class Service:
    """Where the service listens. directory: has its socket and its CA."""

    port: int
    secure_port: int
    directory: Path

    def at(self, path: str = "") -> str:
        return f"127.0.0.1:{self.port}{path}"

    @property
    def socket(self) -> Path:
        return self.directory / "app.sock"

    @property
    def ca(self) -> Path:
        return self.directory / "ca.pem"


@pytest.fixture(scope="session")
def service(go: Go, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    directory = tmp_path_factory.mktemp("service")
    source = Path(__file__).with_name("service")
    program = once(tmp_path_factory, "service", lambda file: go(source, "build", "-trimpath", "-o", str(file), "."))
    # a pipe as stdin, so that the service ends with the tests
    with subprocess.Popen(
        [program, ".", LOCKWAIT], cwd=directory, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stdin
        port, secure_port = process.stdout.readline().split()
        yield Service(int(port), int(secure_port), directory)
        process.stdin.close()
