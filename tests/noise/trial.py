"""The trial: the real command line, with programs that were not used to choose limits, and each injected change."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any, Final

from gotracer_ci.baseline.verdicts import Level, Status
from gotracer_ci.findings import Key
from tests.bench.golang import Toolchain
from tests.noise.changes import CHANGES
from tests.noise.load import CONDITIONS, load
from tests.noise.programs import HELD_OUT, NOISE, PROGRAMS, NoiseError, Program
from tests.noise.record import TRACES

_JOBS: Final = 5
_UNCHANGED_RUNS: Final = 10
_CHANGED_RUNS: Final = 3
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Workflow:
    """A program and its baseline file, as in a pipeline. Each run is under the next load in turn."""

    go: Toolchain
    program: Program
    directory: Path
    conditions: Iterator[str]
    progress: Progress

    @property
    def baseline(self) -> Path:
        return self.directory / "baseline.json"

    def made(self) -> None:
        """Create the baseline with five jobs."""
        self.program.build(self.go)
        for number in range(_JOBS):
            traces = self._record("")
            self._analyze(*traces, "--update-baseline", "--run-id", str(number), accept=(0,))

    def judged(self, change: str = "") -> tuple[int, list[Key]]:
        """Return the exit code of a run, and the new and worse groups in its report."""
        report = self.directory / "report.json"
        code = self._analyze(*self._record(change), "--json", str(report), accept=(0, 1))
        return code, [*_flagged(json.loads(report.read_text(encoding="utf-8")))]

    def _record(self, change: str) -> list[str]:
        condition = next(self.conditions)
        self.progress(f"{self.program.name}, {change or 'unchanged'}, {condition}")
        traces = [self.directory / f"{number}.trace" for number in range(TRACES)]
        with load(condition, self.go):
            for trace in traces:
                self.program.run(self.go, trace, change)
        return [str(trace) for trace in traces]

    def _analyze(self, *arguments: str, accept: tuple[int, ...]) -> int:
        command = [sys.executable, "-m", "gotracer_ci", "analyze", "--root", str(NOISE), *arguments]
        command += ["--baseline", str(self.baseline)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode not in accept:
            raise NoiseError(f"{self.program.name}: exit code {done.returncode}: {done.stderr.strip()}")
        return done.returncode


def trial(go: Toolchain, progress: Progress) -> Iterator[str]:
    """Yield the lines of two Markdown tables."""
    yield from ("| Program, unchanged | Exit codes, 0 expected | Shown as worse |", "|---|---|---|")
    for program in HELD_OUT:
        with tempfile.TemporaryDirectory() as directory:
            workflow = _Workflow(go, program, Path(directory), cycle(CONDITIONS), progress)
            workflow.made()
            runs = [workflow.judged() for _ in range(_UNCHANGED_RUNS)]
            yield f"| {program.name} | {_codes(runs)} | {sum(bool(keys) for _, keys in runs)} of {len(runs)} runs |"
    yield from ("", "| Change | Exit codes, 1 expected | Right place named |", "|---|---|---|")
    (service,) = (program for program in PROGRAMS if program.is_service)
    with tempfile.TemporaryDirectory() as directory:
        workflow = _Workflow(go, service, Path(directory), cycle(CONDITIONS), progress)
        workflow.made()
        for change in CHANGES:
            runs = [workflow.judged(change.name) for _ in range(_CHANGED_RUNS)]
            named = sum(change.found(keys) for _, keys in runs)
            yield f"| {change.name}: {change.what} | {_codes(runs)} | {named} of {len(runs)} runs |"


def _codes(runs: list[tuple[int, list[Key]]]) -> str:
    return " ".join(str(code) for code, _ in runs)


def _flagged(report: dict[str, Any]) -> Iterator[Key]:
    """Yield the new and worse groups in the report, confirmed or suspected."""
    for verdict in report["comparison"]["verdicts"]:
        if verdict["status"] in (Status.NEW, Status.WORSE) and verdict["level"] in (Level.CONFIRMED, Level.SUSPECTED):
            yield Key(*(verdict["key"][part] for part in ("rule", "kind", "place")))
