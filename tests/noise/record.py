"""Record a job: runs of one program at one time. Each trace is decoded with our own code and then deleted."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from gotracer_ci.analysis.facts import analyse
from gotracer_ci.baseline.measurements import Conditions, TraceGroups
from gotracer_ci.rules.merge import measure
from gotracer_ci.rules.registry import BUILT_IN
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.open import open_trace
from tests.bench.golang import Toolchain
from tests.noise import data
from tests.noise.changes import CHANGES
from tests.noise.data import BASE, UNCHANGED, Recorded, Run
from tests.noise.load import CONDITIONS, load
from tests.noise.programs import NOISE, NoiseError, Program

TRACES: Final = 3
"""The number of traces of each kind of run in a job."""


@dataclass(frozen=True, slots=True)
class Job:
    """One program under one load at one time."""

    program: Program
    number: int
    condition: str

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of runs to record, each TRACES times. A job has every second change.

        Loads alternate, and so do jobs for tuning and for evaluation. Of twenty jobs, each change is recorded in one
        for every load and either purpose.
        """
        changes: tuple[str, ...] = ()
        if self.program.is_service:
            first = (self.number // (2 * len(CONDITIONS)) + self.number % len(CONDITIONS)) % 2
            changes = tuple(change.name for change in CHANGES[first::2])
        return (UNCHANGED, BASE, *changes)

    def record(self, go: Toolchain) -> None:
        """Record the job and add it to the program's file."""
        path = data.path_of(self.program.name)
        known = data.load(path) if path.exists() else Recorded(self.program.name, self.program.half)
        data.save(replace(known, runs=(*known.runs, *self._runs(go))))

    def _runs(self, go: Toolchain) -> tuple[Run, ...]:
        with tempfile.TemporaryDirectory() as directory:
            traces: list[tuple[str, Path]] = []
            with load(self.condition, go):
                for number, kind in enumerate(self._order()):
                    traces.append((kind, Path(directory, f"{number}.trace")))
                    self.program.run(go, traces[-1][1], "" if kind in (UNCHANGED, BASE) else kind)
            return tuple(Run(self.number, self.condition, kind, groups_of(trace)) for kind, trace in traces)

    def _order(self) -> Iterator[str]:
        """Yield the kinds in turns, every other turn backwards, so that the machine's noise affects all equally."""
        for turn in range(TRACES):
            yield from self.kinds[:: -1 if turn % 2 else 1]


def groups_of(path: Path) -> TraceGroups:
    """Return the groups of a trace, with the shop's directory as the repository.

    Raises:
        NoiseError: the trace is damaged.
    """
    trace = open_trace(str(path))
    facts = analyse(trace, SourceMap(_repository()))
    if trace.damage:
        raise NoiseError(f"a trace is damaged: {trace.damage}")
    groups = {found.key: found.statistics for found in measure(BUILT_IN, facts)}
    return TraceGroups(Conditions(f"1.{trace.version}", facts.gomaxprocs), facts.duration_ns, groups)


@cache
def _repository() -> Repository:
    return Repository.scan(NOISE)
