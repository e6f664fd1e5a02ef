"""Whatever a trace holds: every file that is written of it satisfies its schema and can be read again."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from gotracer_ci.baseline import schema as baseline
from gotracer_ci.errors import TraceError
from gotracer_ci.pipeline import run
from gotracer_ci.report import schema
from gotracer_ci.settings import load
from gotracer_ci.trace.spec import LARGEST, Ev, GoState, IntervalKind
from tests.builds import BUILDS, Build, groups_of, trace_of
from tests.conftest import PROGRAMS
from tests.fuzz.mutate import mutant
from tests.trace.hostile import event, on_thread, trace
from tests.trace.writer import NO_THREAD, batch, varint

MUTANTS = 150
SEED = 32
LONGEST = 4_000_000_000_000_000_000
RUNS = batch(
    1,
    1,
    1,
    event(Ev.PROC_STATUS, 0, 1, after=0) + event(Ev.GO_STATUS, 1, 1, GoState.RUNNING, after=0),
)


def tables(line: int) -> list[bytes]:
    """Return stacks and strings: a stack of main.main, in main.go at this line."""
    frame = b"".join(map(varint, (1, 1, 2, line)))
    texts = (b"main.main", b"main.go", b"sync", b"sync.(*Mutex).Lock")
    entries = b"".join(bytes([Ev.STRING]) + varint(k) + varint(len(t)) + t for k, t in enumerate(texts, 1))
    inner = b"".join(map(varint, (2, 4, 2, 1)))
    return [bytes([Ev.STACKS, Ev.STACK, 1, 2]) + inner + frame, bytes([Ev.STRINGS]) + entries]


def waits(goroutines: int, line: int) -> bytes:
    """Goroutines that wait for a lock nearly as long as a time can be."""
    creates = b"".join(event(Ev.GO_CREATE, k, 1, 1, after=0) for k in range(2, 2 + goroutines))
    blocks = b"".join(
        event(Ev.GO_START, k, 1, after=0) + event(Ev.GO_BLOCK, 3, 1, after=0) for k in range(2, 2 + goroutines)
    )
    first = event(Ev.GO_BLOCK, 3, 1, after=1)
    wakes = [event(Ev.GO_UNBLOCK, k, 2, 0, after=0) for k in range(2, 2 + goroutines)]
    return trace(
        RUNS,
        batch(1, 1, 50, creates + first + blocks),
        *on_thread(wakes, 1 << 20, 1, LONGEST - 10),
        tables=tables(line),
    )


def heaps(values: list[int]) -> bytes:
    """The heap has these sizes in turn, and a GC cycle ends after each."""
    cycles = b"".join(
        event(Ev.HEAP_ALLOC, value)
        + event(Ev.HEAP_GOAL, value)
        + event(Ev.GC_BEGIN, 2 * k + 1, 0)
        + event(Ev.GC_END, 2 * k + 2)
        for k, value in enumerate(values)
    )
    return trace(RUNS, batch(1, 1, 200, cycles), tables=tables(1))


EXTREMES = {
    "waits": waits(500, 7),
    "line 0": waits(3, 0),
    "line of 32 bits": waits(3, 1 << 31),
    "line of 63 bits": waits(3, 1 << 63),
    "line of 64 bits": waits(3, NO_THREAD),
    "large heap": heaps([0, 1 << 62] * 20),
    "negative heap": heaps([100, 1 << 63, 200]),
    "growing heap": heaps([1 << k for k in range(0, 62, 3)]),
}


@cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(schema.json_schema())


def check(data: bytes, directory: Path) -> bool:
    """Analyze the data, write every file, and read each again. Return whether there was anything to write."""
    path = directory / "a.trace"
    path.write_bytes(data)
    file = directory / "baseline.json"
    file.unlink(missing_ok=True)
    outputs = {form: directory / f"out.{form}" for form in ("json", "sarif", "ndjson", "gitlab", "junit")}
    given = {
        "root": PROGRAMS, "traces": (str(path),), "outputs": outputs, "baseline": file, "update_baseline": True,
        "run_id": "1",
    }  # fmt: skip
    try:
        outcome = run(load(given))
    except TraceError:
        return False
    text = outputs["json"].read_text(encoding="utf-8")
    validator().validate(json.loads(text))
    again = schema.read(text, "out.json", {rule.name: rule for rule in outcome.report.rules_known})
    assert set(again.findings) == set(outcome.report.findings)
    for name in ("sarif", "gitlab"):
        json.loads(outputs[name].read_text(encoding="utf-8"))
    for line in outputs["ndjson"].read_text(encoding="utf-8").splitlines():
        json.loads(line)
    if file.exists():  # none of a damaged trace, or if it would be invalid
        baseline.load(file)
    return True


@pytest.mark.parametrize("name", EXTREMES)
def test_extreme_numbers_give_files_that_can_be_read(name: str, tmp_path: Path) -> None:
    check(EXTREMES[name], tmp_path)


@pytest.mark.parametrize("load", BUILDS.values(), ids=BUILDS)
def test_sums_saturate_in_every_build(load: Callable[[], Build]) -> None:
    with load().active():
        rows = groups_of(trace_of("waits", EXTREMES["waits"]))
    assert rows == groups_of(trace_of("waits", EXTREMES["waits"]))
    assert [row[4:6] for row in rows if row[0] == IntervalKind.WAITING] == [(501, LARGEST)]


@pytest.mark.parametrize("load", BUILDS.values(), ids=BUILDS)
def test_a_sequence_number_of_a_cycle_has_64_bits(load: Callable[[], Build]) -> None:
    cycle = event(Ev.GC_ACTIVE, (1 << 63) - 1) + event(Ev.GC_END, 1 << 63)
    with load().active():
        opened = trace_of("gc", trace(RUNS, batch(1, 1, 200, cycle)))
        kinds = [kind for chunk in opened.chunks() for kind in bytes(memoryview(chunk.types)[: chunk.n])]
    assert opened.damage is None
    assert kinds[-3:] == [Ev.GC_ACTIVE, Ev.GC_END, Ev.SYNC]


@pytest.mark.parametrize("kind", [Ev.HEAP_ALLOC, Ev.HEAP_GOAL])
def test_a_negative_heap_is_damage(kind: Ev) -> None:
    opened = trace_of("heap", trace(RUNS, batch(1, 1, 200, event(kind, 100) + event(kind, 1 << 63))))
    assert sum(chunk.n for chunk in opened.chunks((kind,))) == 1
    assert "size of the heap is out of range" in str(opened.damage)


def test_mutants_give_files_that_can_be_read(tmp_path: Path) -> None:
    written = sum(check(mutant(SEED, number).data, tmp_path) for number in range(MUTANTS))
    assert written > MUTANTS / 3
