"""The jobs to record, their order, and the estimated duration."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection
from typing import Final

from tests.bench.golang import Toolchain
from tests.noise.load import CONDITIONS
from tests.noise.programs import PROGRAMS
from tests.noise.record import TRACES, Job

JOBS: Final = 12
CHANGED_JOBS: Final = 20  # of programs that can be changed: each change in half of them
SECONDS_A_TRACE: Final = 1.5  # estimate before the first recording, for two cores, including load
_SEED: Final = 20


def planned(programs: Collection[str] = ()) -> list[Job]:
    """Return all jobs in shuffled rounds of one or two per program, so that a partial recording covers everything."""
    rounds: dict[int, list[Job]] = {}
    for offset, program in enumerate(PROGRAMS):
        if not programs or program.name in programs:
            jobs = CHANGED_JOBS if program.changes else JOBS
            for number in range(jobs):
                condition = CONDITIONS[(number + offset) % len(CONDITIONS)]
                rounds.setdefault(number * JOBS // jobs, []).append(Job(program, number, condition))
    chance = random.Random(_SEED)
    return [job for _, jobs in sorted(rounds.items()) for job in chance.sample(jobs, len(jobs))]


def record(go: Toolchain, programs: Collection[str], minutes: float | None, progress: Callable[[str], None]) -> None:
    """Record missing jobs until all are recorded or the time is up."""
    jobs = [job for job in planned(programs) if not job.is_recorded]
    left = sum(len(job.kinds) * TRACES for job in jobs)
    progress(f"{len(jobs)} jobs with {left} traces to record: about {left * SECONDS_A_TRACE / 60:.0f} minutes")
    names = {job.program.name for job in jobs}
    for program in PROGRAMS:
        if program.name in names:
            progress(f"building {program.name}")
            program.build(go)
    begun, done = time.monotonic(), 0
    for job in jobs:
        spent = time.monotonic() - begun
        if minutes is not None and spent > minutes * 60:
            progress("the time is up; the same command continues from here")
            return
        job.record(go)
        done += len(job.kinds) * TRACES
        a_trace = (time.monotonic() - begun) / done
        to_go = (left - done) * a_trace / 60
        progress(
            f"{job.program.name} {job.number}, {job.condition}: {a_trace:.1f} s a trace, {to_go:.0f} minutes to go"
        )
