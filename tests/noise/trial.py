"""The trial: the real command line, with programs that were not used to choose limits, and each injected change."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gotracer_ci.baseline.verdicts import Level, Status
from gotracer_ci.findings import Key
from tests.noise.changes import Change
from tests.noise.data import BASE, UNCHANGED
from tests.noise.plan import planned
from tests.noise.programs import NOISE, PROGRAMS, TRIAL, NoiseError, Program
from tests.noise.record import Job

_JOBS: Final = 5
Progress = Callable[[str], None]
_Run = tuple[int, list[Key]]
"""The exit code of a run, and the new and worse groups in its report."""


@dataclass(frozen=True, slots=True)
class _Workflow:
    """A program and its baseline file of five jobs, as in a pipeline. The other jobs' traces are the runs to judge."""

    program: Program
    jobs: Sequence[Job]
    directory: Path
    progress: Progress

    @property
    def baseline(self) -> Path:
        return self.directory / "baseline.json"

    def made(self) -> None:
        """Create the baseline."""
        for job in self.jobs[:_JOBS]:
            self._analyze(job, UNCHANGED, "--update-baseline", "--run-id", str(job.number), accept=(0,))

    def judged(self, *kinds: str) -> list[_Run]:
        """Judge all runs of these kinds in the other jobs."""
        return [self._judged(job, kind) for job in self.jobs[_JOBS:] for kind in kinds if kind in job.kinds]

    def _judged(self, job: Job, kind: str) -> _Run:
        self.progress(f"{self.program.name} {job.number}, {kind}")
        report = self.directory / "report.json"
        code = self._analyze(job, kind, "--json", str(report), accept=(0, 1))
        return code, [*_flagged(json.loads(report.read_text(encoding="utf-8")))]

    def _analyze(self, job: Job, kind: str, *arguments: str, accept: tuple[int, ...]) -> int:
        traces = [str(path) for path in job.traces(kind)]
        command = [sys.executable, "-m", "gotracer_ci", "analyze", "--root", str(NOISE), *traces, *arguments]
        command += ["--baseline", str(self.baseline)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode not in accept:
            raise NoiseError(f"{self.program.name}: exit code {done.returncode}: {done.stderr.strip()}")
        return done.returncode


def trial(progress: Progress) -> Iterator[str]:
    """Yield the lines of two Markdown tables.

    Raises:
        NoiseError: too few jobs are recorded.
    """
    yield from ("| Program, unchanged | Exit codes, 0 expected | Shown as worse |", "|---|---|---|")
    for program in PROGRAMS:
        if program.half == TRIAL:
            with tempfile.TemporaryDirectory() as directory:
                runs = _workflow(program, directory, progress).judged(UNCHANGED, BASE)
                yield f"| {program.name} | {_codes(runs)} | {sum(bool(keys) for _, keys in runs)} of {len(runs)} runs |"
    yield from ("", "| Change | Exit codes | Right place named, or silent |", "|---|---|---|")
    for program in PROGRAMS:
        with tempfile.TemporaryDirectory() as directory:
            workflow = _workflow(program, directory, progress) if program.changes else None
            for change in program.changes:
                runs = workflow.judged(change.name) if workflow else []
                right = sum(_is_right(change, keys) for _, keys in runs)
                yield f"| {change.name}: {change.what} | {_codes(runs)} | {right} of {len(runs)} runs |"


def _workflow(program: Program, directory: str, progress: Progress) -> _Workflow:
    jobs = [job for job in planned([program.name]) if job.is_recorded]
    if len(jobs) <= _JOBS:
        raise NoiseError(
            f"{program.name}: only {len(jobs)} jobs are recorded; record more than {_JOBS} with make noise"
        )
    workflow = _Workflow(program, jobs, Path(directory), progress)
    workflow.made()
    return workflow


def _is_right(change: Change, keys: Sequence[Key]) -> bool:
    return change.found(keys) if change.is_regression else not keys


def _codes(runs: Sequence[_Run]) -> str:
    return " ".join(str(code) for code, _ in runs)


def _flagged(report: dict[str, Any]) -> Iterator[Key]:
    """Yield the new and worse groups in the report, confirmed or suspected."""
    for verdict in report["comparison"]["verdicts"]:
        if verdict["status"] in (Status.NEW, Status.WORSE) and verdict["level"] in (Level.CONFIRMED, Level.SUSPECTED):
            yield Key(*(verdict["key"][part] for part in ("rule", "kind", "place")))
