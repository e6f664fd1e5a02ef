"""Resampling: each recorded job in turn is the run, and the baseline is drawn from the program's other jobs.

The traces of one job share the machine's noise, so the unit of resampling and of the intervals is the job.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from gotracer_ci.findings import Key
from tests.noise.changes import BY_NAME
from tests.noise.data import BASE, UNCHANGED, Recorded, of_half
from tests.noise.programs import EVALUATION, TUNING
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
    Design("2 jobs of 1 × 1", 2, 1, 1),
    Design("1 job of 3 × 3", 1, 3, 3),
    Design("2 jobs of 3 × 3", 2, 3, 3),
    Design("3 jobs of 3 × 3", 3, 3, 3),
    Design("5 jobs of 3 × 3", 5, 3, 3),
    Design("base in the same job, no file × 3", 0, 3, 3, base=True),
    Design("1 job of 3, and base in the same job × 3", 1, 3, 3, base=True),
    Design("5 jobs of 3, and base in the same job × 3", 5, 3, 3, base=True),
)


@dataclass(slots=True)
class Tally:
    """The draws of one job, and in how many the injected regression was flagged, or anything if there is none."""

    draws: int = 0
    shown: int = 0
    confirmed: int = 0


Cell = tuple[str, str, str, str]
"""(half, design, program, unchanged or the name of a change)."""
Tallies = dict[Cell, dict[int, Tally]]
"""The tallies by cell and judged job."""


def resampled(
    data: Sequence[Recorded], draws: int, halves: Sequence[str] = (TUNING, EVALUATION), most: int | None = None
) -> Tallies:
    """Judge all runs of these halves `draws` times, each time with other baselines of the same half.

    The same data give the same result. A program is left out of designs that need more jobs than it has.

    Args:
        most: judge only so many jobs of each program.
    """
    tallies: Tallies = {}
    for recorded in chain.from_iterable(of_half(data, half) for half in halves):
        chance = random.Random(recorded.program)
        for job in recorded.jobs[:most]:
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
            cell = (recorded.half, design.name, recorded.program, name)
            tally = tallies.setdefault(cell, {}).setdefault(job, Tally())
            tally.draws += 1
            tally.shown += _counts(name, found.shown)
            tally.confirmed += _counts(name, found.confirmed)


def _counts(name: str, flagged: Collection[Key]) -> bool:
    change = BY_NAME.get(name)
    return change.found(flagged) if change and change.is_regression else bool(flagged)


def _kinds(recorded: Recorded, job: int) -> Iterator[str]:
    there = {run.run for run in recorded.runs if run.job == job}
    yield UNCHANGED
    yield from (name for name in BY_NAME if name in there)
