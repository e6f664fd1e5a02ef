"""Run mutants through the decoder, in processes that may die, and through Go's reader, and compare the results."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.explained import beyond_go, explanation
from tests.fuzz.go_reader import BUILD, ROOT, GoReader, Verdict
from tests.fuzz.mutate import mutant
from tests.fuzz.worker import ALARMS

SLICE = 500
"""Mutants per process, and the maximum number in the temporary directory."""
SHOWN = 20


@dataclass
class Result:
    """Counts over mutants. failures: with their mutants saved. explained: reason for an intended difference → count."""

    mutants: int = 0
    accepted: int = 0
    refused: int = 0
    agreed: int = 0
    same_events: int = 0
    explained: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0
    slowest_number: int = -1
    peak: int = 0

    def add(self, other: Result) -> None:
        """Add another result's counts."""
        for name in ("mutants", "accepted", "refused", "agreed", "same_events"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.explained += other.explained
        self.failures += other.failures
        if other.slowest > self.slowest:
            self.slowest, self.slowest_number = other.slowest, other.slowest_number
        self.peak = max(self.peak, other.peak)


@dataclass(frozen=True)
class Plan:
    """How to run. program: the oracle. checked: the build with index checks, or None. worker: the decoding module."""

    program: Path
    seed: int
    checked: Path | None = None
    worker: str = "tests.fuzz.worker"


_Read = tuple[int, str, int, int, float, int]
"""A worker's output for a mutant, see `worker`."""


@dataclass(frozen=True)
class _Died:
    number: int
    how: str


def run(plan: Plan, mutants: int, first: int = 0) -> Result:
    """Run a number of mutants on all processors."""
    result = Result()
    slices = [(at, min(SLICE, first + mutants - at)) for at in range(first, first + mutants, SLICE)]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        done = pool.map(lambda part: _slice(plan, *part), slices)
        for k, part in enumerate(done, 1):
            result.add(part)
            if sys.stderr.isatty():
                print(f"\r{k * 100 // len(slices)} %", end="", file=sys.stderr)
    return result


def _slice(plan: Plan, first: int, count: int) -> Result:
    result = Result()
    with tempfile.TemporaryDirectory() as name, GoReader(plan.program) as go:
        directory = Path(name)
        for read in _decoded(plan, first, count, directory):
            result.mutants += 1
            if isinstance(read, _Died):
                _fail(result, plan.seed, read.number, read.how)
                continue
            number, problem, events, last, seconds, peak = read
            result.peak = max(result.peak, peak * 1024)
            if seconds > result.slowest:
                result.slowest, result.slowest_number = seconds, number
            result.accepted += not problem
            result.refused += bool(problem)
            path = directory / str(number)
            _compare(result, plan.seed, number, Verdict(problem, events, last), go.verdict(path))
            path.unlink()
    return result


def _compare(result: Result, seed: int, number: int, ours: Verdict, go: Verdict) -> None:
    if bool(ours.problem) == bool(go.problem):
        result.agreed += 1
        same = (ours.events, ours.last) == (go.events, go.last)
        result.same_events += same
        if not ours.problem and not same:
            _fail(result, seed, number, f"both accept: we give {ours.events} events, Go's reader {go.events}")
    elif why := explanation(ours.problem, ours.events == go.events) or (
        beyond_go(go.problem) if ours.events > go.events else ""
    ):
        result.explained[why] += 1
    else:
        _fail(result, seed, number, f"we say {ours.problem or 'ok'!r}, Go's reader {go.problem or 'ok'!r}")


def _decoded(plan: Plan, first: int, count: int, directory: Path) -> Iterator[_Read | _Died]:
    """Yield the worker's output for each mutant, or how it died. A new worker continues after a death."""
    end = first + count
    while first < end:
        command = [sys.executable, "-m", plan.worker, str(plan.seed), str(first), str(end - first), str(directory)]
        command += [str(plan.checked)] if plan.checked else []
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            for line in process.stdout:
                number, problem, events, last, seconds, peak = json.loads(line)
                yield number, problem, events, last, seconds, peak
                first += 1
            words = process.stderr.read().strip().splitlines()
        if first < end:
            code = process.returncode
            how = "takes too long" if -code in ALARMS else f"ends with {code}: {' '.join(words[-1:])}"
            yield _Died(first, how)
            first += 1


def _fail(result: Result, seed: int, number: int, what: str) -> None:
    BUILD.mkdir(parents=True, exist_ok=True)
    bent = mutant(seed, number)
    path = BUILD / f"mutant-{seed}-{number}.trace"
    path.write_bytes(bent.data)
    result.failures.append(f"{path.relative_to(ROOT)} ({bent.origin}: {', '.join(bent.bends)}): {what}")
