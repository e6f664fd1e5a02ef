"""The plan covers all combinations."""

from __future__ import annotations

from tests.noise.changes import CHANGES
from tests.noise.load import CONDITIONS
from tests.noise.plan import planned
from tests.noise.programs import EVALUATION, OWN, PROGRAMS, TUNING


def test_each_change_is_recorded_under_each_load_for_tuning_and_for_evaluation() -> None:
    met = {
        (change.name, job.condition, job.number % 2)
        for job in planned()
        for change in CHANGES
        if change.name in job.kinds
    }

    assert sorted(met) == sorted(
        (c.name, condition, half) for c in CHANGES for condition in CONDITIONS for half in (0, 1)
    )


def test_each_program_is_recorded_in_enough_jobs_under_each_load() -> None:
    for program in PROGRAMS:
        conditions = [job.condition for job in planned() if job.program == program]
        assert len(conditions) >= 12
        assert set(conditions) == set(CONDITIONS)


def test_both_halves_have_programs() -> None:
    halves = [program.half for program in PROGRAMS if program.name not in OWN]

    assert min(halves.count(half) for half in (TUNING, EVALUATION)) >= 6
