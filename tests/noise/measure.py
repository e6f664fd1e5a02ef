"""Measure the recorded traces with the present code: from traces to the data set. It can be repeated at will."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

from gotracer_ci.analysis.facts import analyse
from gotracer_ci.baseline.measurements import TraceGroups
from gotracer_ci.pipeline import trace_groups
from gotracer_ci.rules.merge import measure
from gotracer_ci.rules.registry import BUILT_IN
from gotracer_ci.rules.traced import traced
from gotracer_ci.source.frames import SourceMap
from gotracer_ci.source.repository import Repository
from gotracer_ci.trace.open import open_trace
from tests.noise import data
from tests.noise.data import Recorded, Run
from tests.noise.plan import planned
from tests.noise.programs import NOISE, PROGRAMS, TRIAL, NoiseError
from tests.noise.record import Job


def measure_all(programs: Collection[str], progress: Callable[[str], None]) -> None:
    """Write the files of all programs with traces, except those for the trial."""
    jobs = [job for job in planned(programs) if job.is_recorded and job.program.half != TRIAL]
    with ProcessPoolExecutor() as pool:
        for program in PROGRAMS:
            own = [job for job in jobs if job.program == program]
            if own:
                runs = [run for found in pool.map(_runs, own) for run in found]
                data.save(Recorded(program.name, program.half, tuple(runs)))
                progress(f"measured {program.name}: {len(runs)} traces of {len(own)} jobs")


def groups_of(paths: Iterable[Path]) -> list[TraceGroups]:
    """Return the groups of traces, with testdata/noise as the repository.

    Raises:
        NoiseError: a trace is damaged.
    """
    return [_groups(path) for path in paths]


def _runs(job: Job) -> list[Run]:
    return [Run(job.number, job.condition, kind, trace) for kind in job.kinds for trace in groups_of(job.traces(kind))]


def _groups(path: Path) -> TraceGroups:
    trace = open_trace(str(path))
    facts = analyse(trace, SourceMap(_repository()))
    if trace.damage:
        raise NoiseError(f"{path}: the trace is damaged: {trace.damage}")
    return trace_groups(traced(facts, measure(BUILT_IN, facts)))


@cache
def _repository() -> Repository:
    return Repository.scan(NOISE)
