"""Resampling: each recorded job in turn is the run, and the baseline is drawn from the program's other jobs.

The traces of one job share the machine's noise, so the unit of resampling and of the intervals is the job.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tests.noise.changes import BY_NAME
from tests.noise.data import BASE, UNCHANGED, Recorded
from tests.noise.replay import baselines_of, flags


@dataclass(frozen=True, slots=True)
class Design:
    """A way to use the tool.

    jobs: the number of jobs in the baseline, with `traces` traces each; 0 for no file. current: the number of traces of
    the run. base: whether the base commit is traced three times in the run's job.
    """

    name: str
    jobs: int
    traces: int
    current: int
    base: bool = False


DESIGNS: Final = (
    Design("1 run × 1", 1, 1, 1),
    Design("3 traces of one job × 3", 1, 3, 3),
    Design("3 jobs of 3 × 3", 3, 3, 3),
    Design("5 jobs of 3 × 3", 5, 3, 3),
    Design("10 jobs of 3 × 3", 10, 3, 3),
    Design("base in the same job, no file × 3", 0, 3, 3, base=True),
    Design("1 job of 3, and base in the same job × 3", 1, 3, 3, base=True),
    Design("5 jobs of 3, and base in the same job × 3", 5, 3, 3, base=True),
)


@dataclass(slots=True)
class Tally:
    """The draws of one job, and in how many anything was flagged (unchanged runs) or the injected change was."""

    draws: int = 0
    shown: int = 0
    confirmed: int = 0


Cell = tuple[str, str, str]
"""(design, program, unchanged or the name of a change)."""
Tallies = dict[Cell, dict[int, Tally]]
"""The tallies by cell and judged job."""


def resampled(data: Iterable[Recorded], draws: int) -> Tallies:
    """Judge all runs `draws` times, each time with other baselines. The same data give the same result.

    A program is left out of designs that need more jobs than it has.
    """
    tallies: Tallies = {}
    for recorded in data:
        chance = random.Random(recorded.program)
        for job in recorded.jobs:
            others = [other for other in recorded.jobs if other != job]
            for _ in range(draws):
                _judge(recorded, job, chance.sample(others, len(others)), tallies)
    return tallies


def _judge(recorded: Recorded, job: int, others: Sequence[int], tallies: Tallies) -> None:
    """Judge the runs of one job with all designs. Each uses the first of the other jobs, as many as it needs."""
    past = [recorded.traces(other, UNCHANGED) for other in others]
    baselines = {
        traces: baselines_of([found[:traces] for found in past], {d.jobs for d in DESIGNS if d.traces == traces})
        for traces in {design.traces for design in DESIGNS}
    }
    base = recorded.traces(job, BASE)
    for name in _kinds(recorded, job):
        now = recorded.traces(job, name)
        for design in DESIGNS:
            baseline = baselines[design.traces].get(design.jobs)
            if baseline is None:
                continue
            found = flags(now[: design.current], baseline, base if design.base else ())
            tally = tallies.setdefault((design.name, recorded.program, name), {}).setdefault(job, Tally())
            tally.draws += 1
            tally.shown += BY_NAME[name].found(found.shown) if name in BY_NAME else bool(found.shown)
            tally.confirmed += BY_NAME[name].found(found.confirmed) if name in BY_NAME else bool(found.confirmed)


def _kinds(recorded: Recorded, job: int) -> Iterator[str]:
    there = {run.run for run in recorded.runs if run.job == job}
    yield UNCHANGED
    yield from (name for name in BY_NAME if name in there)
