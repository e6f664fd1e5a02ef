"""Records as they are in the file: all builds give the same text and totals, and stop at the same damage."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from gotracer_ci.trace.spec import HEADER, MAX_BATCH_SIZE, Ev
from tests.builds import Build, installed, open_trace, trace_of
from tests.conftest import path_of
from tests.fuzz.mutate import mutant
from tests.trace.hostile import CLOCK, RUNS, event, trace
from tests.trace.writer import batch, varint

EACH_FORMAT = ("annotations-go1.19", "waits-go1.21", "cpusamples-go1.22", "allocfree-go1.23", "allocfree-go1.27")
LARGEST = (1 << 64) - 1


def read(trace: Any) -> tuple[bytes, list[tuple[int, int, int]], str]:
    """Read a trace with the active build; return its text, its totals and its damage."""
    names = (
        "gotracer_ci.trace.v1.raw" if trace.version < 22 else "gotracer_ci.trace.raw",
        "gotracer_ci.trace.raw_text",
    )
    types, text = (import_module(name) for name in names)
    known = {kind: (f"Type{kind}", numbers) for kind, numbers in types.known(trace.version).items()}
    shown = text.RawText(known, known, None, ascii)
    lines = []
    for reader in trace.records(shown):
        lines.append(shown.take())
        totals = reader.totals()
    return b"".join(lines), totals, str(trace.damage)


def test_all_builds_read_the_same(build: Build) -> None:
    for name in EACH_FORMAT:
        with installed().active():
            expected = read(open_trace(path_of(name)))
        with build.active():
            assert read(open_trace(path_of(name))) == expected
        assert expected[0].count(b"\n") > 100


def test_all_builds_stop_at_the_same_damage(build: Build) -> None:
    damaged = 0
    for number in range(80):
        data = mutant(2, number).data
        found = []
        for each in (installed(), build):
            with each.active():
                try:
                    found.append(read(trace_of("mutant", data)))
                except import_module("gotracer_ci.errors").TraceError as error:
                    found.append((b"", [], str(error)))
        assert found[0] == found[1], number
        damaged += found[0][2] != "None"
    assert 10 < damaged < 70


def new(body: bytes, size: int | None = None) -> bytes:
    return HEADER % 26 + batch(1, 1, 100, RUNS) + batch(1, 1, 100, body, size) + bytes([Ev.END_OF_GENERATION])


@pytest.mark.parametrize(
    ("data", "damage"),
    [
        (new(event(Ev.GO_LABEL, 0)), ""),
        (new(event(Ev.GO_LABEL, LARGEST)), ""),
        (new(bytes([Ev.GO_LABEL, 1]) + b"\xff" * 9 + b"\x02"), "a number is broken at byte"),
        (new(bytes([60])), "unknown event type 60"),
        (new(bytes([0])), "unknown event type 0"),
        (HEADER % 22 + batch(1, 1, 100, bytes([Ev.GO_SWITCH, 1, 1, 1])), "unknown event type 45"),
        (HEADER % 22 + batch(1, 1, 100, bytes([Ev.SPAN, 1, 1, 1, 1])), "unknown event type 128"),
        (new(batch(1, 1, 100, RUNS)), "a batch begins inside another one"),
        (new(event(Ev.GO_LABEL, 0) * 2, 5), "an event does not end in its batch"),
        (new(event(Ev.GO_LABEL, 0), 2), "an event does not end in its batch"),
        (new(event(Ev.GO_LABEL, 0), 9), "the trace is truncated inside"),
        (new(b"", MAX_BATCH_SIZE + 1), "batch of 65,537 bytes is larger than the format allows"),
        (new(b"", LARGEST), "batch of 18,446,744,073,709,551,615 bytes is larger than the format allows"),
        (new(bytes([Ev.STACK, 1]) + varint(1 << 62)), "an event does not end in its batch"),
        (new(bytes([Ev.STACK, 1]) + varint(LARGEST)), "an event does not end in its batch"),
        (new(bytes([Ev.STRING, 1]) + varint(1 << 63)), "an event does not end in its batch"),
        (new(bytes([Ev.STRING, 1, 9]) + b"text"), "an event does not end in its batch"),
        (HEADER % 26 + event(Ev.GO_LABEL, 0), "no batch begins here"),
        (HEADER % 26, "the trace holds no events"),
        (HEADER % 26 + batch(1, 1, 100, CLOCK), "the trace is truncated: its last generation has no end"),
        (HEADER % 22 + batch(1, 1, 100, RUNS), ""),
        (HEADER % 23 + bytes([Ev.EXPERIMENTAL_BATCH, 1, 1, 1, 1, 3]) + b"abc", ""),
        (HEADER % 23 + bytes([Ev.EXPERIMENTAL_BATCH, 1, 1, 1, 1, 3]) + b"ab", "the trace is truncated inside an event"),
        (
            HEADER % 23 + bytes([Ev.EXPERIMENTAL_BATCH, 1, 1, 1, 1]) + varint(1 << 17),
            "batch of 131,072 bytes is larger",
        ),
        (HEADER % 21, "the clock frequency is missing"),
        (HEADER % 21 + bytes([1]), "the header of a batch is broken"),
        (HEADER % 21 + bytes([33 | 1 << 6, 1, 1]), "an event comes before the first batch"),
        (HEADER % 21 + bytes([0]), "unknown event type 0"),
        (HEADER % 21 + bytes([1 | 1 << 6, 0, 5, 33, 1]), "an event of type 33 has 1 numbers, not 2"),
        (HEADER % 21 + bytes([1 | 1 << 6, 0, 5, 3 | 3 << 6, 2, 1, 1]), "an event of type 3 has 2 numbers, not 6"),
        (HEADER % 21 + bytes([1 | 1 << 6, 0, 5, 3 | 3 << 6, 11, 1]) + varint(LARGEST), "the stack table is broken"),
        (HEADER % 11 + bytes([1 | 1 << 6, 0, 5, 49 | 3 << 6, 5, 1, 1, 1, 1, 1]), "unknown event type 49"),
        (HEADER % 21 + bytes([37, 1, 5]) + b"abc", "the trace is truncated inside a text"),
    ],
)
def test_what_is_broken_is_named(data: bytes, damage: str, decoder: Build) -> None:
    opened = trace_of("broken", data)
    text, totals, problem = read(opened)
    assert damage in problem if damage else problem == "None"
    assert sum(size for _, size, _ in totals) + 16 <= len(data)
    assert text.count(b"Type") == sum(count for _, _, count in totals) == opened.events


def test_numbers_are_unsigned(decoder: Build) -> None:
    numbers = (0, 1, 9, 10, 99, 100, 127, 128, 999, 10**18, (1 << 63) - 1, 1 << 63, LARGEST)
    text, _, _ = read(trace_of("numbers", trace(batch(1, 1, 9, b"".join(event(Ev.HEAP_ALLOC, n) for n in numbers)))))
    shown = [line.rpartition(b"=")[2] for line in text.splitlines() if line.startswith(b"Type37 ")]
    assert [int(number) for number in shown] == list(numbers)
    assert shown == [b"%d" % number for number in numbers]


def test_a_file_s_pages_are_given_back(tmp_path: Path) -> None:
    """Only the part that is being read stays in memory: what was read is released as far as the page it ends in."""
    path = tmp_path / "large.trace"
    path.write_bytes(trace(*[batch(1, 1, 9, event(Ev.HEAP_ALLOC, 1) * 10_000)] * 40))
    opened = open_trace(str(path))
    for reader in opened.records():
        assert reader.position - opened._released < (1 << 18) + (1 << 16) + 4096
    assert opened.damage is None
