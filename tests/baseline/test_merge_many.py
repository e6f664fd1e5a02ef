"""Merging many baselines, such as those of parallel jobs, each of which added one job to the same file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gotracer_ci.baseline.merge import unite, unite_all
from gotracer_ci.baseline.records import Baseline, Part
from gotracer_ci.baseline.schema import dump, parse
from gotracer_ci.errors import BaselineError
from gotracer_ci.limits import MS
from tests.baseline.test_merge import BASE, LOCK, SHOP, accepted, grown, ids, of, values

JOBS = tuple((f"77-1-{leg}", ms) for leg, ms in zip("acdef", (140, 120, 130, 150, 160), strict=True))


def merged(baselines: Iterable[Baseline]) -> Baseline:
    return unite_all({f"{i}.json": baseline for i, baseline in enumerate(baselines)})


def seeds(base: Part | None) -> list[Baseline]:
    """Return what five parallel jobs make of a file, as they write it."""
    return [parse(dump(of(grown(base, job))), Path("b.json")) for job in JOBS]


@pytest.mark.parametrize("base", [BASE, None])
def test_five_parallel_jobs_are_five_jobs(base: Part | None) -> None:
    """In any order the same bytes, and the same as five jobs one after the other."""
    texts = {dump(merged(order)) for order in permutations(seeds(base))}
    assert texts == {dump(of(grown(base, *JOBS)))}


def test_a_job_that_is_in_several_files_counts_once() -> None:
    first, second, *_ = seeds(BASE)
    again = merged([first, second, first, unite(second, first)])
    assert ids(again) == ["8-1", "9-1", "77-1-a", "77-1-c"]


def test_two_jobs_under_one_id_are_an_error() -> None:
    """Only one of them would count, and nobody would notice."""
    first, second, *_ = seeds(BASE)
    (part,) = second.parts.values()
    entries = (*part.entries[:-1], replace(part.entries[-1], id="77-1-a", wall_ms=1200))
    problem = r"1\.json: its job 77-1-a is another one than in 0\.json, .*; give each job its own --run-id"
    with pytest.raises(BaselineError, match=problem):
        merged([first, of(replace(part, entries=entries))])


def test_one_file_is_itself() -> None:
    assert dump(merged([of(BASE)])) == dump(of(BASE))


def test_creep_is_measured_from_the_first_job_and_not_from_the_smallest() -> None:
    """Also once that job is dropped."""
    part = merged(seeds(None)).parts[SHOP]
    assert part.groups[LOCK].reference == 140 * MS
    ours = of(grown(part, *((f"78-{i}", 150) for i in range(4))))
    theirs = of(grown(part, *((f"79-{i}", 150) for i in range(5))))
    united = merged([ours, theirs])
    assert ids(united)[0] == "77-1-f"
    assert united.parts[SHOP].groups[LOCK].reference == 140 * MS


def test_an_acceptance_applies_to_all_jobs() -> None:
    united = merged([*seeds(BASE), accepted(of(BASE), 500, "a lock for the audit")])
    group = united.parts[SHOP].groups[LOCK]
    assert (group.accepted, group.reference) == ("a lock for the audit", 500 * MS)
    assert values(united) == [500] * 7


sides = st.lists(
    st.lists(
        st.tuples(st.integers(1, 30).map(str), st.sampled_from([0.5, 3, 50, 100, 400])),
        min_size=1,
        max_size=12,
        unique_by=lambda job: job[0],
    ),
    min_size=3,
    max_size=5,
)


@settings(max_examples=30)
@given(sides, st.integers(0, 99))
def test_the_order_of_files_does_not_matter(jobs: list[list[tuple[str, float]]], seed: int) -> None:
    baselines = [of(grown(BASE, *side)) for side in jobs]
    text = dump(merged(baselines))
    Random(seed).shuffle(baselines)
    assert dump(merged(baselines)) == text
    assert dump(parse(text, Path("b.json"))) == text
    assert len(ids(parse(text, Path("b.json")))) <= 10
