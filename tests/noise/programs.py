"""The recorded programs, and how to build and run each for about a second."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.golang import ROOT, Toolchain, environment

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
    only for the trial. module: the directory of our module to build it in, None for a package's tests. arguments: make
    it run for about a second.
    """

    name: str
    half: str
    package: str
    module: Path | None = None
    arguments: tuple[str, ...] = ()

    @property
    def is_service(self) -> bool:
        """Whether regressions can be injected into the program."""
        return self.name == SERVICE

    def build(self, go: Toolchain) -> Path:
        """Build the program without paths of this machine. Package paths identify own code."""
        out = BUILD / "bin" / self.name
        build = ["build"] if self.module else ["test", "-c"]
        command = [str(go.root / "bin" / "go"), *build, "-trimpath", "-buildvcs=false", "-o", str(out), self.package]
        subprocess.run(command, cwd=self.module or go.root / "src", env=environment(go.root), check=True)
        return out

    def run(self, go: Toolchain, trace: Path, change: str = "") -> None:
        """Run the program once and write its trace. Tests that fail because of the load are repeated.

        Raises:
            NoiseError: the tests failed every time.
        """
        program = str(BUILD / "bin" / self.name)
        if self.module:
            command = [program, *self.arguments, *(("-change", change) if change else ()), str(trace)]
        else:
            command = [program, "-test.short", f"-test.trace={trace}", *self.arguments]
        directory = None if self.module else go.root / "src" / self.package
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


def _ours(name: str, half: str) -> Program:
    return Program(name, half, f"./{name}", ROOT / "testdata" / "programs")


def _tests(package: str, half: str, *arguments: str) -> Program:
    return Program(package.replace("/", "-"), half, package, None, arguments)


SERVICE: Final = "shop"
# The shop is in both halves: its even jobs are for tuning (see data.of_half).
PROGRAMS: Final = (
    Program(SERVICE, "", ".", NOISE / "service"),
    _ours("service", TUNING),
    _ours("idle", TUNING),
    _tests("encoding/json", TUNING, "-test.count=3"),
    _tests("text/template", TUNING, "-test.count=20"),
    _tests("sync", TUNING),
    _tests("archive/zip", TUNING, "-test.count=9"),
    _ours("heapgrowth", EVALUATION),
    _tests("net/http", EVALUATION, "-test.run=TestServe|TestHandler|TestHead|TestCookie"),
    _tests("compress/flate", EVALUATION),
    _tests("go/parser", EVALUATION, "-test.count=4"),
    _tests("html/template", EVALUATION, "-test.count=9"),
    _tests("bufio", EVALUATION, "-test.count=14"),
    _tests("crypto/tls", EVALUATION, "-test.run=TestHandshake|TestResum", "-test.count=2"),
)
HELD_OUT: Final = (
    _tests("database/sql", TRIAL, "-test.count=6"),
    _tests("encoding/xml", TRIAL, "-test.count=6"),
    _tests("net/http/httputil", TRIAL),
)
