"""The fuzzer itself: it detects crashes, hangs, exceptions and disagreements, and continues after each."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.fuzz import mutate, run, structure
from tests.fuzz.explained import EXPLAINED, beyond_go, explanation
from tests.fuzz.go_reader import program
from tests.fuzz.worker import decode, keeps_promises
from tests.trace.writer import case

CRASHES, HANGS, RAISES, LIES = 3, 5, 7, 9


def faulty(seed: int, first: int, count: int, directory: Path) -> None:
    """Replace `tests.fuzz.worker` by one with faults at known mutants."""
    for number in range(first, first + count):
        data = mutate.mutant(seed, number).data
        (directory / str(number)).write_bytes(data)
        if number == CRASHES:
            os.kill(os.getpid(), signal.SIGSEGV)
        if number == HANGS:
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            signal.pause()
        if number == RAISES:
            raise IndexError("out of bounds")
        problem, events, last = decode(data)
        if number == LIES:
            problem = "" if problem else "a lie"
        print(json.dumps([number, problem, events, last, 0.001, 1000]), flush=True)


def test_every_fault_is_found_and_its_mutant_saved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(run, "BUILD", tmp_path)
    monkeypatch.setattr(run, "ROOT", tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    judge = program()
    result = run.run(run.Plan(judge, seed=1, worker="tests.fuzz.test_fuzz"), 12)
    judge.unlink()
    assert result.mutants == 12
    assert [failure.split(" ")[0] for failure in result.failures] == [
        f"mutant-1-{number}.trace" for number in (CRASHES, HANGS, RAISES, LIES)
    ]
    crash, hang, error, lie = result.failures
    assert "ends with -11" in crash
    assert "takes too long" in hang
    assert "IndexError: out of bounds" in error
    assert "Go's reader" in lie
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        f"mutant-1-{number}.trace" for number in (CRASHES, HANGS, RAISES, LIES)
    )


def test_a_mutant_depends_only_on_seed_and_number() -> None:
    assert mutate.mutant(5, 77) == mutate.mutant(5, 77)
    assert len({mutate.mutant(5, number).data for number in range(50)}) > 40


WITH_PARTS = [origin for origin in mutate.origins() if origin.parts]


@pytest.mark.parametrize("origin", WITH_PARTS, ids=lambda origin: origin.name)
def test_splitting_and_joining_round_trips(origin: mutate.Origin) -> None:
    """Otherwise every mutant would have unintended damage. (Go pads a batch's size with zeros; we do not.)"""
    whole = [structure.with_records(part, structure.records(part)) for part in origin.parts]
    assert whole == origin.parts
    again = structure.joined(origin.data[:16], whole)
    assert structure.parts(again) == whole
    assert decode(again) == decode(origin.data)
    opaque = [
        record.raw
        for part in origin.parts
        for record in structure.records(part)
        if record.kind < 0 and not part.experiment
    ]
    assert all(len(raw) == 1 for raw in opaque)


def test_a_generation_in_the_far_future_is_refused() -> None:
    """Found by the fuzzer: without events nothing else checked the time. (Go's reader accepts any.)"""
    text = "# one\nexpect damage time\ntrace go 1.25\ngeneration 1\nfrequency 1\nthread 1 at 2^60\n"
    assert decode(case(text).data) == ("a time is out of range", 1, 1)


def test_the_facts_of_mutants_keep_their_promises() -> None:
    for number in range(100):
        keeps_promises(mutate.mutant(12, number).data)


def test_an_explanation_is_for_its_problem_only() -> None:
    assert explanation("a time is out of range", same_events=False)
    assert not explanation("", same_events=True)
    assert not explanation("the string table is broken", same_events=False)
    assert beyond_go('"misuse of region in goroutine 1: region end {0 first} when …"')
    assert not beyond_go('"GoStatus for goroutine 1"')
    assert len(EXPLAINED) <= 12


if __name__ == "__main__":
    faulty(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
