"""The recorded programs, and how to build and run each for about a second."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.golang import ROOT, Toolchain, environment
from tests.noise.changes import CHANGES, Change

BUILD: Final = ROOT / "build" / "noise"
NOISE: Final = ROOT / "testdata" / "noise"
PROCS: Final = 4  # GOMAXPROCS as on hosted runners, regardless of this machine
ATTEMPTS: Final = 5

TUNING, EVALUATION, TRIAL = "tuning", "evaluation", "trial"


class NoiseError(Exception):
    """A problem to show to the user."""


@dataclass(frozen=True, slots=True)
class Program:
    """One of our programs, or the tests of a package in Go's standard library.

    half: "tuning" programs are for choosing limits, "evaluation" programs for reporting results, and "trial" programs
    only for the trial. Programs with "" are in the first two: see data.of_half. module: the directory of our module to
    build it in, None for a package of Go. is_test: whether its tests run. arguments: make it run for about a second.
    """

    name: str
    half: str
    package: str
    module: Path | None = None
    is_test: bool = True
    arguments: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes that can be injected into the program."""
        return tuple(change for change in CHANGES if change.program == self.name)

    @property
    def directory(self) -> Path:
        """The directory of the traces, one subdirectory for each job."""
        return BUILD / "traces" / self.name

    def build(self, go: Toolchain) -> Path:
        """Build the program without paths of this machine. Package paths identify own code."""
        out = BUILD / "bin" / self.name
        build = ["test", "-c"] if self.is_test else ["build"]
        command = [str(go.root / "bin" / "go"), *build, "-trimpath", "-buildvcs=false", "-o", str(out), self.package]
        subprocess.run(command, cwd=self.module or go.root / "src", env=environment(go.root), check=True)
        return out

    def run(self, go: Toolchain, trace: Path, change: Change | None) -> None:
        """Run the program once and write its trace. Tests that fail because of the load are repeated.

        Raises:
            NoiseError: the tests failed every time.
        """
        command = [str(BUILD / "bin" / self.name)]
        if self.is_test:
            command += ["-test.short", f"-test.trace={trace}"]
        command += self.arguments
        if change:
            command += change.arguments or ("-change", change.name)
        if not self.is_test:
            command.append(str(trace))
        directory = self.module or go.root / "src" / self.package
        output = ""
        for _ in range(ATTEMPTS):
            done = subprocess.run(
                command, cwd=directory, env=_environment(go), capture_output=True, text=True, timeout=300, check=False
            )
            if done.returncode == 0:
                return
            output = (done.stderr + done.stdout).strip()[-400:]
        raise NoiseError(f"{self.name}: failed {ATTEMPTS} times: {output}")


def _environment(go: Toolchain) -> Mapping[str, str]:
    return environment(go.root) | {"GOMAXPROCS": str(PROCS), "PATH": f"{go.root / 'bin'}:{os.environ['PATH']}"}


def _orders(name: str, *arguments: str) -> Program:
    return Program(name, "", ".", NOISE / "orders", True, arguments)


def _tests(package: str, half: str, *arguments: str) -> Program:
    return Program(package.replace("/", "-"), half, package, None, True, arguments)


SHOP: Final = Program("shop", "", ".", NOISE / "service", is_test=False)
PROGRAMS: Final = (
    SHOP,
    _orders("orders", "-test.skip=TestAdded"),
    _orders("orders-bench", "-test.run=^$", "-test.bench=.", "-test.benchtime=150ms"),
    _tests("context", TUNING, "-test.count=8"),
    _tests("database/sql", TUNING, "-test.count=4"),
    _tests("html/template", TUNING, "-test.count=9"),
    _tests("image/png", TUNING),
    _tests("io", TUNING, "-test.count=4"),
    _tests("log/slog", TUNING, "-test.count=8"),
    _tests("mime/multipart", TUNING),
    _tests("net/rpc", TUNING, "-test.run=^$", "-test.bench=.", "-test.benchtime=4000x"),
    _tests("sync", TUNING),
    _tests("bufio", EVALUATION, "-test.count=9"),
    _tests("encoding/xml", EVALUATION, "-test.count=2"),
    _tests("internal/singleflight", EVALUATION, "-test.count=12"),
    _tests("net", EVALUATION, "-test.run=TestConn|TestUnix|TestTCP|TestDial|TestRead|TestListener|TestPipe"),
    _tests("net/http", EVALUATION, "-test.run=TestServe|TestHandler|TestHead|TestCookie"),
    _tests("net/http/httptest", EVALUATION, "-test.count=4"),
    _tests("net/http/httputil", EVALUATION),
    _tests("net/textproto", EVALUATION, "-test.count=10"),
    _tests("os/exec", EVALUATION, "-test.run=TestContext|TestPipes|TestStdin|TestWait|TestCommand|TestCancel"),
    _tests("net/http/fcgi", TRIAL, "-test.count=2"),
    _tests("net/smtp", TRIAL, "-test.count=10"),
    _tests("regexp", TRIAL),
)
OWN: Final = frozenset(program.name for program in PROGRAMS if program.module)
"""The programs that changes can be injected into."""
